// Running sums of columns, in tiles of 2^12: sums of tiles, running sums of those, which are one tile, and then the tiles' own. A launch is of one
// column.

const THREADS: u32 = 256u;
const SUMMED: u32 = 16u;
const LOG_TILE: u32 = 12u;

struct Sums {
    log_height: u32,
    /// Where the column begins, what is written of it, and the sums before its tiles.
    first: u32,
    sums_first: u32,
    before_first: u32,
    has_before: u32,
}

@group(0) @binding(0) var<storage, read_write> columns: array<u32>;
@group(0) @binding(1) var<storage, read_write> sums: array<u32>;
@group(0) @binding(2) var<storage, read> before: array<u32>;
var<immediate> job: Sums;

var<workgroup> tile: array<u32, 1u << LOG_TILE>;

/// Places are mixed, so that threads whose elements are sixteen apart meet different banks.
fn bank(place: u32) -> u32 {
    return place ^ ((place >> 4u) & 31u);
}

fn tiles() -> u32 {
    return 1u << (max(job.log_height, LOG_TILE) - LOG_TILE);
}

/// Of the tile's elements, that which is a thread's `k`-th where threads lie side by side.
fn element(number: u32, k: u32, thread: u32) -> u32 {
    return (number << LOG_TILE) + k * THREADS + thread;
}

fn value(i: u32) -> u32 {
    if i < (1u << job.log_height) {
        return columns[job.first + i];
    }
    return 0u;
}

/// The sum of what this thread has and all before it, through the first words of the tile. Each step has those that the one before did not use, so
/// that one barrier between two is enough.
fn sum_up_to(own: u32, thread: u32) -> u32 {
    var sum = own;
    var at = 0u;
    for (var step = 1u; step < THREADS; step <<= 1u) {
        tile[at + thread] = sum;
        workgroupBarrier();
        if thread >= step {
            sum = add(sum, tile[at + thread - step]);
        }
        at ^= THREADS;
    }
    return sum;
}

/// The sum of each tile.
@compute @workgroup_size(THREADS)
fn column_sums(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let number = group.y * groups.x + group.x;
    var own = 0u;
    for (var k = 0u; k < SUMMED; k++) {
        own = add(own, value(element(number, k, thread)));
    }
    let sum = sum_up_to(own, thread);
    if thread == THREADS - 1u && number < tiles() {
        sums[job.sums_first + number] = sum;
    }
}

/// Each element becomes the sum of those before it; the sum of all is written besides.
@compute @workgroup_size(THREADS)
fn running_sums(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let number = group.y * groups.x + group.x;
    for (var k = 0u; k < SUMMED; k++) {
        tile[bank(k * THREADS + thread)] = value(element(number, k, thread));
    }
    workgroupBarrier();
    var x: array<u32, SUMMED>;
    var own = 0u;
    for (var k = 0u; k < SUMMED; k++) {
        x[k] = tile[bank(SUMMED * thread + k)];
        own = add(own, x[k]);
    }
    // The tile is read, and written again when all sums are made.
    workgroupBarrier();
    var sum = sub(sum_up_to(own, thread), own);
    workgroupBarrier();
    if job.has_before == 1u && number < tiles() {
        sum = add(sum, before[job.before_first + number]);
    }
    for (var k = 0u; k < SUMMED; k++) {
        tile[bank(SUMMED * thread + k)] = sum;
        sum = add(sum, x[k]);
    }
    if thread == THREADS - 1u && number + 1u == tiles() {
        sums[job.sums_first] = sum;
    }
    workgroupBarrier();
    for (var k = 0u; k < SUMMED; k++) {
        let at = element(number, k, thread);
        if at < (1u << job.log_height) {
            columns[job.first + at] = tile[bank(k * THREADS + thread)];
        }
    }
}
