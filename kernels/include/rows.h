// What the text of programs over rows calls (kernels/src/rows/text.rs).
#pragma once

#include "domain.h"
#include "quintic.h"

namespace aludel {

// A sum of products in the extension, not reduced yet. What `loosely_` gives is not corrected: one product is added to each coefficient next, or it is tightened.
struct Wide5 {
    Wide at[5];
};

__device__ __forceinline__ Fe literal(uint32_t word) { return {word}; }
__device__ __forceinline__ Fe5 five_literal(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e) {
    return {{{a}, {b}, {c}, {d}, {e}}};
}

__device__ __forceinline__ Fe add(Fe a, Fe b) { return a + b; }
__device__ __forceinline__ Fe sub(Fe a, Fe b) { return a - b; }
__device__ __forceinline__ Fe mul(Fe a, Fe b) { return a * b; }

// A sum in the field, not reduced yet. The text corrects it where products could make it as large as 2^33 p.
__device__ __forceinline__ Wide begin_wide(Fe x) { return wide(x); }
__device__ __forceinline__ Wide plus_wide(Wide sum, Fe a, Fe by) { return loosely_plus_product(sum, a, by); }
__device__ __forceinline__ Wide tightened_wide(Wide sum) { return tightened(sum); }
__device__ __forceinline__ Fe reduced_wide(Wide sum) { return reduced(sum); }

__device__ __forceinline__ Wide5 begin(const Fe5& x) {
    Wide5 sum;
#pragma unroll
    for (int i = 0; i < 5; i++) sum.at[i] = wide(x.at[i]);
    return sum;
}

__device__ __forceinline__ Wide5 plus(Wide5 sum, Fe a) {
    sum.at[0] = sum.at[0] + wide(a);
    return sum;
}

__device__ __forceinline__ Wide5 plus_base(Wide5 sum, Fe a, Fe by) {
    sum.at[0] = plus_product(sum.at[0], a, by);
    return sum;
}

__device__ __forceinline__ Wide5 plus_five(Wide5 sum, Fe a, const Fe5& by) {
#pragma unroll
    for (int i = 0; i < 5; i++) sum.at[i] = plus_product(sum.at[i], a, by.at[i]);
    return sum;
}

__device__ __forceinline__ Wide5 loosely_plus_five(Wide5 sum, Fe a, const Fe5& by) {
#pragma unroll
    for (int i = 0; i < 5; i++) sum.at[i] = loosely_plus_product(sum.at[i], a, by.at[i]);
    return sum;
}

__device__ __forceinline__ Wide5 tightened(Wide5 sum) {
#pragma unroll
    for (int i = 0; i < 5; i++) sum.at[i] = tightened(sum.at[i]);
    return sum;
}

__device__ __forceinline__ Wide5 plus_5(Wide5 sum, const Fe5& x) {
#pragma unroll
    for (int i = 0; i < 5; i++) sum.at[i] = sum.at[i] + wide(x.at[i]);
    return sum;
}

__device__ __forceinline__ Wide5 plus_5_base(Wide5 sum, const Fe5& x, Fe by) { return plus_five(sum, by, x); }

__device__ __forceinline__ Wide5 loosely_plus_5_base(Wide5 sum, const Fe5& x, Fe by) { return loosely_plus_five(sum, by, x); }

__device__ __forceinline__ Wide5 plus_5_five(Wide5 sum, const Fe5& x, const Fe5& by) {
    return plus_5(sum, x * by);
}

__device__ __forceinline__ Fe5 finish(const Wide5& sum) {
    Fe5 x;
#pragma unroll
    for (int i = 0; i < 5; i++) x.at[i] = reduced(sum.at[i]);
    return x;
}

__device__ __forceinline__ Fe5 product(const Fe5& a, const Fe5& b) { return a * b; }
__device__ __forceinline__ Fe5 scaled(const Fe5& a, Fe b) { return a * b; }

// Column `column` of a matrix of 2^log_rows rows, and five from there on.
__device__ __forceinline__ Fe column(const Fe* matrix, uint32_t column, uint32_t log_rows, uint32_t row) {
    return matrix[(size_t{column} << log_rows) | row];
}
__device__ __forceinline__ Fe5 five_columns(const Fe* matrix, uint32_t first, uint32_t log_rows, uint32_t row) {
    Fe5 x;
#pragma unroll
    for (uint32_t i = 0; i < 5; i++) x.at[i] = column(matrix, first + i, log_rows, row);
    return x;
}

// The same from where a row has its first column; columns are so many bytes apart. A product with the number is one instruction, a shift several.
__device__ __forceinline__ Fe column_at(const Fe* row, uint32_t column, uint32_t stride) {
    return *reinterpret_cast<const Fe*>(reinterpret_cast<const char*>(row) + uint64_t{column} * stride);
}
__device__ __forceinline__ Fe5 five_columns_at(const Fe* row, uint32_t first, uint32_t stride) {
    Fe5 x;
#pragma unroll
    for (uint32_t i = 0; i < 5; i++) x.at[i] = column_at(row, first + i, stride);
    return x;
}

// To output `output` of a row, added to what is there where the run goes onto something.
__device__ __forceinline__ void to_output(Fe* out, uint32_t output, uint32_t log_height, uint32_t row, uint32_t has_onto, const Fe5& x) {
#pragma unroll
    for (uint32_t i = 0; i < 5; i++) {
        size_t at = (size_t{5 * output + i} << log_height) | row;
        out[at] = has_onto != 0 ? out[at] + x.at[i] : x.at[i];
    }
}

}  // namespace aludel
