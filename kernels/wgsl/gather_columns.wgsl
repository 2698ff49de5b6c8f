// Columns of a matrix's part to the slots of some rows of a program's domain (kernels/src/rows). A thread takes a row's elements.

struct Columns {
    /// Rows that are gathered, and the number of the first.
    rows: u32,
    first_row: u32,
    /// Which of the list are of this part, and the column with which it and its buffer begin.
    first_entry: u32,
    entries: u32,
    first_column: u32,
    /// Base-2 logarithm of the columns' height.
    log_rows: u32,
    /// Of the domain.
    log_height: u32,
    log_step: u32,
    is_reversed: u32,
}

/// The flag of a column at the row's successor.
const NEXT: u32 = 0x80000000u;

@group(0) @binding(0) var<storage, read> columns: array<u32>;
/// A column, with a flag, and its slot.
@group(0) @binding(1) var<storage, read> list: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read_write> slots: array<u32>;
var<immediate> job: Columns;

/// The lowest bits in the other order.
fn reversed(x: u32, bits: u32) -> u32 {
    return (reverseBits(x) >> 1u) >> (31u - bits);
}

/// Where the row after this one lies.
fn next_of(row: u32) -> u32 {
    let mask = (1u << job.log_height) - 1u;
    if job.is_reversed == 0u {
        return (row + 1u) & mask;
    }
    return reversed((reversed(row, job.log_height) + (1u << job.log_step)) & mask, job.log_height);
}

/// Where the matrix has a row of the domain.
fn place(row: u32) -> u32 {
    if job.log_rows >= job.log_height {
        return row;
    }
    if job.is_reversed == 0u {
        return row & ((1u << job.log_rows) - 1u);
    }
    return row >> (job.log_height - job.log_rows);
}

@compute @workgroup_size(64)
fn gather_columns(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let i = (group.y * groups.x + group.x) * 64u + lane;
    if i >= job.rows {
        return;
    }
    let row = job.first_row + i;
    let here = place(row);
    let next = place(next_of(row));
    for (var entry = job.first_entry; entry < job.first_entry + job.entries; entry++) {
        let wanted = list[entry];
        let column = (wanted.x & ~NEXT) - job.first_column;
        let at = select(here, next, (wanted.x & NEXT) != 0u);
        slots[wanted.y * job.rows + i] = columns[(column << job.log_rows) + at];
    }
}
