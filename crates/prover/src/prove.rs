//! The prover of one machine.

use std::time::{Duration, Instant};

use aludel_circuits::recursion::RecursionChip;
use aludel_circuits::{Chip, MachineChip, Shape};
use aludel_protocol::{F, Statement};
use aludel_verifier::config::Proof;
use aludel_verifier::format::{self, Claim};
use aludel_verifier::keys::Key;
use aludel_verifier::verify::{Expectations, check_statement, verify_with};
use aludel_verifier::{KeyError, KeySet, Role, VerifyError};
use p3_batch_stark::{ProverData, StarkInstance};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use tracing::info_span;

use crate::machine::Provable;

/// No proof was made.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The machine has no good key: a fault of this build.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Not one trace a chip.
    #[error(
        "the machine has {expected} chips and {found} traces were given; this is a bug in witness generation"
    )]
    Traces {
        /// Chips.
        expected: usize,
        /// Traces.
        found: usize,
    },
    /// A trace has another size than its chip.
    #[error(
        "chip {chip}: its trace must be [{}][{}] and is [{}][{}]; this is a bug in witness generation",
        expected.0, expected.1, found.0, found.1
    )]
    Size {
        /// The chip.
        chip: &'static str,
        /// Rows and columns of the chip.
        expected: (usize, usize),
        /// Rows and columns of the trace.
        found: (usize, usize),
    },
    /// No verifier accepts this statement.
    #[error("the statement cannot be proven: {0}")]
    Statement(#[source] VerifyError),
    /// Plonky3 failed.
    #[error("the proof system failed: {reason}; this is a bug in Aludel")]
    Backend {
        /// Plonky3's reason.
        reason: String,
    },
    /// The proof does not verify, so it was not handed on: the traces break a constraint, or the machine is faulty.
    #[error("the finished proof does not verify ({0}); check the traces, then the hardware")]
    Unsound(#[source] VerifyError),
}

/// A verified proof.
#[derive(Clone, Debug)]
pub struct VerifiedProof {
    /// What verifiers read.
    pub bytes: Vec<u8>,
    /// What it cost.
    pub stats: Stats,
}

/// What a proof cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Wall time of proving, without verification.
    pub proving: Duration,
    /// Wall time of verification before the proof left.
    pub verifying: Duration,
}

/// Proves under one key. What depends on the key alone is made once.
pub struct Prover<A = MachineChip> {
    key: Key<A>,
    data: ProverData<aludel_verifier::config::Config>,
}

impl Prover {
    /// The prover of a shape: commits to the preprocessed columns and checks the key against the manifest.
    ///
    /// # Errors
    /// [`KeyError`]: the machine breaks a rule of keys, or is not the one that the manifest pins.
    pub fn new(shape: Shape) -> Result<Self, KeyError> {
        let prover = Self::with_chips(shape, MachineChip::all(shape))?;
        prover.key.check_pinned()?;
        Ok(prover)
    }
}

impl Prover<RecursionChip> {
    /// The prover of a lift, a join or a root: commits to the columns of its program and checks the key against the manifest. Its proofs name
    /// the set of keys of the manifest.
    ///
    /// # Errors
    /// [`KeyError`]: the machine breaks a rule of keys, or is not the one that the manifest pins.
    pub fn folded(role: Role, chips: Vec<RecursionChip>) -> Result<Self, KeyError> {
        let Self { key, data } = Self::with_chips(role, chips)?;
        key.check_pinned()?;
        Ok(Self { key: key.with_set(KeySet::pinned()?.root()), data })
    }
}

impl<A: Provable> Prover<A> {
    /// The prover of any machine, under a key of its own.
    ///
    /// # Errors
    /// The machine breaks a rule of keys.
    pub fn with_chips(role: impl Into<Role>, chips: Vec<A>) -> Result<Self, KeyError> {
        let (key, data) = Key::derive_for_prover(role, chips)?;
        Ok(Self { key, data })
    }

    /// The key that its proofs verify under.
    pub const fn key(&self) -> &Key<A> {
        &self.key
    }

    /// Proves `traces`, one `[height][width]` a chip in the machine's order, under a statement, and verifies the
    /// proof. The same traces give the same bytes, whatever the threads.
    ///
    /// # Errors
    /// [`ProveError::Unsound`] where the traces break a constraint; the others name a bug or a wrong size.
    pub fn prove(
        &self,
        traces: &[RowMajorMatrix<F>],
        statement: &Statement,
    ) -> Result<VerifiedProof, ProveError> {
        let start = Instant::now();
        let bytes = self.prove_unverified(traces, statement)?;
        let proving = start.elapsed();
        let expected = Expectations { chain_id: None, statement: Some(*statement) };
        info_span!("verify own proof")
            .in_scope(|| verify_with(&self.key, &bytes, &expected))
            .map_err(ProveError::Unsound)?;
        let verifying = start.elapsed().saturating_sub(proving);
        Ok(VerifiedProof { bytes, stats: Stats { proving, verifying } })
    }

    /// The bytes of a proof that nobody has verified yet: for tests which forge traces, and for measurement.
    ///
    /// # Errors
    /// As [`Prover::prove`], except that a false proof is returned.
    pub fn prove_unverified(
        &self,
        traces: &[RowMajorMatrix<F>],
        statement: &Statement,
    ) -> Result<Vec<u8>, ProveError> {
        check_statement(statement).map_err(ProveError::Statement)?;
        let proof = self.proof(traces, self.key.public_values(statement))?;
        let claim = Claim { role: self.key.role(), statement: *statement };
        let backend = |reason| ProveError::Backend { reason };
        info_span!("encode").in_scope(|| format::encode(&claim, &proof)).map_err(backend)
    }

    /// A proof of `traces` with the public values of each chip, before anybody has verified or written it.
    ///
    /// # Errors
    /// Wrong sizes, or a failure of the proof system.
    pub fn proof(
        &self,
        traces: &[RowMajorMatrix<F>],
        public_values: Vec<Vec<F>>,
    ) -> Result<Proof, ProveError> {
        self.check_sizes(traces)?;
        let chips = self.key.chips().iter().zip(traces);
        let instances: Vec<_> = chips
            .zip(public_values)
            .map(|((air, trace), public_values)| StarkInstance { air, trace, public_values })
            .collect();
        let backend = |reason| ProveError::Backend { reason };
        A::prove_batch(self.key.config(), &instances, &self.data).map_err(backend)
    }

    fn check_sizes(&self, traces: &[RowMajorMatrix<F>]) -> Result<(), ProveError> {
        let chips = self.key.chips();
        if chips.len() != traces.len() {
            return Err(ProveError::Traces { expected: chips.len(), found: traces.len() });
        }
        chips.iter().zip(traces).try_for_each(|(chip, trace)| {
            let expected = (1 << chip.log_height(), Chip::width(chip));
            let found = (trace.height(), trace.width());
            if expected == found {
                Ok(())
            } else {
                Err(ProveError::Size { chip: chip.name(), expected, found })
            }
        })
    }
}
