//! Every target, bounded: a minute a kind, shared by its targets.
//!
//! | variable | sets |
//! |---|---|
//! | `ALUDEL_FUZZ_SECONDS` | the time of each target |
//! | `ALUDEL_FUZZ_INPUTS` | the most inputs of each target; no bound |
//! | `ALUDEL_FUZZ_SEED` | what mutants derive from; 1 |
//! | `ALUDEL_FUZZ_START` | the first input: with the seed, and the corpus as it was, it names an input that failed |
//! | `ALUDEL_FUZZ_TRACE` | `1` names each input before it runs: for what kills the process, as running out of memory does |

#![forbid(unsafe_code)]

use aludel_fuzz::driver::{Bounds, run};

fn bounded(name: &str) {
    let target = aludel_fuzz::find(name).unwrap_or_else(|| panic!("{name} is no target"));
    let bounds = Bounds::share(target.kind).with_env().unwrap_or_else(|e| panic!("{e}"));
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
    verify_root,
    verify_edits,
);

#[test]
fn every_target_has_a_test() {
    let names: Vec<_> = aludel_fuzz::all().iter().map(|target| target.name).collect();
    assert_eq!(names, TESTED);
}

/// cargo-fuzz finds targets by the manifest. Each of its binaries runs the target of its own name.
#[test]
fn every_target_has_a_libfuzzer_binary() {
    let manifest = include_str!("../Cargo.toml").split("[[bin]]").skip(1);
    let named = manifest.map(|bin| bin.split('"').nth(1).expect("a name comes first"));
    assert_eq!(named.collect::<Vec<_>>(), TESTED);
    for name in TESTED {
        let path = format!("{}/fuzz_targets/{name}.rs", env!("CARGO_MANIFEST_DIR"));
        let source = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(source.contains("aludel_fuzz::libfuzzer!();"), "{path}");
        let stated = format!("path = \"fuzz_targets/{name}.rs\"\nrequired-features = [\"libfuzzer\"]");
        assert!(include_str!("../Cargo.toml").contains(&stated), "{name}: {stated}");
    }
}
