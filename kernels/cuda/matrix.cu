// Matrices between the host's order, by rows, and the device's, by columns. A block of 32 x 8 threads turns a tile of 32 x 32.
#include "../include/device.h"

constexpr uint32_t TILE = 32;

// rows[count][width] to rows first_row.. of columns[width][height].
extern "C" __global__ void __launch_bounds__(256)
    rows_to_columns(const uint32_t* __restrict__ rows, uint32_t* __restrict__ columns, uint32_t count, uint32_t width,
                    uint32_t height, uint32_t first_row) {
    SHARED(uint32_t, tile, TILE * (TILE + 1));
    uint32_t row = blockIdx.x * TILE, column = blockIdx.y * TILE;
    for (uint32_t i = threadIdx.y; i < TILE; i += blockDim.y) {
        if (row + i < count && column + threadIdx.x < width) {
            tile[i * (TILE + 1) + threadIdx.x] = rows[size_t{row + i} * width + column + threadIdx.x];
        }
    }
    __syncthreads();
    for (uint32_t i = threadIdx.y; i < TILE; i += blockDim.y) {
        if (row + threadIdx.x < count && column + i < width) {
            columns[size_t{column + i} * height + first_row + row + threadIdx.x] = tile[threadIdx.x * (TILE + 1) + i];
        }
    }
}
KERNEL(rows_to_columns)

// Rows first_row.. of columns[width][height] to rows[count][width].
extern "C" __global__ void __launch_bounds__(256)
    columns_to_rows(const uint32_t* __restrict__ columns, uint32_t* __restrict__ rows, uint32_t count, uint32_t width,
                    uint32_t height, uint32_t first_row) {
    SHARED(uint32_t, tile, TILE * (TILE + 1));
    uint32_t row = blockIdx.x * TILE, column = blockIdx.y * TILE;
    for (uint32_t i = threadIdx.y; i < TILE; i += blockDim.y) {
        if (row + threadIdx.x < count && column + i < width) {
            tile[i * (TILE + 1) + threadIdx.x] = columns[size_t{column + i} * height + first_row + row + threadIdx.x];
        }
    }
    __syncthreads();
    for (uint32_t i = threadIdx.y; i < TILE; i += blockDim.y) {
        if (row + i < count && column + threadIdx.x < width) {
            rows[size_t{row + i} * width + column + threadIdx.x] = tile[threadIdx.x * (TILE + 1) + i];
        }
    }
}
KERNEL(columns_to_rows)
