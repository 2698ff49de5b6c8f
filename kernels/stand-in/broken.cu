// Kernels with one fault each and, beside them, what they should be: the harness is tested by them.
#include "../include/device.h"

// Sums of neighbours across the block, out[i] = i + (i + 1): a barrier keeps a thread from reading what is not written yet.
extern "C" __global__ void neighbours(uint32_t* out) {
    SHARED(uint32_t, values, 64);
    values[threadIdx.x] = threadIdx.x;
    __syncthreads();
    out[threadIdx.x] = values[threadIdx.x] + values[(threadIdx.x + 1) % blockDim.x];
}
KERNEL(neighbours)

extern "C" __global__ void neighbours_without_barrier(uint32_t* out) {
    SHARED(uint32_t, values, 64);
    values[threadIdx.x] = threadIdx.x;
    out[threadIdx.x] = values[threadIdx.x] + values[(threadIdx.x + 1) % blockDim.x];
}
KERNEL(neighbours_without_barrier)

// A barrier that half of the threads never reach.
extern "C" __global__ void barrier_for_half(uint32_t* out) {
    out[threadIdx.x] = threadIdx.x;
    if (threadIdx.x % 2 == 0) return;
    __syncthreads();
}
KERNEL(barrier_for_half)

// Two barriers where there should be one.
extern "C" __global__ void barriers_apart(uint32_t* out) {
    out[threadIdx.x] = threadIdx.x;
    if (threadIdx.x % 2 == 0) {
        __syncthreads();
    } else {
        __syncthreads();
    }
}
KERNEL(barriers_apart)

extern "C" __global__ void within_bounds(uint32_t* out, uint32_t count) {
    if (thread_index() < count) out[thread_index()] = thread_index();
}
KERNEL(within_bounds)

extern "C" __global__ void one_beyond(uint32_t* out, uint32_t count) {
    if (thread_index() <= count) out[thread_index()] = thread_index();
}
KERNEL(one_beyond)

extern "C" __global__ void shared_beyond(uint32_t* out) {
    SHARED(uint32_t, values, 64);
    values[threadIdx.x + 1] = threadIdx.x;
    __syncthreads();
    out[threadIdx.x] = values[threadIdx.x + 1];
}
KERNEL(shared_beyond)

// Adds to what nobody wrote.
extern "C" __global__ void adds_to_garbage(uint32_t* out) { out[threadIdx.x] += threadIdx.x; }
KERNEL(adds_to_garbage)

// Every thread of every block writes its block's number to the same word: the last one wins.
extern "C" __global__ void blocks_race(uint32_t* out) { out[threadIdx.x] = blockIdx.x; }
KERNEL(blocks_race)
