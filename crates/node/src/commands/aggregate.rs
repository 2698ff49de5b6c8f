//! `aludel aggregate`: shard proofs in any order, one root that stands for all of them.

use aludel_protocol::ChainId;
use aludel_prover::aggregate::{AggregateError, Done, Folded, Folder, Shard, aggregate};
use aludel_verifier::Expectations;
use rayon::prelude::*;

use super::{verify, warn_without_vectors};
use crate::cli::Aggregate;
use crate::costs::Costs;
use crate::exit::{Failure, Kind, OrFail};
use crate::files::Place;
use crate::profile::Recorder;
use crate::progress;

/// Runs the command.
pub fn run(args: &Aggregate) -> Result<(), Failure> {
    warn_without_vectors();
    args.output.check_writable()?;
    let recorder = Recorder::start(args.profile)?;
    let expected = Expectations { chain_id: args.chain_id.map(ChainId), statement: None };
    let read = |place| Ok((place, Place::read(place)?));
    let files = args.proofs.iter().map(read).collect::<Result<Vec<_>, Failure>>()?;
    let open = |(place, bytes): (&Place, Vec<u8>)| {
        Shard::open(&bytes, &expected).map_err(|e| Failure::new(kind(&e), format!("{place}: {e}")))
    };
    // The first of them that is not good is named, whichever thread found one first.
    let opened: Vec<_> = files.into_par_iter().map(open).collect();
    let shards = opened.into_iter().collect::<Result<Vec<_>, _>>()?;
    let root = fold(shards, args.jobs.into(), |_| ())?;
    args.output.write(root.bytes())?;
    recorder.print(&Costs::default());
    Ok(())
}

/// The root of shards, with a bar; tells each step.
pub fn fold(shards: Vec<Shard>, jobs: usize, tell: impl Fn(&Done) + Sync) -> Result<Folded, Failure> {
    let folder = Folder::new().or_fail(Kind::Bug, "keys")?;
    let bar = progress::bar("folding", 2 * shards.len());
    let root = aggregate(&folder, shards, jobs, |done| {
        tell(&done);
        bar.inc(1);
    });
    bar.finish_and_clear();
    root.map_err(|e| Failure::new(kind(&e), e))
}

/// The exit code of what is not folded.
const fn kind(error: &AggregateError) -> Kind {
    match error {
        AggregateError::Nothing | AggregateError::NoShard { .. } => Kind::Usage,
        AggregateError::Missing { .. } | AggregateError::Overlap { .. } | AggregateError::Differs { .. } => {
            Kind::NotAccepted
        }
        AggregateError::Refused(error) => verify::kind(error),
        AggregateError::NotJoined { .. }
        | AggregateError::Plan
        | AggregateError::Key(_)
        | AggregateError::Unsatisfied { .. }
        | AggregateError::Trace { .. }
        | AggregateError::Prove(_) => Kind::Bug,
    }
}
