// What a device can do at most: copies, and chains of arithmetic. A thread has 16 words of state, words[16][threads], as chains that do
// not wait for one another; what an operation does is written at `Operation` in kernels/src/limits.rs. There are no numbers of 64 bits.

struct Limits {
    /// Items that are copied, or threads.
    count: u32,
    factor: u32,
    rounds: u32,
}

@group(0) @binding(0) var<storage, read> copied: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read_write> copies: array<vec4<u32>>;
@group(0) @binding(0) var<storage, read_write> words: array<u32>;
var<immediate> limits: Limits;

@compute @workgroup_size(64)
fn limits_copy(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let at = (group.y * groups.x + group.x) * 64u + lane;
    if at < limits.count {
        copies[at] = copied[at];
    }
}

/// Words `first`, `first + 2`, .. of a thread.
fn load(thread: u32, first: u32) -> vec4<u32> {
    let at = first * limits.count + thread;
    let apart = 2u * limits.count;
    return vec4<u32>(words[at], words[at + apart], words[at + 2u * apart], words[at + 3u * apart]);
}

fn store(thread: u32, first: u32, x: vec4<u32>) {
    let at = first * limits.count + thread;
    let apart = 2u * limits.count;
    words[at] = x.x;
    words[at + apart] = x.y;
    words[at + 2u * apart] = x.z;
    words[at + 3u * apart] = x.w;
}

fn high4(a: vec4<u32>, b: u32) -> vec4<u32> {
    return vec4<u32>(mul_high(a.x, b), mul_high(a.y, b), mul_high(a.z, b), mul_high(a.w, b));
}

@compute @workgroup_size(64)
fn limits_low(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let thread = (group.y * groups.x + group.x) * 64u + lane;
    if thread >= limits.count {
        return;
    }
    var x = load(thread, 0u);
    var y = load(thread, 8u);
    let a = load(thread, 1u);
    let b = load(thread, 9u);
    let f = limits.factor;
    for (var step = 0u; step < 8u * limits.rounds; step++) {
        x = x * f + a;
        y = y * f + b;
        x = x * f + a;
        y = y * f + b;
        x = x * f + a;
        y = y * f + b;
        x = x * f + a;
        y = y * f + b;
    }
    store(thread, 0u, x);
    store(thread, 8u, y);
}

@compute @workgroup_size(64)
fn limits_high(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let thread = (group.y * groups.x + group.x) * 64u + lane;
    if thread >= limits.count {
        return;
    }
    var x = load(thread, 0u);
    var y = load(thread, 8u);
    let a = load(thread, 1u);
    let b = load(thread, 9u);
    let f = limits.factor;
    for (var step = 0u; step < 8u * limits.rounds; step++) {
        x = high4(x, f) + a;
        y = high4(y, f) + b;
        x = high4(x, f) + a;
        y = high4(y, f) + b;
        x = high4(x, f) + a;
        y = high4(y, f) + b;
        x = high4(x, f) + a;
        y = high4(y, f) + b;
    }
    store(thread, 0u, x);
    store(thread, 8u, y);
}

/// Words of sums of 64 bits.
struct Wide {
    low: vec4<u32>,
    high: vec4<u32>,
}

fn step_wide(s: Wide, f: u32) -> Wide {
    let product = s.high * f;
    let low = s.low + product;
    let carry = select(vec4<u32>(0u), vec4<u32>(1u), low < product);
    return Wide(low, s.high + high4(s.high, f) + carry);
}

@compute @workgroup_size(64)
fn limits_wide(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let thread = (group.y * groups.x + group.x) * 64u + lane;
    if thread >= limits.count {
        return;
    }
    var x = Wide(load(thread, 0u), load(thread, 1u));
    var y = Wide(load(thread, 8u), load(thread, 9u));
    let f = limits.factor;
    for (var step = 0u; step < 8u * limits.rounds; step++) {
        x = step_wide(x, f);
        y = step_wide(y, f);
        x = step_wide(x, f);
        y = step_wide(y, f);
        x = step_wide(x, f);
        y = step_wide(y, f);
        x = step_wide(x, f);
        y = step_wide(y, f);
    }
    store(thread, 0u, x.low);
    store(thread, 1u, x.high);
    store(thread, 8u, y.low);
    store(thread, 9u, y.high);
}

@compute @workgroup_size(64)
fn limits_base(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let thread = (group.y * groups.x + group.x) * 64u + lane;
    if thread >= limits.count {
        return;
    }
    var x = load(thread, 0u);
    var y = load(thread, 8u);
    let a = load(thread, 1u);
    let b = load(thread, 9u);
    for (var step = 0u; step < 4u * limits.rounds; step++) {
        x = add4(mul4(x, x), a);
        y = add4(mul4(y, y), b);
        x = add4(mul4(x, x), a);
        y = add4(mul4(y, y), b);
    }
    store(thread, 0u, x);
    store(thread, 8u, y);
}

fn load_extension(thread: u32, first: u32) -> Extension {
    let at = first * limits.count + thread;
    let n = limits.count;
    return Extension(array<u32, 5>(
        words[at], words[at + n], words[at + 2u * n], words[at + 3u * n], words[at + 4u * n],
    ));
}

fn store_extension(thread: u32, first: u32, x: Extension) {
    let at = first * limits.count + thread;
    for (var i = 0u; i < 5u; i++) {
        words[at + i * limits.count] = x.c[i];
    }
}

@compute @workgroup_size(64)
fn limits_quintic(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let thread = (group.y * groups.x + group.x) * 64u + lane;
    if thread >= limits.count {
        return;
    }
    var x = load_extension(thread, 0u);
    var y = load_extension(thread, 5u);
    // Two products a turn, so that the operands are where they were.
    for (var step = 0u; step < 2u * limits.rounds; step++) {
        x = extension_mul(x, y);
        y = extension_mul(y, x);
    }
    store_extension(thread, 0u, x);
    store_extension(thread, 5u, y);
}
