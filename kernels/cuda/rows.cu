// Programs over rows (kernels/src/rows), interpreted: a thread does one row after another. What instructions do is written in kernels/src/rows/encoding.rs.
//
// All threads are at the same instruction, so that branches do not part them and one load brings it to all. Their slots lie side by side in scratch[slot][thread].
#include "../include/rows.h"

using namespace aludel;

namespace rows {

enum Operation : uint32_t { COPY, ADD, SUB, MUL, INVERSE, LOAD };

constexpr uint32_t OPERATION = 7, NEXT = 1u << 3, FIVE = 1u << 4, B_FIVE = 1u << 5, A_UNIFORM = 1u << 6, B_UNIFORM = 1u << 7, ADDED = 1u << 8,
                   OUTPUT = 1u << 9;

struct alignas(16) Instruction {
    uint32_t kind, to, a, b;
};

// A matrix: columns[][2^log_rows].
struct alignas(16) Source {
    const Fe* columns;
    uint32_t log_rows, unused;
};

struct Slots {
    Fe* first;
    uint32_t threads;

    __device__ __forceinline__ Fe& at(uint32_t slot) const { return first[size_t{slot} * threads]; }
    __device__ __forceinline__ Fe5 five(uint32_t slot) const {
        Fe5 value;
#pragma unroll
        for (uint32_t i = 0; i < 5; i++) value.at[i] = at(slot + i);
        return value;
    }
    __device__ __forceinline__ void set(uint32_t slot, const Fe5& value) const {
#pragma unroll
        for (uint32_t i = 0; i < 5; i++) at(slot + i) = value.at[i];
    }
};

// A row that a thread is at.
struct Machine {
    const Fe5* __restrict__ uniforms;
    const Source* __restrict__ sources;
    Slots slots;
    Domain domain;
    uint32_t row, next;

    __device__ __forceinline__ Fe element(uint32_t at, bool is_uniform) const { return is_uniform ? uniforms[at].at[0] : slots.at(at); }
    __device__ __forceinline__ Fe5 five(uint32_t at, bool is_uniform) const { return is_uniform ? uniforms[at] : slots.five(at); }

    // The column of an instruction, which is the first of five or alone.
    __device__ __forceinline__ Fe column(const Instruction& step) const {
        Source source = sources[step.b];
        return aludel::column(source.columns, step.a, source.log_rows, at(step, source));
    }
    __device__ __forceinline__ Fe5 five_columns(const Instruction& step) const {
        Source source = sources[step.b];
        return aludel::five_columns(source.columns, step.a, source.log_rows, at(step, source));
    }
    __device__ __forceinline__ uint32_t at(const Instruction& step, const Source& source) const {
        return domain.place((step.kind & NEXT) != 0 ? next : row, source.log_rows);
    }

    __device__ __forceinline__ Fe computed(const Instruction& step) const {
        if ((step.kind & OPERATION) == LOAD) return column(step);
        Fe a = element(step.a, (step.kind & A_UNIFORM) != 0);
        if ((step.kind & OPERATION) == COPY) return a;
        Fe b = element(step.b, (step.kind & B_UNIFORM) != 0);
        switch (step.kind & OPERATION) {
            case ADD: return a + b;
            case SUB: return a - b;
            default: return a * b;
        }
    }

    __device__ __forceinline__ Fe5 computed_five(const Instruction& step) const {
        if ((step.kind & OPERATION) == LOAD) return five_columns(step);
        Fe5 a = five(step.a, (step.kind & A_UNIFORM) != 0);
        switch (step.kind & OPERATION) {
            case COPY: return a;
            case INVERSE: return inverse(a);
            default: break;
        }
        bool is_uniform = (step.kind & B_UNIFORM) != 0;
        return (step.kind & B_FIVE) != 0 ? a * five(step.b, is_uniform) : a * element(step.b, is_uniform);
    }
};

}  // namespace rows

// Rows first.. up to before last. scratch[slots][threads] of as many threads as are launched.
extern "C" __global__ void __launch_bounds__(128)
    interpret_rows(const rows::Instruction* __restrict__ code, const Fe5* __restrict__ uniforms, const rows::Source* __restrict__ sources,
                   Fe* scratch, Fe* out, uint32_t instructions, Domain domain, uint32_t has_onto, uint32_t first, uint32_t last) {
    using namespace rows;
    uint32_t threads = gridDim.x * blockDim.x;
    Slots slots{scratch + thread_index(), threads};
    Machine machine{uniforms, sources, slots, domain, 0, 0};
    for (uint32_t row = first + thread_index(); row < last; row += threads) {
        machine.row = row;
        machine.next = domain.next(row);
        for (uint32_t i = 0; i < instructions; i++) {
            Instruction step = code[i];
            bool added = (step.kind & ADDED) != 0;
            if ((step.kind & FIVE) == 0) {
                Fe value = machine.computed(step);
                slots.at(step.to) = added ? slots.at(step.to) + value : value;
                continue;
            }
            Fe5 value = machine.computed_five(step);
            if ((step.kind & OUTPUT) != 0) {
                to_output(out, step.to, domain.log_height, row, has_onto, value);
            } else {
                slots.set(step.to, added ? slots.five(step.to) + value : value);
            }
        }
    }
}
KERNEL(interpret_rows)
