// What every kernel file includes first: CUDA's own words under nvcc, the same words run by fibers under g++.
//
// Kernels use these macros where C++ alone cannot say the same to both:
//   SHARED(type, name, count)   shared memory of a block
//   SHARED_DYNAMIC(type, name)  shared memory whose size the launch says
//   CONSTANT(type, name, count) constant memory of the module, filled by the host through its name
//   GLOBAL(type, name, count)   device memory of the module, likewise
//   KERNEL(name)                after the definition of a kernel: the stand-in finds it by this name
#pragma once

#include <stdint.h>

#ifdef __CUDACC__
#define SHARED(type, name, count) __shared__ type name[count]
#define SHARED_DYNAMIC(type, name) extern __shared__ type name[]
#define CONSTANT(type, name, count) extern "C" { __constant__ type name[count]; }
#define GLOBAL(type, name, count) extern "C" { __device__ type name[count]; }
#define KERNEL(name)

// The whole product of two words.
__device__ __forceinline__ uint64_t wide_product(uint32_t a, uint32_t b) {
    uint64_t product;
    asm("mul.wide.u32 %0, %1, %2;" : "=l"(product) : "r"(a), "r"(b));
    return product;
}

// a b + c, which must not overflow. In this form, by halves with a carry, it is one instruction; as a product and a sum, three.
__device__ __forceinline__ uint64_t wide_sum(uint32_t a, uint32_t b, uint64_t c) {
    uint32_t low, high;
    asm("mad.lo.cc.u32 %0, %2, %3, %4; madc.hi.u32 %1, %2, %3, %5;"
        : "=&r"(low), "=r"(high)
        : "r"(a), "r"(b), "r"(static_cast<uint32_t>(c)), "r"(static_cast<uint32_t>(c >> 32)));
    return uint64_t{high} << 32 | low;
}
#else
#include "../host/shim.h"
#endif

// Index of a thread among all of a launch in one dimension.
__device__ __forceinline__ uint32_t thread_index() { return blockIdx.x * blockDim.x + threadIdx.x; }

// The lowest bits of x in the other order.
__device__ __forceinline__ uint32_t reverse(uint32_t x, uint32_t bits) { return bits == 0 ? 0 : __brev(x) >> (32 - bits); }
