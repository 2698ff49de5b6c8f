// What quotients need besides the constraints: selectors on a coset, and the parts to which values on it are split.
#include "../include/butterflies.h"

using namespace aludel;

// Base-2 logarithm of the points whose selectors a thread makes. Their inverses, two a point and one, are made of one.
constexpr uint32_t LOG_SELECTED = 3;
constexpr uint32_t SELECTED = 1u << LOG_SELECTED;

// The rows of a thread: where a trace has 2^log_rows, as many rows of the coset that lie together have one value of what vanishes, and the thread's
// rows are of those, as far apart as can be. Where there are fewer, it has some of them more than once.
struct SelectedRows {
    uint32_t block, first, log_rows, log_stride;

    __device__ __forceinline__ SelectedRows(uint32_t thread, uint32_t log_rows)
        : log_rows(log_rows), log_stride(log_rows > LOG_SELECTED ? log_rows - LOG_SELECTED : 0) {
        block = thread >> log_stride;
        first = thread & ((1u << log_stride) - 1);
    }

    __device__ __forceinline__ uint32_t operator[](uint32_t k) const {
        return (block << log_rows) | ((first + (k << log_stride)) & ((1u << log_rows) - 1));
    }
};

// columns[4][2^log_points], the selectors of a trace of 2^log_rows on the coset of a shift, bit-reversed; `power` is the shift's 2^log_rows-th power,
// and `last` the trace's last point.
extern "C" __global__ void __launch_bounds__(128)
    selectors(Fe* __restrict__ columns, uint32_t log_rows, uint32_t log_points, uint32_t shift, uint32_t power, uint32_t last) {
    uint32_t log_step = log_points - log_rows;
    SelectedRows rows(thread_index(), log_rows);
    if (rows.block >= 1u << log_step) return;
    Fe vanishing = Fe{power} * root(reverse(rows.block, log_step) << (MAX_LOG - log_step)) - one();
    // Products of what is inverted, up to each: from `vanishing` on, two of each point.
    Fe x[SELECTED], product[2 * SELECTED + 1];
    product[0] = vanishing;
#pragma unroll
    for (uint32_t k = 0; k < SELECTED; k++) {
        x[k] = Fe{shift} * root(reverse(rows[k], log_points) << (MAX_LOG - log_points));
        product[2 * k + 1] = product[2 * k] * (x[k] - one());
        product[2 * k + 2] = product[2 * k + 1] * (x[k] - Fe{last});
    }
    Fe inverted = inverse(product[2 * SELECTED]);
#pragma unroll
    for (uint32_t i = SELECTED; i > 0; i--) {
        uint32_t k = i - 1;
        Fe first_factor = x[k] - one(), last_factor = x[k] - Fe{last};
        Fe of_last = inverted * product[2 * k + 1];
        inverted = inverted * last_factor;
        Fe of_first = inverted * product[2 * k];
        inverted = inverted * first_factor;
        Fe* row = columns + rows[k];
        row[0] = vanishing * of_first;
        row[size_t{1} << log_points] = vanishing * of_last;
        row[size_t{2} << log_points] = last_factor;
    }
#pragma unroll
    for (uint32_t k = 0; k < SELECTED; k++) columns[(size_t{3} << log_points) + rows[k]] = inverted;
}
KERNEL(selectors)

constexpr uint32_t LOG_SIDE = 5;
constexpr uint32_t SIDE = 1u << LOG_SIDE;

// part[columns][2^log_rows] of rows first_row.. of values[columns][2^log_height], in bit-reversed order. A block has the rows that agree in the bits
// in the middle of their number; highest and lowest bits change places, so that it reads and writes what lies together.
extern "C" __global__ void __launch_bounds__(256)
    reverse_rows(const Fe* __restrict__ values, uint32_t log_height, uint32_t first_row, Fe* __restrict__ part, uint32_t log_rows) {
    SHARED(Fe, tile, SIDE * (SIDE + 1));
    uint32_t log_side = min(LOG_SIDE, log_rows / 2), log_middle = log_rows - 2 * log_side, low = (1u << log_side) - 1;
    uint32_t column = blockIdx.x >> log_middle, middle = blockIdx.x & ((1u << log_middle) - 1);
    const Fe* from = values + (size_t{column} << log_height) + first_row + (middle << log_side);
    Fe* to = part + (size_t{column} << log_rows) + (reverse(middle, log_middle) << log_side);
    for (uint32_t i = threadIdx.x; i < 1u << (2 * log_side); i += blockDim.x) {
        uint32_t high = i >> log_side;
        tile[high * (SIDE + 1) + (i & low)] = from[(high << (log_rows - log_side)) + (i & low)];
    }
    __syncthreads();
    for (uint32_t i = threadIdx.x; i < 1u << (2 * log_side); i += blockDim.x) {
        uint32_t high = i >> log_side;
        to[(high << (log_rows - log_side)) + (i & low)] = tile[reverse(i & low, log_side) * (SIDE + 1) + reverse(high, log_side)];
    }
}
KERNEL(reverse_rows)
