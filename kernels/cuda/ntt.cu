// Transforms of every column of a matrix, columns[width][2^log_height], in passes through shared memory.
//
// Stage s of a transform of 2^L points joins elements 2^(L-1-s) apart. Forward stages are by decimation in frequency, from
// stage 0: natural order in, bit-reversed order out. Inverse stages of an extension undo them, from stage L-1: bit-reversed order
// in, natural order out. A pass does stages `first` .. `first + stages`: its tile is 2^stages elements at a stride of 2^log_stride,
// in 2^log_lanes neighbouring lanes, so that reads and writes of lanes lie side by side. In the last stages the stride is one, and a tile is
// 2^log_runs runs of 2^stages elements.
#include "../include/butterflies.h"

using namespace aludel;

// Where a tile lies.
struct Tile {
    uint32_t log_height, first, stages, log_lanes, log_runs;
    // Of its first element.
    uint32_t column, high, low;

    __device__ __forceinline__ uint32_t log_stride() const { return log_height - first - stages; }
    __device__ __forceinline__ Places places() const {
        return {stages, log_lanes, log_stride(), log_height - first, low, log_runs};
    }
    // Row of an element by its place in shared memory.
    __device__ __forceinline__ uint32_t row(uint32_t place) const {
        uint32_t lane = place & ((1u << log_lanes) - 1);
        // A shift by the whole word is none of C++'s.
        uint32_t above = first == 0 ? 0 : high << (log_height - first);
        return above | ((place >> log_lanes) << log_stride()) | low | lane;
    }
    // How many rows 2^log_step rows of the tile are.
    __device__ __forceinline__ uint32_t step(uint32_t log_step) const { return 1u << (log_step + log_stride()); }
};

__device__ __forceinline__ Tile this_tile(uint32_t log_height, uint32_t first, uint32_t stages, uint32_t log_lanes, uint32_t log_runs) {
    uint32_t log_tiles = log_height - stages - log_lanes - log_runs;
    uint32_t in_column = blockIdx.x & ((1u << log_tiles) - 1);
    uint32_t log_low = log_height - first - stages - log_lanes;
    return {log_height,
            first,
            stages,
            log_lanes,
            log_runs,
            blockIdx.x >> log_tiles,
            (in_column >> log_low) << log_runs,
            (in_column & ((1u << log_low) - 1)) << log_lanes};
}

// To the tile's rows of a column, which follow one another, all threads side by side.
__device__ __forceinline__ void write_side_by_side(const Tile& tile, Points points, Fe* column) {
    __syncthreads();
    Fe* first = column + tile.row(0);
#pragma unroll 4
    for (uint32_t i = threadIdx.x; i < tile.places().size(); i += blockDim.x) first[i] = points[i];
}

// A pass of a transform in place. With inverse roots, where `inverse`, it ends times `scale`; else `scale` counts for nothing.
template <Way WAY>
__device__ __forceinline__ void ntt_pass_of(const Tile& tile, Points points, Fe* column, Fe scale) {
    bool side_by_side = tile.log_stride() == 0;
    transform<WAY>(
        tile.places(), points,
        [&](auto& x, uint32_t place, uint32_t log_step) { read(x, column + tile.row(place), tile.step(log_step)); },
        [&](auto& x, uint32_t place, uint32_t log_step) {
            if (WAY == Way::INVERSE) {
                for (Fe& value : x) value = value * scale;
            }
            if (side_by_side) {
                points.write(x, place, 1u << log_step);
            } else {
                write(x, column + tile.row(place), tile.step(log_step));
            }
        });
    if (side_by_side) write_side_by_side(tile, points, column);
}

extern "C" __global__ void __launch_bounds__(256)
    ntt_pass(Fe* columns, uint32_t log_height, uint32_t first, uint32_t stages, uint32_t log_lanes, uint32_t log_runs,
             uint32_t inverse, uint32_t scale) {
    SHARED_DYNAMIC(Fe, shared);
    Points points = {shared};
    Tile tile = this_tile(log_height, first, stages, log_lanes, log_runs);
    Fe* column = columns + (size_t{tile.column} << log_height);
    if (inverse != 0) {
        ntt_pass_of<Way::INVERSE>(tile, points, column, Fe{scale});
    } else {
        ntt_pass_of<Way::FORWARD>(tile, points, column, one());
    }
}
KERNEL(ntt_pass)

// The first inverse pass of an extension: the last `stages` stages, of values in natural order that are read in bit-reversed
// order. A lane is a run of 2^stages rows of the result; values of neighbouring lanes lie side by side.
extern "C" __global__ void __launch_bounds__(256)
    lde_gather(const Fe* __restrict__ values, Fe* __restrict__ columns, uint32_t log_height, uint32_t log_extended,
               uint32_t stages, uint32_t log_lanes) {
    SHARED_DYNAMIC(Fe, shared);
    Points points = {shared};
    uint32_t log_runs = log_height - stages;
    uint32_t log_tiles = log_runs - log_lanes;
    uint32_t first_run = (blockIdx.x & ((1u << log_tiles) - 1)) << log_lanes;
    size_t column = blockIdx.x >> log_tiles;
    const Fe* from = values + (column << log_height);
    Fe* to = columns + (column << log_extended);
    // The runs are transforms of their own: a tile of each is the same, and the place in a run alone tells the roots.
    Places places = {stages, log_lanes, 0, stages, 0, 0};
    transform<Way::UNDO>(
        places, points,
        [&](auto& x, uint32_t place, uint32_t log_step) {
            uint32_t run = first_run + (place & ((1u << log_lanes) - 1)), row = reverse(place >> log_lanes, stages);
            read_reversed(x, from + ((row << log_runs) | run), 1u << (log_height - log_step - log_count(x)));
        },
        [&](auto& x, uint32_t place, uint32_t log_step) { points.write(x, place, 1u << (log_step + log_lanes)); });
    __syncthreads();
#pragma unroll 4
    for (uint32_t i = threadIdx.x; i < places.size(); i += blockDim.x) {
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
    SHARED_DYNAMIC(Fe, shared);
    Points points = {shared};
    Tile tile = this_tile(log_height, first, stages, log_lanes, 0);
    Fe* column = columns + (size_t{tile.column} << log_extended);
    transform<Way::UNDO>(
        tile.places(), points,
        [&](auto& x, uint32_t place, uint32_t log_step) { read(x, column + tile.row(place), tile.step(log_step)); },
        [&](auto& x, uint32_t place, uint32_t log_step) { write(x, column + tile.row(place), tile.step(log_step)); });
}
KERNEL(lde_inverse)

// The last inverse stages of an extension, the product of coefficient i with scale low[i mod TABLE] high[i / TABLE], zeros above the
// coefficients, and the first forward stages. `from` has columns of 2^log_from rows: where `reversed`, the values themselves, and all inverse stages,
// which are some, are here; else the columns as the passes before left them.
extern "C" __global__ void __launch_bounds__(256)
    lde_middle(const Fe* from, Fe* columns, uint32_t log_height, uint32_t log_extended, uint32_t log_from,
               uint32_t inverse, uint32_t forward, uint32_t log_lanes, uint32_t reversed, const Fe* __restrict__ low,
               const Fe* __restrict__ high, uint32_t scale) {
    SHARED_DYNAMIC(Fe, shared);
    Points points = {shared};
    Tile tile = this_tile(log_extended, 0, forward, log_lanes, 0);
    const Fe* source = from + (size_t{tile.column} << log_from);
    Fe* column = columns + (size_t{tile.column} << log_extended);
    uint32_t height = 1u << log_height;
    auto power = [&](uint32_t exponent) { return low[exponent & (TABLE - 1)] * high[exponent >> LOG_TABLE]; };
    // The coefficients' own transform has this tile's rows below 2^log_height, at the same stride. Where no inverse stage is left some tiles have none.
    Places coefficients = Tile{log_height, 0, inverse, log_lanes, 0, 0, 0, tile.low}.places();
    transform<Way::UNDO>(
        coefficients, points,
        [&](auto& x, uint32_t place, uint32_t log_step) {
            uint32_t row = tile.row(place);
            if (row >= height) {
                x[0] = zero();
            } else if (reversed != 0) {
                read_reversed(x, source + reverse(row, log_height), 1u << (log_height - log_step - log_count(x)));
            } else {
                read(x, source + row, tile.step(log_step));
            }
        },
        [&](auto& x, uint32_t place, uint32_t log_step) {
            uint32_t row = tile.row(place);
            if (row < height) scale_by_powers(x, power(row) * Fe{scale}, power(tile.step(log_step) & (height - 1)));
            points.write(x, place, 1u << (log_step + log_lanes));
        });
    for (uint32_t i = coefficients.size() + threadIdx.x; i < tile.places().size(); i += blockDim.x) points[i] = zero();
    __syncthreads();
    transform<Way::FORWARD>(
        tile.places(), points,
        [&](auto& x, uint32_t place, uint32_t log_step) { points.read(x, place, 1u << (log_step + log_lanes)); },
        [&](auto& x, uint32_t place, uint32_t log_step) { write(x, column + tile.row(place), tile.step(log_step)); });
}
KERNEL(lde_middle)
