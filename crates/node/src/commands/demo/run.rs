//! The run itself: each step timed where its figure is asked for.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aludel_circuits::Shape;
use aludel_ledger::batch::{Chain, Queue, SealedBatch, Tally};
use aludel_protocol::fold::fold;
use aludel_protocol::{Entry, KeyDigest, SignedTransaction, Statement};
use aludel_prover::Prover;
use aludel_verifier::{Role, Security, ShardKey, security};
use aludel_witness::{Demand, Shard};

use super::keep::Keep;
use super::plan::Plan;
use super::root::{Root, folded};
use super::wallets::{CHAIN, Wallets};
use super::workload::{OPERATOR, Script, Step};
use crate::batching::{cut, seal};
use crate::cli::Workload;
use crate::commands::prove::witness_failure;
use crate::commands::verify::verify_one;
use crate::costs::Costs;
use crate::exit::{Failure, Kind, OrFail};
use crate::files::Place;
use crate::progress;

/// What a run did and took.
pub struct Outcome {
    /// What was asked for.
    pub plan: Plan,
    /// What was proven.
    pub tally: Tally,
    /// Wall time of execution of what was proven, signatures included.
    pub executing: Duration,
    /// Shards, in order.
    pub shards: Vec<Proven>,
    /// What all proofs say together.
    pub statement: Statement,
    /// Permutations before padding.
    pub permutations: usize,
    /// Where the cells went.
    pub costs: Costs,
    /// Bits of the weakest machine.
    pub security: Security,
    /// The root, where one was wanted.
    pub root: Option<Root>,
}

/// A shard that was proven, and verified from its bytes.
pub struct Proven {
    /// Its size.
    pub shape: Shape,
    /// Wall time of the witness.
    pub witness: Duration,
    /// Wall time of the proof.
    pub proving: Duration,
    /// Wall time of its verification.
    pub verifying: Duration,
    /// What it held of its shape.
    demand: Demand,
    /// Bytes of the proof.
    pub bytes: usize,
    statement: Statement,
    tally: Tally,
}

/// Runs a plan.
pub fn run(plan: &Plan, keep: &Keep, with_root: bool) -> Result<Outcome, Failure> {
    let mut script = Script::new(plan);
    let mut wallets = Wallets::new(&script)?;
    let keys = wallets.first_keys();
    let signed = wallets.sign(&script.orders())?;
    // Before anything that is signed.
    keep.keys(&wallets, plan.seed)?;
    drop(wallets);
    let funding = entries(&mut script, |script| &script.funding, &keys, Vec::new());
    let steps = entries(&mut script, |script| &script.steps, &keys, signed);
    keep.queue(&queue(&funding, &steps))?;

    let mut chain = Chain::genesis(CHAIN);
    let entries = match plan.workload {
        Workload::Mixed => [funding, steps].concat(),
        Workload::W1 | Workload::W2 => {
            execute(&mut chain, funding, Shape::Large, "funding", keep)?;
            steps
        }
    };
    let (batches, executing) = execute(&mut chain, entries, plan.shape, "batches", keep)?;
    let Shards { proven: shards, tally, proofs } = prove(plan, &batches, keep, with_root)?;
    drop((chain, batches));
    let statement = joined(&shards)?;
    keep.statement(&statement)?;
    let root = with_root.then(|| folded(proofs, &statement, keep)).transpose()?;
    let roles = shards.iter().map(|shard| Role::Shard(shard.shape));
    let security = weakest(roles.chain(with_root.then_some([Role::Join, Role::Root]).into_iter().flatten()))?;
    let mut costs = Costs::default();
    shards.iter().try_for_each(|shard| costs.add(shard.shape, &shard.demand))?;
    let permutations = shards.iter().map(|shard| shard.demand.permutations()).sum();
    Ok(Outcome { plan: *plan, tally, executing, shards, statement, permutations, costs, security, root })
}

/// The steps as entries, in order: items of the L1 queue made now, transactions as they were signed.
fn entries(
    script: &mut Script,
    steps: impl Fn(&Script) -> &Vec<Step>,
    keys: &[KeyDigest],
    signed: Vec<SignedTransaction>,
) -> Vec<Entry> {
    let mut signed = signed.into_iter();
    let steps = steps(script).clone();
    let entry = |step: &Step| match script.item(step, keys) {
        Some(item) => Some(Entry::Queue(item)),
        None => signed.next().map(Entry::Transaction),
    };
    steps.iter().filter_map(entry).collect()
}

/// The items of the L1 queue among entries.
fn queue(funding: &[Entry], steps: &[Entry]) -> Queue {
    let item = |entry: &Entry| if let Entry::Queue(item) = entry { Some(*item) } else { None };
    Queue { items: funding.iter().chain(steps).filter_map(item).collect() }
}

/// Seals every entry into batches that fit a shape; also the time that took, without cutting and keeping.
fn execute(
    chain: &mut Chain,
    entries: Vec<Entry>,
    shape: Shape,
    what: &'static str,
    keep: &Keep,
) -> Result<(Vec<SealedBatch>, Duration), Failure> {
    let runs = cut(entries, shape, OPERATOR, chain)?;
    let bar = progress::bar(what, runs.len());
    let (mut batches, mut time) = (Vec::with_capacity(runs.len()), Duration::ZERO);
    for run in runs {
        let start = Instant::now();
        let (sealed, refused) = seal(chain, OPERATOR, run, |_| Ok(()))?;
        time += start.elapsed();
        if let Some((_, error)) = refused.first() {
            return Err(Failure::new(Kind::Bug, format!("the demo's own entry was refused: {error}")));
        }
        let sealed = sealed.ok_or_else(|| Failure::new(Kind::Bug, "a batch without entries"))?;
        keep.batch(&sealed)?;
        batches.push(sealed);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok((batches, time))
}

/// What became of the batches.
struct Shards {
    proven: Vec<Proven>,
    tally: Tally,
    /// The proofs, where somebody needs them still.
    proofs: Vec<Vec<u8>>,
}

/// Proves each batch as a shard of its own, and holds the proofs if told to.
fn prove(plan: &Plan, batches: &[SealedBatch], keep: &Keep, hold: bool) -> Result<Shards, Failure> {
    let bar = progress::bar("shards", batches.len());
    let mut provers = BTreeMap::new();
    let mut shards = Vec::with_capacity(batches.len());
    let (mut tally, mut proofs) = (Tally::default(), Vec::new());
    for (number, sealed) in (1..).zip(batches) {
        let (proven, bytes) = prove_one(plan, sealed, &mut provers)?;
        keep.proof(number, &bytes)?;
        tally.merge(&proven.tally);
        shards.push(proven);
        proofs.extend(hold.then_some(bytes));
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(Shards { proven: shards, tally, proofs })
}

fn prove_one(
    plan: &Plan,
    sealed: &SealedBatch,
    provers: &mut BTreeMap<Shape, Prover>,
) -> Result<(Proven, Vec<u8>), Failure> {
    let start = Instant::now();
    let shard =
        Shard::generate(core::slice::from_ref(sealed), plan.shard_size).map_err(|e| witness_failure(&e))?;
    let witness = start.elapsed();
    let prover = prover(provers, shard.shape)?;
    let proof = prover.prove(&shard.traces, &shard.statement).or_fail(Kind::Bug, "prover")?;
    let start = Instant::now();
    let statement = verify_one(&Place::Stream, &proof.bytes, Some(CHAIN))?;
    let proven = Proven {
        shape: shard.shape,
        witness,
        proving: proof.stats.proving,
        verifying: start.elapsed(),
        demand: shard.demand,
        bytes: proof.bytes.len(),
        statement,
        tally: shard.tally,
    };
    Ok((proven, proof.bytes))
}

/// The prover of a shape, made on first use.
fn prover(provers: &mut BTreeMap<Shape, Prover>, shape: Shape) -> Result<&Prover, Failure> {
    use std::collections::btree_map::Entry;
    match provers.entry(shape) {
        Entry::Occupied(found) => Ok(found.into_mut()),
        Entry::Vacant(slot) => {
            // The verifier's key too, so that no verification is charged for it.
            ShardKey::pinned(shape).or_fail(Kind::Bug, "keys")?;
            Ok(slot.insert(Prover::new(shape).or_fail(Kind::Bug, "keys")?))
        }
    }
}

fn joined(shards: &[Proven]) -> Result<Statement, Failure> {
    let mut statements = shards.iter().map(|shard| shard.statement);
    let first = statements.next().ok_or_else(|| Failure::new(Kind::Bug, "no shard was proven"))?;
    statements.try_fold(first, |all, next| {
        fold(&all, &next)
            .map_err(|gap| Failure::new(Kind::Bug, format!("shards do not follow one another: {gap:?}")))
    })
}

fn weakest(roles: impl Iterator<Item = Role>) -> Result<Security, Failure> {
    let mut weakest: Option<Security> = None;
    for role in roles {
        let one = security(role).or_fail(Kind::Bug, "keys")?;
        weakest = weakest.filter(|w| w.proven_bits <= one.proven_bits).or(Some(one));
    }
    weakest.ok_or_else(|| Failure::new(Kind::Bug, "no shard was proven"))
}
