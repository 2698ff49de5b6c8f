//! A prover that lies on demand, and carries each lie through: what follows from it is made as an honest prover would,
//! under challenges that the lie is part of. So a refusal is a refusal of the lie, and not of a broken seam.
//!
//! Without a lie it makes, byte for byte, the proof that [`aludel_prover::Prover`] makes; a test compares the two. It is
//! written stage by stage against Plonky3's public parts: transcripts, trees, transforms, the lookup argument's
//! columns, the evaluation of constraints and the folding of rows are Plonky3's, what is done with them is here.
//!
//! | stage | file |
//! |---|---|
//! | what may be lied about | `lies.rs` |
//! | transcript | `sponge.rs` |
//! | extending and committing columns | `words.rs` |
//! | the lookup argument's columns and terminals | `lookups.rs` |
//! | quotients | `quotient.rs` |
//! | openings, batched | `opening.rs` |
//! | the low-degree test | `fri.rs` |
//! | the parts as one proof | `assemble.rs` |

mod assemble;
mod fri;
mod lies;
mod lookups;
mod opening;
mod quotient;
mod sponge;
mod words;

use aludel_circuits::Chip;
use aludel_protocol::{Challenge, F, Statement};
use aludel_verifier::config::{Cap, Proof};
use aludel_verifier::format::{self, Claim};
use aludel_verifier::keys::Key;
use aludel_verifier::parameters::PARAMETERS;
use p3_batch_stark::{BatchProverTranscript, BatchShape};
use p3_commit::OpenedValues;
use p3_lookup::{LogUpGadget, Lookups};
use p3_matrix::Matrix;
use p3_util::log2_strict_usize;

pub use assemble::opened_values;
pub use fri::last_polynomial;
pub use lies::{Auxiliary, Division, Fold, Hook, Lies, Places, Trace, Word, lie};
pub use opening::{Points, points};
pub use quotient::{Forgeable, Inputs, columns};

use fri::LowDegreeTest;
use opening::Round;
use quotient::Shared;
use sponge::Sponge;
use words::{Committed, commit, extend, rows};

type Transcript<'a> = BatchProverTranscript<'a, Sponge, F, Challenge, Cap>;

/// Forges proofs that are meant for a key.
pub struct Forger<'k, A> {
    key: &'k Key<A>,
}

/// What the stages share: a witness after the lies about it.
struct Witness<A> {
    chips: Vec<A>,
    public_values: Vec<Vec<F>>,
    /// Preprocessed columns by chip.
    fixed_columns: Vec<Option<Trace>>,
    fixed: Option<Committed>,
    /// Base-2 logarithms of the claimed heights.
    heights: Vec<usize>,
}

/// The columns of a witness that follow from its traces and from the lookup challenges.
struct Columns {
    main: Committed,
    auxiliary: Option<Committed>,
    terminals: Vec<Option<Challenge>>,
}

impl Columns {
    fn new(main: Committed, auxiliary: &[Auxiliary], terminals: Vec<Option<Challenge>>) -> Self {
        Self { main, auxiliary: lookups::commit_columns(auxiliary), terminals }
    }

    fn auxiliary_root(&self) -> Option<Cap> {
        self.auxiliary.as_ref().map(|columns| columns.root.clone())
    }

    fn sums(&self) -> Vec<Challenge> {
        self.terminals.iter().flatten().copied().collect()
    }
}

impl<'k, A: Forgeable + Sync> Forger<'k, A> {
    /// A forger whose proofs are for this key.
    pub const fn new(key: &'k Key<A>) -> Self {
        Self { key }
    }

    /// The bytes of a proof over `traces`, one `[height][width]` a chip, of any height, which says `statement`.
    ///
    /// # Panics
    /// What is told cannot be proven at all: heights that are no powers of two, other widths than the chips', lists
    /// of other lengths than the machine has chips.
    pub fn prove(&self, traces: &[Trace], statement: &Statement, lies: &Lies<'_, A>) -> Vec<u8> {
        let claim = Claim { role: self.key.role(), statement: *statement };
        let proof = self.proof(traces, statement, lies);
        format::encode(&claim, &proof).expect("a proof can be serialised")
    }

    /// [`Forger::prove`] before it is written.
    ///
    /// # Panics
    /// As [`Forger::prove`].
    pub fn proof(&self, traces: &[Trace], statement: &Statement, lies: &Lies<'_, A>) -> Proof {
        let witness = self.witness(traces, statement, lies);
        let mut sponge = Sponge::new(lies.key.told(self.key.digest()), lies.unground);
        let mut transcript = Transcript::new(&mut sponge, self.shape(&witness, lies));

        transcript.instance_bindings(&witness.heights);
        let mut main = commit(lies.main.told(main_words(traces)));
        main.root = lies.main_root.told(main.root);
        transcript.main_phase(main.root.clone(), &witness.public_values);
        let fixed_root = witness.fixed.as_ref().map(|fixed| fixed.root.clone());
        transcript.preprocessed_phase(lies.fixed_root.told(fixed_root));

        let (challenges, lookup_witness) = transcript.lookup_phase(self.lookups(), &LogUpGadget::new());
        let other = lies.claimed.as_ref().map(|traces| {
            let (columns, terminals) = self.auxiliary(&witness, traces, &challenges);
            Columns::new(commit(main_words(traces)), &columns, terminals)
        });
        let looked_up = lies.looked_up.as_deref().unwrap_or(traces);
        let (columns, terminals) = self.auxiliary(&witness, looked_up, &challenges);
        let terminals = other.as_ref().map_or(terminals, |other| other.terminals.clone());
        let columns = Columns::new(main, &lies.auxiliary.told(columns), lies.terminals.told(terminals));
        let alpha = transcript.permutation_phase(columns.auxiliary_root(), &columns.sums());

        let divide = |main: &Committed, columns: &Columns| {
            self.divide(&witness, main, columns, &challenges, alpha, lies.division)
        };
        let divided = lies.divided.as_ref().map(|traces| commit(main_words(traces)));
        let quotients = divide(divided.as_ref().unwrap_or(&columns.main), &columns);
        let quotients = commit(lies.quotients.told(quotients));
        transcript.quotient_phase(quotients.root.clone(), None);

        let (zeta, ood_witness) = transcript.ood_phase();
        let rounds = self.rounds(&witness, &columns, &quotients, zeta);
        let claims = match &other {
            None => evaluate(&rounds),
            Some(other) => evaluate(&self.rounds(&witness, other, &commit(divide(&other.main, other)), zeta)),
        };
        let claims = lies.opened.told(claims);
        let test = LowDegreeTest::new(&lies.parameters.told(PARAMETERS));
        let opening = transcript.delegate(|sponge| opening::open(&rounds, &claims, &test, sponge, lies));
        transcript.finish();

        let opened = opened_values(self.key.layout().chips(), &claims);
        assemble::proof(
            &columns,
            &quotients,
            opened,
            opening,
            &witness.heights,
            (lookup_witness, ood_witness),
        )
    }

    fn lookups(&self) -> &[Lookups<F>] {
        &self.key.common().lookups
    }

    fn witness(&self, traces: &[Trace], statement: &Statement, lies: &Lies<'_, A>) -> Witness<A> {
        let chips = self.key.chips();
        let heights = traces.iter().map(|trace| log2_strict_usize(trace.height())).collect();
        let fixed_columns = lies.fixed.told(chips.iter().map(Chip::fixed).collect());
        Witness {
            public_values: lies.public_values.told(self.key.public_values(statement)),
            fixed: commit_fixed(&fixed_columns),
            fixed_columns,
            chips: lies.chips.told(chips.to_vec()),
            heights: lies.heights.told(heights),
        }
    }

    /// What the transcript begins with, after the key.
    fn shape(&self, witness: &Witness<A>, lies: &Lies<'_, A>) -> BatchShape {
        let parameters = lies.parameters.told(PARAMETERS);
        BatchShape {
            trace_widths: witness.chips.iter().map(Chip::width).collect(),
            public_value_counts: witness.public_values.iter().map(Vec::len).collect(),
            preprocessed_widths: self.key.layout().chips().iter().map(|chip| chip.fixed_width).collect(),
            has_preprocessed_commitment: witness.fixed.is_some(),
            num_lookup_instances: self.lookups().iter().filter(|own| !own.is_empty()).count(),
            lookup_pow_bits: parameters.lookup_pow_bits,
            has_randomization_commitment: false,
            ood_pow_bits: parameters.ood_pow_bits,
        }
    }

    fn auxiliary(
        &self,
        witness: &Witness<A>,
        traces: &[Trace],
        challenges: &[Vec<Challenge>],
    ) -> (Vec<Auxiliary>, Vec<Option<Challenge>>) {
        lookups::columns(traces, &witness.fixed_columns, &witness.public_values, self.lookups(), challenges)
    }

    fn divide(
        &self,
        witness: &Witness<A>,
        main: &Committed,
        columns: &Columns,
        challenges: &[Vec<Challenge>],
        alpha: Challenge,
        how: Division,
    ) -> Vec<Word> {
        let has_fixed: Vec<bool> = witness.fixed_columns.iter().map(Option::is_some).collect();
        let shared = Shared {
            config: self.key.config(),
            main,
            fixed: witness.fixed.as_ref(),
            has_fixed: &has_fixed,
            auxiliary: columns.auxiliary.as_ref(),
            public_values: &witness.public_values,
            lookups: self.lookups(),
            terminals: &columns.terminals,
            challenges,
            alpha,
        };
        let chunks: Vec<usize> = self.key.layout().chips().iter().map(|chip| chip.chunks).collect();
        shared.words(&witness.chips, &chunks, how)
    }

    /// What is opened where, in the order of the proof: main, quotients, preprocessed, lookups.
    fn rounds<'a>(
        &self,
        witness: &'a Witness<A>,
        columns: &'a Columns,
        quotients: &'a Committed,
        zeta: Challenge,
    ) -> Vec<Round<'a>> {
        let points = points(self.key.layout().chips(), &witness.heights, zeta);
        let here = quotients.words().iter().map(|_| vec![zeta]).collect();
        let rounds = [
            Some((&columns.main, points.main)),
            Some((quotients, here)),
            witness.fixed.as_ref().map(|committed| (committed, points.fixed)),
            columns.auxiliary.as_ref().map(|committed| (committed, points.auxiliary)),
        ];
        rounds.into_iter().flatten().map(|(committed, points)| Round { committed, points }).collect()
    }
}

fn main_words(traces: &[Trace]) -> Vec<Word> {
    traces.iter().map(|trace| extend(rows(trace), trace.clone())).collect()
}

fn commit_fixed(fixed: &[Option<Trace>]) -> Option<Committed> {
    let words: Vec<Word> = fixed.iter().flatten().map(|trace| extend(rows(trace), trace.clone())).collect();
    (!words.is_empty()).then(|| commit(words))
}

fn evaluate(rounds: &[Round<'_>]) -> OpenedValues<Challenge> {
    rounds.iter().map(Round::evaluate).collect()
}
