// Merkle trees: rows to digests, pairs of nodes to parents, and what an opening reads. One thread a row, a parent or a word.

const RATE: u32 = 16u;

struct Absorb {
    /// Distance between columns.
    height: u32,
    first_row: u32,
    rows: u32,
    columns: u32,
    /// Elements in the sponge's rate that are not permuted yet.
    position: u32,
    /// Whether the sponge begins here.
    first: u32,
    /// Whether it ends here.
    last: u32,
    /// Where digests go.
    first_node: u32,
}

@group(0) @binding(0) var<storage, read> columns: array<u32>;
/// Sponges between two calls: six vectors each, by vectors.
@group(0) @binding(1) var<storage, read_write> sponges: array<vec4<u32>>;
/// Two vectors a node.
@group(0) @binding(2) var<storage, read_write> digests: array<vec4<u32>>;
var<immediate> absorb: Absorb;

/// The element of a column, or what is there where there is no such column.
fn element(old: u32, column: u32, row: u32) -> u32 {
    if column < absorb.columns {
        return columns[column * absorb.height + row];
    }
    return old;
}

/// Columns that lie before the first one are large numbers here.
fn elements(old: vec4<u32>, column: u32, row: u32) -> vec4<u32> {
    return vec4<u32>(
        element(old.x, column, row), element(old.y, column + 1u, row),
        element(old.z, column + 2u, row), element(old.w, column + 3u, row),
    );
}

/// Rows of a piece of a matrix overwrite the rate of their sponges, which are permuted when it is full and at the end.
@compute @workgroup_size(64)
fn absorb_rows(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let at = (group.y * groups.x + group.x) * 64u + lane;
    if at >= absorb.rows {
        return;
    }
    let n = absorb.rows;
    var s = State24();
    if absorb.first == 0u {
        s = State24(
            sponges[at], sponges[n + at], sponges[2u * n + at],
            sponges[3u * n + at], sponges[4u * n + at], sponges[5u * n + at],
        );
    }
    let row = absorb.first_row + at;
    let end = absorb.position + absorb.columns;
    for (var block = 0u; block < end; block += RATE) {
        let column = block - absorb.position;
        s.a = elements(s.a, column, row);
        s.b = elements(s.b, column + 4u, row);
        s.c = elements(s.c, column + 8u, row);
        s.d = elements(s.d, column + 12u, row);
        if block + RATE <= end || absorb.last == 1u {
            s = permute_24(s);
        }
    }
    if absorb.last == 1u {
        digests[2u * (absorb.first_node + at)] = s.a;
        digests[2u * (absorb.first_node + at) + 1u] = s.b;
    } else {
        sponges[at] = s.a;
        sponges[n + at] = s.b;
        sponges[2u * n + at] = s.c;
        sponges[3u * n + at] = s.d;
        sponges[4u * n + at] = s.e;
        sponges[5u * n + at] = s.f;
    }
}

struct Compress {
    count: u32,
    first_child: u32,
    first_parent: u32,
    /// Whether a row of a lower matrix joins.
    inject: u32,
}

@group(0) @binding(0) var<storage, read> children: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read> injected: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> parents: array<vec4<u32>>;
var<immediate> compress: Compress;

@compute @workgroup_size(64)
fn compress_nodes(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let at = (group.y * groups.x + group.x) * 64u + lane;
    if at >= compress.count {
        return;
    }
    let child = 2u * (compress.first_child + 2u * at);
    var s = permute_16(State16(children[child], children[child + 1u], children[child + 2u], children[child + 3u]));
    if compress.inject == 1u {
        s = permute_16(State16(s.a, s.b, injected[2u * at], injected[2u * at + 1u]));
    }
    let parent = 2u * (compress.first_parent + at);
    parents[parent] = s.a;
    parents[parent + 1u] = s.b;
}
