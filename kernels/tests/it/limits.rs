//! Chains of arithmetic and copies, on every device, against what `Operation` says in words of the host.

use aludel_kernels::limits::{Operation, WORDS};
use aludel_kernels::{Error, Limits};
use aludel_protocol::field::MODULUS;
use aludel_protocol::{Challenge, F, fe};
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, PrimeField32};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use aludel_kernels::cpu::Cpu;
use aludel_kernels::cuda::Cuda;
use aludel_kernels::wgpu::{Options, Wgpu};

use crate::{cuda, wgpu};

/// Numbers of threads: fewer than a vector has, and not a multiple of a block.
const THREADS: [usize; 3] = [1, 5, 300];

/// The integer that is stored so in Montgomery's form, and back.
fn element(word: u32) -> F {
    fe(word) * F::from_u64(1 << 32).inverse()
}

fn word(element: F) -> u32 {
    (element * F::from_u64(1 << 32)).as_canonical_u32()
}

/// One step of a chain, by the definition.
fn step(operation: Operation, s: &mut [u32], factor: u32) {
    let product = |a: u32| u128::from(a) * u128::from(factor);
    match operation {
        Operation::Low => s[0] = (product(s[0]) as u32).wrapping_add(s[1]),
        Operation::High => s[0] = ((product(s[0]) >> 32) as u32).wrapping_add(s[1]),
        Operation::Wide => {
            let sum = product(s[1]) + (u128::from(s[1]) << 32) + u128::from(s[0]);
            (s[0], s[1]) = (sum as u32, (sum >> 32) as u32);
        }
        Operation::Double => {
            let state = f64::from_bits(u64::from(s[0]) | u64::from(s[1]) << 32);
            let bits = state.mul_add(-(1.0 - 0.5f64.powi(20)), f64::from(factor) * 0.5f64.powi(32)).to_bits();
            (s[0], s[1]) = (bits as u32, (bits >> 32) as u32);
        }
        Operation::Base => s[0] = word(element(s[0]) * element(s[0]) + element(s[1])),
        Operation::Quintic => {
            let of = |s: &[u32]| Challenge::from_basis_coefficients_fn(|i| element(s[i]));
            let product = of(&s[..5]) * of(&s[5..]);
            s.copy_within(5.., 0);
            let words = product.as_basis_coefficients_slice().iter().map(|x| word(*x));
            s[5..].iter_mut().zip(words).for_each(|(s, word)| *s = word);
        }
    }
}

fn expected(operation: Operation, words: &[u32], factor: u32, rounds: u32) -> Vec<u32> {
    let threads = words.len() / WORDS;
    let mut after = words.to_vec();
    for thread in 0..threads {
        let mut state: Vec<u32> = (0..WORDS).map(|i| words[i * threads + thread]).collect();
        let chains = operation.chains() * operation.state_words();
        for chain in state[..chains].chunks_mut(operation.state_words()) {
            (0..rounds as usize * operation.steps()).for_each(|_| step(operation, chain, factor));
        }
        (0..WORDS).for_each(|i| after[i * threads + thread] = state[i]);
    }
    after
}

/// Random states: field elements, numbers in `[1, 2)`, or any words.
fn states(operation: Operation, threads: usize, rng: &mut ChaCha12Rng) -> Vec<u32> {
    let mut word = |i: usize| match operation {
        Operation::Base | Operation::Quintic => rng.random_range(0..MODULUS),
        Operation::Double if (i / threads) % 2 == 1 => 0x3ff0_0000 | rng.random_range(0..1 << 20),
        _ => rng.random(),
    };
    (0..threads * WORDS).map(&mut word).collect()
}

fn chains<D: Limits>(device: &D, operations: &[Operation]) {
    for (seed, operation) in (1..).zip(operations) {
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        for threads in THREADS {
            let before = states(*operation, threads, &mut rng);
            let factor = rng.random::<u32>() | 1 << 31;
            let mut words = device.words(before.len()).expect("it fits");
            device.send(&before, &mut words).expect("it fits");
            device.multiply(*operation, factor, 2, &mut words).expect("it can");
            let mut found = vec![0; before.len()];
            device.fetch(&words, &mut found).expect("it comes back");
            assert_ne!(found, before);
            let expected = expected(*operation, &before, factor, 2);
            assert!(found == expected, "{}: {operation:?}, {threads} threads, seed {seed}", device.id());
        }
    }
}

fn copies<D: Limits>(device: &D) {
    let mut rng = ChaCha12Rng::seed_from_u64(7);
    for count in [4, 1020, 1 << 15] {
        let (from, mut found): (Vec<u32>, _) = ((0..count).map(|_| rng.random()).collect(), vec![0; count]);
        let [mut one, mut two] = [(); 2].map(|()| device.words(count).expect("it fits"));
        device.send(&from, &mut one).expect("it fits");
        device.copy(&one, &mut two).expect("as long");
        device.fetch(&two, &mut found).expect("it comes back");
        assert!(found == from, "{}: {count} words", device.id());
    }
}

fn refusals<D: Limits>(device: &D) {
    let refused = |found: Result<(), Error>| assert!(matches!(found, Err(Error::Unsupported { .. })));
    refused(device.words(3).map(|_| ()));
    let (mut four, eight) = (device.words(4).expect("it fits"), device.words(8).expect("it fits"));
    refused(device.copy(&eight, &mut four));
    refused(device.send(&[1; 5], &mut four));
    refused(device.fetch(&eight, &mut [0; 4]));
    refused(device.multiply(Operation::Low, 1, 1, &mut four));
}

fn all<D: Limits>(device: &D, operations: &[Operation]) {
    chains(device, operations);
    copies(device);
    refusals(device);
    assert_eq!(device.usage().used, 0);
}

#[test]
fn the_processor() {
    all(&Cpu::new(1 << 24), &Operation::ALL);
}

#[test]
fn cuda_on_the_stand_in() {
    let Some((_, _turn)) = cuda::stand_in() else { return };
    all(&Cuda::open(0, 1 << 24).expect("a device of the stand-in"), &Operation::ALL);
}

#[test]
fn wgpu_with_either_words_and_in_small_bindings() {
    let without_double = Operation::ALL.map(|o| if o == Operation::Double { Operation::Low } else { o });
    for (narrow_words, binding_bytes) in [(false, usize::MAX), (true, 1 << 15)] {
        let options = Options { narrow_words, binding_bytes, ..Options::new(1 << 24) };
        let Some(device) = wgpu::device(options) else { return };
        all(&device, &without_double);
        let mut words: <Wgpu as Limits>::Words = device.words(WORDS).expect("it fits");
        let refused = device.multiply(Operation::Double, 1, 1, &mut words);
        assert!(matches!(refused, Err(Error::Unsupported { .. })), "{refused:?}");
    }
}
