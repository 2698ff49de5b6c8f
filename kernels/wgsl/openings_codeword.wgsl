// What is left for each point times the inverse of the difference, into a codeword: a thread a row.

/// Points for which a column is read once: one or two.
override POINTS: u32 = 1u;

struct Codeword {
    rows: u32,
    log_arity: u32,
    /// Rows of the codeword that are here, and the first that is written.
    there: u32,
    first: u32,
    has_before: u32,
}

/// `[POINTS][5][rows]`.
@group(0) @binding(0) var<storage, read> left: array<u32>;
/// `[5][rows]`, of one point and of the other, which is not read where there is none.
@group(0) @binding(1) var<storage, read> inverses: array<u32>;
@group(0) @binding(2) var<storage, read> others: array<u32>;
@group(0) @binding(3) var<storage, read_write> codeword: array<u32>;
var<immediate> job: Codeword;

@compute @workgroup_size(64)
fn openings_codeword(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let row = (group.y * groups.x + group.x) * 64u + lane;
    if row >= job.rows {
        return;
    }
    let first = 5u * (row & ((1u << job.log_arity) - 1u)) * job.there + job.first + (row >> job.log_arity);
    var a: Extension;
    var b: Extension;
    for (var c = 0u; c < 5u; c++) {
        a.c[c] = left[c * job.rows + row];
        b.c[c] = inverses[c * job.rows + row];
    }
    var x = extension_mul(a, b);
    if POINTS == 2u {
        for (var c = 0u; c < 5u; c++) {
            a.c[c] = left[(5u + c) * job.rows + row];
            b.c[c] = others[c * job.rows + row];
        }
        x = extension_add(x, extension_mul(a, b));
    }
    for (var c = 0u; c < 5u; c++) {
        let at = first + c * job.there;
        var before = 0u;
        if job.has_before == 1u {
            before = codeword[at];
        }
        codeword[at] = add(before, x.c[c]);
    }
}
