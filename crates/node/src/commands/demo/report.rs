//! What a run tells: one table, or one JSON object.

use std::time::Duration;

use aludel_ledger::batch::Tally;
use aludel_protocol::Digest;
use serde::Serialize;

use super::root::Root;
use super::run::{Outcome, Proven};
use crate::cli::Workload;
use crate::exit::Failure;
use crate::files::Place;
use crate::memory::peak_bytes;
use crate::render;

/// The figures. Names are an interface: benchmarks read them.
#[derive(Serialize)]
struct Figures {
    workload: &'static str,
    /// Transactions proven; of the workload w2, whatever it does.
    transactions: usize,
    /// Everything proven, by kind.
    #[serde(flatten)]
    tally: Tally,
    accounts: usize,
    shards: usize,
    shape: &'static str,
    /// Transactions, signatures verified.
    executed_per_s: f64,
    /// Transactions, witness and proof.
    proven_per_s: f64,
    /// Part of that time which the witness takes, 0 to 1.
    witness_share: f64,
    /// Before padding.
    permutations_per_tx: f64,
    /// Main, preprocessed and 5 x lookup columns, after padding.
    cells_per_tx: f64,
    /// Part of the cells that is in rows which hold nothing, 0 to 1.
    padding: f64,
    /// Of the largest shard.
    proof_bytes: usize,
    /// Of the slowest shard.
    verify_ms: f64,
    /// What the folding took, unless it was left out.
    #[serde(flatten)]
    root: Option<RootFigures>,
    /// Of the weakest machine.
    proven_bits: f64,
    conjectured_bits: f64,
    /// Resident at most; 0 where the system does not say.
    peak_bytes: u64,
    prev_state_root: Digest,
    next_state_root: Digest,
    /// Every proof, from its bytes; a run in which one is refused ends with an error.
    verified: bool,
}

/// What folding the shards took.
#[derive(Serialize)]
struct RootFigures {
    root_proof_bytes: usize,
    root_verify_ms: f64,
    /// Mean wall time of a lift: program, traces and proof.
    lift_s: f64,
    /// Mean wall time of a join; 0 where there is one shard.
    join_s: f64,
    /// Wall time of everything from the shards' proofs to the root, keys included.
    aggregate_s: f64,
}

/// Prints the figures.
pub fn print(outcome: &Outcome, json: bool) -> Result<(), Failure> {
    let figures = figures(outcome);
    if json {
        return render::print(&figures, true);
    }
    Place::Stream.write(table(&figures).as_bytes())
}

fn figures(outcome: &Outcome) -> Figures {
    let Outcome { plan, tally, executing, shards, statement, permutations, costs, security, root } = outcome;
    let transactions = plan.transactions as f64;
    let time = |of: &dyn Fn(&Proven) -> Duration| shards.iter().map(of).sum::<Duration>().as_secs_f64();
    let (witness, proving) = (time(&|s| s.witness), time(&|s| s.proving));
    Figures {
        workload: match plan.workload {
            Workload::Mixed => "mixed",
            Workload::W1 => "w1",
            Workload::W2 => "w2",
        },
        transactions: plan.transactions,
        tally: *tally,
        accounts: plan.accounts,
        shards: shards.len(),
        shape: costs.by_shape().last().map_or("", |(shape, _)| shape.name()),
        executed_per_s: transactions / executing.as_secs_f64(),
        proven_per_s: transactions / (witness + proving),
        witness_share: witness / (witness + proving),
        permutations_per_tx: *permutations as f64 / transactions,
        cells_per_tx: costs.cells() as f64 / transactions,
        padding: costs.padding(),
        proof_bytes: shards.iter().map(|s| s.bytes).max().unwrap_or(0),
        verify_ms: shards.iter().map(|s| s.verifying).max().unwrap_or_default().as_secs_f64() * 1e3,
        root: root.as_ref().map(root_figures),
        proven_bits: security.proven_bits,
        conjectured_bits: security.conjectured_bits,
        peak_bytes: peak_bytes(),
        prev_state_root: statement.prev.state_root,
        next_state_root: statement.next.state_root,
        verified: true,
    }
}

fn root_figures(root: &Root) -> RootFigures {
    let mean = |times: &[Duration]| times.iter().sum::<Duration>().as_secs_f64() / times.len().max(1) as f64;
    RootFigures {
        root_proof_bytes: root.bytes,
        root_verify_ms: root.verifying.as_secs_f64() * 1e3,
        lift_s: mean(&root.lifts),
        join_s: mean(&root.joins),
        aggregate_s: root.aggregating.as_secs_f64(),
    }
}

fn table(f: &Figures) -> String {
    let many = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let rows = [
        (
            "workload",
            format!(
                "{}: {}, {}",
                f.workload,
                many(f.accounts, "account"),
                many(f.transactions, "transaction"),
            ),
        ),
        ("done", done(&f.tally)),
        ("executed", format!("{:.0} transactions/s, signatures verified", f.executed_per_s)),
        (
            "proven",
            format!(
                "{:.1} transactions/s in {} (largest: {}), witness {:.1}% of the time",
                f.proven_per_s,
                many(f.shards, "shard"),
                f.shape,
                100.0 * f.witness_share
            ),
        ),
        (
            "cost",
            format!(
                "{:.1} permutations and {:.0} cells a transaction, {:.1}% of them padding",
                f.permutations_per_tx,
                f.cells_per_tx,
                100.0 * f.padding
            ),
        ),
        ("proof", format!("{} at most, verified in {:.1} ms", many(f.proof_bytes, "byte"), f.verify_ms)),
        ("root", root_line(f.root.as_ref())),
        ("soundness", format!("{:.1} bits proven, {:.1} conjectured", f.proven_bits, f.conjectured_bits)),
        ("memory", format!("{:.2} GB at the peak", f.peak_bytes as f64 / 1e9)),
        ("state before", f.prev_state_root.to_string()),
        ("state after", f.next_state_root.to_string()),
        ("verified", "yes: every proof, from its bytes".to_owned()),
    ];
    rows.map(|(name, text)| format!("{name:<13} {text}\n")).concat()
}

fn root_line(root: Option<&RootFigures>) -> String {
    root.map_or("none: left out".to_owned(), |r| {
        format!(
            "{} bytes, verified in {:.1} ms; {:.1} s a lift, {:.1} s a join, {:.1} s for all",
            r.root_proof_bytes, r.root_verify_ms, r.lift_s, r.join_s, r.aggregate_s
        )
    })
}

/// What there was of each kind.
fn done(tally: &Tally) -> String {
    let kinds = [
        (tally.new_accounts, "accounts opened"),
        (tally.deposits, "deposits"),
        (tally.transfers, "transfers"),
        (tally.withdrawals, "withdrawals"),
        (tally.rotations, "rotations"),
        (tally.forced, "forced withdrawals"),
        (tally.refunds, "refunds"),
        (tally.refused_forced, "forced withdrawals refused"),
    ];
    let some = kinds.iter().filter(|(count, _)| *count > 0);
    some.map(|(count, what)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
}
