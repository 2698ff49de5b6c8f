// Transforms of every column of a matrix, columns[width][2^log_height], in passes through shared memory.
//
// Stage s of a transform of 2^L points joins elements 2^(L-1-s) apart. Forward stages are by decimation in frequency, from
// stage 0: natural order in, bit-reversed order out. Inverse stages of an extension undo them, from stage L-1: bit-reversed order
// in, natural order out. A pass does stages `first` .. `first + stages`: its tile is 2^stages elements at a stride of 2^log_stride,
// in 2^log_lanes neighbouring lanes, so that reads and writes of lanes lie side by side.
#include "../include/koala_bear.h"

using namespace aludel;

constexpr uint32_t MAX_LOG = 24;
constexpr uint32_t LOG_TABLE = 12;
constexpr uint32_t TABLE = 1u << LOG_TABLE;

// Powers of the generator w of the largest subgroup: w^i, then w^(TABLE i), for i below TABLE. Written by the host.
GLOBAL(uint32_t, ntt_roots, 2 * TABLE)

// w^exponent, modulo the order of w.
__device__ __forceinline__ Fe root(uint32_t exponent) {
    Fe low = {ntt_roots[exponent & (TABLE - 1)]};
    Fe high = {ntt_roots[TABLE + ((exponent >> LOG_TABLE) & (TABLE - 1))]};
    return low * high;
}

// The lowest bits of x in the other order.
__device__ __forceinline__ uint32_t reverse(uint32_t x, uint32_t bits) {
    uint32_t reversed = 0;
    for (uint32_t i = 0; i < bits; i++) reversed |= ((x >> i) & 1) << (bits - 1 - i);
    return reversed;
}

// Where a tile lies.
struct Tile {
    uint32_t log_height, first, stages, log_lanes;
    // Of its first element.
    uint32_t column, high, low;

    __device__ __forceinline__ uint32_t log_stride() const { return log_height - first - stages; }
    __device__ __forceinline__ uint32_t size() const { return 1u << (stages + log_lanes); }
    // Row of an element by its place in shared memory.
    __device__ __forceinline__ uint32_t row(uint32_t place) const {
        uint32_t lane = place & ((1u << log_lanes) - 1);
        // A shift by the whole word is none of C++'s.
        uint32_t above = first == 0 ? 0 : high << (log_height - first);
        return above | ((place >> log_lanes) << log_stride()) | low | lane;
    }
};

__device__ __forceinline__ Tile this_tile(uint32_t log_height, uint32_t first, uint32_t stages, uint32_t log_lanes) {
    uint32_t log_tiles = log_height - stages - log_lanes;
    uint32_t in_column = blockIdx.x & ((1u << log_tiles) - 1);
    uint32_t log_low = log_height - first - stages - log_lanes;
    return {log_height,
            first,
            stages,
            log_lanes,
            blockIdx.x >> log_tiles,
            in_column >> log_low,
            (in_column & ((1u << log_low) - 1)) << log_lanes};
}

// The two elements of a butterfly of one stage of a tile, and the exponent of their root.
struct Butterfly {
    uint32_t left, right, exponent;
};

__device__ __forceinline__ Butterfly butterfly(const Tile& tile, uint32_t stage, uint32_t index) {
    uint32_t lane = index & ((1u << tile.log_lanes) - 1);
    uint32_t pair = index >> tile.log_lanes;
    uint32_t log_span = tile.stages - 1 - stage;
    uint32_t within = pair & ((1u << log_span) - 1);
    uint32_t left = ((pair >> log_span) << (log_span + 1)) | within;
    uint32_t position = (within << tile.log_stride()) | tile.low | lane;
    return {(left << tile.log_lanes) | lane, ((left + (1u << log_span)) << tile.log_lanes) | lane,
            position << (MAX_LOG - tile.log_height + tile.first + stage)};
}

// Forward stages over a tile in shared memory; with the inverse's roots where `inverse` says so.
__device__ __forceinline__ void forward_stages(const Tile& tile, Fe* points, bool inverse) {
    for (uint32_t stage = 0; stage < tile.stages; stage++) {
        for (uint32_t i = threadIdx.x; i < tile.size() / 2; i += blockDim.x) {
            Butterfly b = butterfly(tile, stage, i);
            Fe left = points[b.left], right = points[b.right];
            points[b.left] = left + right;
            points[b.right] = (left - right) * root(inverse ? 0u - b.exponent : b.exponent);
        }
        __syncthreads();
    }
}

// Undoes forward stages, but for a factor of two each.
__device__ __forceinline__ void inverse_stages(const Tile& tile, Fe* points) {
    for (uint32_t stage = tile.stages; stage-- > 0;) {
        for (uint32_t i = threadIdx.x; i < tile.size() / 2; i += blockDim.x) {
            Butterfly b = butterfly(tile, stage, i);
            Fe left = points[b.left], right = points[b.right] * root(0u - b.exponent);
            points[b.left] = left + right;
            points[b.right] = left - right;
        }
        __syncthreads();
    }
}

// A pass of a transform in place, times `scale` at its end.
extern "C" __global__ void __launch_bounds__(256)
    ntt_pass(Fe* columns, uint32_t log_height, uint32_t first, uint32_t stages, uint32_t log_lanes, uint32_t inverse,
             uint32_t scale) {
    SHARED_DYNAMIC(Fe, points);
    Tile tile = this_tile(log_height, first, stages, log_lanes);
    Fe* column = columns + (size_t{tile.column} << log_height);
    for (uint32_t i = threadIdx.x; i < tile.size(); i += blockDim.x) points[i] = column[tile.row(i)];
    __syncthreads();
    forward_stages(tile, points, inverse != 0);
    for (uint32_t i = threadIdx.x; i < tile.size(); i += blockDim.x) column[tile.row(i)] = points[i] * Fe{scale};
}
KERNEL(ntt_pass)

// The first inverse pass of an extension: the last `stages` stages, of values in natural order that are read in bit-reversed
// order. A lane is a run of 2^stages rows of the result; values of neighbouring lanes lie side by side.
extern "C" __global__ void __launch_bounds__(256)
    lde_gather(const Fe* __restrict__ values, Fe* __restrict__ columns, uint32_t log_height, uint32_t log_extended,
               uint32_t stages, uint32_t log_lanes) {
    SHARED_DYNAMIC(Fe, points);
    uint32_t log_runs = log_height - stages;
    uint32_t log_tiles = log_runs - log_lanes;
    uint32_t first_run = (blockIdx.x & ((1u << log_tiles) - 1)) << log_lanes;
    size_t column = blockIdx.x >> log_tiles;
    const Fe* from = values + (column << log_height);
    Fe* to = columns + (column << log_extended);
    uint32_t size = 1u << (stages + log_lanes);
    // The runs are transforms of their own: a tile of each is the same, and the place in a run alone tells the roots.
    for (uint32_t i = threadIdx.x; i < size; i += blockDim.x) {
        uint32_t run = first_run + (i & ((1u << log_lanes) - 1));
        points[i] = from[(size_t{reverse(i >> log_lanes, stages)} << log_runs) | run];
    }
    __syncthreads();
    for (uint32_t stage = stages; stage-- > 0;) {
        uint32_t log_span = stages - 1 - stage;
        for (uint32_t i = threadIdx.x; i < size / 2; i += blockDim.x) {
            uint32_t lane = i & ((1u << log_lanes) - 1), pair = i >> log_lanes;
            uint32_t within = pair & ((1u << log_span) - 1);
            uint32_t left = (((pair >> log_span) << (log_span + 1) | within) << log_lanes) | lane;
            uint32_t right = left + (1u << (log_span + log_lanes));
            Fe a = points[left], b = points[right] * root(0u - (within << (MAX_LOG - 1 - log_span)));
            points[left] = a + b;
            points[right] = a - b;
        }
        __syncthreads();
    }
    for (uint32_t i = threadIdx.x; i < size; i += blockDim.x) {
        uint32_t within = i & ((1u << stages) - 1), lane = i >> stages;
        uint32_t run = reverse(first_run + lane, log_runs);
        to[(size_t{run} << stages) | within] = points[(within << log_lanes) | lane];
    }
}
KERNEL(lde_gather)

// An inverse pass of an extension, in place in the first 2^log_height rows of columns of 2^log_extended.
extern "C" __global__ void __launch_bounds__(256)
    lde_inverse(Fe* columns, uint32_t log_height, uint32_t log_extended, uint32_t first, uint32_t stages,
                uint32_t log_lanes) {
    SHARED_DYNAMIC(Fe, points);
    Tile tile = this_tile(log_height, first, stages, log_lanes);
    Fe* column = columns + (size_t{tile.column} << log_extended);
    for (uint32_t i = threadIdx.x; i < tile.size(); i += blockDim.x) points[i] = column[tile.row(i)];
    __syncthreads();
    inverse_stages(tile, points);
    for (uint32_t i = threadIdx.x; i < tile.size(); i += blockDim.x) column[tile.row(i)] = points[i];
}
KERNEL(lde_inverse)

// The last inverse stages of an extension, the scaling of coefficient i by low[i mod TABLE] high[i / TABLE], zeros above the
// coefficients, and the first forward stages. `from` has columns of 2^log_from rows: the values themselves where `reversed`, for then
// all inverse stages are here; else the columns as the passes before left them.
extern "C" __global__ void __launch_bounds__(256)
    lde_middle(const Fe* from, Fe* columns, uint32_t log_height, uint32_t log_extended, uint32_t log_from,
               uint32_t inverse, uint32_t forward, uint32_t log_lanes, uint32_t reversed, const Fe* __restrict__ low,
               const Fe* __restrict__ high) {
    SHARED_DYNAMIC(Fe, points);
    Tile tile = this_tile(log_extended, 0, forward, log_lanes);
    const Fe* source = from + (size_t{tile.column} << log_from);
    Fe* column = columns + (size_t{tile.column} << log_extended);
    uint32_t height = 1u << log_height;
    for (uint32_t i = threadIdx.x; i < tile.size(); i += blockDim.x) {
        uint32_t row = tile.row(i);
        if (row < height) points[i] = source[reversed != 0 ? reverse(row, log_height) : row];
    }
    __syncthreads();
    // The coefficients' own transform has this tile's rows below 2^log_height, at the same stride.
    if (inverse > 0) inverse_stages(Tile{log_height, 0, inverse, log_lanes, 0, 0, tile.low}, points);
    for (uint32_t i = threadIdx.x; i < tile.size(); i += blockDim.x) {
        uint32_t row = tile.row(i);
        points[i] = row < height ? points[i] * low[row & (TABLE - 1)] * high[row >> LOG_TABLE] : zero();
    }
    __syncthreads();
    forward_stages(tile, points, false);
    for (uint32_t i = threadIdx.x; i < tile.size(); i += blockDim.x) column[tile.row(i)] = points[i];
}
KERNEL(lde_middle)
