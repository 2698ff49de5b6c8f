//! Edits do what they say, many at once too, and every kind of place has one that decodes.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::outline::outline;

type Value = (Vec<Vec<[u8; 4]>>, Option<u32>, u64);

fn value() -> Value {
    (vec![vec![[1, 0, 0, 0], [2, 0, 0, 0]], vec![[3, 0, 0, 0]]], Some(7), 300)
}

fn edited(edits: &[[u8; EDIT]]) -> Vec<u8> {
    let bytes = postcard::to_allocvec(&value()).expect("it serialises");
    let outline = outline(&value()).expect("nothing else in it");
    apply(Edited { bytes: &bytes, outline: &outline }, edits.as_flattened())
}

fn decoded(edits: &[[u8; EDIT]]) -> Value {
    postcard::from_bytes(&edited(edits)).unwrap_or_else(|error| panic!("{edits:?}: {error}"))
}

/// Classes are in order of their paths: `*` (all three of the tuple's parts) and what is below it.
const TOP: u8 = 0;
const ROWS: u8 = 1;
const ELEMENTS: u8 = 2;

#[test]
fn nothing_changes_nothing() {
    assert_eq!(decoded(&[]), value());
}

#[test]
fn places_change_as_told() {
    let (rows, some, number) = value();
    assert_eq!(decoded(&[[0, ELEMENTS, 1, 0, 5, 0, 0, 0]]).0[0][1], [5, 0, 0, 0]);
    assert_eq!(decoded(&[[1, TOP, 0, 0, 0, 0, 1, 0]]).0, [rows[1].clone(), rows[0].clone()]);
    assert_eq!(decoded(&[[2, ROWS, 0, 0, 0, 0, 0, 0]]).0[0], rows[0][1..]);
    assert_eq!(decoded(&[[4, TOP, 0, 0, 1, 0, 0, 0]]).0, rows[..1]);
    assert_eq!(decoded(&[[1, TOP, 1, 0, 0, 0, 0, 0]]), (rows, None, number));
    assert_eq!(decoded(&[[1, TOP, 2, 0, 0, 0, 0, 0]]), (value().0, some, 301));
}

#[test]
fn of_edits_that_meet_the_first_counts() {
    let [drop, set] = [[4, TOP, 0, 0, 0, 0, 0, 0], [0, ELEMENTS, 0, 0, 5, 0, 0, 0]];
    assert_eq!(edited(&[drop, set]), edited(&[drop]));
    assert_eq!(edited(&[set, drop]), edited(&[set]));
    let both = decoded(&[set, [1, TOP, 2, 0, 0, 0, 0, 0]]);
    assert_eq!((both.0[0][0], both.2), ([5, 0, 0, 0], 301));
}

#[test]
fn any_bytes_are_edits() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let mut different = std::collections::HashSet::new();
    for _ in 0..20_000 {
        let edits: Vec<[u8; EDIT]> = (0..rng.random_range(0..6)).map(|_| rng.random()).collect();
        different.insert(edited(&edits));
    }
    assert!(different.len() > 5_000, "{}", different.len());
}
