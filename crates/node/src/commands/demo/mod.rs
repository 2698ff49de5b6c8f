//! `aludel demo`: the whole path on made-up wallets. Fund, sign, execute, prove, verify, fold, and say
//! what it cost.

mod estimate;
mod keep;
mod plan;
mod report;
mod root;
mod run;
mod wallets;
mod workload;

use super::warn_without_vectors;
use crate::cli::Demo;
use crate::exit::Failure;
use crate::profile::Recorder;
use estimate::Estimate;
use keep::Keep;
use plan::Plan;

/// Runs the command.
pub fn run(args: &Demo) -> Result<(), Failure> {
    let plan = Plan::new(args)?;
    let keep = Keep::open(args.keep.as_deref())?;
    warn_without_vectors();
    eprintln!("{}", Estimate::of(&plan, args.keep.is_some(), !args.no_root));
    let recorder = Recorder::start(args.profile)?;
    let outcome = run::run(&plan, &keep, !args.no_root)?;
    report::print(&outcome, args.json)?;
    keep.say();
    recorder.print(&outcome.costs);
    Ok(())
}
