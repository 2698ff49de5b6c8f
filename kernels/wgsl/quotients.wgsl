// What quotients need besides the constraints: selectors on a coset, and the parts to which values on it are split.

/// Powers of the generator of order `2^24`: `g^i` for `i < 2^12`, then `g^(2^12 i)`.
@group(1) @binding(1) var<storage, read> roots: array<u32>;

/// `g^exponent`, for exponents below `2^24`.
fn root(exponent: u32) -> u32 {
    return mul(roots[exponent & 0xfffu], roots[0x1000u + (exponent >> 12u)]);
}

/// The lowest bits in the other order; the others are zero.
fn reverse(x: u32, bits: u32) -> u32 {
    return (reverseBits(x) >> 1u) >> (31u - bits);
}

/// Base-2 logarithm of the points whose selectors a thread makes. Their inverses, two a point and one, are made of one.
const LOG_SELECTED: u32 = 3u;
const SELECTED: u32 = 1u << LOG_SELECTED;

struct Selectors {
    /// Of the trace, and of the coset.
    log_rows: u32,
    log_points: u32,
    /// The coset's shift, its `2^log_rows`-th power, and the trace's last point.
    shift: u32,
    power: u32,
    last: u32,
    /// Of the four columns, those that are here.
    first_column: u32,
    columns: u32,
}

@group(0) @binding(0) var<storage, read_write> selected: array<u32>;
var<immediate> job: Selectors;

/// The rows of a thread: as many rows that lie together as the trace has have one value of what vanishes, and the thread's are of those, as far apart
/// as can be. Where there are fewer, it has some of them more than once.
fn row_of(thread: u32, k: u32) -> u32 {
    let log_stride = max(job.log_rows, LOG_SELECTED) - LOG_SELECTED;
    let first = thread & ((1u << log_stride) - 1u);
    let within = (first + (k << log_stride)) & ((1u << job.log_rows) - 1u);
    return ((thread >> log_stride) << job.log_rows) | within;
}

fn put(column: u32, row: u32, x: u32) {
    let here = column - job.first_column;
    if here < job.columns {
        selected[(here << job.log_points) + row] = x;
    }
}

@compute @workgroup_size(64)
fn selectors(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let thread = (group.y * groups.x + group.x) * 64u + lane;
    let log_step = job.log_points - job.log_rows;
    let block = thread >> (max(job.log_rows, LOG_SELECTED) - LOG_SELECTED);
    if block >= (1u << log_step) {
        return;
    }
    let vanishing = sub(mul(job.power, root(reverse(block, log_step) << (24u - log_step))), ONE);
    // Products of what is inverted, up to each: from `vanishing` on, two of each point.
    var x: array<u32, SELECTED>;
    var products: array<u32, 2u * SELECTED + 1u>;
    products[0] = vanishing;
    for (var k = 0u; k < SELECTED; k++) {
        x[k] = mul(job.shift, root(reverse(row_of(thread, k), job.log_points) << (24u - job.log_points)));
        products[2u * k + 1u] = mul(products[2u * k], sub(x[k], ONE));
        products[2u * k + 2u] = mul(products[2u * k + 1u], sub(x[k], job.last));
    }
    var inverted = inverse(products[2u * SELECTED]);
    for (var i = SELECTED; i > 0u; i--) {
        let k = i - 1u;
        let row = row_of(thread, k);
        let last_factor = sub(x[k], job.last);
        put(1u, row, mul(vanishing, mul(inverted, products[2u * k + 1u])));
        inverted = mul(inverted, last_factor);
        put(0u, row, mul(vanishing, mul(inverted, products[2u * k])));
        inverted = mul(inverted, sub(x[k], ONE));
        put(2u, row, last_factor);
    }
    for (var k = 0u; k < SELECTED; k++) {
        put(3u, row_of(thread, k), inverted);
    }
}

const LOG_SIDE: u32 = 5u;
const SIDE: u32 = 1u << LOG_SIDE;
const TURNING: u32 = 256u;

struct Reverse {
    /// Of the values, and the first word that is read.
    log_height: u32,
    first: u32,
    /// Of the part, and the first word that is written.
    log_rows: u32,
    part_first: u32,
    columns: u32,
}

@group(0) @binding(0) var<storage, read> values: array<u32>;
@group(0) @binding(1) var<storage, read_write> part: array<u32>;
var<immediate> turn: Reverse;

var<workgroup> turned: array<u32, SIDE * (SIDE + 1u)>;

/// Some rows of columns, in bit-reversed order. A workgroup has the rows that agree in the bits in the middle of their number; highest and lowest
/// bits change places, so that it reads and writes what lies together.
@compute @workgroup_size(TURNING)
fn reverse_rows(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let number = group.y * groups.x + group.x;
    let log_side = min(LOG_SIDE, turn.log_rows / 2u);
    let log_middle = turn.log_rows - 2u * log_side;
    let low = (1u << log_side) - 1u;
    let column = number >> log_middle;
    let middle = number & ((1u << log_middle) - 1u);
    // None past the last column.
    let count = select(0u, 1u << (2u * log_side), column < turn.columns);
    let from_first = turn.first + (column << turn.log_height) + (middle << log_side);
    for (var i = thread; i < count; i += TURNING) {
        let high = i >> log_side;
        turned[high * (SIDE + 1u) + (i & low)] = values[from_first + (high << (turn.log_rows - log_side)) + (i & low)];
    }
    workgroupBarrier();
    let to_first = turn.part_first + (column << turn.log_rows) + (reverse(middle, log_middle) << log_side);
    for (var i = thread; i < count; i += TURNING) {
        let high = i >> log_side;
        let at = reverse(i & low, log_side) * (SIDE + 1u) + reverse(high, log_side);
        part[to_first + (high << (turn.log_rows - log_side)) + (i & low)] = turned[at];
    }
}
