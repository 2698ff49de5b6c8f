//! Units of amounts and fees: the decimal zeros at their end are not written.

/// Exponents of the units of an amount, by the head's bits.
pub const AMOUNT: [u32; 4] = [0, 4, 8, 12];

/// Exponents of the units of a fee, by the head's bits less one.
pub const FEE: [u32; 3] = [0, 6, 12];

/// The position of the largest unit that divides `value`, and how many of it there are. Of 0 it is the first.
pub fn split(value: u128, exponents: &[u32]) -> (u8, u128) {
    let fits = |exponent: &u32| value != 0 && value.is_multiple_of(10_u128.pow(*exponent));
    let position = exponents.iter().rposition(fits).unwrap_or(0);
    (position as u8, value / 10_u128.pow(exponents[position]))
}

/// As many of a unit; `None` from `2^128` on.
pub fn join(position: u8, mantissa: u128, exponents: &[u32]) -> Option<u128> {
    let exponent = exponents.get(usize::from(position))?;
    mantissa.checked_mul(10_u128.pow(*exponent))
}
