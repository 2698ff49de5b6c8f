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

// The rest the plain stand-in does not see: the sanitizers name them.

// out[i] = values[i], as it should be.
extern "C" __global__ void copies(const uint32_t* values, uint32_t* out) { out[threadIdx.x] = values[threadIdx.x]; }
KERNEL(copies)

extern "C" __global__ void reads_one_beyond(const uint32_t* values, uint32_t* out) {
    out[threadIdx.x] = values[threadIdx.x + 1];
}
KERNEL(reads_one_beyond)

extern "C" __global__ void reads_one_before(const uint32_t* values, uint32_t* out) {
    out[threadIdx.x] = (values - 1)[threadIdx.x];
}
KERNEL(reads_one_before)

extern "C" __global__ void reads_shared_beyond(uint32_t* out) {
    SHARED(uint32_t, values, 64);
    values[threadIdx.x] = threadIdx.x;
    __syncthreads();
    out[threadIdx.x] = values[threadIdx.x + 1];
}
KERNEL(reads_shared_beyond)

extern "C" __global__ void reads_dynamic_beyond(uint32_t* out) {
    SHARED_DYNAMIC(uint32_t, values);
    out[threadIdx.x] = values[threadIdx.x];
}
KERNEL(reads_dynamic_beyond)

GLOBAL(uint32_t, broken_table, 63)

// By a pointer of which the compiler knows nothing.
extern "C" __global__ void reads_module_beyond(uint32_t* out) {
    uint32_t* volatile known_to_nobody = broken_table;
    out[threadIdx.x] = known_to_nobody[threadIdx.x];
}
KERNEL(reads_module_beyond)

extern "C" __global__ void indexes_module_beyond(uint32_t* out) { out[threadIdx.x] = broken_table[threadIdx.x]; }
KERNEL(indexes_module_beyond)

// A thread's own array, likewise.
extern "C" __global__ void reads_own_beyond(uint32_t* out) {
    uint32_t own[8] = {threadIdx.x, threadIdx.x};
    uint32_t* volatile known_to_nobody = own;
    out[threadIdx.x] = known_to_nobody[threadIdx.x % 9];
}
KERNEL(reads_own_beyond)

// After the thread has stood aside for others.
extern "C" __global__ void reads_own_beyond_after_barrier(uint32_t* out) {
    uint32_t own[8] = {threadIdx.x, threadIdx.x};
    uint32_t* volatile known_to_nobody = own;
    __syncthreads();
    out[threadIdx.x] = known_to_nobody[threadIdx.x % 9];
}
KERNEL(reads_own_beyond_after_barrier)

// A shift by the whole word, by one thread.
extern "C" __global__ void shifts_too_far(uint32_t* out) { out[threadIdx.x] = 1u << (threadIdx.x % 33); }
KERNEL(shifts_too_far)

extern "C" __global__ void overflows(uint32_t* out) {
    out[threadIdx.x] = static_cast<uint32_t>(static_cast<int32_t>(0x7fffffff) + static_cast<int32_t>(threadIdx.x));
}
KERNEL(overflows)

// A processor does it; a GPU does not.
extern "C" __global__ void reads_misaligned(const uint8_t* values, uint32_t* out) {
    if (threadIdx.x < 63) out[threadIdx.x] = *reinterpret_cast<const uint32_t*>(values + 4 * threadIdx.x + 2);
}
KERNEL(reads_misaligned)

extern "C" __global__ void writes_misaligned(uint8_t* out) {
    if (threadIdx.x < 63) *reinterpret_cast<uint32_t*>(out + 4 * threadIdx.x + 1) = threadIdx.x;
}
KERNEL(writes_misaligned)
