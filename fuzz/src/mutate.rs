//! Inputs made from valid ones.

use rand::{Rng, RngExt};

/// Words at which decoders err: empty, off by one, signed and unsigned ends, and the field order with its neighbours.
const WORDS: [u32; 10] =
    [0, 1, 2, 0xffff, 0x1_0000, 0x7f00_0000, 0x7f00_0001, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/// Pieces of text at which parsers err.
const TOKENS: [&[u8]; 16] = [
    b"{}",
    b"[]",
    b"\"",
    b"\\u0000",
    b"\\ud800",
    b"null",
    b"-1",
    b"1e999",
    b"0.5",
    b",",
    b":",
    b"\"x\":1,",
    b"0x",
    b"00",
    b"340282366920938463463374607431768211456",
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
];

/// How many inputs lie at the edges of a seed.
pub const EDGES: usize = STARTS + ENDS + 2;
/// The shortest cuts, header and what follows it; and how many bytes are cut off the end at most.
const STARTS: usize = 24;
const ENDS: usize = 8;

/// One of [`EDGES`] inputs that every run tries: a seed cut after few bytes, without its last few, with one more. By chance
/// a seed of a megabyte is never cut there.
pub fn edge(seed: &[u8], number: usize) -> Vec<u8> {
    let cut = |length: usize| seed[..length.min(seed.len())].to_vec();
    match number {
        0..STARTS => cut(number),
        _ if number < STARTS + ENDS => cut(seed.len().saturating_sub(1 + number - STARTS)),
        _ => [seed, &[if number.is_multiple_of(2) { 0 } else { 0xff }]].concat(),
    }
}

/// A mutation of one of the seeds, with pieces of the others: one to eight changes, fewer more often.
///
/// # Panics
/// Without a seed.
pub fn mutant(rng: &mut impl Rng, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut data = pick(rng, seeds).clone();
    changes(rng, &mut data, seeds);
    data
}

/// What makes a mutant of an input: see [`mutant`].
///
/// # Panics
/// Without a seed.
pub fn changes(rng: &mut impl Rng, data: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let longest = seeds.iter().map(Vec::len).max().unwrap_or(0);
    for _ in 0..=rng.random::<u8>().leading_zeros().min(7) {
        change(rng, data, seeds);
    }
    data.truncate(2 * longest + 64);
}

fn pick<'a, T>(rng: &mut impl Rng, items: &'a [T]) -> &'a T {
    &items[rng.random_range(0..items.len())]
}

fn change(rng: &mut impl Rng, data: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    match rng.random_range(0..16) {
        0..4 => flip(rng, data),
        4 | 5 => add(rng, data),
        6 | 7 => set_word(rng, data),
        8 => tamper_length(rng, data),
        9 => data.truncate(place(rng, data)),
        10 => extend(rng, data),
        11 => remove(rng, data),
        12 => repeat(rng, data),
        13 | 14 => splice(rng, data, seeds),
        _ => insert_token(rng, data),
    }
}

/// A position, the end included. Half of them lie near an end, where headers, counts and checksums are, however long
/// the input is.
fn place(rng: &mut impl Rng, data: &[u8]) -> usize {
    let near = data.len().min(1 << rng.random_range(0..10));
    match rng.random_range(0..4) {
        0 => rng.random_range(0..=near),
        1 => data.len() - rng.random_range(0..=near),
        _ => rng.random_range(0..=data.len()),
    }
}

/// The position of a byte of an input that has one.
fn place_of_byte(rng: &mut impl Rng, data: &[u8]) -> usize {
    place(rng, data).min(data.len() - 1)
}

fn flip(rng: &mut impl Rng, data: &mut [u8]) {
    if !data.is_empty() {
        let at = place_of_byte(rng, data);
        data[at] ^= 1 << rng.random_range(0..8);
    }
}

fn add(rng: &mut impl Rng, data: &mut [u8]) {
    if !data.is_empty() {
        let at = place_of_byte(rng, data);
        data[at] = data[at].wrapping_add(rng.random_range(1..=8)).wrapping_sub(4);
    }
}

/// Overwrites four bytes, by [`WORDS`] or by a word from elsewhere in the input, in either byte order.
fn set_word(rng: &mut impl Rng, data: &mut [u8]) {
    let Some(last) = data.len().checked_sub(4) else { return };
    let from = rng.random_range(0..=last);
    let copied = [data[from], data[from + 1], data[from + 2], data[from + 3]];
    let word = match rng.random_range(0..3) {
        0 => copied,
        1 => pick(rng, &WORDS).to_le_bytes(),
        _ => pick(rng, &WORDS).to_be_bytes(),
    };
    let at = rng.random_range(0..=last);
    data[at..at + 4].copy_from_slice(&word);
}

/// Changes a word that may be a length: one that is not 0 and not more than the bytes behind it.
fn tamper_length(rng: &mut impl Rng, data: &mut [u8]) {
    let Some(last) = data.len().checked_sub(4) else { return };
    let word = |at: usize| u32::from_le_bytes([data[at], data[at + 1], data[at + 2], data[at + 3]]);
    let is_length = |at: &usize| (1..=(data.len() - at) as u64).contains(&u64::from(word(*at)));
    let start = rng.random_range(0..=last);
    let Some(at) = (start..=last).chain(0..start).find(is_length) else { return };
    let old = word(at);
    let small = rng.random_range(1..=3);
    let new = match rng.random_range(0..4) {
        0 => old + small,
        1 => old.saturating_sub(small),
        2 => old.saturating_mul(1 << small),
        _ => *pick(rng, &WORDS),
    };
    data[at..at + 4].copy_from_slice(&new.to_le_bytes());
}

fn extend(rng: &mut impl Rng, data: &mut Vec<u8>) {
    let fills = [0, 0xff, rng.random()];
    let fill = *pick(rng, &fills);
    data.extend(vec![fill; rng.random_range(1..=100)]);
}

/// A range of at most 300 bytes.
fn range(rng: &mut impl Rng, data: &[u8]) -> core::ops::Range<usize> {
    let start = place(rng, data);
    start..data.len().min(start + rng.random_range(1..=300))
}

fn remove(rng: &mut impl Rng, data: &mut Vec<u8>) {
    let range = range(rng, data);
    data.drain(range);
}

fn repeat(rng: &mut impl Rng, data: &mut Vec<u8>) {
    let piece = data[range(rng, data)].to_vec();
    let at = place(rng, data);
    data.splice(at..at, piece);
}

/// The beginning of the input and the end of another, cut at one place or at two.
fn splice(rng: &mut impl Rng, data: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let (at, other) = (place(rng, data), pick(rng, seeds));
    let from = if rng.random() { at.min(other.len()) } else { place(rng, other) };
    data.truncate(at);
    data.extend_from_slice(&other[from..]);
}

fn insert_token(rng: &mut impl Rng, data: &mut Vec<u8>) {
    let token = pick(rng, &TOKENS);
    let at = place(rng, data);
    data.splice(at..at, token.iter().copied());
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn mutants_are_many_and_short_and_come_from_nothing_too() {
        let seeds = [vec![], (0..200).collect::<Vec<u8>>(), b"{\"a\":\"b\"}".to_vec()];
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mutants: HashSet<_> = (0..2000).map(|_| mutant(&mut rng, &seeds)).collect();
        assert!(mutants.len() > 1000, "{} different", mutants.len());
        assert!(mutants.iter().all(|m| m.len() <= 464));
        let changed = mutants.iter().filter(|m| m.len() == 200);
        assert!(changed.clone().any(|m| m[..40] == seeds[1][..40]), "some begin as they were");
        assert!(changed.clone().any(|m| m[160..] == seeds[1][160..]), "some end as they were");
    }

    #[test]
    fn edges_are_cuts_and_one_byte_more() {
        let seed: Vec<u8> = (0..100).collect();
        let lengths: HashSet<_> = (0..EDGES).map(|i| edge(&seed, i).len()).collect();
        assert_eq!(lengths, (0..STARTS).chain(100 - ENDS..=99).chain([101]).collect());
        let all: HashSet<_> = (0..EDGES).map(|i| edge(&seed, i)).collect();
        assert!(all.len() == EDGES && !all.contains(&seed));
        assert!((0..EDGES).all(|i| edge(&[], i).len() <= 1), "of nothing too");
    }

    #[test]
    fn long_inputs_are_changed_near_their_ends() {
        let (mut rng, data) = (ChaCha8Rng::seed_from_u64(3), vec![0; 1 << 20]);
        let places: Vec<_> = (0..1000).map(|_| place(&mut rng, &data)).collect();
        assert!(places.iter().filter(|at| **at < 512).count() > 100);
        assert!(places.iter().filter(|at| **at > data.len() - 512).count() > 100);
    }

    #[test]
    fn lengths_are_found() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let honest = [&[0xff; 9][..], &[3, 0, 0, 0], &[0xff; 9]].concat();
        let mut found = false;
        for _ in 0..100 {
            let mut data = honest.clone();
            tamper_length(&mut rng, &mut data);
            found |= data[9..13] != honest[9..13];
            assert_eq!((&data[..9], &data[13..]), (&honest[..9], &honest[13..]));
        }
        assert!(found);
    }
}
