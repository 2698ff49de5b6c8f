// Number-theoretic transforms by decimation in frequency: natural order in, bit-reversed order out, in place.
//
// Stage s of a transform of 2^L points joins those 2^(L-1-s) apart. A pass does some stages of all transforms. A workgroup has a tile of `2^12` words,
// and each of its threads sixteen of them in registers. Four stages of sixteen points are a transform of sixteen points, whose roots are
// constants, and a product of each with a power of one root, which depends on where the points lie: a twist. Between such turns points change
// hands through the workgroup's memory.
//
// The bits of a word's number in a tile are, from the highest, those of its row, which are the points of the pass, and those of its lane.
// A turn takes four bits together, from `low_bit` on, and counts threads by the others. In the last passes, where points lie together,
// there are no lanes: a tile is `2^12` words of the matrix, and may be several transforms.

const THREADS: u32 = 256u;
const LOG_TILE: u32 = 12u;
/// All stages of a turn, a bit each.
const ALL: u32 = 15u;

/// Whether the points of the pass lie apart, and stages are left for later passes.
override APART: bool;
/// Whether roots are the inverse ones.
override INVERSE: bool = false;

/// Powers of the generator of order `2^24`: `g^i` for `i < 2^12`, then `g^(2^12 i)`.
@group(1) @binding(1) var<storage, read> roots: array<u32>;

var<workgroup> words: array<u32, 1u << LOG_TILE>;

/// Sixteen points in the order of their places.
struct Points {
    a: vec4<u32>, b: vec4<u32>, c: vec4<u32>, d: vec4<u32>,
}

/// `g^exponent` or its inverse, for exponents below `2^24`.
fn root(exponent: u32, inverted: bool) -> u32 {
    let at = select(exponent, (0u - exponent) & 0xffffffu, inverted);
    return mul(roots[at & 0xfffu], roots[0x1000u + (at >> 12u)]);
}

/// The lowest bits in the other order; the others are zero.
fn reverse(x: u32, bits: u32) -> u32 {
    return (reverseBits(x) >> 1u) >> (31u - bits);
}

fn transposed(x: Points) -> Points {
    return Points(
        vec4<u32>(x.a.x, x.b.x, x.c.x, x.d.x), vec4<u32>(x.a.y, x.b.y, x.c.y, x.d.y),
        vec4<u32>(x.a.z, x.b.z, x.c.z, x.d.z), vec4<u32>(x.a.w, x.b.w, x.c.w, x.d.w),
    );
}

/// Differences times factors, of which the first is one. A difference is as good a factor before it is reduced.
fn differences(a: vec4<u32>, b: vec4<u32>, factors: vec3<u32>) -> vec4<u32> {
    let x = a - b + vec4<u32>(P);
    return vec4<u32>(reduce(x.x), mul(x.y, factors.x), mul(x.z, factors.y), mul(x.w, factors.z));
}

/// Stages of a transform of sixteen points, in place. `UNITS` are powers of the generator of order 16.
fn small_transform(points: Points, stages: u32, inverted: bool) -> Points {
    let low = select(UNITS_LOW, INVERSE_UNITS_LOW, inverted);
    let high = select(UNITS_HIGH, INVERSE_UNITS_HIGH, inverted);
    var x = points;
    if (stages & 1u) != 0u {
        let difference = x.b - x.d + vec4<u32>(P);
        x = Points(add4(x.a, x.c), add4(x.b, x.d), differences(x.a, x.c, low.yzw), mul4(difference, high));
    }
    if (stages & 2u) != 0u {
        let factors = vec3<u32>(low.z, high.x, high.z);
        x = Points(
            add4(x.a, x.b), differences(x.a, x.b, factors), add4(x.c, x.d), differences(x.c, x.d, factors),
        );
    }
    x = transposed(x);
    if (stages & 4u) != 0u {
        let difference = x.b - x.d + vec4<u32>(P);
        x = Points(add4(x.a, x.c), add4(x.b, x.d), sub4(x.a, x.c), mul4(difference, vec4<u32>(high.x)));
    }
    if (stages & 8u) != 0u {
        x = Points(add4(x.a, x.b), sub4(x.a, x.b), add4(x.c, x.d), sub4(x.c, x.d));
    }
    return transposed(x);
}

/// `q` and its products.
fn multiples(q: u32, others: vec3<u32>) -> vec4<u32> {
    return vec4<u32>(q, mul(q, others.x), mul(q, others.y), mul(q, others.z));
}

/// Products with powers of a root, after stages from the first on: what is at place `i` is point `k` of the small transform and gets `w^k`, where
/// `k` is the bits of `i` in the other order, those of stages that are not done left out. Other powers are made of the first, for each would be
/// a read from another line of a cache.
fn twist(x: Points, w: u32, stages: u32) -> Points {
    let w2 = select(ONE, mul(w, w), (stages & 2u) != 0u);
    let w4 = select(ONE, mul(w2, w2), (stages & 4u) != 0u);
    let w8 = select(ONE, mul(w4, w4), (stages & 8u) != 0u);
    let high = vec3<u32>(w8, w4, mul(w8, w4));
    return Points(
        vec4<u32>(x.a.x, mul(x.a.y, high.x), mul(x.a.z, high.y), mul(x.a.w, high.z)),
        mul4(x.b, multiples(w2, high)),
        mul4(x.c, multiples(w, high)),
        mul4(x.d, multiples(mul(w, w2), high)),
    );
}

/// Products of the point at place `i` with `first` and with the weight of each bit of `i`, from the lowest.
fn scaled(x: Points, first: u32, weights: vec4<u32>) -> Points {
    let second = mul(first, weights.x);
    let low = vec4<u32>(first, second, mul(first, weights.y), mul(second, weights.y));
    let both = mul(weights.z, weights.w);
    return Points(
        mul4(x.a, low),
        mul4(x.b, mul4(low, vec4<u32>(weights.z))),
        mul4(x.c, mul4(low, vec4<u32>(weights.w))),
        mul4(x.d, mul4(low, vec4<u32>(both))),
    );
}

/// Where the first point of a thread is in a tile.
fn place(thread: u32, low_bit: u32) -> u32 {
    let below = thread & ((1u << low_bit) - 1u);
    return ((thread - below) << 4u) | below;
}

/// The word of the workgroup's memory for a place, so that threads whose points are a power of two apart use different banks. Of places that have
/// no bit in common, it is the exclusive or of both words.
fn bank(at: vec4<u32>) -> vec4<u32> {
    return at ^ ((at >> vec4<u32>(4u)) & vec4<u32>(31u)) ^ (at >> vec4<u32>(9u));
}

fn put4(at: vec4<u32>, x: vec4<u32>) {
    words[at.x] = x.x;
    words[at.y] = x.y;
    words[at.z] = x.z;
    words[at.w] = x.w;
}

/// Steps from one point of a thread to the next three, times four of them.
fn steps(low_bit: u32, fours: u32) -> vec4<u32> {
    return (vec4<u32>(0u, 1u, 2u, 3u) + vec4<u32>(4u * fours)) << vec4<u32>(low_bit);
}

fn put(x: Points, thread: u32, low_bit: u32) {
    let at = bank(vec4<u32>(place(thread, low_bit)));
    put4(at ^ bank(steps(low_bit, 0u)), x.a);
    put4(at ^ bank(steps(low_bit, 1u)), x.b);
    put4(at ^ bank(steps(low_bit, 2u)), x.c);
    put4(at ^ bank(steps(low_bit, 3u)), x.d);
}

fn take4(at: vec4<u32>) -> vec4<u32> {
    return vec4<u32>(words[at.x], words[at.y], words[at.z], words[at.w]);
}

fn take(thread: u32, low_bit: u32) -> Points {
    let at = bank(vec4<u32>(place(thread, low_bit)));
    return Points(
        take4(at ^ bank(steps(low_bit, 0u))), take4(at ^ bank(steps(low_bit, 1u))),
        take4(at ^ bank(steps(low_bit, 2u))), take4(at ^ bank(steps(low_bit, 3u))),
    );
}

/// Some stages of transforms.
struct Shape {
    /// Stages. Fewer than four where that is the height of the matrix; a turn then has rows of several transforms.
    log_points: u32,
    log_lanes: u32,
    log_stride: u32,
    /// Place of the tile's first lane within the stride.
    offset: u32,
}

/// Stages of the first turn: as many as fours do not make, from the first on, for what is left undone is done by the next turns. Fewer than four in
/// all are the last of a turn, whose points are of several transforms.
fn first_stages(shape: Shape) -> u32 {
    if shape.log_points < 4u {
        return (ALL << (4u - shape.log_points)) & ALL;
    }
    return ALL >> ((0u - shape.log_points) & 3u);
}

/// Bits of the row below those of the first turn.
fn first_step(shape: Shape) -> u32 {
    return max(shape.log_points, 4u) - 4u;
}

/// Place of a thread's first point in what is left of its transform where a turn's points are `2^log_step` rows apart.
fn position(shape: Shape, thread: u32, log_step: u32) -> u32 {
    let below = thread & ((1u << (log_step + shape.log_lanes)) - 1u);
    let lane = below & ((1u << shape.log_lanes) - 1u);
    return ((below >> shape.log_lanes) << shape.log_stride) + shape.offset + lane;
}

/// The root of a turn's twist.
fn twisting(shape: Shape, thread: u32, log_step: u32, inverted: bool) -> u32 {
    return root(position(shape, thread, log_step) << (20u - log_step - shape.log_stride), inverted);
}

/// All turns of a tile, but for the twist after the last: from points that are `2^first_step` rows apart to sixteen that lie together. A thread
/// puts points where it took the ones before, so that one barrier between two turns is enough; so may who goes on from here, with no barrier in
/// between. (Lavapipe passes the barriers of a loop's body once more when the loop ends: one that is missing right after it would not show there.)
fn transform(points: Points, shape: Shape, thread: u32, inverted: bool) -> Points {
    var stages = first_stages(shape);
    var x = small_transform(points, stages, inverted);
    var log_step = first_step(shape);
    while log_step > 0u {
        x = twist(x, twisting(shape, thread, log_step, inverted), stages);
        put(x, thread, log_step + shape.log_lanes);
        workgroupBarrier();
        log_step = (log_step - 1u) & 12u;
        stages = ALL;
        x = small_transform(take(thread, log_step + shape.log_lanes), ALL, inverted);
    }
    return x;
}

struct Job {
    log_points: u32,
    log_stride: u32,
    /// Of all columns.
    words: u32,
    /// Factor of every result of the last pass of an inverse.
    scale: u32,
    /// Where the source begins, in words.
    begin: u32,
}

@group(0) @binding(0) var<storage, read_write> values: array<u32>;
/// What passes read that are not in place.
@group(0) @binding(1) var<storage, read> source: array<u32>;
var<immediate> job: Job;

/// A tile of a pass.
struct Tile {
    shape: Shape,
    /// Where its first place is in memory.
    first: u32,
}

fn tile_of(number: u32) -> Tile {
    if APART {
        let log_lanes = LOG_TILE - job.log_points;
        let lane = number << log_lanes;
        let offset = lane & ((1u << job.log_stride) - 1u);
        let shape = Shape(job.log_points, log_lanes, job.log_stride, offset);
        return Tile(shape, ((lane - offset) << job.log_points) + offset);
    }
    return Tile(Shape(job.log_points, 0u, 0u, 0u), number << LOG_TILE);
}

/// Where a thread's first point of a turn is in memory. The others follow at steps of `2^(log_step + log_stride)`.
fn home(tile: Tile, thread: u32, log_step: u32) -> u32 {
    let at = place(thread, log_step + tile.shape.log_lanes);
    let lane = at & ((1u << tile.shape.log_lanes) - 1u);
    return tile.first + ((at >> tile.shape.log_lanes) << tile.shape.log_stride) + lane;
}

fn value(at: u32) -> u32 {
    if at < job.words {
        return values[at];
    }
    return 0u;
}

fn values4(at: vec4<u32>) -> vec4<u32> {
    return vec4<u32>(value(at.x), value(at.y), value(at.z), value(at.w));
}

fn value_points(first: u32, log_step: u32) -> Points {
    let at = vec4<u32>(first);
    return Points(
        values4(at + steps(log_step, 0u)), values4(at + steps(log_step, 1u)),
        values4(at + steps(log_step, 2u)), values4(at + steps(log_step, 3u)),
    );
}

/// Some words of the source.
struct Part {
    begin: u32,
    words: u32,
}

fn given(part: Part, at: u32) -> u32 {
    if at < part.words {
        return source[part.begin + at];
    }
    return 0u;
}

fn given4(part: Part, at: vec4<u32>) -> vec4<u32> {
    return vec4<u32>(given(part, at.x), given(part, at.y), given(part, at.z), given(part, at.w));
}

fn given_points(part: Part, first: u32, log_step: u32) -> Points {
    let at = vec4<u32>(first);
    return Points(
        given4(part, at + steps(log_step, 0u)), given4(part, at + steps(log_step, 1u)),
        given4(part, at + steps(log_step, 2u)), given4(part, at + steps(log_step, 3u)),
    );
}

fn write(at: u32, x: u32) {
    if at < job.words {
        values[at] = x;
    }
}

fn write4(at: vec4<u32>, x: vec4<u32>) {
    write(at.x, x.x);
    write(at.y, x.y);
    write(at.z, x.z);
    write(at.w, x.w);
}

fn write_points(first: u32, log_step: u32, x: Points) {
    let at = vec4<u32>(first);
    write4(at + steps(log_step, 0u), x.a);
    write4(at + steps(log_step, 1u), x.b);
    write4(at + steps(log_step, 2u), x.c);
    write4(at + steps(log_step, 3u), x.d);
}

/// All turns of a pass whose points lie apart, from what it reads to what it writes.
fn pass_apart(points: Points, tile: Tile, thread: u32) {
    let x = transform(points, tile.shape, thread, INVERSE);
    let twisted = twist(x, twisting(tile.shape, thread, 0u, INVERSE), ALL);
    write_points(home(tile, thread, 0u), tile.shape.log_stride, twisted);
}

/// The same of a last pass. Neighbouring threads write side by side.
fn pass_last(points: Points, tile: Tile, thread: u32) {
    put(transform(points, tile.shape, thread, INVERSE), thread, 0u);
    workgroupBarrier();
    var x = take(thread, 8u);
    if INVERSE {
        let scale = vec4<u32>(job.scale);
        x = Points(mul4(x.a, scale), mul4(x.b, scale), mul4(x.c, scale), mul4(x.d, scale));
    }
    write_points(tile.first + thread, 8u, x);
}

/// Some stages of all transforms, in place: where points lie apart others follow, else they are the last.
@compute @workgroup_size(THREADS)
fn ntt_pass(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let tile = tile_of(group.y * groups.x + group.x);
    let log_step = first_step(tile.shape);
    let points = value_points(home(tile, thread, log_step), log_step + tile.shape.log_stride);
    if APART {
        pass_apart(points, tile, thread);
    } else {
        pass_last(points, tile, thread);
    }
}

/// The first stages of all transforms, of what stays as it is.
@compute @workgroup_size(THREADS)
fn ntt_begin(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let tile = tile_of(group.y * groups.x + group.x);
    let log_step = first_step(tile.shape);
    let part = Part(job.begin, job.words);
    let points = given_points(part, home(tile, thread, log_step), log_step + tile.shape.log_stride);
    pass_apart(points, tile, thread);
}

struct Extend {
    /// Of the values, and how much higher their extension is.
    log_height: u32,
    added_bits: u32,
    /// Of the values.
    words: u32,
    /// The first column to read.
    from_column: u32,
    /// Of the bits of a point's number in a thread: the factors of coefficients by the shift, and those from a coset to the next.
    shift: array<u32, 4>,
    step: array<u32, 4>,
}

/// Stages of the inverse and of the forward transform that an extension does at once where points lie apart, and its lanes.
const JOINT: u32 = 8u;

/// Powers of the shift in two tables like `roots`, the first with the inverse of the height as a factor.
@group(0) @binding(2) var<storage, read> shifts: array<u32>;
var<immediate> extend: Extend;

/// Where a value is that is read, by its place among those of all lanes: where points lie apart, the coefficients that the first forward stages of
/// a lane need are one block of the source.
fn given_home(at: u32) -> u32 {
    if APART {
        let log_stride = extend.log_height - JOINT;
        let lane = at >> JOINT;
        let block = reverse(lane, log_stride);
        return ((((lane >> log_stride) << log_stride) + block) << JOINT) + (at & ((1u << JOINT) - 1u));
    }
    return at;
}

/// From the place of a coefficient to where the inverse stages left it, with lanes in the high bits. As with `bank`, bits go their own ways.
fn left(shape: Shape, at: vec4<u32>) -> vec4<u32> {
    let row = (reverseBits(at >> vec4<u32>(shape.log_lanes)) >> vec4<u32>(1u)) >> vec4<u32>(31u - shape.log_points);
    var lane = at >> vec4<u32>(shape.log_points);
    if APART {
        lane = at & vec4<u32>((1u << shape.log_lanes) - 1u);
    }
    return (lane << vec4<u32>(shape.log_points)) | row;
}

fn take_left(shape: Shape, thread: u32, low_bit: u32) -> Points {
    let at = bank(left(shape, vec4<u32>(place(thread, low_bit))));
    return Points(
        take4(at ^ bank(left(shape, steps(low_bit, 0u)))), take4(at ^ bank(left(shape, steps(low_bit, 1u)))),
        take4(at ^ bank(left(shape, steps(low_bit, 2u)))), take4(at ^ bank(left(shape, steps(low_bit, 3u)))),
    );
}

/// Writes a word of a coset by its place among those of all columns.
fn write_extended(coset: u32, at: u32, x: u32) {
    if at < extend.words {
        let row = at & ((1u << extend.log_height) - 1u);
        let column = at >> extend.log_height;
        values[(((column << extend.added_bits) + coset) << extend.log_height) + row] = x;
    }
}

fn write_extended4(coset: u32, at: vec4<u32>, x: vec4<u32>) {
    write_extended(coset, at.x, x.x);
    write_extended(coset, at.y, x.y);
    write_extended(coset, at.z, x.z);
    write_extended(coset, at.w, x.w);
}

fn write_coset(coset: u32, first: u32, log_step: u32, x: Points) {
    let at = vec4<u32>(first);
    write_extended4(coset, at + steps(log_step, 0u), x.a);
    write_extended4(coset, at + steps(log_step, 1u), x.b);
    write_extended4(coset, at + steps(log_step, 2u), x.c);
    write_extended4(coset, at + steps(log_step, 3u), x.d);
}

/// The last stages of inverse transforms, the scaling, and the first stages of forward transforms: one for each of `2^added_bits` cosets,
/// which lie one after another in a column because its rows are bit-reversed. Coefficients stay in registers while cosets are made of them.
@compute @workgroup_size(THREADS)
fn ntt_extend(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let number = group.y * groups.x + group.x;
    let first = number << LOG_TILE;
    // Values are read by blocks, with lanes in the high bits of a place; coefficients have theirs in the low ones.
    var blocks = Shape(extend.log_height, 0u, 0u, 0u);
    var tile = Tile(blocks, first);
    if APART {
        let lane = number << (LOG_TILE - JOINT);
        let log_stride = extend.log_height - JOINT;
        let offset = lane & ((1u << log_stride) - 1u);
        blocks.log_points = JOINT;
        tile = Tile(Shape(JOINT, LOG_TILE - JOINT, log_stride, offset), ((lane - offset) << JOINT) + offset);
    }
    let shape = tile.shape;
    let log_step = first_step(shape);
    let part = Part(extend.from_column << extend.log_height, extend.words);
    let read = given_points(part, given_home(first + place(thread, log_step)), log_step);
    put(transform(read, blocks, thread, true), thread, 0u);
    workgroupBarrier();
    let power = position(shape, thread, log_step);
    let shift = mul(shifts[power & 0xfffu], shifts[0x1000u + (power >> 12u)]);
    let weights = vec4<u32>(extend.shift[0], extend.shift[1], extend.shift[2], extend.shift[3]);
    var coefficients = scaled(take_left(shape, thread, log_step + shape.log_lanes), shift, weights);
    for (var i = 0u; i < (1u << extend.added_bits); i++) {
        if i > 0u {
            let least = root(power << (24u - extend.log_height - extend.added_bits), false);
            let weights = vec4<u32>(extend.step[0], extend.step[1], extend.step[2], extend.step[3]);
            coefficients = scaled(coefficients, least, weights);
        }
        let coset = reverse(i, extend.added_bits);
        // All have taken the coefficients, or the coset before.
        workgroupBarrier();
        var x = transform(coefficients, shape, thread, false);
        if APART {
            x = twist(x, twisting(shape, thread, 0u, false), ALL);
            write_coset(coset, home(tile, thread, 0u), shape.log_stride, x);
        } else {
            put(x, thread, 0u);
            workgroupBarrier();
            write_coset(coset, first + thread, 8u, take(thread, 8u));
        }
    }
}
