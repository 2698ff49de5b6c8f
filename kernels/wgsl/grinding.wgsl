// Searching for a witness: a thread tries one.

struct Search {
    /// Where the witness goes, and which element counts.
    place: u32,
    sampled: u32,
    /// Bits that must be zero.
    mask: u32,
    first: u32,
    count: u32,
    /// `2^64 mod P`: a product with it is Montgomery's form of a number.
    square: u32,
}

@group(0) @binding(0) var<storage, read> start: array<vec4<u32>>;
/// The least that passes, if it is not less already.
@group(0) @binding(1) var<storage, read_write> least: array<atomic<u32>>;
var<immediate> search: Search;

/// Which of four elements of the state, counted from `first`, is the one at `place`.
fn is_at(first: u32, place: u32) -> vec4<bool> {
    return vec4<u32>(first, first + 1u, first + 2u, first + 3u) == vec4<u32>(place);
}

fn with_witness(first: u32, witness: u32) -> vec4<u32> {
    return select(start[first / 4u], vec4<u32>(witness), is_at(first, search.place));
}

/// The element that counts, or zero where it is not among these.
fn sample(first: u32, x: vec4<u32>) -> u32 {
    let one = select(vec4<u32>(), x, is_at(first, search.sampled));
    return one.x | one.y | one.z | one.w;
}

@compute @workgroup_size(64)
fn smallest_witness(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let i = (group.y * groups.x + group.x) * 64u + lane;
    if i >= search.count {
        return;
    }
    let witness = mul(search.first + i, search.square);
    let s = permute_16(State16(
        with_witness(0u, witness), with_witness(4u, witness), with_witness(8u, witness), with_witness(12u, witness),
    ));
    let word = sample(0u, s.a) | sample(4u, s.b) | sample(8u, s.c) | sample(12u, s.d);
    // The number that it stands for.
    if (mul(word, 1u) & search.mask) == 0u {
        atomicMin(&least[0], search.first + i);
    }
}
