// The field of order p = 2^31 - 2^24 + 1, in Montgomery form with R = 2^32, as Plonky3's `MontyField31` stores it.
//
// Where an integer may be p too large or too small, the lesser of it and the corrected one, as unsigned words, is the right one: an addition that
// wraps and a minimum, which sm_90 does in one instruction.
#pragma once

#include "device.h"

namespace aludel {

constexpr uint32_t P = 0x7f000001u;
// -1/p mod 2^32.
constexpr uint32_t MINUS_P_INVERSE = 0x7effffffu;
static_assert(P * MINUS_P_INVERSE == ~0u, "p times minus its inverse");

// An element, below p before and after every operation.
struct Fe {
    uint32_t word;
};

// Any word: an element that is not reduced. Products take it where the other factor is.
struct Loose {
    uint32_t word;

    Loose() = default;
    __device__ __forceinline__ explicit Loose(uint32_t any) : word(any) {}
    __device__ __forceinline__ Loose(Fe a) : word(a.word) {}
};

// An element times 2^32, below 2^32 p: a product, or a sum of products, before its reduction.
struct Wide {
    uint64_t word;
};

__device__ __forceinline__ Fe reduced_once(uint32_t below_two_p) { return {min(below_two_p, below_two_p - P)}; }
__device__ __forceinline__ Fe raised_once(uint32_t between_minus_p_and_p) {
    return {min(between_minus_p_and_p, between_minus_p_and_p + P)};
}

__device__ __forceinline__ Fe operator+(Fe a, Fe b) { return reduced_once(a.word + b.word); }

__device__ __forceinline__ Fe operator-(Fe a, Fe b) { return raised_once(a.word - b.word); }

__device__ __forceinline__ Fe operator-(Fe a) { return Fe{0} - a; }

// Below 2p, both.
__device__ __forceinline__ Loose loose_sum(Fe a, Fe b) { return Loose(a.word + b.word); }
__device__ __forceinline__ Loose loose_difference(Fe a, Fe b) { return Loose(a.word + P - b.word); }

__device__ __forceinline__ Wide product(Loose a, Fe b) { return {wide_product(a.word, b.word)}; }

// a 2^32.
__device__ __forceinline__ Wide wide(Fe a) { return {uint64_t{a.word} << 32}; }

// Of a sum below 2^33 p or a difference the high word alone is corrected.
__device__ __forceinline__ Wide corrected(uint64_t sum, Fe high) { return {uint64_t{high.word} << 32 | static_cast<uint32_t>(sum)}; }

// sum + a b.
__device__ __forceinline__ Wide plus_product(Wide sum, Loose a, Fe b) {
    uint64_t next = wide_sum(a.word, b.word, sum.word);
    return corrected(next, reduced_once(static_cast<uint32_t>(next >> 32)));
}

// sum + a b, not corrected: below 2^32 p + p^2. One product more is the most that may be added before it is corrected.
__device__ __forceinline__ Wide loosely_plus_product(Wide sum, Fe a, Fe b) { return {wide_sum(a.word, b.word, sum.word)}; }

// What is below 2^33 p, corrected.
__device__ __forceinline__ Wide tightened(Wide sum) {
    return corrected(sum.word, reduced_once(static_cast<uint32_t>(sum.word >> 32)));
}

// sum + a b + c d, corrected once: p^2 twice and 2^32 p are below 2^64, and the high word is below 2p.
__device__ __forceinline__ Wide plus_products(Wide sum, Fe a, Fe b, Fe c, Fe d) {
    uint64_t next = wide_sum(c.word, d.word, wide_sum(a.word, b.word, sum.word));
    return corrected(next, reduced_once(static_cast<uint32_t>(next >> 32)));
}

__device__ __forceinline__ Wide operator+(Wide a, Wide b) {
    uint64_t sum = a.word + b.word;
    return corrected(sum, reduced_once(static_cast<uint32_t>(sum >> 32)));
}

__device__ __forceinline__ Wide operator-(Wide a, Wide b) {
    uint64_t difference = a.word - b.word;
    return corrected(difference, raised_once(static_cast<uint32_t>(difference >> 32)));
}

// Montgomery: the multiple of p that clears the low word is added, below 2^32 p; the result is below 2p.
__device__ __forceinline__ Loose loosely_reduced(Wide a) {
    return Loose(static_cast<uint32_t>(wide_sum(static_cast<uint32_t>(a.word) * MINUS_P_INVERSE, P, a.word) >> 32));
}

__device__ __forceinline__ Fe reduced(Wide a) { return reduced_once(loosely_reduced(a).word); }

__device__ __forceinline__ Fe operator*(Loose a, Fe b) { return reduced(product(a, b)); }

// a / 2: an odd word has p added, which is odd.
__device__ __forceinline__ Fe half(Fe a) { return {(a.word >> 1) + ((0u - (a.word & 1)) & ((P + 1) / 2))}; }

__device__ __forceinline__ Fe zero() { return {0}; }

// 2^32 mod p.
__device__ __forceinline__ Fe one() { return {static_cast<uint32_t>((uint64_t{1} << 32) % P)}; }

// From and to the number that an element is, below p.
__device__ __forceinline__ Fe of_number(uint32_t number) {
    constexpr uint64_t R = (uint64_t{1} << 32) % P;
    return Loose(number) * Fe{static_cast<uint32_t>(R * R % P)};
}
__device__ __forceinline__ uint32_t to_number(Fe a) { return reduced(Wide{a.word}).word; }

__device__ __forceinline__ Fe squared(Fe a, int times) {
    for (int i = 0; i < times; i++) a = a * a;
    return a;
}

// a^(p-2): the inverse, and zero of zero. In p - 2 six ones and a zero precede 24 ones.
__device__ __forceinline__ Fe inverse(Fe a) {
    Fe three = squared(squared(a, 1) * a, 1) * a;
    Fe six = squared(three, 3) * three;
    Fe power = squared(six, 1);
    for (int i = 0; i < 4; i++) power = squared(power, 6) * six;
    return power;
}

}  // namespace aludel
