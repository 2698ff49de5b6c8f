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

// By X^5 = 1 - X^2, from the highest power down.
__device__ __forceinline__ Fe5 operator*(const Fe5& a, const Fe5& b) {
    Fe product[9] = {};
    for (int i = 0; i < 5; i++) {
        for (int j = 0; j < 5; j++) product[i + j] = product[i + j] + a.at[i] * b.at[j];
    }
    for (int i = 8; i >= 5; i--) {
        product[i - 5] = product[i - 5] + product[i];
        product[i - 3] = product[i - 3] - product[i];
    }
    Fe5 reduced;
    for (int i = 0; i < 5; i++) reduced.at[i] = product[i];
    return reduced;
}

}  // namespace aludel
