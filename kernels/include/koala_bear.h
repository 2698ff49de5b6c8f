// The field of order p = 2^31 - 2^24 + 1, in Montgomery form with R = 2^32, as Plonky3's `MontyField31` stores it.
//
// An element is below p before and after every operation.
#pragma once

#include "device.h"

namespace aludel {

constexpr uint32_t P = 0x7f000001u;
// p^-1 mod 2^32.
constexpr uint32_t P_INVERSE = 0x81000001u;
static_assert(P * P_INVERSE == 1, "p times its inverse");

struct Fe {
    uint32_t word;
};

__device__ __forceinline__ Fe operator+(Fe a, Fe b) {
    uint32_t sum = a.word + b.word;
    return {sum >= P ? sum - P : sum};
}

__device__ __forceinline__ Fe operator-(Fe a, Fe b) {
    return {a.word >= b.word ? a.word - b.word : a.word - b.word + P};
}

__device__ __forceinline__ Fe operator-(Fe a) { return {a.word == 0 ? 0 : P - a.word}; }

// Montgomery: high(ab) - high(low(ab) p^-1 p), for the low halves cancel.
__device__ __forceinline__ Fe operator*(Fe a, Fe b) {
    uint32_t low = a.word * b.word;
    uint32_t high = __umulhi(a.word, b.word);
    uint32_t correction = __umulhi(low * P_INVERSE, P);
    return {high >= correction ? high - correction : high - correction + P};
}

__device__ __forceinline__ Fe zero() { return {0}; }

// 2^32 mod p.
__device__ __forceinline__ Fe one() { return {static_cast<uint32_t>((uint64_t{1} << 32) % P)}; }

// a^(p-2): the inverse, and zero of zero.
__device__ __forceinline__ Fe inverse(Fe a) {
    Fe power = one();
    for (int bit = 30; bit >= 0; bit--) {
        power = power * power;
        if (((P - 2) >> bit) & 1) power = power * a;
    }
    return power;
}

}  // namespace aludel
