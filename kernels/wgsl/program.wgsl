// What the text of a program over rows calls (kernels/src/rows/text.rs). A thread does a row, whose columns lie in slots[slot][row] already; its kernel comes after this.

struct Job {
    rows: u32,
    /// Whether outputs are added to what is there.
    adds: u32,
}

@group(0) @binding(0) var<storage, read> values: array<u32>;
@group(0) @binding(1) var<storage, read_write> slots: array<u32>;
var<immediate> job: Job;

/// The thread's.
var<private> own_row: u32;

fn slot(number: u32) -> u32 {
    return slots[number * job.rows + own_row];
}

fn five_slots(number: u32) -> Extension {
    return Extension(array<u32, 5>(slot(number), slot(number + 1u), slot(number + 2u), slot(number + 3u), slot(number + 4u)));
}

fn literal(word: u32) -> u32 {
    return word;
}

fn five_literal(a: u32, b: u32, c: u32, d: u32, e: u32) -> Extension {
    return Extension(array<u32, 5>(a, b, c, d, e));
}

fn value(at: u32) -> u32 {
    return values[at];
}

fn five_value(at: u32) -> Extension {
    return Extension(array<u32, 5>(values[at], values[at + 1u], values[at + 2u], values[at + 3u], values[at + 4u]));
}

fn begin_wide(x: u32) -> u32 {
    return x;
}

fn plus_wide(sum: u32, a: u32, by: u32) -> u32 {
    return add(sum, mul(a, by));
}

fn reduced_wide(sum: u32) -> u32 {
    return sum;
}

fn begin(x: Extension) -> Extension {
    return x;
}

fn plus(sum: Extension, a: u32) -> Extension {
    return Extension(array<u32, 5>(add(sum.c[0], a), sum.c[1], sum.c[2], sum.c[3], sum.c[4]));
}

fn plus_base(sum: Extension, a: u32, by: u32) -> Extension {
    return plus(sum, mul(a, by));
}

fn plus_five(sum: Extension, a: u32, by: Extension) -> Extension {
    return extension_add(sum, extension_scaled(by, a));
}

fn plus_5(sum: Extension, x: Extension) -> Extension {
    return extension_add(sum, x);
}

fn plus_5_base(sum: Extension, x: Extension, by: u32) -> Extension {
    return extension_add(sum, extension_scaled(x, by));
}

fn plus_5_five(sum: Extension, x: Extension, by: Extension) -> Extension {
    return extension_add(sum, extension_mul(x, by));
}

fn finish(sum: Extension) -> Extension {
    return sum;
}

fn product(a: Extension, b: Extension) -> Extension {
    return extension_mul(a, b);
}

fn scaled(a: Extension, b: u32) -> Extension {
    return extension_scaled(a, b);
}

fn store(output: u32, x: Extension) {
    var result = x;
    let first = OUTPUTS + 5u * output;
    if job.adds == 1u {
        result = extension_add(five_slots(first), x);
    }
    for (var i = 0u; i < 5u; i++) {
        slots[(first + i) * job.rows + own_row] = result.c[i];
    }
}
