// Products of 32-bit words where the adapter has 64-bit integers.

/// The high word of a product.
fn mul_high(a: u32, b: u32) -> u32 {
    return u32((u64(a) * u64(b)) >> 32u);
}
