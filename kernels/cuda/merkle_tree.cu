// Merkle trees as Plonky3's `MerkleTreeMmcs` builds them. A thread makes a node; a node is eight elements, one after another.
#include "../include/poseidon2.h"

using namespace aludel;

constexpr int DIGEST = 8;
constexpr uint32_t RATE = 16;

struct Node {
    Fe at[DIGEST];
};

// A column of a matrix, and by how many bits its height is less than the tree's.
struct Column {
    const Fe* values;
    uint64_t shift;
};

// A row over all columns, through a sponge of width 24 without padding: what the last block lacks stays as it was.
__device__ __forceinline__ Node hash_row(const Column* __restrict__ columns, uint32_t width, uint32_t row) {
    Fe state[24] = {};
    for (uint32_t first = 0; first < width; first += RATE) {
#pragma unroll
        for (uint32_t i = 0; i < RATE; i++) {
            if (first + i < width) state[i] = columns[first + i].values[row];
        }
        permute<24>(state);
    }
    Node node;
#pragma unroll
    for (int i = 0; i < DIGEST; i++) node.at[i] = state[i];
    return node;
}

// Two nodes to one: the permutation of width 16, cut.
__device__ __forceinline__ Node compress(const Node& left, const Node& right) {
    Fe state[16];
#pragma unroll
    for (int i = 0; i < DIGEST; i++) {
        state[i] = left.at[i];
        state[DIGEST + i] = right.at[i];
    }
    permute<16>(state);
    Node node;
#pragma unroll
    for (int i = 0; i < DIGEST; i++) node.at[i] = state[i];
    return node;
}

// A layer of leaves: nodes[count] of the rows of `width` columns.
extern "C" __global__ void __launch_bounds__(128)
    merkle_leaves(const Column* __restrict__ columns, uint32_t width, Node* __restrict__ nodes, uint32_t count) {
    uint32_t row = thread_index();
    if (row < count) nodes[row] = hash_row(columns, width, row);
}
KERNEL(merkle_leaves)

// A layer from the one below it: nodes[count] of below[2 count]. The rows of `width` columns of this height, if any, are injected.
extern "C" __global__ void __launch_bounds__(128)
    merkle_layer(const Node* __restrict__ below, const Column* __restrict__ columns, uint32_t width,
                 Node* __restrict__ nodes, uint32_t count) {
    uint32_t row = thread_index();
    if (row >= count) return;
    Node node = compress(below[2 * size_t{row}], below[2 * size_t{row} + 1]);
    if (width > 0) node = compress(node, hash_row(columns, width, row));
    nodes[row] = node;
}
KERNEL(merkle_layer)

// rows[queries][width]: of each column the element that a query reaches.
extern "C" __global__ void merkle_open_rows(const Column* __restrict__ columns, uint32_t width,
                                            const uint32_t* __restrict__ queries, uint32_t count, Fe* __restrict__ rows) {
    uint64_t i = blockIdx.x * uint64_t{blockDim.x} + threadIdx.x;
    if (i >= uint64_t{count} * width) return;
    Column column = columns[i % width];
    rows[i] = column.values[queries[i / width] >> column.shift];
}
KERNEL(merkle_open_rows)

// path[queries][levels]: siblings from the leaves upwards, in a tree of 2^log_height leaves whose layers follow one another.
extern "C" __global__ void merkle_open_path(const Node* __restrict__ nodes, uint32_t log_height, uint32_t levels,
                                            const uint32_t* __restrict__ queries, uint32_t count, Node* __restrict__ path) {
    uint64_t i = blockIdx.x * uint64_t{blockDim.x} + threadIdx.x;
    if (i >= uint64_t{count} * levels) return;
    uint32_t level = i % levels;
    // Layers below this one hold 2^log_height, half as many, .. nodes.
    uint64_t layer = (uint64_t{2} << log_height) - (uint64_t{2} << (log_height - level));
    path[i] = nodes[layer + ((queries[i / levels] >> level) ^ 1)];
}
KERNEL(merkle_open_path)
