// The permutations, a state in each row of a matrix by columns.
#include "../include/poseidon2.h"

using namespace aludel;

template <int WIDTH>
__device__ __forceinline__ void permute_rows(Fe* columns, uint32_t height) {
    uint32_t row = thread_index();
    if (row >= height) return;
    Fe state[WIDTH];
#pragma unroll
    for (int i = 0; i < WIDTH; i++) state[i] = columns[size_t{height} * i + row];
    permute<WIDTH>(state);
#pragma unroll
    for (int i = 0; i < WIDTH; i++) columns[size_t{height} * i + row] = state[i];
}

// columns[16][height], in place.
extern "C" __global__ void __launch_bounds__(128) permute_16(Fe* columns, uint32_t height) {
    permute_rows<16>(columns, height);
}
KERNEL(permute_16)

// columns[24][height], in place.
extern "C" __global__ void __launch_bounds__(128) permute_24(Fe* columns, uint32_t height) {
    permute_rows<24>(columns, height);
}
KERNEL(permute_24)
