// What is left of the constants of points when factors of a matrix times its rows' sums by powers of the challenge are taken off: a thread a row.

/// Points for which a column is read once: one or two.
override POINTS: u32 = 1u;

struct Left {
    /// Of the rows, in columns of `height`.
    first: u32,
    rows: u32,
    height: u32,
    /// Of the columns, in this binding and in the matrix.
    column: u32,
    width: u32,
    power: u32,
    /// Which matrix it is, and whether its columns are the first of all.
    matrix: u32,
    begins: u32,
    /// Where powers begin.
    powers: u32,
}

@group(0) @binding(0) var<storage, read> columns: array<u32>;
/// Constants, factors `[matrix][POINTS]`, powers: five words each.
@group(0) @binding(1) var<storage, read> table: array<u32>;
/// `[POINTS][5][rows]`.
@group(0) @binding(2) var<storage, read_write> left: array<u32>;
var<immediate> job: Left;

fn entry(i: u32) -> Extension {
    let at = 5u * i;
    return Extension(array<u32, 5>(table[at], table[at + 1u], table[at + 2u], table[at + 3u], table[at + 4u]));
}

@compute @workgroup_size(64)
fn openings_left(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let row = (group.y * groups.x + group.x) * 64u + lane;
    if row >= job.rows {
        return;
    }
    var sum = Extension(array<u32, 5>());
    for (var i = 0u; i < job.width; i++) {
        let x = columns[(job.column + i) * job.height + job.first + row];
        sum = extension_add(sum, extension_scaled(entry(job.powers + job.power + i), x));
    }
    for (var p = 0u; p < POINTS; p++) {
        var own = entry(p);
        if job.begins == 0u {
            for (var c = 0u; c < 5u; c++) {
                own.c[c] = left[(5u * p + c) * job.rows + row];
            }
        }
        own = extension_sub(own, extension_mul(sum, entry(POINTS * (1u + job.matrix) + p)));
        for (var c = 0u; c < 5u; c++) {
            left[(5u * p + c) * job.rows + row] = own.c[c];
        }
    }
}
