//! Integers of variable length: seven bits a byte, the lowest first; every byte but the last has its top bit set.

use super::error::{Field, Problem};

/// Bytes of the longest, `2^128 - 1`.
pub const MAX_BYTES: usize = 19;

/// Appends the shortest form of `x`.
pub fn write(mut x: u128, out: &mut Vec<u8>) {
    while x >= 0x80 {
        out.push(x as u8 | 0x80);
        x >>= 7;
    }
    out.push(x as u8);
}

/// Reads one from the front of `bytes`: the value, and how many bytes it took.
///
/// # Errors
/// Where the bytes end, where a shorter form exists, and where the value exceeds `max`.
pub fn read(bytes: &[u8], max: u128, field: Field) -> Result<(u128, usize), Problem> {
    let mut x = 0_u128;
    for (i, byte) in bytes.iter().take(MAX_BYTES).enumerate() {
        let low = u128::from(byte & 0x7f);
        x |= low << (7 * i);
        if (x >> (7 * i)) != low {
            return Err(Problem::TooLarge { field, max });
        }
        if byte & 0x80 == 0 {
            return finish(x, i + 1, *byte, max, field);
        }
    }
    match bytes.len() < MAX_BYTES {
        true => Err(Problem::Ends { field }),
        false => Err(Problem::TooLarge { field, max }),
    }
}

fn finish(x: u128, used: usize, last: u8, max: u128, field: Field) -> Result<(u128, usize), Problem> {
    match (used > 1 && last == 0, x > max) {
        (true, _) => Err(Problem::Overlong { field }),
        (_, true) => Err(Problem::TooLarge { field, max }),
        _ => Ok((x, used)),
    }
}
