// Folding of codewords: a thread folds a row. Codewords are columns[5 2^log_arity][2^log_height], five columns an element.
#include "../include/butterflies.h"
#include "../include/quintic.h"

using namespace aludel;

__device__ __forceinline__ Fe5 load_element(const Fe* from, uint32_t element, uint32_t log_height, uint32_t row) {
    Fe5 x;
#pragma unroll
    for (uint32_t c = 0; c < 5; c++) x.at[c] = from[place(element, c, log_height, row)];
    return x;
}

// Rounds of halves: of a pair, half the sum and the difference times its scalar and the row's factor.
template <uint32_t LOG_ARITY>
__device__ __forceinline__ Fe5 folded_row(const Fe* codeword, const Fe5* __restrict__ scalars, uint32_t log_height, uint32_t row) {
    Fe5 x[1u << LOG_ARITY];
#pragma unroll
    for (uint32_t k = 0; k < 1u << LOG_ARITY; k++) x[k] = load_element(codeword, k, log_height, row);
    // The inverse of the point of the row's first element, from one round to the next its square.
    Fe factor = root(0u - (reverse(row, log_height) << (MAX_LOG - log_height - LOG_ARITY)));
    uint32_t pair = 0;
#pragma unroll
    for (uint32_t round = 0; round < LOG_ARITY; round++) {
#pragma unroll
        for (uint32_t k = 0; k < 1u << (LOG_ARITY - 1 - round); k++) {
            Fe5 low = x[2 * k], high = x[2 * k + 1];
            x[k] = half(low + high) + (low - high) * (scalars[pair++] * factor);
        }
        factor = factor * factor;
    }
    return x[0];
}

// folded[5 2^log_next][2^(log_height - log_next)]; where `has_joined`, plus joined, of the same shape, times the last scalar.
extern "C" __global__ void __launch_bounds__(128)
    fold(const Fe* codeword, const Fe* joined, Fe* __restrict__ folded, const Fe5* __restrict__ scalars, uint32_t log_height,
         uint32_t log_arity, uint32_t log_next, uint32_t has_joined) {
    uint32_t row = thread_index();
    if (row >= 1u << log_height) return;
    Fe5 x;
    switch (log_arity) {
        case 1: x = folded_row<1>(codeword, scalars, log_height, row); break;
        case 2: x = folded_row<2>(codeword, scalars, log_height, row); break;
        default: x = folded_row<3>(codeword, scalars, log_height, row); break;
    }
    uint32_t log_rows = log_height - log_next, element = row & ((1u << log_next) - 1), to = row >> log_next;
    if (has_joined != 0) x = x + load_element(joined, element, log_rows, to) * scalars[(1u << log_arity) - 1];
#pragma unroll
    for (uint32_t c = 0; c < 5; c++) folded[place(element, c, log_rows, to)] = x.at[c];
}
KERNEL(fold)
