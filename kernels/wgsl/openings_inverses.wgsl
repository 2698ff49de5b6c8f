// Inverses of the differences of a point and rows of a coset: a thread makes those of eight rows, with one inversion. Rows are bit-reversed, on the coset whose shift
// is the generator: those of a smaller one are the first of a larger one.

const ROWS: u32 = 8u;

struct Inverses {
    z0: u32,
    z1: u32,
    z2: u32,
    z3: u32,
    z4: u32,
    shift: u32,
    /// Of the rows, a power of two.
    first: u32,
    count: u32,
    /// Whether each is multiplied by its point.
    weighted: u32,
}

/// `[5][count]`.
@group(0) @binding(0) var<storage, read_write> inverses: array<u32>;
/// Powers of the generator of order `2^24`: `g^i` for `i < 2^12`, then `g^(2^12 i)`.
@group(1) @binding(1) var<storage, read> roots: array<u32>;
var<immediate> job: Inverses;

fn point(row: u32) -> u32 {
    let exponent = reverseBits(row) >> 8u;
    return mul(job.shift, mul(roots[exponent & 0xfffu], roots[0x1000u + (exponent >> 12u)]));
}

fn difference(x: u32) -> Extension {
    return Extension(array<u32, 5>(sub(job.z0, x), job.z1, job.z2, job.z3, job.z4));
}

@compute @workgroup_size(64)
fn openings_inverses(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let thread = (group.y * groups.x + group.x) * 64u + lane;
    let threads = max(job.count / ROWS, 1u);
    if thread >= threads {
        return;
    }
    let rows = min(job.count, ROWS);
    // On the way up products of all differences before each row's, on the way down the inverse of the product of those up to it.
    var before: array<Extension, 8>;
    var x: array<u32, 8>;
    var product = Extension(array<u32, 5>(ONE, 0u, 0u, 0u, 0u));
    for (var i = 0u; i < rows; i++) {
        x[i] = point(job.first + thread + i * threads);
        before[i] = product;
        product = extension_mul(product, difference(x[i]));
    }
    var rest = extension_inverse(product);
    for (var i = rows; i > 0u; i--) {
        let k = i - 1u;
        var own = extension_mul(rest, before[k]);
        rest = extension_mul(rest, difference(x[k]));
        if job.weighted == 1u {
            own = extension_scaled(own, x[k]);
        }
        for (var c = 0u; c < 5u; c++) {
            inverses[c * job.count + thread + k * threads] = own.c[c];
        }
    }
}
