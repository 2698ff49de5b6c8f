//! How much memory decoding takes.

use peak_alloc::PeakAlloc;

/// Counts what the whole process holds: threads of a decoder count, and so would other targets that run at the
/// same time ([`crate::driver::run`] admits one).
#[global_allocator]
static COUNTER: PeakAlloc = PeakAlloc;

/// Bytes that decoding may take whatever the input: error texts, tables made once.
const SLACK: usize = 32 << 10;

/// Bytes that most decoders may take for one byte of input. A vector that grows holds its old and its new half, twice
/// as large, at once; an item is larger in memory than in the file.
pub const FACTOR: usize = 8;

/// Runs a decoder of `data` and checks that it never held more than `factor` times the bytes of its input.
///
/// # Panics
/// Where it did.
pub fn bounded<T>(data: &[u8], factor: usize, decode: impl FnOnce() -> T) -> T {
    COUNTER.reset_peak_usage();
    let before = COUNTER.current_usage();
    let value = decode();
    let found = COUNTER.peak_usage().saturating_sub(before);
    let limit = data.len().saturating_mul(factor).saturating_add(SLACK);
    assert!(found <= limit, "decoding {} bytes took {found} bytes of memory, more than {limit}", data.len());
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_in_passing_counts() {
        let take = |bytes: usize| bounded(&[0; 100], 1, || drop(vec![1u8; bytes]));
        take(SLACK);
        let refused = std::panic::catch_unwind(|| take(SLACK + (1 << 16)));
        assert!(refused.is_err());
    }
}
