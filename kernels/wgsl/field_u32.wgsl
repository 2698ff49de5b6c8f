// Products of 32-bit words where the adapter has no 64-bit integers.

/// The high word of a product, by 16-bit halves. No sum overflows: `(2^16 - 1)^2 + 2^16 - 1 < 2^32`.
fn mul_high(a: u32, b: u32) -> u32 {
    let low = (a & 0xffffu) * (b & 0xffffu);
    let middle = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
    let other = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
    return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (other >> 16u);
}
