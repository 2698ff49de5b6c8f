// KoalaBear. An element `x` is stored as `2^32 x mod P`, below `P`: Montgomery's form, as Plonky3 has it in memory.
// Stands before every kernel, after `P`, `MU` (inverse of `P` modulo 2^32) and `ONE`, which the launching code writes, and after
// `mul_high` from `field_u32.wgsl` or `field_u64.wgsl`.

/// What is below `2 P`, below `P`: where nothing is to be taken off, the difference wraps and is the larger.
fn reduce(a: u32) -> u32 {
    return min(a, a - P);
}

/// What was taken from something below `P` and is below `P` itself: a negative difference is the larger until `P` is added.
fn restore(difference: u32) -> u32 {
    return min(difference, difference + P);
}

fn add(a: u32, b: u32) -> u32 {
    return reduce(a + b);
}

fn sub(a: u32, b: u32) -> u32 {
    return restore(a - b);
}

fn neg(a: u32) -> u32 {
    return sub(0u, a);
}

/// `a b / 2^32`. The low words of `a b` and of `P (a b MU mod 2^32)` are equal, so the difference is that of the high words.
///
/// One operand may be a sum or a difference that is not reduced, below `2 P`: the high word of the product is below `P` all the same,
/// for `2 P < 2^32`.
fn mul(a: u32, b: u32) -> u32 {
    return restore(mul_high(a, b) - mul_high(a * b * MU, P));
}

/// `a^(2^times)`.
fn squared(a: u32, times: u32) -> u32 {
    var result = a;
    for (var i = 0u; i < times; i++) {
        result = mul(result, result);
    }
    return result;
}

/// `a^(P - 2)`: the inverse, and zero of zero. In `P - 2` six ones and a zero precede 24 ones.
fn inverse(a: u32) -> u32 {
    let three = mul(squared(mul(squared(a, 1u), a), 1u), a);
    let six = mul(squared(three, 3u), three);
    var result = squared(six, 1u);
    for (var i = 0u; i < 4u; i++) {
        result = mul(squared(result, 6u), six);
    }
    return result;
}

fn reduce4(a: vec4<u32>) -> vec4<u32> {
    return min(a, a - vec4<u32>(P));
}

fn add4(a: vec4<u32>, b: vec4<u32>) -> vec4<u32> {
    return reduce4(a + b);
}

/// As [`sub`].
fn sub4(a: vec4<u32>, b: vec4<u32>) -> vec4<u32> {
    let difference = a - b;
    return min(difference, difference + vec4<u32>(P));
}

/// As [`mul`].
fn mul4(a: vec4<u32>, b: vec4<u32>) -> vec4<u32> {
    return vec4<u32>(mul(a.x, b.x), mul(a.y, b.y), mul(a.z, b.z), mul(a.w, b.w));
}
