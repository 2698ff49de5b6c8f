// Poseidon2 (eprint 2023/323) of widths 16 and 24 over KoalaBear, a state in each thread's registers, four elements to a vector.
//
// `constants` is written by the launching code, in vectors: those of the first four full rounds, those of the last four, the diagonal of the
// inner matrix, and for each partial round one vector whose first element alone is not zero. `AT_16` and `AT_24` say where each width's begin.

@group(1) @binding(0) var<storage, read> constants: array<vec4<u32>>;

struct State16 {
    a: vec4<u32>, b: vec4<u32>, c: vec4<u32>, d: vec4<u32>,
}

struct State24 {
    a: vec4<u32>, b: vec4<u32>, c: vec4<u32>, d: vec4<u32>, e: vec4<u32>, f: vec4<u32>,
}

/// The circulant of 2, 3, 1, 1.
fn mix(x: vec4<u32>) -> vec4<u32> {
    let sum = add(add(x.x, x.y), add(x.z, x.w));
    let next = x.yzwx;
    return add4(add4(vec4<u32>(sum), x), add4(next, next));
}

fn cube(x: u32) -> u32 {
    return mul(mul(x, x), x);
}

/// A round's constant and its power, of four elements.
fn cube4(x: vec4<u32>, constant: u32) -> vec4<u32> {
    let sum = add4(x, constants[constant]);
    return mul4(mul4(sum, sum), sum);
}

/// The sum of four elements, in each.
fn total(x: vec4<u32>) -> vec4<u32> {
    return vec4<u32>(add(add(x.x, x.y), add(x.z, x.w)));
}

fn outer_16(s: State16) -> State16 {
    let t = State16(mix(s.a), mix(s.b), mix(s.c), mix(s.d));
    let sum = add4(add4(t.a, t.b), add4(t.c, t.d));
    return State16(add4(t.a, sum), add4(t.b, sum), add4(t.c, sum), add4(t.d, sum));
}

fn full_rounds_16(state: State16, first: u32) -> State16 {
    var s = state;
    for (var at = first; at < first + 16u; at += 4u) {
        s = outer_16(State16(cube4(s.a, at), cube4(s.b, at + 1u), cube4(s.c, at + 2u), cube4(s.d, at + 3u)));
    }
    return s;
}

fn permute_16(state: State16) -> State16 {
    var s = full_rounds_16(outer_16(state), AT_16);
    let diagonal = AT_16 + 32u;
    for (var at = AT_16 + 36u; at < AT_16 + 36u + PARTIAL_16; at++) {
        s.a = add4(s.a, constants[at]);
        s.a.x = cube(s.a.x);
        let sum = total(add4(add4(s.a, s.b), add4(s.c, s.d)));
        s.a = add4(mul4(s.a, constants[diagonal]), sum);
        s.b = add4(mul4(s.b, constants[diagonal + 1u]), sum);
        s.c = add4(mul4(s.c, constants[diagonal + 2u]), sum);
        s.d = add4(mul4(s.d, constants[diagonal + 3u]), sum);
    }
    return full_rounds_16(s, AT_16 + 16u);
}

fn outer_24(s: State24) -> State24 {
    let t = State24(mix(s.a), mix(s.b), mix(s.c), mix(s.d), mix(s.e), mix(s.f));
    let sum = add4(add4(add4(t.a, t.b), add4(t.c, t.d)), add4(t.e, t.f));
    return State24(add4(t.a, sum), add4(t.b, sum), add4(t.c, sum), add4(t.d, sum), add4(t.e, sum), add4(t.f, sum));
}

fn full_rounds_24(state: State24, first: u32) -> State24 {
    var s = state;
    for (var at = first; at < first + 24u; at += 6u) {
        s = outer_24(State24(
            cube4(s.a, at), cube4(s.b, at + 1u), cube4(s.c, at + 2u),
            cube4(s.d, at + 3u), cube4(s.e, at + 4u), cube4(s.f, at + 5u),
        ));
    }
    return s;
}

fn permute_24(state: State24) -> State24 {
    var s = full_rounds_24(outer_24(state), AT_24);
    let diagonal = AT_24 + 48u;
    for (var at = AT_24 + 54u; at < AT_24 + 54u + PARTIAL_24; at++) {
        s.a = add4(s.a, constants[at]);
        s.a.x = cube(s.a.x);
        let sum = total(add4(add4(add4(s.a, s.b), add4(s.c, s.d)), add4(s.e, s.f)));
        s.a = add4(mul4(s.a, constants[diagonal]), sum);
        s.b = add4(mul4(s.b, constants[diagonal + 1u]), sum);
        s.c = add4(mul4(s.c, constants[diagonal + 2u]), sum);
        s.d = add4(mul4(s.d, constants[diagonal + 3u]), sum);
        s.e = add4(mul4(s.e, constants[diagonal + 4u]), sum);
        s.f = add4(mul4(s.f, constants[diagonal + 5u]), sum);
    }
    return full_rounds_24(s, AT_24 + 24u);
}
