//! A whole batch-STARK proof by hand on any device, stage by stage through the seams of `aludel_kernels`; the tests beside it compare its bytes with those of
//! Plonky3's `prove_batch` and give it to the verifier.
//!
//! A plain function, and not the prover: one device, nothing at once, nothing kept for the next proof, each program compiled anew. The transcript, what it binds and
//! what its challenges cost are Plonky3's drivers, over the sponge of the verifier ([`sponge`]).
//!
//! | stage | on the device | what comes down from it | file |
//! |---|---|---|---|
//! | main and preprocessed columns | uploaded once, extended, hashed | a cap each | [`columns`] |
//! | lookups | a program over the traces' rows, a scan, extended, hashed | a terminal a chip, a cap | [`lookups`] |
//! | quotients | a program over extended columns, parts, extended, hashed | a cap | [`quotients`] |
//! | openings | values at points | the values | [`openings`] |
//! | low-degree test | reduced openings of a height when their turn has come, hashed, folded | a cap a round, the last codeword | [`low_degree`] |
//! | queries | rows and paths gathered | of each tree the rows that are asked for and their paths, from which the host drops what is there twice | [`queries`] |
//! | grinding, before five kinds of challenges | the search | the witness | [`sponge`] |
//!
//! So from the upload of a trace on no column is on the host, and what comes down is what the proof holds, but for paths before they are merged and a last codeword longer than the polynomial by the blowup. What goes up is columns,
//! columns that repeat (a few rows, extended on the host), programs, and values that are the same for all rows.

mod chip;
mod columns;
mod devices;
mod lookups;
mod low_degree;
mod memory;
mod openings;
mod proofs;
mod queries;
mod quotients;
mod random;

mod sponge;

use core::mem::ManuallyDrop;

use aludel_adversary::prover::{opened_values, points};
use aludel_kernels::{Error, Fold, Grinding, MerkleTree, Ntt, Openings, Quotients, Rows, RunningSums};
use aludel_protocol::{Challenge, Digest, F};
use aludel_verifier::config::{Cap, Proof};
use aludel_verifier::layout::ChipLayout;
use aludel_verifier::parameters::Parameters;
use p3_batch_stark::{BatchCommitments, BatchProverTranscript, BatchShape};
use p3_lookup::{LogUpGadget, LookupTerminal};
use p3_matrix::dense::RowMajorMatrix;

use chip::Chip;
use columns::Columns;
use openings::Round;
use sponge::Sponge;

/// What a device must offer for a proof.
pub trait Stages: Ntt + MerkleTree + Rows + RunningSums + Quotients + Openings + Fold + Grinding {}

impl<D: Ntt + MerkleTree + Rows + RunningSums + Quotients + Openings + Fold + Grinding> Stages for D {}

/// What is to be proven.
pub struct Task<'a> {
    /// The chips, in order.
    pub chips: &'a [Chip],
    /// Parameters of the low-degree test, of grinding and of trees.
    pub parameters: &'a Parameters,
    /// With what the transcript begins.
    pub key: Digest,
    /// Main columns by chip, `[height][width]`.
    pub traces: &'a [RowMajorMatrix<F>],
    /// Public values by chip.
    pub public_values: &'a [Vec<F>],
}

impl Task<'_> {
    fn layouts(&self) -> Vec<ChipLayout> {
        self.chips.iter().map(|chip| chip.layout).collect()
    }

    fn heights(&self) -> Vec<usize> {
        self.chips.iter().map(|chip| chip.layout.log_height).collect()
    }

    /// What the transcript begins with, after the key.
    fn shape(&self) -> BatchShape {
        BatchShape {
            trace_widths: self.chips.iter().map(|chip| chip.layout.width).collect(),
            public_value_counts: self.public_values.iter().map(Vec::len).collect(),
            preprocessed_widths: self.chips.iter().map(|chip| chip.layout.fixed_width).collect(),
            has_preprocessed_commitment: self.chips.iter().any(|chip| chip.fixed.is_some()),
            num_lookup_instances: self.chips.iter().filter(|chip| !chip.lookups.is_empty()).count(),
            lookup_pow_bits: self.parameters.lookup_pow_bits,
            has_randomization_commitment: false,
            ood_pow_bits: self.parameters.ood_pow_bits,
        }
    }
}

/// Proves it on a device.
pub fn prove<D: Stages>(device: &D, task: &Task<'_>) -> Result<Proof, Error> {
    prove_by_stages(device, task, &mut |_| ())
}

/// Proves it on a device, and tells each stage that ends.
pub fn prove_by_stages<D: Stages>(
    device: &D,
    task: &Task<'_>,
    ended: &mut dyn FnMut(&'static str),
) -> Result<Proof, Error> {
    let mut sponge = Sponge::new(device, task.key);
    let proof = stages(device, task, &mut sponge, ended);
    sponge.outcome().and(proof)
}

fn stages<D: Stages>(
    device: &D,
    task: &Task<'_>,
    sponge: &mut Sponge<'_, D>,
    ended: &mut dyn FnMut(&'static str),
) -> Result<Proof, Error> {
    type Transcript<'a, 'd, D> = BatchProverTranscript<'a, Sponge<'d, D>, F, Challenge, Cap>;

    // One that is dropped before its end panics, and an error of the device is such an end. What then stays of it is some bytes.
    let mut transcript = ManuallyDrop::new(Transcript::new(sponge, task.shape()));
    transcript.instance_bindings(&task.heights());
    let traces = task.traces.iter().map(|trace| device.upload(trace).map(Some));
    let mut main = Columns::commit(device, task, traces.collect::<Result<_, _>>()?)?;
    let main_cap = main.cap().expect("a machine has columns");
    transcript.main_phase(main_cap.clone(), task.public_values);
    let fixed = task.chips.iter().map(|chip| chip.fixed.as_ref().map(|rows| device.upload(rows)).transpose());
    let mut fixed = Columns::commit(device, task, fixed.collect::<Result<_, _>>()?)?;
    transcript.preprocessed_phase(fixed.cap());
    ended("main and preprocessed columns");

    let lookups: Vec<_> = task.chips.iter().map(|chip| &chip.lookups[..]).collect();
    let (challenges, lookup_witness) = transcript.lookup_phase(&lookups, &LogUpGadget::new());
    let (sums, terminals) = lookups::sums(device, task, &main, &fixed, &challenges)?;
    let mut auxiliary = Columns::commit(device, task, sums)?;
    let sent: Vec<Challenge> = terminals.iter().flatten().copied().collect();
    let alpha = transcript.permutation_phase(auxiliary.cap(), &sent);
    ended("lookups");

    let inputs = quotients::Inputs {
        columns: [&main, &fixed, &auxiliary],
        challenges: &challenges,
        terminals: &terminals,
        alpha,
    };
    let (quotient_cap, quotient_tree) = quotients::commit(device, task, &inputs)?;
    [&mut main, &mut fixed, &mut auxiliary].into_iter().for_each(Columns::forget_rows);
    transcript.quotient_phase(quotient_cap.clone(), None);
    ended("quotients");

    let (zeta, ood_witness) = transcript.ood_phase();
    let points = points(&task.layouts(), &task.heights(), zeta);
    let here = device.matrices(&quotient_tree).iter().map(|_| vec![zeta]).collect();
    let rounds = [
        main.tree().map(|tree| Round { tree, points: points.main }),
        Some(Round { tree: &quotient_tree, points: here }),
        fixed.tree().map(|tree| Round { tree, points: points.fixed }),
        auxiliary.tree().map(|tree| Round { tree, points: points.auxiliary }),
    ];
    let rounds: Vec<_> = rounds.into_iter().flatten().collect();
    let claims = openings::values(device, task, &rounds)?;
    ended("openings");
    let opening_proof =
        transcript.delegate(|sponge| openings::open(device, task, &rounds, &claims, sponge))?;
    ManuallyDrop::into_inner(transcript).finish();
    ended("low-degree test and queries");

    Ok(Proof {
        commitments: BatchCommitments {
            main: main_cap,
            permutation: auxiliary.cap(),
            quotient_chunks: quotient_cap,
            random: None,
        },
        opened_values: opened_values(&task.layouts(), &claims),
        opening_proof,
        lookup_terminals: terminals.iter().map(|terminal| terminal.map(LookupTerminal)).collect(),
        degree_bits: task.heights(),
        lookup_pow_witness: lookup_witness,
        ood_pow_witness: ood_witness,
    })
}
