// Rows of matrices and siblings of nodes, as openings want them: a record for each index, by words. One thread a word.

struct Gather {
    count: u32,
    /// Words that are taken for each index.
    words: u32,
    /// Distance in the source between rows, and between the words of one.
    row_stride: u32,
    word_stride: u32,
    /// The row of an index: shifted right, then the lowest bit changed or not.
    shift: u32,
    flip: u32,
    /// Rows that are in the source.
    first_row: u32,
    rows: u32,
    /// Words of a record, and where these words begin in it.
    record: u32,
    offset: u32,
}

@group(0) @binding(0) var<storage, read> words: array<u32>;
@group(0) @binding(1) var<storage, read> indices: array<u32>;
@group(0) @binding(2) var<storage, read_write> records: array<u32>;
var<immediate> gather: Gather;

@compute @workgroup_size(64)
fn gather_words(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let at = (group.y * groups.x + group.x) * 64u + lane;
    if at >= gather.count * gather.words {
        return;
    }
    let index = at / gather.words;
    let word = at % gather.words;
    // Rows before the first one are large numbers.
    let row = ((indices[index] >> gather.shift) ^ gather.flip) - gather.first_row;
    if row < gather.rows {
        records[index * gather.record + gather.offset + word] =
            words[row * gather.row_stride + word * gather.word_stride];
    }
}
