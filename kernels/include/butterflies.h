// Stages of a transform over a tile in shared memory, up to four at a time in a thread's registers.
//
// Four stages of sixteen points are a transform of sixteen points, whose roots are constants, and a product of each with a power of one
// root, which depends on where the points lie. So the roots are looked up, or put together, once for sixteen points.
#pragma once

#include "koala_bear.h"

namespace aludel {

constexpr uint32_t MAX_LOG = 24;
constexpr uint32_t LOG_TABLE = 12;
constexpr uint32_t TABLE = 1u << LOG_TABLE;
// Stages that a thread does at a time, at most.
constexpr uint32_t LOG_RADIX = 4;

// Powers of the generator w of the largest subgroup: w^i, then w^(TABLE i), for i below TABLE. Written by the host.
GLOBAL(uint32_t, ntt_roots, 2 * TABLE)
// Powers of its power u of order 16: u^i, then u^-i, for i below 8. Written by the host.
CONSTANT(uint32_t, ntt_units, 16)

// w^exponent, modulo the order of w.
__device__ __forceinline__ Fe root(uint32_t exponent) {
    Fe low = {ntt_roots[exponent & (TABLE - 1)]};
    Fe high = {ntt_roots[TABLE + ((exponent >> LOG_TABLE) & (TABLE - 1))]};
    return low * high;
}

// The lowest bits of x in the other order.
__device__ __forceinline__ uint32_t reverse(uint32_t x, uint32_t bits) { return bits == 0 ? 0 : __brev(x) >> (32 - bits); }

// The same of a number below 16 that is known when this is compiled.
__device__ __forceinline__ constexpr uint32_t reverse_few(uint32_t x, uint32_t bits) {
    return ((x & 1) << 3 | (x & 2) << 1 | (x & 4) >> 1 | (x & 8) >> 3) >> (LOG_RADIX - bits);
}

// What a pass does: stages by decimation in frequency with the roots or with their inverses; or it undoes those with the roots, but for a
// factor of two a stage.
enum class Way { FORWARD, INVERSE, UNDO };

// The places of a tile, [2^stages][2^log_lanes], in transforms of 2^log_size points of which it holds those at a stride of 2^log_stride.
struct Places {
    uint32_t stages, log_lanes, log_stride, log_size, low;

    __device__ __forceinline__ uint32_t size() const { return 1u << (stages + log_lanes); }
    // Where a place lies in what is left of its transform when only the rows below `within` are.
    __device__ __forceinline__ uint32_t position(uint32_t within, uint32_t lane) const {
        return (within << log_stride) | ((low | lane) & ((1u << log_stride) - 1));
    }
};

// A transform of 2^LOG points in registers, bit-reversed out; or, undone, bit-reversed in.
template <uint32_t LOG, Way WAY>
__device__ __forceinline__ void small_transform(Fe (&x)[1u << LOG]) {
#pragma unroll
    for (uint32_t step = 0; step < LOG; step++) {
        uint32_t stage = WAY == Way::UNDO ? LOG - 1 - step : step;
        uint32_t span = 1u << (LOG - 1 - stage);
#pragma unroll
        for (uint32_t pair = 0; pair < 1u << (LOG - 1); pair++) {
            uint32_t i = pair & (span - 1), left = ((pair - i) << 1) | i;
            Fe unit = {ntt_units[(i << (LOG_RADIX - LOG + stage)) + (WAY == Way::FORWARD ? 0 : 8)]};
            Fe a = x[left], b = x[left + span];
            if (WAY == Way::UNDO && i > 0) b = b * unit;
            x[left] = a + b;
            x[left + span] = WAY != Way::UNDO && i > 0 ? (a - b) * unit : a - b;
        }
    }
}

// Products with w^(k exponent), where k is the number of a point in natural order. The exponent of a transform of 2^log_left points is a multiple of
// 2^(MAX_LOG - log_left).
template <uint32_t LOG>
__device__ __forceinline__ void twist(Fe (&x)[1u << LOG], uint32_t exponent, uint32_t log_left) {
    if (log_left + LOG_TABLE <= MAX_LOG) {
#pragma unroll
        for (uint32_t i = 1; i < 1u << LOG; i++) {
            uint32_t power = (reverse_few(i, LOG) * exponent) >> LOG_TABLE;
            x[i] = x[i] * Fe{ntt_roots[TABLE + (power & (TABLE - 1))]};
        }
        return;
    }
    Fe power[1u << LOG];
    power[1] = root(exponent);
#pragma unroll
    for (uint32_t k = 2; k < 1u << LOG; k++) power[k] = power[k / 2] * power[k - k / 2];
#pragma unroll
    for (uint32_t i = 1; i < 1u << LOG; i++) x[i] = x[i] * power[reverse_few(i, LOG)];
}

// LOG stages after `done` others (those of a tile count from its first, also where they are undone). The first and the last
// use `load` and `store` in place of shared memory.
template <uint32_t LOG, Way WAY, class Load, class Store>
__device__ __forceinline__ void together(const Places& tile, Fe* points, uint32_t done, bool first, bool last, Load load,
                                         Store store) {
    uint32_t log_step = tile.stages - done - LOG;
    uint32_t log_left = tile.log_size - done;
    for (uint32_t group = threadIdx.x; group < tile.size() >> LOG; group += blockDim.x) {
        uint32_t lane = group & ((1u << tile.log_lanes) - 1), rest = group >> tile.log_lanes;
        uint32_t within = rest & ((1u << log_step) - 1);
        uint32_t row = ((rest >> log_step) << (log_step + LOG)) | within;
        uint32_t place = (row << tile.log_lanes) | lane, step = 1u << (log_step + tile.log_lanes);
        uint32_t exponent = tile.position(within, lane) << (MAX_LOG - log_left);
        Fe x[1u << LOG];
        if (first) {
#pragma unroll
            for (uint32_t i = 0; i < 1u << LOG; i++) x[i] = load(place, i, log_step);
        } else {
#pragma unroll
            for (uint32_t i = 0; i < 1u << LOG; i++) x[i] = points[place + i * step];
        }
        // The last stages of all have only the first power to be multiplied by.
        if (WAY == Way::UNDO && log_left > LOG) twist<LOG>(x, 0u - exponent, log_left);
        small_transform<LOG, WAY>(x);
        if (WAY != Way::UNDO && log_left > LOG) twist<LOG>(x, WAY == Way::FORWARD ? exponent : 0u - exponent, log_left);
        if (last) {
#pragma unroll
            for (uint32_t i = 0; i < 1u << LOG; i++) store(place, i, log_step, x[i]);
        } else {
#pragma unroll
            for (uint32_t i = 0; i < 1u << LOG; i++) points[place + i * step] = x[i];
        }
    }
}

// All stages of a tile, from what `load` gives to what `store` takes, of a place and `i` steps of 2^log_step rows of the tile on: a multiple of a step is
// cheaper than an address. A store to a place comes after all loads where there is more than
// one turn, and after those of its own group where there is one.
template <Way WAY, class Load, class Store>
__device__ __forceinline__ void transform(const Places& tile, Fe* points, Load load, Store store) {
    if (tile.stages == 0) {
        for (uint32_t place = threadIdx.x; place < tile.size(); place += blockDim.x) store(place, 0, 0, load(place, 0, 0));
        return;
    }
    uint32_t turns = (tile.stages + LOG_RADIX - 1) / LOG_RADIX;
    for (uint32_t turn = 0; turn < turns; turn++) {
        uint32_t at = WAY == Way::UNDO ? turns - 1 - turn : turn;
        uint32_t done = at * tile.stages / turns, log = (at + 1) * tile.stages / turns - done;
        bool first = turn == 0, last = turn == turns - 1;
        switch (log) {
            case 1: together<1, WAY>(tile, points, done, first, last, load, store); break;
            case 2: together<2, WAY>(tile, points, done, first, last, load, store); break;
            case 3: together<3, WAY>(tile, points, done, first, last, load, store); break;
            default: together<4, WAY>(tile, points, done, first, last, load, store); break;
        }
        if (!last) __syncthreads();
    }
}

}  // namespace aludel
