// Values of polynomials at points of the extension, and the codewords that FRI begins with. Matrices are columns[width][2^log_height], bit-reversed on the
// coset whose shift is the generator: the points of a smaller one are the first of a larger one.
#include "../include/butterflies.h"
#include "../include/quintic.h"

using namespace aludel;

namespace openings {

// Rows of which a thread makes the inverses, with one inversion.
constexpr uint32_t INVERSES = 8;
// Rows of a tile, which a block multiplies by their weights and adds.
constexpr uint32_t TILE = 1024;
constexpr uint32_t WARPS = 8;
constexpr uint32_t LANES = 32;
// Sums that a lane makes side by side: coefficients of the values of columns at points.
constexpr uint32_t SUMS = 40;
// Of these, how many the lanes of a warp add at a time.
constexpr uint32_t TOGETHER = 8;
// Rows of a codeword that a thread makes.
constexpr uint32_t ROWS = 4;

__device__ __forceinline__ Fe5 difference(const Fe5& z, Fe x) {
    Fe5 found = z;
    found.at[0] = z.at[0] - x;
    return found;
}

__device__ __forceinline__ Fe5 load(const Fe* from, size_t stride, size_t at) {
    Fe5 x;
#pragma unroll
    for (uint32_t c = 0; c < 5; c++) x.at[c] = from[c * stride + at];
    return x;
}

// inverses[5][count] = 1 / (z - x), or where `weighted` x / (z - x), of the points x of rows first..: `count` is a power of two. On the way up through its rows a
// thread keeps products of all differences before each, on the way down the inverse of the product of those up to it.
extern "C" __global__ void __launch_bounds__(128)
    openings_inverses(const Fe5* __restrict__ point, Fe shift, uint32_t first, uint32_t count, uint32_t weighted, Fe* __restrict__ inverses) {
    uint32_t thread = thread_index(), threads = count < INVERSES ? 1 : count / INVERSES;
    if (thread >= threads) return;
    Fe5 z = *point, product;
    Fe x[INVERSES];
    Fe5 before[INVERSES];
#pragma unroll
    for (uint32_t i = 0; i < INVERSES; i++) {
        uint32_t row = thread + i * threads;
        if (row >= count) continue;
        x[i] = shift * root(reverse(first + row, MAX_LOG));
        if (i > 0) before[i] = product;
        product = i == 0 ? difference(z, x[i]) : product * difference(z, x[i]);
    }
    Fe5 rest = inverse(product);
#pragma unroll
    for (uint32_t i = INVERSES; i-- > 0;) {
        uint32_t row = thread + i * threads;
        if (row >= count) continue;
        Fe5 own = i == 0 ? rest : rest * before[i];
        if (i > 0) rest = rest * difference(z, x[i]);
        if (weighted != 0) own = own * x[i];
#pragma unroll
        for (uint32_t c = 0; c < 5; c++) inverses[size_t{c} * count + row] = own.at[c];
    }
}
KERNEL(openings_inverses)

// What a block needs of shared memory, in elements.
constexpr uint32_t SCRATCH = WARPS * TOGETHER * LANES;

// Some rows of columns[width][2^log_height], `rows` of them, times their weights, [5][stride] for each point: sums by tiles,
// partial[tile][width][POINTS][5]. A lane takes every 32nd row of its warp's columns.
template <uint32_t POINTS>
__device__ __forceinline__ void dots(const Fe* __restrict__ columns, uint32_t log_height, uint32_t rows, uint32_t width,
                                     const Fe* const (&weights)[POINTS], const uint32_t (&strides)[POINTS], Fe* __restrict__ partial,
                                     Fe* tile, Fe* scratch) {
    constexpr uint32_t COLUMNS = SUMS / (5 * POINTS);
    uint32_t first = blockIdx.x * TILE, count = min(TILE, rows - first);
#pragma unroll
    for (uint32_t p = 0; p < POINTS; p++) {
        for (uint32_t i = threadIdx.x; i < 5 * TILE; i += WARPS * LANES) {
            uint32_t c = i / TILE, row = i % TILE;
            tile[5 * p * TILE + i] = row < count ? weights[p][size_t{c} * strides[p] + first + row] : zero();
        }
    }
    __syncthreads();
    uint32_t lane = threadIdx.x % LANES, warp = threadIdx.x / LANES;
    Fe* own = scratch + warp * TOGETHER * LANES;
    for (uint32_t group = blockIdx.y * COLUMNS * WARPS; group < width; group += gridDim.y * COLUMNS * WARPS) {
        uint32_t column = group + warp * COLUMNS;
        Wide sums[SUMS];
#pragma unroll
        for (uint32_t i = 0; i < SUMS; i++) sums[i] = Wide{0};
        for (uint32_t row = lane; column < width && row < count; row += 2 * LANES) {
            Fe x[COLUMNS], y[COLUMNS];
#pragma unroll
            for (uint32_t k = 0; k < COLUMNS; k++) {
                // Past the last column it is the last once more.
                const Fe* at = columns + (size_t{min(column + k, width - 1)} << log_height) + first + row;
                x[k] = at[0];
                y[k] = row + LANES < count ? at[LANES] : zero();
            }
#pragma unroll
            for (uint32_t i = 0; i < 5 * POINTS; i++) {
                Fe one = tile[i * TILE + row], other = tile[i * TILE + row + LANES];
#pragma unroll
                for (uint32_t k = 0; k < COLUMNS; k++) {
                    Wide& sum = sums[5 * POINTS * k + i];
                    sum = plus_products(sum, x[k], one, y[k], other);
                }
            }
        }
        // Some sums of all lanes at a time: four lanes add a quarter each of one, at places that are in different banks.
        Fe quarters[SUMS / TOGETHER];
        uint32_t value = lane / 4, quarter = lane % 4;
#pragma unroll
        for (uint32_t i = 0; i < SUMS / TOGETHER; i++) {
#pragma unroll
            for (uint32_t k = 0; k < TOGETHER; k++) own[k * LANES + lane] = reduced(sums[TOGETHER * i + k]);
            __syncthreads();
            Fe sum = zero();
#pragma unroll
            for (uint32_t k = 0; k < 8; k++) sum = sum + own[value * LANES + quarter * 8 + (k + value) % 8];
            quarters[i] = sum;
            __syncthreads();
        }
#pragma unroll
        for (uint32_t i = 0; i < SUMS / TOGETHER; i++) own[i * LANES + lane] = quarters[i];
        __syncthreads();
        for (uint32_t i = lane; i < SUMS; i += LANES) {
            if (column + i / (5 * POINTS) >= width) continue;
            const Fe* four = own + 4 * i;
            partial[(size_t{blockIdx.x} * width + column) * (5 * POINTS) + i] = four[0] + four[1] + (four[2] + four[3]);
        }
        __syncthreads();
    }
}

extern "C" __global__ void __launch_bounds__(256, 2)
    openings_dots_1(const Fe* __restrict__ columns, uint32_t log_height, uint32_t rows, uint32_t width, const Fe* __restrict__ weights,
                    uint32_t stride, Fe* __restrict__ partial) {
    SHARED(Fe, tile, 5 * TILE);
    SHARED(Fe, scratch, SCRATCH);
    const Fe* const all[1] = {weights};
    const uint32_t strides[1] = {stride};
    dots<1>(columns, log_height, rows, width, all, strides, partial, tile, scratch);
}
KERNEL(openings_dots_1)

extern "C" __global__ void __launch_bounds__(256, 2)
    openings_dots_2(const Fe* __restrict__ columns, uint32_t log_height, uint32_t rows, uint32_t width, const Fe* __restrict__ weights,
                    uint32_t stride, const Fe* __restrict__ others, uint32_t other_stride, Fe* __restrict__ partial) {
    SHARED(Fe, tile, 10 * TILE);
    SHARED(Fe, scratch, SCRATCH);
    const Fe* const all[2] = {weights, others};
    const uint32_t strides[2] = {stride, other_stride};
    dots<2>(columns, log_height, rows, width, all, strides, partial, tile, scratch);
}
KERNEL(openings_dots_2)

// totals[count] = the sums of partial[tiles][count], added to what is there where `has_before`. A block of 32 x 8 threads makes 32 of them.
extern "C" __global__ void __launch_bounds__(256)
    openings_totals(const Fe* __restrict__ partial, uint32_t tiles, uint32_t count, uint32_t has_before, Fe* totals) {
    SHARED(Fe, sums, 256);
    uint32_t i = blockIdx.x * LANES + threadIdx.x;
    Fe sum = zero();
    for (uint32_t tile = threadIdx.y; i < count && tile < tiles; tile += WARPS) sum = sum + partial[size_t{tile} * count + i];
    sums[threadIdx.y * LANES + threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y > 0 || i >= count) return;
    for (uint32_t k = 1; k < WARPS; k++) sum = sum + sums[k * LANES + threadIdx.x];
    totals[i] = has_before != 0 ? totals[i] + sum : sum;
}
KERNEL(openings_totals)

// A matrix of claims: columns[width][2^log_height].
struct Claimed {
    uint32_t low, high, width, padding;

    __device__ __forceinline__ const Fe* columns() const { return reinterpret_cast<const Fe*>(uintptr_t{low} | uint64_t{high} << 32); }
};

// Rows first.. of a codeword, `count` of them, a power of two: the sum over points of what is left of `table`'s constants when factors of matrices times their sums
// by powers of the challenge are taken off, times inverses[5][count]. It is added to what is there where `has_before`. The table has constants[POINTS], factors[matrices][POINTS], powers.
template <uint32_t POINTS>
__device__ __forceinline__ void reduced_rows(const Claimed* __restrict__ claimed, uint32_t matrices, const Fe5* __restrict__ table,
                                             const Fe* const (&inverses)[POINTS], uint32_t first, uint32_t count, uint32_t log_height,
                                             uint32_t log_arity, uint32_t has_before, Fe* codeword) {
    uint32_t thread = thread_index(), threads = count < ROWS ? 1 : count / ROWS;
    if (thread >= threads) return;
    const Fe5* factors = table + POINTS;
    const Fe5* powers = factors + matrices * POINTS;
    size_t height = size_t{1} << log_height;
    Fe5 left[POINTS][ROWS];
#pragma unroll
    for (uint32_t p = 0; p < POINTS; p++) {
#pragma unroll
        for (uint32_t k = 0; k < ROWS; k++) left[p][k] = table[p];
    }
    uint32_t rows[ROWS];
#pragma unroll
    for (uint32_t k = 0; k < ROWS; k++) rows[k] = thread + k * threads < count ? thread + k * threads : thread;
    for (uint32_t m = 0; m < matrices; m++) {
        Claimed matrix = claimed[m];
        const Fe* column = matrix.columns() + first;
        Wide sums[ROWS][5];
#pragma unroll
        for (uint32_t k = 0; k < ROWS; k++) {
#pragma unroll
            for (uint32_t c = 0; c < 5; c++) sums[k][c] = Wide{0};
        }
        uint32_t i = 0;
        for (; i + 2 <= matrix.width; i += 2, column += 2 * height) {
            Fe5 power = powers[i], next = powers[i + 1];
#pragma unroll
            for (uint32_t k = 0; k < ROWS; k++) {
                Fe x = column[rows[k]], y = column[height + rows[k]];
#pragma unroll
                for (uint32_t c = 0; c < 5; c++) sums[k][c] = plus_products(sums[k][c], x, power.at[c], y, next.at[c]);
            }
        }
        if (i < matrix.width) {
            Fe5 power = powers[i];
#pragma unroll
            for (uint32_t k = 0; k < ROWS; k++) {
                Fe x = column[rows[k]];
#pragma unroll
                for (uint32_t c = 0; c < 5; c++) sums[k][c] = plus_product(sums[k][c], x, power.at[c]);
            }
        }
#pragma unroll
        for (uint32_t k = 0; k < ROWS; k++) {
            Fe5 sum;
#pragma unroll
            for (uint32_t c = 0; c < 5; c++) sum.at[c] = reduced(sums[k][c]);
#pragma unroll
            for (uint32_t p = 0; p < POINTS; p++) left[p][k] = left[p][k] - sum * factors[POINTS * m + p];
        }
    }
    uint32_t log_rows = log_height - log_arity, mask = (1u << log_arity) - 1;
#pragma unroll
    for (uint32_t k = 0; k < ROWS; k++) {
        uint32_t row = thread + k * threads;
        if (row >= count) continue;
        Fe5 x = left[0][k] * load(inverses[0], count, row);
#pragma unroll
        for (uint32_t p = 1; p < POINTS; p++) x = x + left[p][k] * load(inverses[p], count, row);
        uint32_t element = (first + row) & mask, to = (first + row) >> log_arity;
#pragma unroll
        for (uint32_t c = 0; c < 5; c++) {
            Fe& at = codeword[place(element, c, log_rows, to)];
            at = has_before != 0 ? at + x.at[c] : x.at[c];
        }
    }
}

extern "C" __global__ void __launch_bounds__(128)
    openings_reduced_1(const Claimed* __restrict__ claimed, uint32_t matrices, const Fe5* __restrict__ table, const Fe* __restrict__ inverses,
                       uint32_t first, uint32_t count, uint32_t log_height, uint32_t log_arity, uint32_t has_before, Fe* codeword) {
    const Fe* const all[1] = {inverses};
    reduced_rows<1>(claimed, matrices, table, all, first, count, log_height, log_arity, has_before, codeword);
}
KERNEL(openings_reduced_1)

extern "C" __global__ void __launch_bounds__(128)
    openings_reduced_2(const Claimed* __restrict__ claimed, uint32_t matrices, const Fe5* __restrict__ table, const Fe* __restrict__ inverses,
                       const Fe* __restrict__ others, uint32_t first, uint32_t count, uint32_t log_height, uint32_t log_arity,
                       uint32_t has_before, Fe* codeword) {
    const Fe* const all[2] = {inverses, others};
    reduced_rows<2>(claimed, matrices, table, all, first, count, log_height, log_arity, has_before, codeword);
}
KERNEL(openings_reduced_2)

}  // namespace openings
