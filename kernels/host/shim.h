// The words of CUDA that our kernels use, for g++: a block is a set of fibers, see block.h.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <functional>
#include <tuple>
#include <utility>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __restrict__ __restrict

namespace aludel::host {

struct Dim3 {
    uint32_t x, y, z;
};

// Waits until every thread of the block is at this same line.
void barrier(const char* file, int line);

// Shared memory of the running block: one piece for each place in the source that asks.
void* shared(const void* place, size_t bytes);

// The piece whose size the launch gave.
void* shared_dynamic();

// A kernel with its arguments.
using Body = std::function<void()>;
// A kernel, given the driver's array of pointers to arguments, which it copies.
using Kernel = std::function<Body(void**)>;

// Makes a kernel known by its name, or memory of the module by its.
struct Registered {
    Registered(const char* name, Kernel kernel);
    Registered(const char* name, void* memory, size_t bytes);
};

// Takes a kernel's arguments by the types of the kernel itself.
template <typename... Arguments, size_t... I>
Body bound(void (*kernel)(Arguments...), void** arguments, std::index_sequence<I...>) {
    (void)arguments;
    std::tuple<Arguments...> values{*static_cast<Arguments*>(arguments[I])...};
    return [kernel, values] { std::apply(kernel, values); };
}

template <typename... Arguments>
Kernel unpacked(void (*kernel)(Arguments...)) {
    return [kernel](void** arguments) { return bound(kernel, arguments, std::index_sequence_for<Arguments...>{}); };
}

}  // namespace aludel::host

// Of the thread that runs now; set at every switch.
#define ALUDEL_THREAD_LOCAL extern thread_local __attribute__((tls_model("initial-exec")))
ALUDEL_THREAD_LOCAL aludel::host::Dim3 threadIdx;
ALUDEL_THREAD_LOCAL aludel::host::Dim3 blockIdx;
ALUDEL_THREAD_LOCAL aludel::host::Dim3 blockDim;
ALUDEL_THREAD_LOCAL aludel::host::Dim3 gridDim;

#define __syncthreads() aludel::host::barrier(__FILE__, __LINE__)

inline uint32_t __umulhi(uint32_t a, uint32_t b) { return static_cast<uint32_t>((uint64_t{a} * b) >> 32); }

// As device.h has them for a GPU.
inline uint64_t wide_product(uint32_t a, uint32_t b) { return uint64_t{a} * b; }
inline uint64_t wide_sum(uint32_t a, uint32_t b, uint64_t c) { return uint64_t{a} * b + c; }

inline uint32_t min(uint32_t a, uint32_t b) { return a < b ? a : b; }

// A device's threads run one after another here.
inline uint32_t atomicMin(uint32_t* at, uint32_t value) {
    uint32_t before = *at;
    *at = min(before, value);
    return before;
}

inline uint32_t __brev(uint32_t x) {
    uint32_t reversed = 0;
    for (int bit = 0; bit < 32; bit++) reversed |= ((x >> bit) & 1u) << (31 - bit);
    return reversed;
}

#define SHARED(type, name, count)  \
    static const char place_##name = 0; \
    type* const name = static_cast<type*>(aludel::host::shared(&place_##name, sizeof(type) * (count)))
#define SHARED_DYNAMIC(type, name) type* const name = static_cast<type*>(aludel::host::shared_dynamic())
#define CONSTANT(type, name, count) GLOBAL(type, name, count)
#define GLOBAL(type, name, count)   \
    static type name[count];        \
    static const aludel::host::Registered registered_##name(#name, name, sizeof(name));
#define KERNEL(name) static const aludel::host::Registered registered_##name(#name, aludel::host::unpacked(name));
