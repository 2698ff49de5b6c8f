//! Multiproofs of the Merkle trees: every row and every sibling that a proof carries is held to a root.

use aludel_protocol::F;
use aludel_verifier::VerifyError;
use aludel_verifier::config::Proof;
use p3_field::PrimeCharacteristicRing;

use crate::toy::{key, proof, refused, verdict};

/// Place of the commitment to the main columns; its matrices are `cubes` and `statement`, four times lower.
const MAIN: usize = 0;

fn rows(p: &mut Proof, query: usize) -> &mut Vec<Vec<F>> {
    &mut p.opening_proof.input_openings[MAIN].opened_values[query]
}

/// Rows by query and matrix.
fn honest() -> Vec<Vec<Vec<F>>> {
    proof().opening_proof.input_openings[MAIN].opened_values.clone()
}

/// A query whose rows are such that this many others have the same in `cubes` and in `statement`.
fn query(wanted: impl Fn([usize; 2]) -> bool) -> usize {
    let all = honest();
    let others = |rows: &Vec<Vec<F>>, matrix: usize| {
        all.iter().filter(|other| other[matrix] == rows[matrix]).count().saturating_sub(1)
    };
    let found = all.iter().position(|rows| wanted([0, 1].map(|matrix| others(rows, matrix))));
    found.expect("166 queries of 128 places meet, and not all")
}

#[test]
fn siblings_are_as_many_as_the_queries_need() {
    for i in 0..proof().opening_proof.input_openings.len() {
        let change = |f: fn(&mut Vec<[F; 8]>)| {
            move |p: &mut Proof| f(&mut p.opening_proof.input_openings[i].opening_proof.sibling_hashes)
        };
        refused("one more", "SiblingCountMismatch", change(|s| s.push([F::ONE; 8])));
        refused("one less", "SiblingCountMismatch", change(|s| s.truncate(s.len() - 1)));
        refused("another order", "CapMismatch", change(|s| s.reverse()));
        refused("another one", "CapMismatch", change(|s| s[0][7] += F::ONE));
    }
    refused("in a fold", "SiblingCountMismatch", |p| {
        p.opening_proof.commit_phase_openings[0].opening_proof.sibling_hashes.push([F::ONE; 8]);
    });
}

/// Two queries of one place: what the second says must be what the first says, in every matrix.
#[test]
fn queries_of_one_row_agree() {
    let twice = query(|[cubes, _]| cubes > 0);
    for matrix in 0..2 {
        refused("one place", "InconsistentDuplicateOpenings", |p| rows(p, twice)[matrix][0] += F::ONE);
    }
}

/// Two places that share a row of the lower matrix: it enters the tree where their paths have met.
#[test]
fn paths_that_meet_agree_on_the_lower_matrix() {
    let alone = query(|[cubes, statement]| cubes == 0 && statement > 0);
    refused("the lower row", "InconsistentGroupOpening", |p| rows(p, alone)[1][0] += F::ONE);
    // Altered alike everywhere, it is another row, and the root tells.
    let row = honest()[alone][1].clone();
    refused("a row altered everywhere", "CapMismatch", |p| {
        let all = p.opening_proof.input_openings[MAIN].opened_values.iter_mut();
        all.filter(|rows| rows[1] == row).for_each(|rows| rows[1][0] += F::ONE);
    });
}

/// Rows of one height are hashed end to end, so their bounds are held to the key before.
#[test]
fn a_cell_does_not_move_to_the_next_row() {
    let verdict = verdict(|p| {
        let cell = rows(p, 0)[0].pop().expect("three cells");
        rows(p, 0)[1].insert(0, cell);
    });
    assert_eq!(verdict, Err(VerifyError::Layout { part: "width of an opened row", expected: 3, found: 2 }));
}

/// Bytes cannot say it, because decoding refuses it; the layout does not rely on that.
#[test]
fn a_next_row_of_preprocessed_columns_has_their_width() {
    let empty = |p: &mut Proof| {
        let fixed = p.opened_values.instances[0].base_opened_values.preprocessed.as_mut();
        fixed.expect("it has a preprocessed column").next = Some(Vec::new());
    };
    let mut altered = proof();
    assert_eq!(key().layout().check(&altered), Ok(()));
    empty(&mut altered);
    let part = "preprocessed columns, next row";
    assert_eq!(key().layout().check(&altered), Err(VerifyError::Layout { part, expected: 1, found: 0 }));
    assert!(matches!(verdict(empty), Err(VerifyError::Decode(_))));
}

/// A fold is computed before its tree is read, so that an altered value meets the last polynomial first.
#[test]
fn folds_are_held_to_the_last_polynomial() {
    for i in 0..proof().opening_proof.commit_phase_openings.len() {
        refused("a value", "FinalPolyMismatch", |p| {
            p.opening_proof.commit_phase_openings[i].sibling_values[9][0] += p.opening_proof.final_poly[0];
        });
    }
}
