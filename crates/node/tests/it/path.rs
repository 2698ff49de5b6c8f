//! From a key to a verified proof, one command after the other, and every way in which the last one refuses.

use serde_json::Value;

use crate::world::World;

#[test]
fn from_keys_to_a_verified_proof() {
    let world = World::new("path");
    world.funded();
    world.sign((1, 2), 0, "a");
    world.sign((2, 2), 0, "b");
    world.ok("execute --state s --chain-id 7 --queue queue.json a");
    world.ok("execute --state s b");
    world.ok("prove s/batches/2.bin s/batches/1.bin -o both.proof --profile");
    world.ok("prove s/batches/1.bin -o 1.proof --shard-size tiny");
    let piped = world.run_with_input("prove - -o -", &world.read("s/batches/2.bin"));
    assert_eq!(piped.code, 0, "{}", piped.err);
    world.write("2.proof", &piped.bytes);

    let statement = world.ok("verify both.proof --chain-id 7 --json").out;
    assert_eq!(statement, world.ok("verify 1.proof 2.proof --json").out);
    world.write("statement.json", &statement);
    world.ok("verify 1.proof 2.proof --statement statement.json");
    shown(&world, &statement);
    refused(&world);
    folded(&world, &statement);
    refused_batches(&world);
}

fn shown(world: &World, statement: &str) {
    let proof: Value = serde_json::from_str(&world.ok("inspect both.proof --json").out).expect("JSON");
    let statement: Value = serde_json::from_str(statement).expect("JSON");
    assert_eq!((&proof["statement"], proof["shape"].as_str()), (&statement, Some("tiny")));
    let state: Value = serde_json::from_str(&world.ok("inspect s/state.redb --json").out).expect("JSON");
    assert_eq!(state["checkpoint"], statement["next"]);
    for (file, says) in
        [("both.proof", "shard proof"), ("s/batches/1.bin", "queue_items"), ("a", "signed transaction")]
    {
        let text = world.ok(&format!("inspect {file}")).out;
        assert!(text.contains(says), "{text}");
    }
}

fn refused(world: &World) {
    let chain = world.expect("verify both.proof --chain-id 8", 1).err;
    assert!(chain.contains("both.proof") && chain.contains("chain 7"), "{chain}");
    world.expect("verify 1.proof --statement statement.json", 1);
    let order = world.expect("verify 2.proof 1.proof", 1).err;
    assert!(order.contains("1.proof: does not follow") && order.contains("number is 0"), "{order}");
    let twice = world.expect("verify 1.proof 1.proof", 1).err;
    assert!(twice.contains("does not follow"), "{twice}");

    damaged(world, "both.proof");
}

/// A file of a proof, altered, cut and lengthened.
fn damaged(world: &World, file: &str) {
    let good = world.read(file);
    for at in [0, 5, 8, 9, 20, 60, 100, good.len() / 3, good.len() / 2, good.len() - 1] {
        let mut flipped = good.clone();
        flipped[at] ^= 1;
        world.write("flipped.proof", &flipped);
        let ran = world.run("verify flipped.proof");
        assert!(
            matches!(ran.code, 1 | 3) && ran.err.contains("flipped.proof: "),
            "byte {at}: {} {}",
            ran.code,
            ran.err
        );
    }
    for end in [0, 8, 100, 300, good.len() - 1] {
        world.write("cut.proof", &good[..end]);
        world.expect("verify cut.proof", 3);
    }
    world.write("long.proof", [&good[..], &[0]].concat());
    world.expect("verify long.proof", 3);
}

/// Two shards in the wrong order become a root, and what cannot become one is named.
fn folded(world: &World, statement: &str) {
    world.ok("aggregate 2.proof 1.proof --chain-id 7 -o root.proof --profile --jobs 2");
    assert_eq!(statement, world.ok("verify root.proof --statement statement.json --chain-id 7 --json").out);
    let shown: Value = serde_json::from_str(&world.ok("inspect root.proof --json").out).expect("JSON");
    assert_eq!((shown["kind"].as_str(), shown["role"].as_str()), (Some("folded proof"), Some("root")));
    assert_eq!(shown["statement"], serde_json::from_str::<Value>(statement).expect("JSON"));
    damaged(world, "root.proof");
    for (line, code, says) in [
        ("aggregate 1.proof 2.proof 1.proof -o x.proof", 1, "an overlap: the statement of batches 1 to 1"),
        ("aggregate 1.proof both.proof -o x.proof", 1, "an overlap: the statement of batches 1 to 1"),
        ("aggregate 1.proof 2.proof --chain-id 8 -o x.proof", 1, "1.proof: a proof for chain 7"),
        (
            "aggregate 1.proof root.proof -o x.proof",
            2,
            "root.proof: the proof is of a root and not of a shard",
        ),
        ("aggregate 1.proof a -o x.proof", 3, "a: expected a shard proof, found a signed transaction"),
    ] {
        let ran = world.expect(line, code);
        assert!(ran.err.contains(says), "{line}: {}", ran.err);
        assert!(!world.path("x.proof").exists(), "{line}");
    }
}

fn refused_batches(world: &World) {
    assert!(
        world.expect("prove s/batches/2.bin s/batches/2.bin -o x.proof", 4).err.contains("begins at batch")
    );
    assert!(!world.path("x.proof").exists());
}
