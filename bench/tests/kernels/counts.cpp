// How many products of the field the headers of the kernels do, and how many reductions.
#include <stdio.h>

#include "../../../kernels/host/shim.h"

aludel::host::Registered::Registered(const char*, Kernel) {}
aludel::host::Registered::Registered(const char*, void*, size_t) {}
void* aludel::host::shared_dynamic() { return nullptr; }
// One thread runs, of one block at a time: what it shares is its own.
void* aludel::host::shared(const void*, size_t bytes) {
    alignas(16) static char memory[1 << 16];
    static size_t used = 0;
    void* place = memory + used;
    used += bytes;
    return used <= sizeof(memory) ? place : nullptr;
}
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
#include "../../../kernels/cuda/openings.cu"
#include "../../../kernels/include/rows.h"

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
    count("inverse", [&] { kept = inverse(a).at[0].word; });
    static Fe distances[5 * 1024], columns[4 * 1024], partial[40], rows[20];
    static Fe5 table[2 + 2 + 3];
    for (uint32_t is_weight : {0, 1}) {
        count(is_weight ? "weights" : "distances", [&] { openings::openings_inverses(&a, one(), 0, 8, is_weight, distances); });
    }
    gridDim.y = 1;
    count("dots", [&] { openings::openings_dots_2(columns, 10, 1024, 4, distances, 1024, distances, 1024, partial); });
    uint64_t address = reinterpret_cast<uintptr_t>(columns);
    openings::Claimed claimed = {static_cast<uint32_t>(address), static_cast<uint32_t>(address >> 32), 3, 0};
    count("reduced", [&] { openings::openings_reduced_2(&claimed, 1, table, distances, distances, 0, 4, 2, 2, 0, rows); });
    // What a program's text calls.
    Wide5 sum = begin(a);
    volatile uint64_t sums = 0;
    count("mul", [&] { kept = mul(a.at[0], b.at[0]).word; });
    Wide linear = begin_wide(a.at[0]);
    count("begin_wide", [&] { kept = reduced_wide(begin_wide(a.at[0])).word; });
    count("plus_wide", [&] { sums = plus_wide(linear, a.at[0], b.at[0]).word; });
    count("begin", [&] { kept = finish(begin(a)).at[0].word; });
    count("plus", [&] { sums = plus(sum, a.at[0]).at[0].word; });
    count("plus_base", [&] { sums = plus_base(sum, a.at[0], b.at[0]).at[0].word; });
    count("plus_five", [&] { sums = plus_five(sum, a.at[0], b).at[0].word; });
    count("plus_5", [&] { sums = plus_5(sum, a).at[0].word; });
    count("plus_5_base", [&] { sums = plus_5_base(sum, a, b.at[0]).at[0].word; });
    count("plus_5_five", [&] { sums = plus_5_five(sum, a, b).at[0].word; });
    count("product", [&] { kept = product(a, b).at[0].word; });
    count("scaled", [&] { kept = scaled(a, b.at[0]).at[0].word; });
    return static_cast<int>(kept + sums);
}
