// Poseidon2 (eprint 2023/323) of width 16 and 24: 4 full rounds, partial rounds, 4 full rounds, S-box x^3.
//
// The host writes the constants, which it has from Plonky3, to the module when it is loaded: the full rounds' in order, then
// the partial rounds', then the diagonal of the inner matrix.
#pragma once

#include "koala_bear.h"

namespace aludel {

constexpr int HALF_ROUNDS = 4;

template <int WIDTH>
struct Shape;

template <>
struct Shape<16> {
    static constexpr int PARTIAL = 20;
};

template <>
struct Shape<24> {
    static constexpr int PARTIAL = 23;
};

template <int WIDTH>
constexpr int constants() {
    return 2 * HALF_ROUNDS * WIDTH + Shape<WIDTH>::PARTIAL + WIDTH;
}

CONSTANT(uint32_t, poseidon2_16, constants<16>())
CONSTANT(uint32_t, poseidon2_24, constants<24>())

template <int WIDTH>
__device__ __forceinline__ Fe constant(int i) {
    return {WIDTH == 16 ? poseidon2_16[i] : poseidon2_24[i]};
}

__device__ __forceinline__ Fe cube(Fe a) { return a * a * a; }

// The matrix [2 3 1 1; 1 2 3 1; 1 1 2 3; 3 1 1 2].
__device__ __forceinline__ void mix4(Fe* x) {
    Fe first = x[0] + x[1];
    Fe second = x[2] + x[3];
    Fe sum = first + second;
    Fe left = sum + x[1];
    Fe right = sum + x[3];
    Fe three = right + x[0] + x[0];
    Fe one = left + x[2] + x[2];
    x[0] = left + first;
    x[1] = one;
    x[2] = right + second;
    x[3] = three;
}

// The outer matrix: four by four blocks, doubled on the diagonal.
template <int WIDTH>
__device__ __forceinline__ void mix_outer(Fe* state) {
    Fe sums[4] = {};
#pragma unroll
    for (int i = 0; i < WIDTH; i += 4) {
        mix4(state + i);
        for (int j = 0; j < 4; j++) sums[j] = sums[j] + state[i + j];
    }
#pragma unroll
    for (int i = 0; i < WIDTH; i++) state[i] = state[i] + sums[i % 4];
}

// The sum of words below 2p, of which there are at most 24.
template <int WIDTH>
__device__ __forceinline__ Fe total(const Loose (&state)[WIDTH]) {
    uint64_t sum = 0;
#pragma unroll
    for (int i = 0; i < WIDTH; i++) sum += state[i].word;
    // The high word is below 24 and 2^32 is 2^25 - 2 modulo p, so that their product is below 3p/8; the low word less p, where it is not less
    // already, is below 65p/64.
    static_assert(WIDTH <= 24, "the high word");
    uint32_t low = static_cast<uint32_t>(sum), high = static_cast<uint32_t>(sum >> 32);
    return reduced_once(reduced_once(low).word + high * one().word);
}

// The partial rounds. Only the element that is cubed is reduced: the others go through products alone, by the diagonal, and sums.
template <int WIDTH>
__device__ __forceinline__ void partial_rounds(Fe* reduced_state) {
    constexpr int FIRST = 2 * HALF_ROUNDS * WIDTH, DIAGONAL = FIRST + Shape<WIDTH>::PARTIAL;
    Loose state[WIDTH];
#pragma unroll
    for (int i = 0; i < WIDTH; i++) state[i] = reduced_state[i];
#pragma unroll 1
    for (int round = 0; round < Shape<WIDTH>::PARTIAL; round++) {
        state[0] = cube(reduced_once(state[0].word) + constant<WIDTH>(FIRST + round));
        // The matrix is all ones, and a diagonal.
        Wide sum = wide(total<WIDTH>(state));
#pragma unroll
        for (int i = 0; i < WIDTH; i++) state[i] = loosely_reduced(plus_product(sum, state[i], constant<WIDTH>(DIAGONAL + i)));
    }
#pragma unroll
    for (int i = 0; i < WIDTH; i++) reduced_state[i] = reduced_once(state[i].word);
}

template <int WIDTH>
__device__ __forceinline__ void full_rounds(Fe* state, int first) {
#pragma unroll 1
    for (int round = first; round < first + HALF_ROUNDS; round++) {
#pragma unroll
        for (int i = 0; i < WIDTH; i++) state[i] = cube(state[i] + constant<WIDTH>(round * WIDTH + i));
        mix_outer<WIDTH>(state);
    }
}

// Permutes a state in place.
template <int WIDTH>
__device__ void permute(Fe* state) {
    mix_outer<WIDTH>(state);
    full_rounds<WIDTH>(state, 0);
    partial_rounds<WIDTH>(state);
    full_rounds<WIDTH>(state, HALF_ROUNDS);
}

}  // namespace aludel
