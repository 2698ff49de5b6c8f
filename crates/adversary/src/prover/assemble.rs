//! The parts as one proof.

use aludel_protocol::{Challenge, F};
use aludel_verifier::config::{Config, Proof};
use aludel_verifier::layout::ChipLayout;
use p3_batch_stark::proof::OpenedValuesWithLookups;
use p3_batch_stark::{BatchCommitments, BatchOpenedValues, OpenedValues, PcsProof};
use p3_lookup::LookupTerminal;
use p3_uni_stark::PreprocessedOpenedValues;

use super::Columns;
use super::words::Committed;

/// Values of one matrix by point.
type Matrix = Vec<Vec<Challenge>>;

/// The claims by chip, as a proof has them: by commitment (main, quotients, preprocessed, lookups), matrix and point before.
pub fn opened_values(chips: &[ChipLayout], claims: &[Vec<Matrix>]) -> BatchOpenedValues<Challenge> {
    let mut rounds = claims.iter().map(|round| round.iter());
    let (mut main, mut quotients) = (next(&mut rounds), next(&mut rounds));
    let has_fixed = chips.iter().any(|chip| chip.fixed_width > 0);
    let mut fixed = if has_fixed { next(&mut rounds) } else { [].iter() };
    let mut lookups = next(&mut rounds);
    let of_chip = |chip: &ChipLayout| {
        let trace = points(main.next());
        let auxiliary = points(if chip.lookups > 0 { lookups.next() } else { None });
        let preprocessed = if chip.fixed_width > 0 { fixed.next() } else { None }.cloned();
        OpenedValuesWithLookups {
            base_opened_values: OpenedValues {
                trace_local: trace.0.unwrap_or_default(),
                trace_next: trace.1,
                preprocessed: preprocessed.map(|matrix| {
                    let (local, next) = points(Some(&matrix));
                    PreprocessedOpenedValues { local: local.unwrap_or_default(), next }
                }),
                quotient_chunks: (0..chip.chunks).filter_map(|_| points(quotients.next()).0).collect(),
                random: None,
            },
            permutation_local: auxiliary.0.unwrap_or_default(),
            permutation_next: auxiliary.1.unwrap_or_default(),
        }
    };
    BatchOpenedValues { instances: chips.iter().map(of_chip).collect() }
}

fn next<'a>(
    rounds: &mut impl Iterator<Item = core::slice::Iter<'a, Matrix>>,
) -> core::slice::Iter<'a, Matrix> {
    rounds.next().unwrap_or_else(|| [].iter())
}

/// The values at the first point and, where there is one, at the second.
fn points(matrix: Option<&Matrix>) -> (Option<Vec<Challenge>>, Option<Vec<Challenge>>) {
    let mut points = matrix.into_iter().flatten().cloned();
    (points.next(), points.next())
}

/// The proof; `grinding` is the witness before the lookup challenges and the one before the out-of-domain point.
pub(super) fn proof(
    columns: &Columns,
    quotients: &Committed,
    opened_values: BatchOpenedValues<Challenge>,
    opening_proof: PcsProof<Config>,
    heights: &[usize],
    grinding: (Option<F>, F),
) -> Proof {
    Proof {
        commitments: BatchCommitments {
            main: columns.main.root.clone(),
            permutation: columns.auxiliary.as_ref().map(|columns| columns.root.clone()),
            quotient_chunks: quotients.root.clone(),
            random: None,
        },
        opened_values,
        opening_proof,
        lookup_terminals: columns.terminals.iter().map(|t| t.map(LookupTerminal)).collect(),
        degree_bits: heights.to_vec(),
        lookup_pow_witness: grinding.0,
        ood_pow_witness: grinding.1,
    }
}
