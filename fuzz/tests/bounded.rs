//! Every target, bounded: 200,000 inputs or 5 seconds each, whichever is first.
//!
//! | variable | sets |
//! |---|---|
//! | `ALUDEL_FUZZ_SECONDS` | the time of each target; alone it also lifts the bound on inputs |
//! | `ALUDEL_FUZZ_INPUTS` | the number of inputs of each target |
//! | `ALUDEL_FUZZ_SEED` | what mutants derive from; 1 |
//! | `ALUDEL_FUZZ_START` | the first input: with the seed it names an input that failed |
//! | `ALUDEL_FUZZ_TRACE` | `1` names each input before it runs: for what kills the process, as running out of memory does |

#![forbid(unsafe_code)]

use aludel_fuzz::driver::{Bounds, run};

fn bounded(name: &str) {
    let bounds = Bounds::from_env().unwrap_or_else(|e| panic!("{e}"));
    let target = aludel_fuzz::find(name).unwrap_or_else(|| panic!("{name} is no target"));
    println!("{name}: seed {}", bounds.seed);
    match run(&target, &bounds) {
        Ok(report) => println!("{name}: {report}"),
        Err(failure) => panic!("{failure}"),
    }
}

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        const TESTED: &[&str] = &[$(stringify!($name)),*];
        $(
            #[test]
            fn $name() {
                bounded(stringify!($name));
            }
        )*
    };
}

targets!(
    transaction,
    transaction_json,
    batch,
    batch_run,
    queue,
    queue_json,
    queue_items,
    statement,
    statement_json,
    usage,
    public_key_json,
    keystore,
    packed,
    state,
    pubdata,
    rebuild,
    claim,
    proof,
    verify,
    verify_statement,
);

#[test]
fn every_target_has_a_test() {
    let names: Vec<_> = aludel_fuzz::all().iter().map(|target| target.name).collect();
    assert_eq!(names, TESTED);
}
