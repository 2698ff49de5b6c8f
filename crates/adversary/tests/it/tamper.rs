//! Every case of every chip against a whole honest shard: our checker names what refuses it, and the forged
//! traces, proven all the same, are refused by the verifier for the reason that they must be.

use std::sync::LazyLock;

use aludel_circuits::check::Violation;
use aludel_circuits::tamper::{Case, Traces, cases};
use aludel_circuits::{Chip, MachineChip, Shape};
use aludel_verifier::VerifyError;
use rayon::prelude::*;

use aludel_adversary::honest::{PROVER, SHARD, verdict};

/// The honest shard of every case.
static HONEST: LazyLock<Traces> = LazyLock::new(|| {
    let mut traces = Traces::default();
    let public = SHARD.statement.digest().0;
    for (chip, main) in MachineChip::all(Shape::Tiny).into_iter().zip(&SHARD.traces) {
        let public = if chip.public_values() > 0 { &public[..] } else { &[] };
        traces.chip(chip, main.clone(), public);
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
    let alone = HONEST.alone(name).expect("a chip of the machine");
    assert_eq!(alone.violations(), Vec::new());
    let (index, chip) = (HONEST.chips().iter().enumerate())
        .find_map(|(i, (chip, ..))| (chip.name() == name).then_some((i, *chip)))
        .expect("a chip of the machine");
    let shown = |case: &Case| is_refused(case, &alone, index).err();
    let failures: Vec<String> = cases(&chip).par_iter().filter_map(shown).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn is_refused(case: &Case, alone: &Traces, index: usize) -> Result<(), String> {
    case.run(alone).map_err(|e| e.to_string())?;
    let mut forged = alone.clone();
    case.apply(&mut forged).map_err(|e| e.to_string())?;
    let expected = refusal(&forged.violations(), index);
    let mut traces = SHARD.traces.clone();
    traces[index] = forged.chips()[0].1.clone();
    let bytes = PROVER.prove_unverified(&traces, &SHARD.statement).map_err(|e| e.to_string())?;
    match verdict(&bytes) {
        Err(VerifyError::Refused { reason }) if reason.contains(&expected) => Ok(()),
        other => Err(format!("{case}: the verifier must say {expected:?} and says {other:?}")),
    }
}

/// How the verifier refuses traces of which chip `index` is forged: constraints come before buses.
fn refusal(violations: &[Violation], index: usize) -> String {
    match violations.iter().any(|v| matches!(v, Violation::Constraint { .. })) {
        true => format!("mismatch at index {index}"),
        false => "terminal sum".to_owned(),
    }
}
