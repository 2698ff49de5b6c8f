//! `aludel prove`: sealed batches in, one shard proof out.

use aludel_circuits::TraceError;
use aludel_prover::Prover;
use aludel_witness::{Shard, WitnessError};

use super::warn_without_vectors;
use crate::cli::Prove;
use crate::costs::Costs;
use crate::exit::{Failure, Kind, OrFail};
use crate::formats;
use crate::profile::Recorder;

/// Runs the command.
pub fn run(args: &Prove) -> Result<(), Failure> {
    warn_without_vectors();
    args.output.check_writable()?;
    let recorder = Recorder::start(args.profile)?;
    let places = formats::in_order(&args.batches)?.into_iter();
    let batches = places.map(|place| formats::batch(place, &place.read()?)).collect::<Result<Vec<_>, _>>()?;
    let shard = Shard::generate(&batches, args.shard_size).map_err(|e| witness_failure(&e))?;
    let prover = Prover::new(shard.shape).or_fail(Kind::Bug, "keys")?;
    let proof = prover.prove(&shard.traces, &shard.statement).or_fail(Kind::Bug, "prover")?;
    args.output.write(&proof.bytes)?;
    let mut costs = Costs::default();
    costs.add(shard.shape, &shard.demand)?;
    recorder.print(&costs);
    Ok(())
}

/// What a caller can do about batches without a witness.
pub fn witness_failure(error: &WitnessError) -> Failure {
    let kind = match error {
        WitnessError::Replay(_) => Kind::Refused,
        WitnessError::Signature { .. } => Kind::NotAccepted,
        WitnessError::TooLarge(_) | WitnessError::Trace(TraceError::Full { .. }) => Kind::Usage,
        WitnessError::Trace(TraceError::Inconsistent { .. }) => Kind::Bug,
    };
    Failure::new(kind, error)
}
