// Sums of columns by weights of their rows, tile by tile: a workgroup takes the tile of some columns, a thread every 64th row of it.

/// Points for which a column is read once: one or two.
override POINTS: u32 = 1u;

const TILE: u32 = 1024u;
/// Sums that a thread makes side by side: coefficients of the values of columns at points.
const SUMS: u32 = 40u;

struct Dots {
    /// Of the rows, in columns of `height`.
    first: u32,
    rows: u32,
    height: u32,
    /// Of the columns, in this binding.
    column: u32,
    width: u32,
    /// Rows of which there are weights.
    stride: u32,
    other_stride: u32,
}

@group(0) @binding(0) var<storage, read> columns: array<u32>;
/// `[5][stride]`, of one point and of the other, which is not read where there is none.
@group(0) @binding(1) var<storage, read> weights: array<u32>;
@group(0) @binding(2) var<storage, read> others: array<u32>;
/// `[tile][width][POINTS][5]`.
@group(0) @binding(3) var<storage, read_write> partial: array<u32>;
var<immediate> job: Dots;

var<workgroup> scratch: array<u32, 2560>;

fn weight(i: u32, row: u32) -> u32 {
    if i < 5u {
        return weights[i * job.stride + row];
    }
    return others[(i - 5u) * job.other_stride + row];
}

@compute @workgroup_size(64)
fn openings_dots(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let number = group.y * groups.x + group.x;
    let tiles = (job.rows + TILE - 1u) / TILE;
    let tile = number % tiles;
    let together = 8u / POINTS;
    let column = number / tiles * together;
    if column >= job.width {
        return;
    }
    let values = 5u * POINTS;
    let end = min(job.rows, (tile + 1u) * TILE);
    var sums = array<u32, 40>();
    for (var row = tile * TILE + lane; row < end; row += 64u) {
        var x: array<u32, 8>;
        for (var k = 0u; k < together; k++) {
            // Past the last column it is the last once more.
            x[k] = columns[(job.column + min(column + k, job.width - 1u)) * job.height + job.first + row];
        }
        for (var i = 0u; i < values; i++) {
            let w = weight(i, row);
            for (var k = 0u; k < together; k++) {
                sums[values * k + i] = add(sums[values * k + i], mul(x[k], w));
            }
        }
    }
    for (var i = 0u; i < SUMS; i++) {
        scratch[i * 64u + lane] = sums[i];
    }
    workgroupBarrier();
    if lane < SUMS && column + lane / values < job.width {
        var sum = 0u;
        for (var i = 0u; i < 64u; i++) {
            // Threads meet different banks.
            sum = add(sum, scratch[lane * 64u + ((i + lane) & 63u)]);
        }
        partial[(tile * job.width + column) * values + lane] = sum;
    }
}
