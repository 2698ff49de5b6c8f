// Each operation of the headers on its own, for tests.
#include "../include/quintic.h"

using namespace aludel;

// out[i] = { a + b, a - b, a * b, -a, 1/a } of the i-th pair.
extern "C" __global__ void field_operations(const Fe* a, const Fe* b, Fe* out, uint32_t count) {
    uint32_t i = thread_index();
    if (i >= count) return;
    Fe* results = out + 5 * size_t{i};
    results[0] = a[i] + b[i];
    results[1] = a[i] - b[i];
    results[2] = a[i] * b[i];
    results[3] = -a[i];
    results[4] = inverse(a[i]);
}
KERNEL(field_operations)

// out[i] = { a + b, a - b, a * b } of the i-th pair.
extern "C" __global__ void quintic_operations(const Fe5* a, const Fe5* b, Fe5* out, uint32_t count) {
    uint32_t i = thread_index();
    if (i >= count) return;
    Fe5* results = out + 3 * size_t{i};
    results[0] = a[i] + b[i];
    results[1] = a[i] - b[i];
    results[2] = a[i] * b[i];
}
KERNEL(quintic_operations)
