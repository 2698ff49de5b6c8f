// The quintic extension `F[X] / (X^5 + X^2 - 1)`. Coefficients ascend.

struct Extension {
    c: array<u32, 5>,
}

fn extension_add(a: Extension, b: Extension) -> Extension {
    return Extension(array<u32, 5>(
        add(a.c[0], b.c[0]), add(a.c[1], b.c[1]), add(a.c[2], b.c[2]), add(a.c[3], b.c[3]), add(a.c[4], b.c[4]),
    ));
}

fn extension_sub(a: Extension, b: Extension) -> Extension {
    return Extension(array<u32, 5>(
        sub(a.c[0], b.c[0]), sub(a.c[1], b.c[1]), sub(a.c[2], b.c[2]), sub(a.c[3], b.c[3]), sub(a.c[4], b.c[4]),
    ));
}

/// The product of two polynomials, then `X^5 = 1 - X^2` from the top down: `X^k = X^(k-5) - X^(k-3)`.
fn extension_mul(a: Extension, b: Extension) -> Extension {
    var left = a.c;
    var right = b.c;
    var product = array<u32, 9>();
    for (var i = 0u; i < 5u; i++) {
        for (var j = 0u; j < 5u; j++) {
            product[i + j] = add(product[i + j], mul(left[i], right[j]));
        }
    }
    for (var k = 8u; k > 4u; k--) {
        product[k - 5u] = add(product[k - 5u], product[k]);
        product[k - 3u] = sub(product[k - 3u], product[k]);
    }
    return Extension(array<u32, 5>(product[0], product[1], product[2], product[3], product[4]));
}
