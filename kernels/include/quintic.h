// The extension of degree five, F[X] / (X^5 + X^2 - 1): coefficients from that of 1 upwards.
#pragma once

#include "koala_bear.h"

namespace aludel {

struct Fe5 {
    Fe at[5];
};

__device__ __forceinline__ Fe5 operator+(const Fe5& a, const Fe5& b) {
    Fe5 sum;
    for (int i = 0; i < 5; i++) sum.at[i] = a.at[i] + b.at[i];
    return sum;
}

__device__ __forceinline__ Fe5 operator-(const Fe5& a, const Fe5& b) {
    Fe5 difference;
    for (int i = 0; i < 5; i++) difference.at[i] = a.at[i] - b.at[i];
    return difference;
}

__device__ __forceinline__ Fe5 operator*(const Fe5& a, Fe b) {
    Fe5 product;
    for (int i = 0; i < 5; i++) product.at[i] = a.at[i] * b;
    return product;
}

__device__ __forceinline__ Fe5 half(const Fe5& a) {
    Fe5 halves;
    for (int i = 0; i < 5; i++) halves.at[i] = half(a.at[i]);
    return halves;
}

// By X^5 = 1 - X^2, from the highest power down. Of 25 products only five sums are reduced.
__device__ __forceinline__ Fe5 operator*(const Fe5& a, const Fe5& b) {
    Wide sums[9];
#pragma unroll
    for (int i = 0; i < 5; i++) {
#pragma unroll
        for (int j = 0; j < 5; j++) {
            bool first = i == 0 || j == 4;
            sums[i + j] = first ? product(a.at[i], b.at[j]) : plus_product(sums[i + j], a.at[i], b.at[j]);
        }
    }
#pragma unroll
    for (int i = 8; i >= 5; i--) {
        sums[i - 5] = sums[i - 5] + sums[i];
        sums[i - 3] = sums[i - 3] - sums[i];
    }
    Fe5 product;
#pragma unroll
    for (int i = 0; i < 5; i++) product.at[i] = reduced(sums[i]);
    return product;
}

// Powers X^(i p^k) of some k, as words, for i from 1 on: a Frobenius is linear, and these are the images of X^i.
struct Frobenius {
    uint32_t at[4][5];
};

// Found when this is compiled, in numbers that are not in Montgomery form.
struct Numbers {
    uint64_t at[5];

    __device__ constexpr Numbers times(const Numbers& b) const {
        uint64_t sums[9] = {};
        for (int i = 0; i < 5; i++) {
            for (int j = 0; j < 5; j++) sums[i + j] = (sums[i + j] + at[i] * b.at[j]) % P;
        }
        for (int i = 8; i >= 5; i--) {
            sums[i - 5] = (sums[i - 5] + sums[i]) % P;
            sums[i - 3] = (sums[i - 3] + P - sums[i]) % P;
        }
        return {{sums[0], sums[1], sums[2], sums[3], sums[4]}};
    }

    __device__ constexpr Numbers to_the_p() const {
        Numbers power = {{1, 0, 0, 0, 0}};
        for (int bit = 30; bit >= 0; bit--) {
            power = power.times(power);
            if ((P >> bit) & 1) power = power.times(*this);
        }
        return power;
    }
};

__device__ constexpr Frobenius frobenius(int k) {
    Numbers x = {{0, 1, 0, 0, 0}};
    for (int i = 0; i < k; i++) x = x.to_the_p();
    Frobenius found = {};
    Numbers power = x;
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 5; j++) found.at[i][j] = static_cast<uint32_t>((power.at[j] << 32) % P);
        power = power.times(x);
    }
    return found;
}

// a^(p^K).
template <int K>
__device__ __forceinline__ Fe5 frobenius(const Fe5& a) {
    constexpr Frobenius powers = frobenius(K);
    Fe5 image;
#pragma unroll
    for (int j = 0; j < 5; j++) {
        Wide sum = j == 0 ? wide(a.at[0]) : Wide{0};
#pragma unroll
        for (int i = 0; i < 4; i++) sum = plus_product(sum, a.at[i + 1], Fe{powers.at[i][j]});
        image.at[j] = reduced(sum);
    }
    return image;
}

// The inverse, and zero of zero (Itoh and Tsujii): with a^(p + p^2 + p^3 + p^4) the product is the norm, which the field has.
__device__ __forceinline__ Fe5 inverse(const Fe5& a) {
    Fe5 first = frobenius<1>(a);
    Fe5 two = first * frobenius<1>(first);
    Fe5 others = two * frobenius<2>(two);
    // Of the product, as above, the coefficient of 1.
    Wide norm = product(a.at[0], others.at[0]);
#pragma unroll
    for (int i = 1; i < 5; i++) norm = plus_product(norm, a.at[i], others.at[5 - i]);
    return others * inverse(reduced(norm - product(a.at[4], others.at[4])));
}

}  // namespace aludel
