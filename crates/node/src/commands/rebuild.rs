//! `aludel rebuild`: the state from published data and the L1 queue, and whether it is the one that statements speak of.

use std::vec::IntoIter;

use aludel_ledger::batch::{Checks, Rebuild, RebuildError, Rebuilt, StatementError};
use aludel_ledger::{Chain, Store};
use aludel_protocol::statement::Checkpoint;
use aludel_protocol::{ChainId, QueueItem, Statement};

use crate::cli;
use crate::exit::{Failure, Kind, OrFail};
use crate::files::Place;
use crate::formats;
use crate::store::Unfinished;

/// Runs the command. One file of published data is in memory at a time.
pub fn run(args: &cli::Rebuild) -> Result<(), Failure> {
    let read = |place: &Place| formats::statement(place, &place.read()?);
    let statements = args.statements.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let chain_id = chain_id(args.chain_id, &statements);
    let Some(folder) = &args.state else {
        let public = Public::new(chain_id.unwrap_or_default(), &args.queue)?;
        return Place::Stream.write(make(args, &statements, public)?.1.as_bytes());
    };
    let chain_id = chain_id.ok_or_else(|| {
        Failure::new(Kind::Usage, "a state is of one chain; say which by --chain-id or --statement")
    })?;
    let (unfinished, chain) = Unfinished::begin(folder, chain_id)?;
    let (chain, led) = make(args, &statements, Public::on(chain, &args.queue)?)?;
    unfinished.finish(chain)?;
    Place::Stream.write(led.as_bytes())
}

/// Makes every batch, compares, and returns the chain with a line that says where that led.
fn make<S: Store>(
    args: &cli::Rebuild,
    statements: &[Statement],
    mut public: Public<S>,
) -> Result<(S, String), Failure> {
    let mut checks = Checks::new(public.rebuild.chain().chain_id(), statements).map_err(other)?;
    let mut met = checks.at(&public.checkpoint()).map_err(other)?;
    for place in formats::in_order(&args.pubdata)? {
        met += checks.at(&public.next(place, &place.read()?)?.next).map_err(other)?;
    }
    checks.finish().map_err(other)?;
    if statements.is_empty() {
        eprintln!(
            "note: nothing says that these data are the chain's; compare the state, or pass --statement"
        );
    }
    let Checkpoint { number, state_root, .. } = public.checkpoint();
    let checked = format!("{} statements, {met} points compared", statements.len());
    Ok((public.rebuild.into_chain(), format!("batch {number}, state {state_root}; {checked}\n")))
}

/// Whose data they are, if anything says so. Without a statement nothing that is printed depends on it: it enters
/// headers, not the root of the state.
fn chain_id(given: Option<u64>, statements: &[Statement]) -> Option<ChainId> {
    let stated = || statements.first().map(|statement| statement.chain_id);
    given.map(ChainId).or_else(stated)
}

fn other(error: StatementError) -> Failure {
    let kind = match error {
        StatementError::Unreached { .. } => Kind::Usage,
        StatementError::Chain { .. } | StatementError::Rules { .. } | StatementError::Differs { .. } => {
            Kind::NotAccepted
        }
    };
    Failure::new(kind, error)
}

/// A chain from its beginning, made from what is public.
pub struct Public<S = Chain> {
    rebuild: Rebuild<S>,
    items: IntoIter<QueueItem>,
}

impl Public {
    /// Nothing made yet, in memory. The queue is from its first item on.
    pub fn new(chain_id: ChainId, queue: &Place) -> Result<Self, Failure> {
        Self::on(Chain::genesis(chain_id), queue)
    }
}

impl<S: Store> Public<S> {
    /// Nothing made yet, on a chain without batches.
    pub fn on(chain: S, queue: &Place) -> Result<Self, Failure> {
        let items = formats::queue(queue, &queue.read()?)?.items.into_iter();
        Ok(Self { rebuild: Rebuild::from_chain(chain), items })
    }

    /// Where it has come to.
    pub fn checkpoint(&self) -> Checkpoint {
        self.rebuild.chain().checkpoint()
    }

    /// Makes the next batch.
    pub fn next(&mut self, place: &Place, bytes: &[u8]) -> Result<Rebuilt, Failure> {
        let rebuilt = self.rebuild.bytes(bytes, &mut self.items);
        let kind = rebuilt.as_ref().err().map_or(Kind::Bug, kind);
        rebuilt.or_fail(kind, place)
    }
}

const fn kind(error: &RebuildError) -> Kind {
    match error {
        RebuildError::Pubdata { .. } | RebuildError::Store(_) => Kind::Undecodable,
        RebuildError::Number { .. } | RebuildError::LastNumber { .. } => Kind::Usage,
        RebuildError::QueueEnds { .. } | RebuildError::Entry { .. } | RebuildError::Count { .. } => {
            Kind::Refused
        }
    }
}
