//! Random data, made by all threads and told by a seed.

use aludel_protocol::F;
use aludel_protocol::field::MODULUS;
use p3_matrix::dense::RowMajorMatrix;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Words that one stream of random numbers gives.
const CHUNK: usize = 1 << 16;

fn fill<T: Send>(values: &mut [T], seed: u64, draw: impl Fn(&mut ChaCha8Rng) -> T + Sync) {
    values.par_chunks_mut(CHUNK).enumerate().for_each(|(stream, chunk)| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream as u64);
        chunk.iter_mut().for_each(|value| *value = draw(&mut rng));
    });
}

/// A matrix of field elements, `[height][width]`.
pub fn matrix(height: usize, width: usize, seed: u64) -> RowMajorMatrix<F> {
    let mut values = vec![F::default(); height * width];
    // One in 128 draws is above the modulus, and wraps: near enough for a bench.
    fill(&mut values, seed, |rng| F::new(rng.random::<u32>() >> 1));
    RowMajorMatrix::new(values, width)
}

/// Words of any value below a limit.
pub fn words(count: usize, below: u32, seed: u64) -> Vec<u32> {
    let mut values = vec![0; count];
    fill(&mut values, seed, |rng| rng.random_range(0..below));
    values
}

/// Words that are field elements as devices store them.
pub fn elements(count: usize, seed: u64) -> Vec<u32> {
    words(count, MODULUS, seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_says_all_and_another_says_other() {
        let of = |seed| matrix(1 << 10, 100, seed);
        assert!(of(1) == of(1));
        let differ = of(1).values.iter().zip(of(2).values).filter(|(a, b)| **a != *b).count();
        assert!(differ > 102_000, "{differ}");
        let some = words(1 << 17, 7, 3);
        assert!((0..7).all(|x| some.contains(&x)) && some.iter().all(|x| *x < 7));
        // Streams of one seed differ.
        assert_ne!(some[..1 << 16], some[1 << 16..]);
    }
}
