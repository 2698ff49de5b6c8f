//! `execute`: what enters, what is refused, and what stays on disk.

use std::fs;

use serde_json::{Value, json};

use crate::world::{SIGN, World, deed, l1, order};

fn begun(test: &str) -> World {
    let world = World::new(test);
    world.funded();
    world.ok("execute --state s --chain-id 7 --queue queue.json");
    world
}

fn inspect(world: &World, file: &str) -> Value {
    serde_json::from_str(&world.ok(&format!("inspect {file} --json")).out).expect("JSON")
}

#[test]
fn good_ones_seal_and_bad_ones_are_reported() {
    let world = begun("execute_refused");
    world.sign((1, 2), 0, "a");
    world.sign((2, 3), 0, "c");
    world.sign((2, 3), 7, "b");
    world.sign((3, 9), 0, "d");
    let ran = world.expect("execute --state s a a b c d", 4);
    assert!(ran.err.contains("3 refused") && ran.err.contains("s/refused.json"), "{}", ran.err);
    let refused = world.json("s/refused.json");
    let reasons: Vec<_> = refused
        .as_array()
        .expect("a list")
        .iter()
        .map(|r| (r["source"].clone(), r["refusal"]["reason"].clone()))
        .collect();
    let expected = [("a", "sequence"), ("b", "sequence"), ("d", "no_account")];
    assert_eq!(reasons, expected.map(|(s, r)| (json!(s), json!(r))));
    assert_eq!((&refused[1]["refusal"]["expected"], &refused[1]["refusal"]["found"]), (&json!(0), &json!(7)));
    let batch = inspect(&world, "s/batches/2.bin");
    assert_eq!((&batch["header"]["transactions"], &batch["header"]["queue_items"]), (&json!(2), &json!(0)));
    assert_eq!(inspect(&world, "s/state.redb")["checkpoint"]["number"], 2);
    assert_eq!(world.list("s"), ["batches", "pubdata", "refused.json", "state.redb"]);
    assert_eq!(world.list("s/pubdata"), world.list("s/batches"));
}

#[test]
fn where_all_are_refused_the_state_stays() {
    let world = begun("execute_none");
    world.sign((1, 2), 5, "a");
    let before = inspect(&world, "s/state.redb");
    world.expect("execute --state s a", 4);
    assert_eq!(inspect(&world, "s/state.redb"), before);
    assert_eq!(world.list("s/batches"), ["1.bin"]);
    world.ok("execute --state s --queue queue.json");
    assert_eq!(world.json("s/refused.json"), json!([]));
    assert_eq!(inspect(&world, "s/state.redb"), before);
}

#[test]
fn a_transaction_for_another_chain_is_refused() {
    let world = begun("execute_chain");
    world.keystore("key1-other", 8, [1; 32]);
    world.write("order.json", order(1, 2, 0).to_string());
    world.ok(&format!("{SIGN} key1-other order.json -o a"));
    world.expect("execute --state s a", 4);
    assert_eq!(
        world.json("s/refused.json")[0]["refusal"],
        json!({ "reason": "chain", "expected": 7, "found": 8 })
    );
    assert!(world.expect("execute --state s --chain-id 8 a", 2).err.contains("of chain 7, not of chain 8"));
}

#[test]
fn a_forged_signature_is_refused() {
    let world = begun("execute_forged");
    world.sign((1, 2), 0, "a");
    let mut forged = world.read("a");
    // The amount's lowest byte: header 8, chain 8, version 2, from 4, token 2, fee 8, sequence, epoch and expiry 4
    // each, action 1, to 4.
    forged[49] ^= 1;
    world.write("a", &forged);
    world.expect("execute --state s a", 4);
    assert_eq!(world.json("s/refused.json")[0]["refusal"]["reason"], "signature");
}

#[test]
fn another_queue_is_not_taken() {
    let world = begun("execute_queue");
    let mut queue = world.json("queue.json");
    queue["items"][1]["amount"] = "7".into();
    world.write("other.json", queue.to_string());
    assert!(
        world.expect("execute --state s --queue other.json", 4).err.contains("give the queue of this chain")
    );
    world.write("short.json", json!({ "items": [queue["items"][0]] }).to_string());
    assert!(world.expect("execute --state s --queue short.json", 4).err.contains("from its first item on"));
}

#[test]
fn no_item_stops_the_queue() {
    let world = World::new("execute_items");
    world.funded();
    let mut queue = world.json("queue.json");
    let items = queue["items"].as_array_mut().expect("a list");
    items.insert(2, json!({ "kind": 1, "token": 0, "amount": "1", "account": 77, "l1": l1(9) }));
    items.push(json!({ "kind": 60000, "token": 3, "amount": "4", "l1": l1(9) }));
    items.push(json!({ "kind": 3, "token": 0, "account": 2, "l1": l1(1) }));
    world.write("queue.json", queue.to_string());
    world.sign((1, 2), 0, "a");
    world.ok("execute --state s --chain-id 7 --queue queue.json a");
    assert_eq!(world.json("s/refused.json"), json!([]));
    let state = inspect(&world, "s/state.redb");
    assert_eq!((&state["checkpoint"]["queue_index"], &state["checkpoint"]["number"]), (&json!(7), &json!(1)));
    let batch = inspect(&world, "s/batches/1.bin");
    assert_eq!((&batch["header"]["transactions"], &batch["header"]["withdrawals"]), (&json!(1), &json!(2)));
    let reasons = ["no_account", "unknown_kind", "not_owner"].map(Value::from);
    let found =
        batch["effects"]["no_ops"].as_array().expect("a list").iter().map(|one| one["reason"].clone());
    assert_eq!(found.collect::<Vec<_>>(), reasons);
}

/// A wallet deposits, pays, rotates, withdraws and is forced out; a stranger rebuilds the state and claims.
#[test]
fn a_wallets_life_from_deposit_to_claim() {
    let world = World::new("execute_life");
    world.funded();
    world.ok("execute --state s --chain-id 7 --queue queue.json");
    world.sign((1, 2), 0, "pay");
    let add = "keygen --keystore key1 --passphrase-file passphrase --chain-id 7 --window 2";
    let made: Value = serde_json::from_str(&world.ok(add).out).expect("JSON");
    let fresh = made["keys"][0]["key"].as_str().expect("a key").to_owned();
    let sign = |sequence, action, name: &str| {
        world.write("order.json", deed(1, sequence, action).to_string());
        world.ok(&format!("{SIGN} key1 order.json -o {name}"))
    };
    sign(1, json!({ "rotate": { "key": fresh } }), "rotate");
    sign(2, json!({ "withdraw": { "to": l1(1), "amount": "500" } }), "leave");
    let mut queue = world.json("queue.json");
    let forced = json!({ "kind": 3, "token": 0, "account": 1, "l1": l1(1) });
    queue["items"].as_array_mut().expect("a list").push(forced);
    world.write("queue.json", queue.to_string());
    world.ok("execute --state s pay rotate leave");
    world.ok("execute --state s --queue queue.json");
    let root = inspect(&world, "s/state.redb")["checkpoint"]["state_root"].clone();
    let data = "s/pubdata/3.bin s/pubdata/1.bin s/pubdata/2.bin --queue queue.json";
    let rebuilt = world.ok(&format!("rebuild {data}")).out;
    assert!(
        rebuilt.starts_with(&format!("batch 3, state {}", root.as_str().expect("a digest"))),
        "{rebuilt}"
    );
    world.ok(&format!("rebuild {data} --chain-id 7 --state again"));
    assert_eq!(
        inspect(&world, "again/state.redb")["checkpoint"],
        inspect(&world, "s/state.redb")["checkpoint"]
    );
    world.expect(&format!("rebuild {data} --chain-id 7 --state again"), 2);
    world.expect(&format!("rebuild {data} --state other"), 2);
    world.expect("rebuild s/pubdata/2.bin --queue queue.json --chain-id 7 --state other", 2);
    assert_eq!(world.list("other"), Vec::<String>::new());
    world.sign((2, 3), 0, "more");
    world.ok("execute --state again more");
    world.ok("prove s/batches/1.bin s/batches/2.bin s/batches/3.bin -o all.proof");
    let shown = world.ok("verify all.proof --chain-id 7 --json").out;
    world.write("statement.json", serde_json::from_str::<Value>(&shown).expect("JSON").to_string());
    for (batch, pays) in [(2, "pays 500 of token 0"), (3, "pays 999490 of token 0")] {
        let line = format!("claim {data} --chain-id 7 --batch {batch} --index 0 -o {batch}.claim");
        world.ok(&line);
        let holds = world.ok(&format!("verify-claim {batch}.claim --statement statement.json")).out;
        assert!(holds.contains(pays) && holds.contains(&l1(1)), "{holds}");
    }
}

#[test]
fn what_an_unfinished_run_left_goes_away() {
    let world = begun("execute_crash");
    let old = world.read("s/state.redb");
    world.sign((1, 2), 0, "a");
    world.ok("execute --state s a");
    let (batch, state) =
        (world.read("s/batches/2.bin"), inspect(&world, "s/state.redb")["checkpoint"].clone());
    world.write("s/state.redb", &old);
    world.ok("execute --state s --queue queue.json");
    assert_eq!(
        (world.list("s/batches"), world.list("s/pubdata")),
        (vec!["1.bin".into()], vec!["1.bin".into()])
    );
    world.ok("execute --state s a");
    assert!(world.read("s/batches/2.bin") == batch, "the same batch again");
    assert_eq!(inspect(&world, "s/state.redb")["checkpoint"], state);
    assert_eq!(world.list("s/batches"), ["1.bin", "2.bin"]);
}

/// A state that was brought back from a backup is no reason to remove what was sealed and published since.
#[test]
fn an_older_state_removes_nothing() {
    let world = begun("execute_older");
    let old = world.read("s/state.redb");
    for (sequence, name) in [(0, "a"), (1, "b")] {
        world.sign((1, 2), sequence, name);
        world.ok(&format!("execute --state s {name}"));
    }
    let state = inspect(&world, "s/state.redb");
    fs::rename(world.path("s/state.redb"), world.path("newest")).expect("moved");
    world.write("s/state.redb", &old);
    let err = world.expect("execute --state s a", 2).err;
    assert!(err.contains("s/batches/3.bin: ") && err.contains("`aludel rebuild`"), "{err}");
    let all = ["1.bin", "2.bin", "3.bin"];
    assert_eq!(
        (world.list("s/batches"), world.list("s/pubdata")),
        (all.map(Into::into).into(), all.map(Into::into).into())
    );
    // Made again from too few of its batches it would be an older one too.
    fs::remove_file(world.path("s/state.redb")).expect("there");
    let few = "rebuild s/pubdata/1.bin s/pubdata/2.bin --queue queue.json --chain-id 7 --state s";
    let err = world.expect(few, 2).err;
    assert!(err.contains("s/pubdata/3.bin: published after batch 2"), "{err}");
    assert_eq!(world.list("s"), ["batches", "pubdata", "refused.json"]);
    world.ok(
        "rebuild s/pubdata/1.bin s/pubdata/2.bin s/pubdata/3.bin --queue queue.json --chain-id 7 --state s",
    );
    assert_eq!(inspect(&world, "s/state.redb")["checkpoint"], state["checkpoint"]);
    world.sign((2, 1), 0, "c");
    world.ok("execute --state s c");
    assert_eq!(world.list("s/batches").len(), 4);
}

#[test]
fn a_write_that_fails_leaves_the_old_state_and_nothing_else() {
    let world = begun("execute_write");
    world.sign((1, 2), 0, "a");
    let before = inspect(&world, "s/state.redb");
    fs::remove_file(world.path("s/refused.json")).expect("there");
    fs::create_dir(world.path("s/refused.json")).expect("made");
    assert!(world.expect("execute --state s a", 2).err.contains("s/refused.json: "));
    assert_eq!(world.list("s"), ["batches", "pubdata", "refused.json", "state.redb"]);
    assert_eq!(world.list("s/pubdata"), world.list("s/batches"));
    let after = (inspect(&world, "s/state.redb"), world.list("s/batches"));
    assert_eq!(after, (before, vec!["1.bin".to_owned()]));
    fs::remove_dir(world.path("s/refused.json")).expect("still empty");
    world.ok("execute --state s a");
}

/// A state whose pages were overwritten from byte `from` on.
fn overwrite(world: &World, from: usize) {
    let mut bytes = world.read("s/state.redb");
    bytes[from..].iter_mut().filter(|byte| **byte != 0).for_each(|byte| *byte ^= 0x55);
    world.write("s/state.redb", &bytes);
}

#[test]
fn a_damaged_state_names_the_remedy() {
    for from in [0, 64, 512, 4096, 8192] {
        let world = begun(&format!("execute_damaged_{from}"));
        world.sign((1, 2), 0, "a");
        overwrite(&world, from);
        let before = world.list("s/batches");
        let ran = world.expect("execute --state s a", 3);
        assert!(
            ran.err.contains("s/state.redb: the state is damaged") && !ran.err.contains("a bug"),
            "{}",
            ran.err
        );
        assert!(ran.err.contains("`aludel rebuild`"), "{}", ran.err);
        assert_eq!(world.list("s/batches"), before);
    }
    let world = begun("execute_cut");
    let bytes = world.read("s/state.redb");
    world.write("s/state.redb", &bytes[..bytes.len() / 2]);
    assert!(world.expect("inspect s/state.redb", 3).err.contains("`aludel rebuild`"));
}
