//! `demo`: what it prints, what it keeps, and that a seed decides every byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::world::{World, order};

const SIZE: &str = "--accounts 4 --transactions 30 --shard-size tiny";

/// Every file under a folder, by its path there.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
                    found.insert(name, fs::read(&path).expect("read"));
                }
            }
        }
    }
    found
}

#[test]
fn a_seed_decides_every_byte_whatever_the_threads() {
    let world = World::new("demo_seed");
    let one = world.ok(&format!("demo --json {SIZE} --seed 3 --keep one --threads 1"));
    let two = world.ok(&format!("demo --json {SIZE} --seed 3 --keep two --threads 2"));
    let (kept, again) = (files(&world.path("one")), files(&world.path("two")));
    let differing: Vec<_> =
        kept.iter().filter(|(name, bytes)| again.get(*name) != Some(bytes)).map(|(name, _)| name).collect();
    // The salt of the keystore is the one thing that a seed does not decide.
    assert!(differing == ["keys.keystore"] && kept.len() == again.len(), "{differing:?}");
    let timings = [
        "executed_per_s",
        "proven_per_s",
        "witness_share",
        "verify_ms",
        "root_verify_ms",
        "lift_s",
        "join_s",
        "aggregate_s",
        "peak_bytes",
    ];
    let steady = |out: &str| {
        let mut figures: Value = serde_json::from_str(out).expect("one JSON object");
        timings
            .iter()
            .for_each(|name| assert!(figures.as_object_mut().expect("an object").remove(*name).is_some()));
        figures
    };
    assert_eq!(steady(&one.out), steady(&two.out));
    every_figure(&one.out);
    estimate_only(&one.err);
    what_is_kept(&world, &kept);
    the_frozen_root_is_made_again(&kept);
}

/// The root that the verifier's tests hold: of these very shards.
fn the_frozen_root_is_made_again(kept: &BTreeMap<String, Vec<u8>>) {
    for (made, held) in [("proofs/root.proof", "root.proof"), ("statement.json", "root.json")] {
        let frozen = fs::read(frozen().join(held)).unwrap_or_else(|e| panic!("{held}: {e}"));
        assert!(
            kept[made] == frozen,
            "{held} is not what this build makes; after a change that is meant to break proofs, run \
             crates/verifier/tests/frozen/regenerate"
        );
    }
}

fn frozen() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../verifier/tests/frozen")
}

/// The same bytes from any build, on any machine: those that the verifier's tests hold.
#[test]
fn frozen_proofs_are_made_again_byte_for_byte() {
    let world = World::new("demo_frozen");
    let frozen = frozen();
    for shape in ["tiny", "small", "medium", "large", "huge"] {
        // The arguments are also those of frozen/regenerate.
        world.ok(&format!(
            "demo --transactions 12 --accounts 6 --seed 7 --shard-size {shape} --keep {shape} --json --no-root"
        ));
        let made = files(&world.path(shape));
        let same = |kept: &str, held: &str| {
            made[kept] == fs::read(frozen.join(held)).unwrap_or_else(|e| panic!("{held}: {e}"))
        };
        assert!(same("statement.json", "statement.json"), "{shape}: another statement");
        let held = format!("{shape}.proof");
        assert!(
            same("proofs/shard-1.proof", &held),
            "{held} is not what this build makes; after a change that is meant to break proofs, run \
             crates/verifier/tests/frozen/regenerate"
        );
    }
}

fn every_figure(out: &str) {
    let figures: Value = serde_json::from_str(out).expect("one JSON object");
    let positive = [
        "transactions",
        "executed_per_s",
        "proven_per_s",
        "permutations_per_tx",
        "cells_per_tx",
        "padding",
        "proof_bytes",
        "verify_ms",
        "root_proof_bytes",
        "root_verify_ms",
        "lift_s",
        "join_s",
        "aggregate_s",
        "peak_bytes",
    ];
    for name in positive {
        assert!(figures[name].as_f64().is_some_and(|x| x > 0.0), "{name}: {}", figures[name]);
    }
    assert_eq!((&figures["transactions"], &figures["verified"]), (&30.into(), &true.into()));
    assert!(
        figures["proven_bits"].as_f64() >= Some(100.0) && figures["conjectured_bits"].as_f64() >= Some(100.0)
    );
    let roots = ["prev_state_root", "next_state_root"].map(|name| figures[name].as_str().expect("a digest"));
    assert!(roots[0] != roots[1] && roots.iter().all(|root| root.len() == 64));
}

/// No bars where there is no terminal.
fn estimate_only(err: &str) {
    let lines: Vec<_> = err.lines().filter(|line| !line.starts_with("warning: ")).collect();
    let [estimate, kept] = lines[..] else { panic!("{err}") };
    assert!(estimate.starts_with("estimate: about ") && kept.starts_with("kept: one; "), "{err}");
}

fn what_is_kept(world: &World, kept: &BTreeMap<String, Vec<u8>>) {
    let names: Vec<_> = kept.keys().map(String::as_str).filter(|name| !name.contains('/')).collect();
    let keys = ["keys.keystore", "keys.keystore.lock", "keys.keystore.usage", "passphrase"];
    assert_eq!(names, [&keys[..], &["queue.bin", "statement.bin", "statement.json"]].concat());
    keys.iter().for_each(|name| assert_eq!(world.mode(&format!("one/{name}")), 0o600, "{name}"));
    keys_go_on(world);
    let proofs: Vec<_> = kept
        .keys()
        .filter(|name| name.starts_with("proofs/shard"))
        .map(|name| format!("one/{name}"))
        .collect();
    let all = proofs.join(" ");
    world.ok(&format!("verify {all} --statement one/statement.bin --chain-id 161"));
    world.ok(&format!("verify {all} --statement one/statement.json"));
    world.ok("verify one/proofs/root.proof --statement one/statement.bin --chain-id 161");
    world.ok("prove one/batches/1.bin -o again.proof --shard-size tiny");
    assert_eq!(world.read("again.proof"), kept["proofs/shard-1.proof"]);
    world.expect(&format!("demo {SIZE} --keep one"), 2);
}

/// The kept keys know which epochs the demo used.
fn keys_go_on(world: &World) {
    let listed: Value =
        serde_json::from_str(&world.ok("keys --keystore one/keys.keystore --json").out).expect("JSON");
    let keys = listed["keys"].as_array().expect("keys");
    let used: u64 = keys.iter().map(|key| key["next_epoch"].as_u64().expect("known")).sum();
    // Four wallets, two of which rotate once.
    assert_eq!((keys.len(), used), (6, 30));
    let next = keys.iter().find(|key| key["signatures_left"] != 0).expect("one that is not used up");
    let account = next["account"].as_u64().expect("it has signed");
    let order = order(u8::try_from(account).expect("small"), 1, 99);
    world.write("order.json", order.to_string());
    world.ok("sign --keystore one/keys.keystore --passphrase-file one/passphrase order.json -o more");
    let signed: Value = serde_json::from_str(&world.ok("inspect more --json").out).expect("JSON");
    assert_eq!(signed["transaction"]["epoch"], next["next_epoch"]);
}

#[test]
fn fresh_pairs_and_the_table() {
    let world = World::new("demo_w1");
    let ran = world.ok(
        "demo --workload w1 --accounts 64 --transactions 20 --shard-size tiny --seed 9 --profile --no-root",
    );
    for word in [
        "w1: 64 accounts, 20 transactions",
        "1 shard",
        "verified      yes",
        "bits proven",
        "root          none",
    ] {
        assert!(ran.out.contains(word), "{}", ran.out);
    }
    for word in ["witness", "resident at the end", "prove_batch", "chip, shape tiny"] {
        assert!(ran.err.contains(word), "{}", ran.err);
    }
}
