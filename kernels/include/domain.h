// The rows of a program, and where they lie in its matrices (kernels/src/rows/domain.rs).
#pragma once

#include "device.h"

namespace aludel {

struct Domain {
    uint32_t log_height;
    // Of bit-reversed rows, points between a row and its successor.
    uint32_t log_step;
    uint32_t is_reversed;

    __device__ __forceinline__ uint32_t next(uint32_t row) const {
        uint32_t mask = (1u << log_height) - 1;
        if (is_reversed == 0) return (row + 1) & mask;
        return reverse((reverse(row, log_height) + (1u << log_step)) & mask, log_height);
    }
    __device__ __forceinline__ uint32_t place(uint32_t row, uint32_t log_rows) const {
        if (log_rows >= log_height) return row;
        return is_reversed == 0 ? row & ((1u << log_rows) - 1) : row >> (log_height - log_rows);
    }
};

}  // namespace aludel
