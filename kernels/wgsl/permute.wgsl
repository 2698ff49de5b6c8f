// Permutes states, one a row of a matrix that is stored by columns. One thread a row.

struct Permute {
    rows: u32,
}

@group(0) @binding(0) var<storage, read_write> states: array<u32>;
var<immediate> permute: Permute;

fn load(column: u32, row: u32) -> vec4<u32> {
    let at = column * permute.rows + row;
    return vec4<u32>(
        states[at], states[at + permute.rows], states[at + 2u * permute.rows], states[at + 3u * permute.rows],
    );
}

fn store(column: u32, row: u32, x: vec4<u32>) {
    let at = column * permute.rows + row;
    states[at] = x.x;
    states[at + permute.rows] = x.y;
    states[at + 2u * permute.rows] = x.z;
    states[at + 3u * permute.rows] = x.w;
}

@compute @workgroup_size(64)
fn permute_rows_16(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let row = (group.y * groups.x + group.x) * 64u + lane;
    if row >= permute.rows {
        return;
    }
    let s = permute_16(State16(load(0u, row), load(4u, row), load(8u, row), load(12u, row)));
    store(0u, row, s.a);
    store(4u, row, s.b);
    store(8u, row, s.c);
    store(12u, row, s.d);
}

@compute @workgroup_size(64)
fn permute_rows_24(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let row = (group.y * groups.x + group.x) * 64u + lane;
    if row >= permute.rows {
        return;
    }
    let s = permute_24(State24(
        load(0u, row), load(4u, row), load(8u, row), load(12u, row), load(16u, row), load(20u, row),
    ));
    store(0u, row, s.a);
    store(4u, row, s.b);
    store(8u, row, s.c);
    store(12u, row, s.d);
    store(16u, row, s.e);
    store(20u, row, s.f);
}
