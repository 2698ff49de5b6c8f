// Programs over rows (kernels/src/rows), interpreted: a thread does a row. What instructions do is written in kernels/src/rows/encoding.rs; columns lie
// in slots already, and an inversion is a kernel of its own, so that its registers are not everyone's.
//
// All threads are at the same instruction. Their slots lie side by side in slots[slot][row].

const COPY: u32 = 0u;
const ADD: u32 = 1u;
const SUB: u32 = 2u;
const MUL: u32 = 3u;

const OPERATION: u32 = 7u;
const FIVE: u32 = 16u;
const B_FIVE: u32 = 32u;
const A_UNIFORM: u32 = 64u;
const B_UNIFORM: u32 = 128u;
const ADDED: u32 = 256u;
const OUTPUT: u32 = 512u;

struct Job {
    rows: u32,
    first_instruction: u32,
    instructions: u32,
    /// The slot of the first output.
    outputs: u32,
    /// Whether outputs are added to what is there.
    adds: u32,
}

/// The operation with its flags, the slot that is written, two operands.
@group(0) @binding(0) var<storage, read> code: array<vec4<u32>>;
/// Five words a value.
@group(0) @binding(1) var<storage, read> uniforms: array<u32>;
@group(0) @binding(2) var<storage, read_write> slots: array<u32>;
var<immediate> job: Job;

fn element(at: u32, is_uniform: bool, row: u32) -> u32 {
    if is_uniform {
        return uniforms[5u * at];
    }
    return slots[at * job.rows + row];
}

fn five(number: u32, is_uniform: bool, row: u32) -> Extension {
    if is_uniform {
        let at = 5u * number;
        return Extension(array<u32, 5>(uniforms[at], uniforms[at + 1u], uniforms[at + 2u], uniforms[at + 3u], uniforms[at + 4u]));
    }
    let at = number * job.rows + row;
    let step = job.rows;
    return Extension(array<u32, 5>(slots[at], slots[at + step], slots[at + 2u * step], slots[at + 3u * step], slots[at + 4u * step]));
}

fn set_five(slot: u32, row: u32, value: Extension) {
    let at = slot * job.rows + row;
    slots[at] = value.c[0];
    slots[at + job.rows] = value.c[1];
    slots[at + 2u * job.rows] = value.c[2];
    slots[at + 3u * job.rows] = value.c[3];
    slots[at + 4u * job.rows] = value.c[4];
}

fn do_element(what: vec4<u32>, row: u32) {
    var value = element(what.z, (what.x & A_UNIFORM) != 0u, row);
    let operation = what.x & OPERATION;
    if operation != COPY {
        let b = element(what.w, (what.x & B_UNIFORM) != 0u, row);
        switch operation {
            case ADD: { value = add(value, b); }
            case SUB: { value = sub(value, b); }
            default: { value = mul(value, b); }
        }
    }
    let at = what.y * job.rows + row;
    if (what.x & ADDED) != 0u {
        value = add(slots[at], value);
    }
    slots[at] = value;
}

fn do_five(what: vec4<u32>, row: u32) {
    var value = five(what.z, (what.x & A_UNIFORM) != 0u, row);
    if (what.x & OPERATION) == MUL {
        let is_uniform = (what.x & B_UNIFORM) != 0u;
        if (what.x & B_FIVE) != 0u {
            value = extension_mul(value, five(what.w, is_uniform, row));
        } else {
            value = extension_scaled(value, element(what.w, is_uniform, row));
        }
    }
    var to = what.y;
    var added = (what.x & ADDED) != 0u;
    if (what.x & OUTPUT) != 0u {
        to = job.outputs + 5u * to;
        added = job.adds == 1u;
    }
    if added {
        value = extension_add(five(to, false, row), value);
    }
    set_five(to, row, value);
}

@compute @workgroup_size(64)
fn interpret_rows(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let row = (group.y * groups.x + group.x) * 64u + lane;
    if row >= job.rows {
        return;
    }
    for (var i = job.first_instruction; i < job.first_instruction + job.instructions; i++) {
        let what = code[i];
        if (what.x & FIVE) == 0u {
            do_element(what, row);
        } else {
            do_five(what, row);
        }
    }
}

/// One instruction.
@compute @workgroup_size(64)
fn invert_rows(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let row = (group.y * groups.x + group.x) * 64u + lane;
    if row >= job.rows {
        return;
    }
    let what = code[job.first_instruction];
    set_five(what.y, row, extension_inverse(five(what.z, false, row)));
}
