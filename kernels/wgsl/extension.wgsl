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

fn extension_scaled(a: Extension, b: u32) -> Extension {
    return Extension(array<u32, 5>(mul(a.c[0], b), mul(a.c[1], b), mul(a.c[2], b), mul(a.c[3], b), mul(a.c[4], b)));
}

/// A power of the Frobenius, which is linear: from the images of `X` to `X^4`.
fn extension_image(a: Extension, of_1: array<u32, 5>, of_2: array<u32, 5>, of_3: array<u32, 5>, of_4: array<u32, 5>) -> Extension {
    var image = extension_add(extension_scaled(Extension(of_1), a.c[1]), extension_scaled(Extension(of_2), a.c[2]));
    image = extension_add(image, extension_scaled(Extension(of_3), a.c[3]));
    image = extension_add(image, extension_scaled(Extension(of_4), a.c[4]));
    image.c[0] = add(image.c[0], a.c[0]);
    return image;
}

/// `a^P`, by constants that the launching code writes, as the next.
fn extension_frobenius(a: Extension) -> Extension {
    return extension_image(a, FROBENIUS_1_OF_1, FROBENIUS_1_OF_2, FROBENIUS_1_OF_3, FROBENIUS_1_OF_4);
}

/// `a^(P^2)`.
fn extension_frobenius_twice(a: Extension) -> Extension {
    return extension_image(a, FROBENIUS_2_OF_1, FROBENIUS_2_OF_2, FROBENIUS_2_OF_3, FROBENIUS_2_OF_4);
}

/// The inverse, and zero of zero (Itoh and Tsujii): with `a^(P + P^2 + P^3 + P^4)` the product is the norm, which the field has.
fn extension_inverse(a: Extension) -> Extension {
    let first = extension_frobenius(a);
    let two = extension_mul(first, extension_frobenius(first));
    let others = extension_mul(two, extension_frobenius_twice(two));
    let norm = extension_mul(a, others).c[0];
    return extension_scaled(others, inverse(norm));
}
