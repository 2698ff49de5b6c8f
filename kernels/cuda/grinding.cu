// Searching for a witness: a thread tries one.
#include "../include/poseidon2.h"

using namespace aludel;

// least[0] becomes the least of first .. first + count, if one passes and it is not less already: with it in its place in state[16], element `sampled` of
// the permuted state is a number whose bits under the mask are zero.
extern "C" __global__ void __launch_bounds__(128)
    smallest_witness(const Fe* __restrict__ state, uint32_t place, uint32_t sampled, uint32_t mask, uint32_t first,
                     uint32_t count, uint32_t* least) {
    uint32_t i = thread_index();
    if (i >= count) return;
    Fe witness = of_number(first + i);
    Fe x[16];
#pragma unroll
    for (uint32_t k = 0; k < 16; k++) x[k] = k == place ? witness : state[k];
    permute<16>(x);
    Fe sample = zero();
#pragma unroll
    for (uint32_t k = 0; k < 16; k++) sample = k == sampled ? x[k] : sample;
    if ((to_number(sample) & mask) == 0) atomicMin(least, first + i);
}
KERNEL(smallest_witness)
