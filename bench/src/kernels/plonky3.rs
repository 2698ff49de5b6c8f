//! What the processor's device adds to Plonky3's own calls: nothing, it is meant to be. Both are timed in one process, by turns.

use core::time::Duration;
use std::time::Instant;

use aludel_kernels::Error;
use aludel_kernels::cpu::Cpu;
use aludel_protocol::hash::{perm16, perm24};
use aludel_protocol::trees::trees;
use aludel_protocol::{Challenge, F, PackedF};
use p3_dft::{Radix2DitParallel, TwoAdicSubgroupDft};
use p3_field::coset::TwoAdicMultiplicativeCoset;
use p3_field::{Field, PackedValue, batch_multiplicative_inverse};
use p3_lookup::{LogUpGadget, LookupProtocol};
use p3_matrix::Matrix;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_matrix::interpolation::{Interpolate, compute_adjusted_weights};
use p3_symmetric::Permutation;
use p3_util::reverse_slice_index_bits;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::case::{Case, Family, LOG_STEP, POINTS};
use super::data;
use super::measure::Plan;
use super::programs::{Programs, programs};
use super::statistics::Times;
use super::table::{aligned, seconds};
use super::work::{challenges, compiled, time, time_of_lookups};

/// Times of the processor's device and of Plonky3 called directly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// The family.
    pub name: String,
    /// Its shape.
    pub shape: String,
    /// Of the device.
    pub device: Times,
    /// Of Plonky3.
    pub plonky3: Times,
    /// The device's median by Plonky3's.
    pub ratio: f64,
}

/// Compares the families that Plonky3 has a call for, by turns, so that a slow hour is slow for both.
///
/// # Errors
/// Any of the processor's device: memory.
pub fn compare(cases: &[Case], plan: Plan) -> Result<Vec<Compared>, Error> {
    let mut compared = Vec::new();
    for case in cases {
        let Some(direct) = direct(case.family) else { continue };
        let cpu = Cpu::new(u64::MAX);
        let ready = compiled(&cpu, case.family)?;
        let timed = |seed| match case.family {
            Family::Lookups => time_of_lookups(&cpu, case, &ready, seed),
            _ => time(&cpu, case, &ready, seed),
        };
        let (mut device, mut plonky3) = (Vec::new(), Vec::new());
        for seed in 0..=plan.repeat.max(1) as u64 {
            // A copy, as `upload` makes one: what is free in the heap, and whether its pages were touched, is a tenth of a transform's time.
            let rows = || data::matrix(1 << case.log_height, case.width, seed).clone();
            // Neither is always the first.
            if seed % 2 == 0 {
                plonky3.push(direct(rows()));
                device.push(timed(seed)?);
            } else {
                device.push(timed(seed)?);
                plonky3.push(direct(rows()));
            }
        }
        // The first of each is not counted.
        let [Some(device), Some(plonky3)] = [Times::of(&device[1..]), Times::of(&plonky3[1..])] else {
            continue;
        };
        let ratio = device.median_s / plonky3.median_s;
        let (name, shape) = (case.family.name().to_owned(), case.shape());
        compared.push(Compared { name, shape, device, plonky3, ratio });
    }
    Ok(compared)
}

/// The call of Plonky3 that a family is, timed.
fn direct(family: Family) -> Option<fn(RowMajorMatrix<F>) -> Duration> {
    match family {
        Family::Ntt => Some(|rows| timed(|dft| dft.dft_batch(rows).bit_reverse_rows().to_row_major_matrix())),
        Family::InverseNtt => {
            Some(|rows| timed(|dft| dft.idft_batch(rows).bit_reverse_rows().to_row_major_matrix()))
        }
        Family::CosetLde => Some(|rows| {
            // The device keeps its input, so Plonky3 is given a copy of it as well.
            timed(|dft| {
                dft.coset_lde_batch(rows.clone(), 1, F::GENERATOR).bit_reverse_rows().to_row_major_matrix()
            })
        }),
        Family::Poseidon2Of16 => Some(|rows| permute::<16>(rows, perm16())),
        Family::Poseidon2Of24 => Some(|rows| permute::<24>(rows, perm24())),
        Family::MerkleCommit => Some(|rows| {
            use p3_commit::Mmcs;
            let (trees, start) = (trees(0), Instant::now());
            let made = trees.commit(vec![rows]);
            let time = start.elapsed();
            drop(made);
            time
        }),
        Family::Openings => Some(openings),
        Family::Lookups => Some(permutation),
        // It has no call for these, none that takes rows, or one that the device does nothing but call.
        Family::FieldBase
        | Family::FieldQuintic
        | Family::MerkleOpen
        | Family::Fold
        | Family::Grinding
        | Family::RunningSums
        | Family::Selectors
        | Family::Chunks
        | Family::Reduced
        | Family::Quotient => None,
    }
}

/// Values at points as `p3-fri` has them made, which inverts the differences of all rows, for what comes after values too; here those of the rows that values are made from.
fn openings(rows: RowMajorMatrix<F>) -> Duration {
    let start = Instant::now();
    let low = rows.split_rows(rows.height() >> LOG_STEP).0;
    let log_rows = low.height().trailing_zeros() as usize;
    let values = TwoAdicMultiplicativeCoset::new(F::GENERATOR, log_rows).map(|coset| {
        let mut coset: Vec<F> = coset.iter().collect();
        reverse_slice_index_bits(&mut coset);
        let at = |z: Challenge| {
            let differences: Vec<Challenge> = coset.iter().map(|x| z - *x).collect();
            let weights = compute_adjusted_weights(z, &batch_multiplicative_inverse(&differences));
            low.interpolate_coset_with_precomputation(F::GENERATOR, z, &weights)
        };
        challenges(POINTS, 1).into_iter().map(at).collect::<Vec<_>>()
    });
    let time = start.elapsed();
    drop(values);
    time
}

/// The columns of a chip's lookups, on as many rows.
fn permutation(rows: RowMajorMatrix<F>) -> Duration {
    let Some(Ok(Programs { widths: [main, fixed, ..], lookups, .. })) = programs(Family::Lookups) else {
        return Duration::ZERO;
    };
    let [main, fixed] =
        [(*main, 1), (*fixed, 2)].map(|(width, seed)| data::matrix(rows.height(), width, seed));
    let (fixed, challenges) = ((fixed.width > 0).then_some(fixed), challenges(2 * lookups.len(), 1));
    let start = Instant::now();
    let made =
        LogUpGadget::new().generate_permutation::<F, Challenge>(&main, &fixed, &[], lookups, &challenges);
    let time = start.elapsed();
    drop(made);
    time
}

fn timed(transform: impl FnOnce(&Radix2DitParallel<F>) -> RowMajorMatrix<F>) -> Duration {
    static DFT: std::sync::LazyLock<Radix2DitParallel<F>> = std::sync::LazyLock::new(Default::default);
    let start = Instant::now();
    let made = transform(&DFT);
    let time = start.elapsed();
    drop(made);
    time
}

/// As many states at a time as a vector has lanes, turned into vectors and back: Plonky3 permutes vectors of states, and has no call for rows.
fn permute<const N: usize>(
    mut rows: RowMajorMatrix<F>,
    permutation: &impl Permutation<[PackedF; N]>,
) -> Duration {
    let start = Instant::now();
    rows.values.par_chunks_exact_mut(N * PackedF::WIDTH).for_each(|states| {
        let mut packed: [PackedF; N] =
            core::array::from_fn(|i| PackedF::from_fn(|lane| states[lane * N + i]));
        permutation.permute_mut(&mut packed);
        for (i, column) in packed.iter().enumerate() {
            (0..PackedF::WIDTH).for_each(|lane| states[lane * N + i] = column.as_slice()[lane]);
        }
    });
    start.elapsed()
}

/// For people.
pub fn text(compared: &[Compared]) -> String {
    let mut lines = vec![["kernel", "shape", "device", "Plonky3", "device/Plonky3"].map(str::to_owned)];
    lines.extend(compared.iter().map(|row| {
        let times = [&row.device, &row.plonky3].map(|times| seconds(times.median_s));
        let [device, plonky3] = times;
        [row.name.clone(), row.shape.clone(), device, plonky3, format!("{:.3}", row.ratio)]
    }));
    aligned(&lines)
}
