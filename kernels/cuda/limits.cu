// What a device can do at most: copies, and chains of arithmetic. A thread has 16 words of state, words[16][threads], as chains that do
// not wait for one another; what an operation does is written at `Operation` in kernels/src/limits.rs.
#include <math.h>
#include <string.h>

#include "../include/quintic.h"

using namespace aludel;

constexpr int LIMIT_WORDS = 16;

// What memory moves at once for a thread.
struct alignas(16) Quad {
    uint32_t at[4];
};

// to[count] = from[count].
extern "C" __global__ void __launch_bounds__(256)
    limits_copy(const Quad* __restrict__ from, Quad* __restrict__ to, uint32_t count) {
    uint32_t i = thread_index();
    if (i < count) to[i] = from[i];
}
KERNEL(limits_copy)

struct LowChain {
    static constexpr int WORDS = 2, STEPS = 32;
    uint32_t x, y;
    __device__ __forceinline__ void load(const uint32_t* s) { x = s[0], y = s[1]; }
    __device__ __forceinline__ void step(uint32_t factor) { x = x * factor + y; }
    __device__ __forceinline__ void store(uint32_t* s) const { s[0] = x; }
};

struct HighChain {
    static constexpr int WORDS = 2, STEPS = 32;
    uint32_t x, y;
    __device__ __forceinline__ void load(const uint32_t* s) { x = s[0], y = s[1]; }
    __device__ __forceinline__ void step(uint32_t factor) { x = __umulhi(x, factor) + y; }
    __device__ __forceinline__ void store(uint32_t* s) const { s[0] = x; }
};

// nvcc adds the high word of the factor's 64 bits, zero, by an instruction of another unit for each product.
struct WideChain {
    static constexpr int WORDS = 2, STEPS = 32;
    uint64_t x;
    __device__ __forceinline__ void load(const uint32_t* s) { x = s[0] | (uint64_t{s[1]} << 32); }
    __device__ __forceinline__ void step(uint32_t factor) { x += uint64_t{static_cast<uint32_t>(x >> 32)} * uint64_t{factor}; }
    __device__ __forceinline__ void store(uint32_t* s) const {
        s[0] = static_cast<uint32_t>(x);
        s[1] = static_cast<uint32_t>(x >> 32);
    }
};

struct DoubleChain {
    static constexpr int WORDS = 2, STEPS = 32;
    double x;
    __device__ __forceinline__ void load(const uint32_t* s) {
        uint64_t bits = s[0] | (uint64_t{s[1]} << 32);
        memcpy(&x, &bits, sizeof(x));
    }
    __device__ __forceinline__ void step(uint32_t factor) {
        x = fma(x, -1.0 + 1.0 / 1048576.0, factor * (1.0 / 4294967296.0));
    }
    __device__ __forceinline__ void store(uint32_t* s) const {
        uint64_t bits;
        memcpy(&bits, &x, sizeof(bits));
        s[0] = static_cast<uint32_t>(bits);
        s[1] = static_cast<uint32_t>(bits >> 32);
    }
};

struct BaseChain {
    static constexpr int WORDS = 2, STEPS = 8;
    Fe x, y;
    __device__ __forceinline__ void load(const uint32_t* s) { x = {s[0]}, y = {s[1]}; }
    __device__ __forceinline__ void step(uint32_t) { x = x * x + y; }
    __device__ __forceinline__ void store(uint32_t* s) const { s[0] = x.word; }
};

struct QuinticChain {
    static constexpr int WORDS = 10, STEPS = 4;
    Fe5 x, y;
    __device__ __forceinline__ void load(const uint32_t* s) {
        for (int i = 0; i < 5; i++) x.at[i] = {s[i]}, y.at[i] = {s[5 + i]};
    }
    __device__ __forceinline__ void step(uint32_t) {
        Fe5 next = x * y;
        x = y;
        y = next;
    }
    __device__ __forceinline__ void store(uint32_t* s) const {
        for (int i = 0; i < 5; i++) s[i] = x.at[i].word, s[5 + i] = y.at[i].word;
    }
};

// Goes on with all chains of a thread.
template <typename Chain>
__device__ __forceinline__ void run_chains(uint32_t* words, uint32_t threads, uint32_t factor, uint32_t rounds) {
    constexpr int CHAINS = LIMIT_WORDS / Chain::WORDS;
    uint32_t thread = thread_index();
    if (thread >= threads) return;
    uint32_t state[LIMIT_WORDS];
    Chain chains[CHAINS];
#pragma unroll
    for (int i = 0; i < LIMIT_WORDS; i++) state[i] = words[size_t{threads} * i + thread];
#pragma unroll
    for (int i = 0; i < CHAINS; i++) chains[i].load(state + Chain::WORDS * i);
#pragma unroll 1
    for (uint32_t round = 0; round < rounds; round++) {
#pragma unroll
        for (int step = 0; step < Chain::STEPS; step++) {
#pragma unroll
            for (int i = 0; i < CHAINS; i++) chains[i].step(factor);
        }
    }
#pragma unroll
    for (int i = 0; i < CHAINS; i++) chains[i].store(state + Chain::WORDS * i);
#pragma unroll
    for (int i = 0; i < LIMIT_WORDS; i++) words[size_t{threads} * i + thread] = state[i];
}

extern "C" __global__ void __launch_bounds__(256)
    limits_low(uint32_t* words, uint32_t threads, uint32_t factor, uint32_t rounds) {
    run_chains<LowChain>(words, threads, factor, rounds);
}
KERNEL(limits_low)

extern "C" __global__ void __launch_bounds__(256)
    limits_high(uint32_t* words, uint32_t threads, uint32_t factor, uint32_t rounds) {
    run_chains<HighChain>(words, threads, factor, rounds);
}
KERNEL(limits_high)

extern "C" __global__ void __launch_bounds__(256)
    limits_wide(uint32_t* words, uint32_t threads, uint32_t factor, uint32_t rounds) {
    run_chains<WideChain>(words, threads, factor, rounds);
}
KERNEL(limits_wide)

extern "C" __global__ void __launch_bounds__(256)
    limits_double(uint32_t* words, uint32_t threads, uint32_t factor, uint32_t rounds) {
    run_chains<DoubleChain>(words, threads, factor, rounds);
}
KERNEL(limits_double)

extern "C" __global__ void __launch_bounds__(256)
    limits_base(uint32_t* words, uint32_t threads, uint32_t factor, uint32_t rounds) {
    run_chains<BaseChain>(words, threads, factor, rounds);
}
KERNEL(limits_base)

extern "C" __global__ void __launch_bounds__(256)
    limits_quintic(uint32_t* words, uint32_t threads, uint32_t factor, uint32_t rounds) {
    run_chains<QuinticChain>(words, threads, factor, rounds);
}
KERNEL(limits_quintic)
