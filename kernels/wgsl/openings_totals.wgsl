// Sums of tiles, added: a thread a sum.

struct Totals {
    tiles: u32,
    count: u32,
}

/// `[tile][count]`.
@group(0) @binding(0) var<storage, read> partial: array<u32>;
@group(0) @binding(1) var<storage, read_write> totals: array<u32>;
var<immediate> job: Totals;

@compute @workgroup_size(64)
fn openings_totals(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let i = (group.y * groups.x + group.x) * 64u + lane;
    if i >= job.count {
        return;
    }
    var sum = 0u;
    for (var tile = 0u; tile < job.tiles; tile++) {
        sum = add(sum, partial[tile * job.count + i]);
    }
    totals[i] = sum;
}
