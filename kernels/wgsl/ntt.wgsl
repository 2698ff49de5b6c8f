// Number-theoretic transforms by decimation in frequency: natural order in, bit-reversed order out, in place.
//
// A pass takes some levels of all transforms. A workgroup brings a tile to its memory: lanes side by side, each of which has `2^log_points` points that
// lie `2^log_stride` apart and are a transform of their own, with twiddle factors that know the lane. Lanes are numbered through all columns.

const TILE: u32 = 1024u;
const THREADS: u32 = 256u;

/// Powers of the generator of order `2^24`: `g^i` for `i < 2^12`, then `g^(2^12 i)`.
@group(1) @binding(1) var<storage, read> roots: array<u32>;

var<workgroup> tile: array<u32, TILE>;
/// Coefficients of a tile while cosets are made of them.
var<workgroup> coefficients: array<u32, TILE>;

struct Shape {
    log_points: u32,
    log_lanes: u32,
    log_stride: u32,
}

/// `g^exponent`, for exponents below `2^24`.
fn root(exponent: u32) -> u32 {
    return mul(roots[exponent & 0xfffu], roots[0x1000u + (exponent >> 12u)]);
}

/// The lowest bits in the other order; the others are zero.
fn reverse(x: u32, bits: u32) -> u32 {
    return (reverseBits(x) >> 1u) >> (31u - bits);
}

/// Point and lane of the `i`-th word of a tile, in the order of memory.
fn place(shape: Shape, i: u32) -> vec2<u32> {
    if shape.log_stride >= shape.log_lanes {
        return vec2<u32>(i >> shape.log_lanes, i & ((1u << shape.log_lanes) - 1u));
    }
    return vec2<u32>(i & ((1u << shape.log_points) - 1u), i >> shape.log_points);
}

/// All levels of a tile. Begins and ends with a barrier. (The last is in the loop: lavapipe passes barriers of a loop's body once more when the
/// loop ends, so that one that is missing after the loop would not show there.)
fn transform(shape: Shape, first_lane: u32, inverted: bool, thread: u32) {
    let pairs = (1u << (shape.log_points + shape.log_lanes)) >> 1u;
    workgroupBarrier();
    for (var level = 0u; level < shape.log_points; level++) {
        let log_half = shape.log_points - 1u - level;
        for (var i = thread; i < pairs; i += THREADS) {
            let lane = i & ((1u << shape.log_lanes) - 1u);
            let pair = i >> shape.log_lanes;
            let low = pair & ((1u << log_half) - 1u);
            let upper = ((2u * pair - low) << shape.log_lanes) + lane;
            let lower = upper + (1u << (log_half + shape.log_lanes));
            let offset = (first_lane + lane) & ((1u << shape.log_stride) - 1u);
            var exponent = ((low << shape.log_stride) + offset) << (24u - shape.log_points - shape.log_stride + level);
            if inverted {
                exponent = (0u - exponent) & 0xffffffu;
            }
            let x = tile[upper];
            let y = tile[lower];
            tile[upper] = add(x, y);
            tile[lower] = mul(sub(x, y), root(exponent));
        }
        workgroupBarrier();
    }
}

struct Job {
    log_points: u32,
    log_lanes: u32,
    log_stride: u32,
    /// Lanes of all columns.
    lanes: u32,
    inverse: u32,
    /// Factor of every result.
    scale: u32,
}

@group(0) @binding(0) var<storage, read_write> values: array<u32>;
var<immediate> job: Job;

@compute @workgroup_size(THREADS)
fn ntt_pass(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let shape = Shape(job.log_points, job.log_lanes, job.log_stride);
    let first_lane = (group.y * groups.x + group.x) << shape.log_lanes;
    let size = 1u << (shape.log_points + shape.log_lanes);
    for (var i = thread; i < size; i += THREADS) {
        let at = place(shape, i);
        if first_lane + at.y < job.lanes {
            tile[(at.x << shape.log_lanes) + at.y] = values[address(shape, first_lane + at.y, at.x)];
        }
    }
    transform(shape, first_lane, job.inverse == 1u, thread);
    for (var i = thread; i < size; i += THREADS) {
        let at = place(shape, i);
        if first_lane + at.y < job.lanes {
            let x = mul(tile[(at.x << shape.log_lanes) + at.y], job.scale);
            values[address(shape, first_lane + at.y, at.x)] = x;
        }
    }
}

/// Where a point of a lane lies, counted through all columns.
fn address(shape: Shape, lane: u32, point: u32) -> u32 {
    let block = lane >> shape.log_stride;
    let offset = lane & ((1u << shape.log_stride) - 1u);
    return (((block << shape.log_points) + point) << shape.log_stride) + offset;
}

struct Extend {
    log_points: u32,
    log_lanes: u32,
    log_stride: u32,
    lanes: u32,
    added_bits: u32,
    /// The first column to read, and the first to write.
    from_column: u32,
    to_column: u32,
}

@group(0) @binding(0) var<storage, read> source: array<u32>;
@group(0) @binding(1) var<storage, read_write> extended: array<u32>;
/// Powers of the shift in two tables like `roots`, the first with the inverse of the height as a factor.
@group(0) @binding(2) var<storage, read> shifts: array<u32>;
var<immediate> extend: Extend;

/// The last levels of inverse transforms, the scaling, and the first levels of forward transforms: one for each of `2^added_bits` cosets,
/// which lie one after another in a column because its rows are bit-reversed. After the last inverse levels the coefficients that the first
/// forward levels of a lane need are one block of the source.
@compute @workgroup_size(THREADS)
fn ntt_extend(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let shape = Shape(extend.log_points, extend.log_lanes, extend.log_stride);
    let first_lane = (group.y * groups.x + group.x) << shape.log_lanes;
    let size = 1u << (shape.log_points + shape.log_lanes);
    let log_height = shape.log_points + shape.log_stride;
    let offsets = (1u << shape.log_stride) - 1u;
    for (var i = thread; i < size; i += THREADS) {
        let point = i & ((1u << shape.log_points) - 1u);
        let lane = i >> shape.log_points;
        if first_lane + lane < extend.lanes {
            let column = extend.from_column + ((first_lane + lane) >> shape.log_stride);
            let block = reverse((first_lane + lane) & offsets, shape.log_stride);
            tile[(point << shape.log_lanes) + lane] =
                source[(column << log_height) + (block << shape.log_points) + point];
        }
    }
    transform(Shape(shape.log_points, shape.log_lanes, 0u), first_lane, true, thread);
    for (var i = thread; i < size; i += THREADS) {
        let lane = i & ((1u << shape.log_lanes) - 1u);
        let point = i >> shape.log_lanes;
        let power = (point << shape.log_stride) + ((first_lane + lane) & offsets);
        let shift = mul(shifts[power & 0xfffu], shifts[0x1000u + (power >> 12u)]);
        coefficients[i] = mul(tile[(reverse(point, shape.log_points) << shape.log_lanes) + lane], shift);
    }
    for (var coset = 0u; coset < (1u << extend.added_bits); coset++) {
        let step = reverse(coset, extend.added_bits) << (24u - log_height - extend.added_bits);
        // The coset before is stored, or the coefficients are made, by all threads.
        workgroupBarrier();
        for (var i = thread; i < size; i += THREADS) {
            let lane = i & ((1u << shape.log_lanes) - 1u);
            let power = ((i >> shape.log_lanes) << shape.log_stride) + ((first_lane + lane) & offsets);
            tile[i] = mul(coefficients[i], root(power * step));
        }
        transform(shape, first_lane, false, thread);
        for (var i = thread; i < size; i += THREADS) {
            let at = place(shape, i);
            let lane = first_lane + at.y;
            if lane < extend.lanes {
                let column = extend.to_column + (lane >> shape.log_stride);
                let row = (coset << log_height) + (at.x << shape.log_stride) + (lane & offsets);
                extended[(column << (log_height + extend.added_bits)) + row] =
                    tile[(at.x << shape.log_lanes) + at.y];
            }
        }
    }
}
