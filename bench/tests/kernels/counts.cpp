// How many products of the field the headers of the kernels do, and how many reductions.
#include <stdio.h>

#include "../../../kernels/host/shim.h"

aludel::host::Registered::Registered(const char*, Kernel) {}
aludel::host::Registered::Registered(const char*, void*, size_t) {}
void* aludel::host::shared_dynamic() { return nullptr; }
// What is counted has no need of them.
void* aludel::host::shared(const void*, size_t) { return nullptr; }
void aludel::host::barrier(const char*, int) {}

static unsigned long products = 0, reductions = 0;

static inline uint64_t counted_product(uint32_t a, uint32_t b) {
    products++;
    return wide_product(a, b);
}

// No element is the modulus: a product with it is a reduction's.
static inline uint64_t counted_sum(uint32_t a, uint32_t b, uint64_t c) {
    (b == 0x7f000001u ? reductions : products)++;
    return wide_sum(a, b, c);
}

thread_local aludel::host::Dim3 threadIdx, blockIdx, blockDim, gridDim;

#define wide_product counted_product
#define wide_sum counted_sum
#include "../../../kernels/cuda/fold.cu"
#include "../../../kernels/cuda/grinding.cu"
#include "../../../kernels/cuda/quotients.cu"

template <typename Work>
static void count(const char* name, Work work) {
    products = reductions = 0;
    work();
    printf("%s %lu %lu\n", name, products, reductions);
}

int main() {
    using namespace aludel;
    Fe state[24] = {};
    count("permute16", [&] { permute<16>(state); });
    count("permute24", [&] { permute<24>(state); });
    Fe5 a = {}, b = {};
    volatile uint32_t kept = 0;
    count("quintic", [&] { kept = (a * b).at[0].word; });
    count("base", [&] { kept = (a.at[0] * b.at[0]).word; });
    // The first thread of each.
    static Fe codeword[40], folded[5], selected[4 << 4];
    static Fe5 scalars[8];
    count("fold8", [&] { fold(codeword, codeword, folded, scalars, 0, 3, 0, 0); });
    uint32_t least = 0;
    count("candidate", [&] { smallest_witness(state, 0, 7, 1, 0, 1, &least); });
    count("selectors", [&] { selectors(selected, 3, 4, 1, 1, 1); });
    return static_cast<int>(kept);
}
