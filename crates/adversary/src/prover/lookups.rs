//! The lookup argument's columns and terminals.

use aludel_protocol::{Challenge, F};
use p3_lookup::{LogUpGadget, LookupProtocol, Lookups};
use p3_matrix::dense::RowMajorMatrix;

use super::lies::{Auxiliary, Trace, Word};
use super::words::{Committed, commit, extend, rows};

/// Columns of every chip, and what its buses sum to, as they follow from the traces and from the challenges: of each
/// chip one pair a fraction.
pub(super) fn columns(
    traces: &[Trace],
    fixed: &[Option<Trace>],
    public_values: &[Vec<F>],
    lookups: &[Lookups<F>],
    challenges: &[Vec<Challenge>],
) -> (Vec<Auxiliary>, Vec<Option<Challenge>>) {
    let of_chip = |chip: usize| {
        let (columns, terminal) = LogUpGadget::new().generate_permutation(
            &traces[chip],
            &fixed[chip],
            &public_values[chip],
            &lookups[chip],
            &challenges[chip],
        );
        (terminal.is_some().then_some(columns), terminal.map(|terminal| terminal.0))
    };
    (0..traces.len()).map(of_chip).unzip()
}

/// Commits to the columns as base field elements; `None` where no chip has any.
pub(super) fn commit_columns(columns: &[Auxiliary]) -> Option<Committed> {
    let word = |columns: &RowMajorMatrix<Challenge>| -> Word {
        let flat: Trace = columns.clone().flatten_to_base();
        extend(rows(&flat), flat)
    };
    let words: Vec<Word> = columns.iter().flatten().map(word).collect();
    (!words.is_empty()).then(|| commit(words))
}
