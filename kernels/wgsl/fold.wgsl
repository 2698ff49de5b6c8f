// Folding of codewords: a thread folds a row. An element is five columns.

/// Base-2 logarithm of the elements of a row.
override LOG_ARITY: u32 = 1u;

struct Fold {
    /// Rows of the codeword that are here, and the number of the first.
    rows: u32,
    first_row: u32,
    /// Of all of it.
    log_height: u32,
    /// Of the elements of a row of the result.
    log_next: u32,
    has_joined: u32,
}

@group(0) @binding(0) var<storage, read> codeword: array<u32>;
@group(0) @binding(1) var<storage, read> joined: array<u32>;
@group(0) @binding(2) var<storage, read_write> folded: array<u32>;
@group(0) @binding(3) var<storage, read> scalars: array<u32>;
/// Powers of the generator of order `2^24`: `g^i` for `i < 2^12`, then `g^(2^12 i)`.
@group(1) @binding(1) var<storage, read> roots: array<u32>;
var<immediate> job: Fold;

fn half(a: u32) -> u32 {
    return (a >> 1u) + select(0u, (P + 1u) / 2u, (a & 1u) == 1u);
}

fn extension_half(a: Extension) -> Extension {
    return Extension(array<u32, 5>(half(a.c[0]), half(a.c[1]), half(a.c[2]), half(a.c[3]), half(a.c[4])));
}

/// The inverse of the point of a row's first element.
fn row_factor(row: u32) -> u32 {
    let place = (reverseBits(row) >> 1u) >> (31u - job.log_height);
    let exponent = (0u - (place << (24u - job.log_height - LOG_ARITY))) & 0xffffffu;
    return mul(roots[exponent & 0xfffu], roots[0x1000u + (exponent >> 12u)]);
}

fn scalar(i: u32) -> Extension {
    let at = 5u * i;
    return Extension(array<u32, 5>(scalars[at], scalars[at + 1u], scalars[at + 2u], scalars[at + 3u], scalars[at + 4u]));
}

@compute @workgroup_size(64)
fn fold(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let row = (group.y * groups.x + group.x) * 64u + lane;
    if row >= job.rows {
        return;
    }
    var x: array<Extension, 8>;
    for (var k = 0u; k < (1u << LOG_ARITY); k++) {
        for (var c = 0u; c < 5u; c++) {
            x[k].c[c] = codeword[(5u * k + c) * job.rows + row];
        }
    }
    var factor = row_factor(job.first_row + row);
    var pair = 0u;
    for (var round = 0u; round < LOG_ARITY; round++) {
        for (var k = 0u; k < (1u << (LOG_ARITY - 1u - round)); k++) {
            let low = x[2u * k];
            let high = x[2u * k + 1u];
            let difference = extension_mul(extension_sub(low, high), extension_scaled(scalar(pair), factor));
            x[k] = extension_add(extension_half(extension_add(low, high)), difference);
            pair++;
        }
        factor = mul(factor, factor);
    }
    let rows = job.rows >> job.log_next;
    let first = 5u * (row & ((1u << job.log_next) - 1u)) * rows + (row >> job.log_next);
    var result = x[0];
    if job.has_joined == 1u {
        var other: Extension;
        for (var c = 0u; c < 5u; c++) {
            other.c[c] = joined[first + c * rows];
        }
        result = extension_add(result, extension_mul(other, scalar(pair)));
    }
    for (var c = 0u; c < 5u; c++) {
        folded[first + c * rows] = result.c[c];
    }
}
