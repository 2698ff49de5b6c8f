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

// The lowest bits in the other order, of a number below 16 that is known when this is compiled.
__device__ __forceinline__ constexpr uint32_t reverse_few(uint32_t x, uint32_t bits) {
    return ((x & 1) << 3 | (x & 2) << 1 | (x & 4) >> 1 | (x & 8) >> 3) >> (LOG_RADIX - bits);
}

// The base-2 logarithm of a power of two up to 16.
__device__ __forceinline__ constexpr uint32_t log_of(uint32_t power) {
    return power == 1 ? 0 : power == 2 ? 1 : power == 4 ? 2 : power == 8 ? 3 : 4;
}

__device__ __forceinline__ constexpr uint32_t lowest_bit(uint32_t x) { return x & (0 - x); }

// Of how many points there are in registers.
template <uint32_t COUNT>
__device__ __forceinline__ constexpr uint32_t log_count(const Fe (&)[COUNT]) {
    return log_of(COUNT);
}

// What a pass does: stages by decimation in frequency with the roots or with their inverses; or it undoes those with the roots, but for a
// factor of two a stage.
enum class Way { FORWARD, INVERSE, UNDO };

// The places of a tile, [2^log_runs][2^stages][2^log_lanes], in transforms of 2^log_size points of which it holds those at a stride of 2^log_stride.
struct Places {
    uint32_t stages, log_lanes, log_stride, log_size, low, log_runs;

    __device__ __forceinline__ uint32_t size() const { return 1u << (log_runs + stages + log_lanes); }
    // Where a place lies in what is left of its transform when only the rows below `within` are.
    __device__ __forceinline__ uint32_t position(uint32_t within, uint32_t lane) const {
        return (within << log_stride) | ((low | lane) & ((1u << log_stride) - 1));
    }
};

// Points that lie so many steps apart, between memory and registers. A multiple of a step is cheaper than an address made anew.
template <uint32_t COUNT>
__device__ __forceinline__ void read(Fe (&x)[COUNT], const Fe* first, uint32_t step) {
#pragma unroll
    for (uint32_t i = 0; i < COUNT; i++) x[i] = first[size_t{i} * step];
}

template <uint32_t COUNT>
__device__ __forceinline__ void write(const Fe (&x)[COUNT], Fe* first, uint32_t step) {
#pragma unroll
    for (uint32_t i = 0; i < COUNT; i++) first[size_t{i} * step] = x[i];
}

// A tile in shared memory. Places are mixed, so that threads of a warp meet different banks whether their points lie side by side or sixteen apart.
struct Points {
    Fe* at;

    // Linear in the bits of a place, and a permutation of them.
    static __device__ __forceinline__ uint32_t mixed(uint32_t place) { return place ^ ((place >> LOG_RADIX) & 31); }

    __device__ __forceinline__ Fe& operator[](uint32_t place) const { return at[mixed(place)]; }

    // Bytes to points so many places apart, a power of two. Those bits of the first place are zero, so that each is found by one exclusive or.
    template <uint32_t COUNT>
    static __device__ __forceinline__ void offsets(uint32_t (&bytes)[COUNT], uint32_t place, uint32_t step) {
        bytes[0] = mixed(place) * sizeof(Fe);
#pragma unroll
        for (uint32_t i = 1; i < COUNT; i++) bytes[i] = bytes[i & (i - 1)] ^ (mixed(lowest_bit(i) * step) * sizeof(Fe));
    }

    __device__ __forceinline__ Fe& at_byte(uint32_t offset) const {
        return *reinterpret_cast<Fe*>(reinterpret_cast<char*>(at) + offset);
    }

    template <uint32_t COUNT>
    __device__ __forceinline__ void read(Fe (&x)[COUNT], uint32_t place, uint32_t step) const {
        uint32_t bytes[COUNT];
        offsets(bytes, place, step);
#pragma unroll
        for (uint32_t i = 0; i < COUNT; i++) x[i] = at_byte(bytes[i]);
    }

    template <uint32_t COUNT>
    __device__ __forceinline__ void write(const Fe (&x)[COUNT], uint32_t place, uint32_t step) const {
        uint32_t bytes[COUNT];
        offsets(bytes, place, step);
#pragma unroll
        for (uint32_t i = 0; i < COUNT; i++) at_byte(bytes[i]) = x[i];
    }
};

// The same of points that lie there in bit-reversed order.
template <uint32_t COUNT>
__device__ __forceinline__ void read_reversed(Fe (&x)[COUNT], const Fe* first, uint32_t step) {
#pragma unroll
    for (uint32_t i = 0; i < COUNT; i++) x[reverse_few(i, log_count(x))] = first[size_t{i} * step];
}

// x[i] ratio^i first. The powers of one half of the points become those of the other, for registers are few.
template <uint32_t COUNT>
__device__ __forceinline__ void scale_by_powers(Fe (&x)[COUNT], Fe first, Fe ratio) {
    constexpr uint32_t HALF = COUNT < 2 ? 1 : COUNT / 2;
    Fe power[HALF], square[LOG_RADIX];
    square[0] = ratio;
#pragma unroll
    for (uint32_t i = 1; 1u << i < COUNT; i++) square[i] = square[i - 1] * square[i - 1];
    power[0] = first;
#pragma unroll
    for (uint32_t i = 1; i < HALF; i++) power[i] = power[i & (i - 1)] * square[log_of(lowest_bit(i))];
#pragma unroll
    for (uint32_t i = 0; i < HALF; i++) {
        x[i] = x[i] * power[i];
        if (HALF < COUNT) x[HALF + i] = x[HALF + i] * (power[i] * square[log_of(HALF)]);
    }
}

// A stage of a transform of 2^LOG points in registers by decimation in frequency; or it is undone.
template <uint32_t LOG, Way WAY>
__device__ __forceinline__ void stage(Fe (&x)[1u << LOG], uint32_t stage) {
    uint32_t span = 1u << (LOG - 1 - stage);
#pragma unroll
    for (uint32_t pair = 0; pair < (1u << LOG) / 2; pair++) {
        uint32_t i = pair & (span - 1), left = ((pair - i) << 1) | i;
        Fe unit = {ntt_units[(i << (LOG_RADIX - LOG + stage)) + (WAY == Way::FORWARD ? 0 : 8)]};
        Fe a = x[left], b = x[left + span];
        if (WAY == Way::UNDO && i > 0) b = b * unit;
        x[left] = a + b;
        x[left + span] = WAY != Way::UNDO && i > 0 ? loose_difference(a, b) * unit : a - b;
    }
}

// The powers of w^exponent, from the first.
template <uint32_t COUNT>
__device__ __forceinline__ void powers(Fe (&power)[COUNT], uint32_t exponent) {
    if (COUNT == 1) return;
    power[1] = root(exponent);
#pragma unroll
    for (uint32_t k = 2; k < COUNT; k++) power[k] = power[k / 2] * power[k - k / 2];
}

// A transform of 2^LOG points in registers, bit-reversed out, or, undone, bit-reversed in. The point that is k-th in natural order is, on the bit-reversed
// side, multiplied by w^(k exponent), but not where `last`: there the exponent is zero.
template <uint32_t LOG, Way WAY>
__device__ __forceinline__ void small_transform(Fe (&x)[1u << LOG], uint32_t exponent, bool last) {
    constexpr uint32_t COUNT = 1u << LOG;
    Fe power[COUNT];
    if (WAY == Way::UNDO) {
        if (!last) {
            powers(power, exponent);
#pragma unroll
            for (uint32_t i = 1; i < COUNT; i++) x[i] = x[i] * power[reverse_few(i, LOG)];
        }
#pragma unroll
        for (uint32_t s = LOG; s > 0; s--) stage<LOG, WAY>(x, s - 1);
        return;
    }
#pragma unroll
    for (uint32_t s = 0; s + 1 < LOG; s++) stage<LOG, WAY>(x, s);
    if (LOG == 0) return;
    if (last) {
        stage<LOG, WAY>(x, LOG - 1);
        return;
    }
    // The last stage has no roots, and what goes into a product need not be reduced.
    powers(power, exponent);
#pragma unroll
    for (uint32_t i = 0; i < COUNT; i += 2) {
        Fe a = x[i], b = x[i + 1];
        x[i] = i == 0 ? a + b : loose_sum(a, b) * power[reverse_few(i, LOG)];
        x[i + 1] = loose_difference(a, b) * power[reverse_few(i + 1, LOG)];
    }
}

// LOG stages after `done` others (those of a tile count from its first, also where they are undone). The first and the last
// use `load` and `store` in place of shared memory.
template <uint32_t LOG, Way WAY, class Load, class Store>
__device__ __forceinline__ void together(const Places& tile, Points points, uint32_t done, bool first, bool last, Load load,
                                         Store store) {
    uint32_t log_step = tile.stages - done - LOG;
    uint32_t log_left = tile.log_size - done;
    for (uint32_t group = threadIdx.x; group < tile.size() >> LOG; group += blockDim.x) {
        uint32_t lane = group & ((1u << tile.log_lanes) - 1), rest = group >> tile.log_lanes;
        uint32_t within = rest & ((1u << log_step) - 1);
        uint32_t row = ((rest >> log_step) << (log_step + LOG)) | within;
        uint32_t place = (row << tile.log_lanes) | lane, step = 1u << (log_step + tile.log_lanes);
        Fe x[1u << LOG];
        if (first) {
            load(x, place, log_step);
        } else {
            points.read(x, place, step);
        }
        uint32_t exponent = tile.position(within, lane) << (MAX_LOG - log_left);
        small_transform<LOG, WAY>(x, WAY == Way::FORWARD ? exponent : 0u - exponent, log_left == LOG);
        if (last) {
            store(x, place, log_step);
        } else {
            points.write(x, place, step);
        }
    }
}

// All stages of a tile, from what `load` reads to what `store` writes: points from a place on that are 2^log_step rows of the tile apart.
// A store to a place comes after all loads where there is more than one turn, and after those of its own group where there is one.
template <Way WAY, class Load, class Store>
__device__ __forceinline__ void transform(const Places& tile, Points points, Load load, Store store) {
    uint32_t turns = tile.stages == 0 ? 1 : (tile.stages + LOG_RADIX - 1) / LOG_RADIX;
    for (uint32_t turn = 0; turn < turns; turn++) {
        uint32_t at = WAY == Way::UNDO ? turns - 1 - turn : turn;
        uint32_t done = at * tile.stages / turns, log = (at + 1) * tile.stages / turns - done;
        bool first = turn == 0, last = turn == turns - 1;
        switch (log) {
            case 0: together<0, WAY>(tile, points, done, first, last, load, store); break;
            case 1: together<1, WAY>(tile, points, done, first, last, load, store); break;
            case 2: together<2, WAY>(tile, points, done, first, last, load, store); break;
            case 3: together<3, WAY>(tile, points, done, first, last, load, store); break;
            default: together<4, WAY>(tile, points, done, first, last, load, store); break;
        }
        if (!last) __syncthreads();
    }
}

}  // namespace aludel
