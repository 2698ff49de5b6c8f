//! Every case of every chip against a whole honest shard: our checker names what refuses it, and the forged
//! trace, proven all the same, is refused by the verifier for the reason that it must be. Each is proven with its chip
//! alone, which is cheap; a sample, a case of each bus and of a constraint of each chip, with the whole machine as well,
//! under the pinned key.

use std::sync::LazyLock;

use aludel_circuits::check::Violation;
use aludel_circuits::tamper::{Case, Expect, Traces, cases};
use aludel_circuits::{Chip, MachineChip, Shape};
use aludel_protocol::F;
use aludel_verifier::VerifyError;
use p3_matrix::dense::RowMajorMatrix;
use rayon::prelude::*;

use aludel_adversary::alone::Alone;
use aludel_adversary::honest::{PROVER, SHARD, verdict};

/// The honest shard of every case.
static HONEST: LazyLock<Traces> = LazyLock::new(|| {
    let mut traces = Traces::default();
    let public = SHARD.statement.digest().0;
    for (chip, main) in MachineChip::all(Shape::Tiny).into_iter().zip(&SHARD.traces) {
        let own = chip.given(&public);
        traces.chip(chip, main.clone(), own);
    }
    traces
});

macro_rules! chips {
    ($($chip:ident),* $(,)?) => {
        const TESTED: &[&str] = &[$(stringify!($chip)),*];
        $(
            #[test]
            fn $chip() {
                every_case_is_refused(stringify!($chip));
            }
        )*
    };
}

chips!(range16, hash24, chain, signature, node, cell, transaction, statement);

#[test]
fn the_shard_is_honest_and_whole() {
    assert_eq!(HONEST.violations(), Vec::new());
    let names: Vec<_> = HONEST.chips().iter().map(|(chip, ..)| chip.name()).collect();
    assert_eq!(names, TESTED);
}

fn every_case_is_refused(name: &str) {
    let traces = HONEST.alone(name).expect("a chip of the machine");
    assert_eq!(traces.violations(), Vec::new());
    let (chip, main, public) = &traces.chips()[0];
    let alone = Alone::new(*chip, main, public);
    assert_eq!(alone.verdict(main), Ok(()));
    let failures = cases(chip).par_iter().filter_map(|case| is_refused(case, &traces, &alone).err());
    let mut failures: Vec<String> = failures.collect();
    let index = TESTED.iter().position(|tested| *tested == name).expect("a chip of the machine");
    let sampled = sample(cases(chip));
    assert!(!sampled.is_empty());
    failures.extend(sampled.iter().filter_map(|case| is_refused_by_all(case, &traces, index).err()));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The chip's traces with the case in them, and how a verifier refuses them that knows the chip as this index.
fn forge(case: &Case, traces: &Traces, index: usize) -> Result<(RowMajorMatrix<F>, String), String> {
    let mut forged = traces.clone();
    case.apply(&mut forged).map_err(|e| e.to_string())?;
    let expected = refusal(&forged.violations(), index);
    Ok((forged.chips()[0].1.clone(), expected))
}

/// By our checker, and by the verifier with the chip alone.
fn is_refused(case: &Case, traces: &Traces, alone: &Alone) -> Result<(), String> {
    case.run(traces).map_err(|e| e.to_string())?;
    let (main, expected) = forge(case, traces, 0)?;
    match alone.verdict(&main) {
        Err(reason) if reason.contains(&expected) => Ok(()),
        other => Err(format!("{case}: the verifier must say {expected:?} and says {other:?}")),
    }
}

/// The first case of each bus, and the first of a constraint: on these the whole machine is held against the chip alone.
fn sample(cases: &[Case]) -> Vec<&Case> {
    let kinds = |i: usize| match cases[i].expect {
        Expect::Constraint(_) => None,
        Expect::Bus(bus) => Some(bus),
    };
    let first = |i: &usize| (0..*i).all(|before| kinds(before) != kinds(*i));
    (0..cases.len()).filter(first).map(|i| &cases[i]).collect()
}

/// By the verifier of the pinned key, with the whole machine.
fn is_refused_by_all(case: &Case, traces: &Traces, index: usize) -> Result<(), String> {
    let (main, expected) = forge(case, traces, index)?;
    let mut mains = SHARD.traces.clone();
    mains[index] = main;
    let bytes = PROVER.prove_unverified(&mains, &SHARD.statement).map_err(|e| e.to_string())?;
    match verdict(&bytes) {
        Err(VerifyError::Refused { reason }) if reason.contains(&expected) => Ok(()),
        other => Err(format!("{case}: the whole must say {expected:?} and says {other:?}")),
    }
}

/// How the verifier refuses traces of which chip `index` is forged: constraints come before buses.
fn refusal(violations: &[Violation], index: usize) -> String {
    match violations.iter().any(|v| matches!(v, Violation::Constraint { .. })) {
        true => format!("mismatch at index {index}"),
        false => "terminal sum".to_owned(),
    }
}
