// Every operation of the field and of its extension on pairs of operands, for tests. Six results of five words for each pair.

@group(0) @binding(0) var<storage, read> operands: array<Extension>;
@group(0) @binding(1) var<storage, read_write> results: array<Extension>;
var<immediate> pairs: u32;

@compute @workgroup_size(64)
fn field_test(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let pair = (group.y * groups.x + group.x) * 64u + lane;
    if pair >= pairs {
        return;
    }
    let a = operands[2u * pair];
    let b = operands[2u * pair + 1u];
    results[6u * pair] = extension_add(a, b);
    results[6u * pair + 1u] = extension_sub(a, b);
    results[6u * pair + 2u] = extension_mul(a, b);
    results[6u * pair + 3u] = Extension(array<u32, 5>(
        add(a.c[0], b.c[0]), sub(a.c[0], b.c[0]), mul(a.c[0], b.c[0]), neg(a.c[0]), inverse(a.c[0]),
    ));
    // Sums and differences that are not reduced, as factors; then vectors.
    let x = vec4<u32>(a.c[0]);
    let y = vec4<u32>(b.c[0]);
    results[6u * pair + 4u] = Extension(array<u32, 5>(
        mul(a.c[0] + b.c[0], b.c[0]), mul(a.c[0] - b.c[0] + P, b.c[0]), add4(x, y).x, sub4(x, y).y, mul4(x + y, y).z,
    ));
    results[6u * pair + 5u] = extension_inverse(a);
}
