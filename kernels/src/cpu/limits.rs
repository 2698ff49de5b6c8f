//! What the processor can do at most: the chains of eight threads side by side, for the compiler to take a vector at a time.

use aludel_protocol::{Challenge, F, PackedF};
use p3_field::PrimeCharacteristicRing;
use p3_field::{BasedVectorSpace, ExtensionField, Field, PackedValue, PrimeField32};
use p3_maybe_rayon::prelude::*;

use super::Cpu;
use crate::error::Error;
use crate::limits::{DOUBLE_FACTOR, Operation, WORDS, double_term};
use crate::memory::Reserved;
use crate::seam::{Device, Limits, quads, threads, unequal};

/// Elements of the extension, a vector of each coefficient.
type PackedChallenge = <Challenge as ExtensionField<F>>::ExtensionPacking;

/// Threads of the seam that are taken together.
const LANES: usize = PackedF::WIDTH;

/// Words that are copied at a time.
const COPIED: usize = 1 << 16;

/// States of threads that are taken together, by words.
type States = [[u32; LANES]; WORDS];

/// Words in the processor's memory.
#[derive(Debug)]
pub struct Words {
    words: Vec<u32>,
    #[expect(dead_code, reason = "given back when the words are dropped")]
    reserved: Reserved,
}

/// A vector of states of chains.
trait Chain: Copy {
    fn load(words: &[[u32; LANES]]) -> Self;
    fn step(&mut self, factor: u32);
    fn store(&self, words: &mut [[u32; LANES]]);
}

#[derive(Clone, Copy)]
struct Low([u32; LANES], [u32; LANES]);

impl Chain for Low {
    #[inline(always)]
    fn load(words: &[[u32; LANES]]) -> Self {
        Self(words[0], words[1])
    }
    #[inline(always)]
    fn step(&mut self, factor: u32) {
        for i in 0..LANES {
            self.0[i] = self.0[i].wrapping_mul(factor).wrapping_add(self.1[i]);
        }
    }
    #[inline(always)]
    fn store(&self, words: &mut [[u32; LANES]]) {
        words[0] = self.0;
    }
}

#[derive(Clone, Copy)]
struct High([u32; LANES], [u32; LANES]);

impl Chain for High {
    #[inline(always)]
    fn load(words: &[[u32; LANES]]) -> Self {
        Self(words[0], words[1])
    }
    #[inline(always)]
    fn step(&mut self, factor: u32) {
        for i in 0..LANES {
            let product = u64::from(self.0[i]) * u64::from(factor);
            self.0[i] = ((product >> 32) as u32).wrapping_add(self.1[i]);
        }
    }
    #[inline(always)]
    fn store(&self, words: &mut [[u32; LANES]]) {
        words[0] = self.0;
    }
}

#[derive(Clone, Copy)]
struct Wide([u64; LANES]);

impl Chain for Wide {
    #[inline(always)]
    fn load(words: &[[u32; LANES]]) -> Self {
        Self(core::array::from_fn(|i| join(words, i)))
    }
    #[inline(always)]
    fn step(&mut self, factor: u32) {
        for x in &mut self.0 {
            *x = x.wrapping_add((*x >> 32) * u64::from(factor));
        }
    }
    #[inline(always)]
    fn store(&self, words: &mut [[u32; LANES]]) {
        split(words, self.0);
    }
}

#[derive(Clone, Copy)]
struct Double([f64; LANES]);

impl Chain for Double {
    #[inline(always)]
    fn load(words: &[[u32; LANES]]) -> Self {
        Self(core::array::from_fn(|i| f64::from_bits(join(words, i))))
    }
    #[inline(always)]
    fn step(&mut self, factor: u32) {
        for x in &mut self.0 {
            *x = x.mul_add(DOUBLE_FACTOR, double_term(factor));
        }
    }
    #[inline(always)]
    fn store(&self, words: &mut [[u32; LANES]]) {
        split(words, self.0.map(f64::to_bits));
    }
}

#[derive(Clone, Copy)]
struct Base(PackedF, PackedF);

impl Chain for Base {
    #[inline(always)]
    fn load(words: &[[u32; LANES]]) -> Self {
        Self(packed(&words[0]), packed(&words[1]))
    }
    #[inline(always)]
    fn step(&mut self, _: u32) {
        self.0 = self.0 * self.0 + self.1;
    }
    #[inline(always)]
    fn store(&self, words: &mut [[u32; LANES]]) {
        words[0] = unpacked(self.0);
    }
}

#[derive(Clone, Copy)]
struct Quintic(PackedChallenge, PackedChallenge);

impl Chain for Quintic {
    #[inline(always)]
    fn load(words: &[[u32; LANES]]) -> Self {
        let element =
            |first: usize| PackedChallenge::from_basis_coefficients_fn(|i| packed(&words[first + i]));
        Self(element(0), element(5))
    }
    #[inline(always)]
    fn step(&mut self, _: u32) {
        (self.0, self.1) = (self.1, self.0 * self.1);
    }
    #[inline(always)]
    fn store(&self, words: &mut [[u32; LANES]]) {
        let coefficients = [self.0, self.1].map(|x| x.as_basis_coefficients_slice().to_vec()).concat();
        words.iter_mut().zip(coefficients).for_each(|(words, x)| *words = unpacked(x));
    }
}

#[inline(always)]
fn join(words: &[[u32; LANES]], lane: usize) -> u64 {
    u64::from(words[0][lane]) | u64::from(words[1][lane]) << 32
}

#[inline(always)]
fn split(words: &mut [[u32; LANES]], states: [u64; LANES]) {
    for (lane, state) in states.into_iter().enumerate() {
        words[0][lane] = state as u32;
        words[1][lane] = (state >> 32) as u32;
    }
}

/// Elements that are stored so, in Montgomery's form.
fn packed(words: &[u32; LANES]) -> PackedF {
    let inverse_radix = F::from_u64(1 << 32).inverse();
    PackedF::from_fn(|lane| F::new(words[lane])) * inverse_radix
}

fn unpacked(elements: PackedF) -> [u32; LANES] {
    core::array::from_fn(|lane| elements.as_slice()[lane].to_unique_u32())
}

/// Goes on with `CHAINS` chains a thread.
fn run<C: Chain, const CHAINS: usize>(operation: Operation, states: &mut States, factor: u32, rounds: u32) {
    let words = operation.state_words();
    let mut chains: [C; CHAINS] = core::array::from_fn(|i| C::load(&states[i * words..]));
    for _ in 0..rounds as usize * operation.steps() {
        chains.iter_mut().for_each(|chain| chain.step(factor));
    }
    chains.iter().enumerate().for_each(|(i, chain)| chain.store(&mut states[i * words..]));
}

fn run_any(operation: Operation, states: &mut States, factor: u32, rounds: u32) {
    match operation {
        Operation::Low => run::<Low, 8>(operation, states, factor, rounds),
        Operation::High => run::<High, 8>(operation, states, factor, rounds),
        Operation::Wide => run::<Wide, 8>(operation, states, factor, rounds),
        Operation::Double => run::<Double, 8>(operation, states, factor, rounds),
        Operation::Base => run::<Base, 8>(operation, states, factor, rounds),
        Operation::Quintic => run::<Quintic, 1>(operation, states, factor, rounds),
    }
}

/// States of the threads from `first` on. Those past the end are zero.
fn gather(words: &[u32], threads: usize, first: usize) -> States {
    let word = |i: usize, thread: usize| if thread < threads { words[i * threads + thread] } else { 0 };
    core::array::from_fn(|i| core::array::from_fn(|lane| word(i, first + lane)))
}

impl Limits for Cpu {
    type Words = Words;

    fn words(&self, count: usize) -> Result<Words, Error> {
        quads(self.id(), count)?;
        let reserved = self.reserve(count)?;
        Ok(Words { words: vec![0; count], reserved })
    }

    fn send(&self, from: &[u32], to: &mut Words) -> Result<(), Error> {
        unequal(self.id(), from.len(), to.words.len())?;
        copy(from, &mut to.words);
        Ok(())
    }

    fn fetch(&self, from: &Words, to: &mut [u32]) -> Result<(), Error> {
        unequal(self.id(), from.words.len(), to.len())?;
        copy(&from.words, to);
        Ok(())
    }

    fn copy(&self, from: &Words, to: &mut Words) -> Result<(), Error> {
        self.send(&from.words, to)
    }

    fn multiply(
        &self,
        operation: Operation,
        factor: u32,
        rounds: u32,
        chains: &mut Words,
    ) -> Result<(), Error> {
        let threads = threads(self.id(), chains.words.len())?;
        let words = &chains.words;
        let groups: Vec<States> = (0..threads.div_ceil(LANES))
            .into_par_iter()
            .map(|group| {
                let mut states = gather(words, threads, group * LANES);
                run_any(operation, &mut states, factor, rounds);
                states
            })
            .collect();
        for (i, row) in chains.words.chunks_mut(threads.max(1)).enumerate() {
            let states = groups.iter().flat_map(|states| states[i]);
            row.iter_mut().zip(states).for_each(|(word, state)| *word = state);
        }
        Ok(())
    }
}

/// Copies by all threads.
fn copy(from: &[u32], to: &mut [u32]) {
    to.par_chunks_mut(COPIED).zip(from.par_chunks(COPIED)).for_each(|(to, from)| to.copy_from_slice(from));
}
