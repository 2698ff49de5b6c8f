// Each operation of the headers on its own, for tests.
#include "../include/poseidon2.h"
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

// out[i] = { a + b, a - b, a * b, 1/a } of the i-th pair.
extern "C" __global__ void quintic_operations(const Fe5* a, const Fe5* b, Fe5* out, uint32_t count) {
    uint32_t i = thread_index();
    if (i >= count) return;
    Fe5* results = out + 4 * size_t{i};
    results[0] = a[i] + b[i];
    results[1] = a[i] - b[i];
    results[2] = a[i] * b[i];
    results[3] = inverse(a[i]);
}
KERNEL(quintic_operations)

// out[i] = { w b, c + w b, c - w b, (b + c) b, (b - c) b } of a word that is not reduced and two elements.
extern "C" __global__ void loose_operations(const uint32_t* words, const Fe* b, const Fe* c, Fe* out, uint32_t count) {
    uint32_t i = thread_index();
    if (i >= count) return;
    Loose word(words[i]);
    Fe* results = out + 5 * size_t{i};
    results[0] = word * b[i];
    results[1] = reduced(plus_product(wide(c[i]), word, b[i]));
    results[2] = reduced(wide(c[i]) - product(word, b[i]));
    results[3] = loose_sum(b[i], c[i]) * b[i];
    results[4] = loose_difference(b[i], c[i]) * b[i];
}
KERNEL(loose_operations)

// out[i] = the sum of the i-th 24 words, each below 2p.
extern "C" __global__ void loose_totals(const uint32_t* words, Fe* out, uint32_t count) {
    uint32_t i = thread_index();
    if (i >= count) return;
    Loose state[24];
    for (uint32_t k = 0; k < 24; k++) state[k] = Loose(words[24 * size_t{i} + k]);
    out[i] = total<24>(state);
}
KERNEL(loose_totals)
