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

}  // namespace aludel
