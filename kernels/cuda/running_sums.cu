// Running sums of columns, in tiles of 2^12: sums of tiles, running sums of those, which are one tile, and then the tiles' own. An element of the
// extension is five columns, and each is summed alone.
#include "../include/butterflies.h"

using namespace aludel;

constexpr uint32_t SUM_THREADS = 256;
// Elements of a thread.
constexpr uint32_t SUMMED = 16;
constexpr uint32_t LOG_SUM_TILE = 12;
constexpr uint32_t SUM_TILE = 1u << LOG_SUM_TILE;
static_assert(SUM_TILE == SUM_THREADS * SUMMED, "a tile is what a block's threads have");

// A tile of a column of 2^log_height, which may be less than a tile.
struct SumTile {
    uint32_t log_tiles, column, number, count;
    size_t first;

    __device__ __forceinline__ SumTile(uint32_t block, uint32_t log_height) {
        log_tiles = log_height > LOG_SUM_TILE ? log_height - LOG_SUM_TILE : 0;
        column = block >> log_tiles;
        number = block & ((1u << log_tiles) - 1);
        count = min(SUM_TILE, 1u << log_height);
        first = (size_t{column} << log_height) + size_t{number} * SUM_TILE;
    }

    __device__ __forceinline__ bool is_last() const { return number + 1 == 1u << log_tiles; }
};

// The sum of what this thread has and all before it. Each step has the half of `sums` that the one before did not use, so that one barrier between
// two is enough.
__device__ __forceinline__ Fe sum_up_to(Fe own, Fe* sums) {
    Fe sum = own;
    for (uint32_t step = 1, from = 0; step < SUM_THREADS; step <<= 1, from ^= SUM_THREADS) {
        sums[from + threadIdx.x] = sum;
        __syncthreads();
        if (threadIdx.x >= step) sum = sum + sums[from + threadIdx.x - step];
    }
    return sum;
}

// sums[columns][tiles] of columns[columns][2^log_height], a block a tile.
extern "C" __global__ void __launch_bounds__(SUM_THREADS)
    column_sums(const Fe* __restrict__ columns, uint32_t log_height, Fe* __restrict__ sums) {
    SHARED(Fe, partial, 2 * SUM_THREADS);
    SumTile tile(blockIdx.x, log_height);
    Fe sum = zero();
#pragma unroll
    for (uint32_t k = 0; k < SUMMED; k++) {
        uint32_t i = k * SUM_THREADS + threadIdx.x;
        if (i < tile.count) sum = sum + columns[tile.first + i];
    }
    sum = sum_up_to(sum, partial);
    if (threadIdx.x == SUM_THREADS - 1) sums[blockIdx.x] = sum;
}
KERNEL(column_sums)

// Each element of columns[columns][2^log_height] becomes the sum of those before it in its column; those before a tile have the sum
// before[columns][tiles], or, where there is one tile and not `has_before`, zero. totals[columns] are the sums of columns.
extern "C" __global__ void __launch_bounds__(SUM_THREADS)
    running_sums(Fe* __restrict__ columns, uint32_t log_height, const Fe* __restrict__ before, uint32_t has_before,
                 Fe* __restrict__ totals) {
    SHARED(Fe, elements, SUM_TILE);
    SHARED(Fe, partial, 2 * SUM_THREADS);
    SumTile tile(blockIdx.x, log_height);
    Points points{elements};
    // Threads read and write side by side, and sum what lies together.
#pragma unroll
    for (uint32_t k = 0; k < SUMMED; k++) {
        uint32_t i = k * SUM_THREADS + threadIdx.x;
        points[i] = i < tile.count ? columns[tile.first + i] : zero();
    }
    __syncthreads();
    Fe x[SUMMED], own = zero();
#pragma unroll
    for (uint32_t k = 0; k < SUMMED; k++) {
        x[k] = points[SUMMED * threadIdx.x + k];
        own = own + x[k];
    }
    Fe sum = sum_up_to(own, partial) - own;
    if (has_before != 0) sum = sum + before[blockIdx.x];
#pragma unroll
    for (uint32_t k = 0; k < SUMMED; k++) {
        points[SUMMED * threadIdx.x + k] = sum;
        sum = sum + x[k];
    }
    if (tile.is_last() && threadIdx.x == SUM_THREADS - 1) totals[tile.column] = sum;
    __syncthreads();
#pragma unroll
    for (uint32_t k = 0; k < SUMMED; k++) {
        uint32_t i = k * SUM_THREADS + threadIdx.x;
        if (i < tile.count) columns[tile.first + i] = points[i];
    }
}
KERNEL(running_sums)
