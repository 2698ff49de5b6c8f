//! `keygen` and `sign`.

use std::fs;
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::process::Command;

use serde_json::Value;

use crate::world::{CHAIN, World, order};

#[test]
fn a_key_is_private_and_never_overwritten() {
    let world = World::new("keys_private");
    let public = world.ok("keygen --chain-id 7 --window 2 --account 9 -o key").out;
    assert_eq!(fs::metadata(world.path("key")).expect("written").permissions().mode() & 0o777, 0o600);
    let public: Value = serde_json::from_str(&public).expect("JSON");
    assert_eq!((public["account"].clone(), public["signatures_left"].clone()), (9.into(), 3.into()));
    let before = world.read("key");
    assert!(world.expect("keygen --chain-id 7 --window 2 -o key", 2).err.contains("never overwritten"));
    assert_eq!(world.read("key"), before);
    assert_eq!(world.list("."), ["key"]);
}

#[test]
fn seeds_decide_keys_and_counters_tell_them_apart() {
    let world = World::new("keys_seeds");
    world.write("seed", format!("{}\n", hex::encode([5; 32])));
    let key = |more: &str, name: &str| {
        let line = format!("keygen --chain-id 7 --window 1 --seed-file seed -o {name} {more}");
        let public: Value = serde_json::from_str(&world.ok(&line).out).expect("JSON");
        public["key"].as_str().expect("a digest").to_owned()
    };
    let first = key("", "a");
    assert_eq!(first, key("", "b"));
    assert_ne!(first, key("--counter 1", "c"));
    let fresh = world.ok("keygen --chain-id 7 --window 1 -o d").out;
    assert_ne!(fresh, world.ok("keygen --chain-id 7 --window 1 -o e").out);
    let seed = hex::encode([5; 32]);
    for shown in [world.ok("inspect a").out, world.ok("inspect a --json").out] {
        assert!(shown.contains(&first) && !shown.contains(&seed), "{shown}");
    }
    world.write("short", hex::encode([5; 31]));
    world.expect("keygen --chain-id 7 --seed-file short -o f", 3);
    world.write("binary", [0xff; 64]);
    assert!(
        world.expect("keygen --chain-id 7 --seed-file binary -o f", 3).err.contains("not UTF-8 at byte 0")
    );
    assert!(!world.path("f").exists());
}

#[test]
fn each_signature_spends_an_epoch_and_the_last_is_kept() {
    let world = World::new("keys_epochs");
    world.key(1);
    for (sequence, epoch) in [(0, "0"), (1, "1"), (2, "2")] {
        world.sign((1, 2), sequence, "t");
        let shown: Value = serde_json::from_str(&world.ok("inspect t --json").out).expect("JSON");
        assert_eq!(shown["transfer"]["epoch"].to_string(), epoch);
        assert_eq!(shown["transfer"]["chain_id"].to_string(), CHAIN);
    }
    assert!(world.expect("sign --key key1 order.json -o t4", 2).err.contains("rotate"));
    assert!(!world.path("t4").exists());
    assert_eq!(fs::metadata(world.path("key1")).expect("kept").permissions().mode() & 0o777, 0o600);
}

fn next_epoch(world: &World) -> Value {
    let shown: Value = serde_json::from_str(&world.ok("inspect key1 --json").out).expect("JSON");
    shown["next_epoch"].clone()
}

#[test]
fn a_signature_that_cannot_be_written_is_spent_all_the_same() {
    let world = World::new("keys_spent");
    world.key(1);
    world.write("order.json", order(1, 2, 0).to_string());
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("a device that takes nothing");
    let status = world.command("sign --key key1 order.json").stdout(full).status().expect("it runs");
    assert_eq!(status.code(), Some(2));
    assert_eq!(next_epoch(&world), 1);
}

#[test]
fn a_pipe_is_written_to_and_not_replaced() {
    let world = World::new("keys_pipe");
    world.key(1);
    world.write("order.json", order(1, 2, 0).to_string());
    let made = Command::new("mkfifo").arg(world.path("pipe")).status().expect("mkfifo runs");
    assert!(made.success());
    // Open at both ends, so that nobody waits for anybody.
    let mut pipe = fs::OpenOptions::new().read(true).write(true).open(world.path("pipe")).expect("opens");
    world.ok("sign --key key1 order.json -o pipe");
    assert!(fs::metadata(world.path("pipe")).expect("there").file_type().is_fifo());
    let mut start = [0; 4];
    pipe.read_exact(&mut start).expect("written to");
    assert_eq!(&start, b"ALDL");
}

#[test]
fn an_output_that_cannot_be_spends_nothing() {
    let world = World::new("keys_output");
    world.key(1);
    world.write("order.json", order(1, 2, 0).to_string());
    fs::create_dir(world.path("folder")).expect("made");
    assert!(world.expect("sign --key key1 order.json -o missing/t", 2).err.contains("missing is no folder"));
    assert!(world.expect("sign --key key1 order.json -o folder", 2).err.contains("is a directory"));
    assert_eq!(next_epoch(&world), 0);
    assert_eq!(world.list("."), ["folder", "key1", "order.json", "seed1"]);
    assert!(world.list("folder").is_empty());
}

#[test]
fn a_link_to_a_key_advances_the_key() {
    let world = World::new("keys_link");
    world.key(1);
    std::os::unix::fs::symlink("key1", world.path("link")).expect("linked");
    world.write("order.json", order(1, 2, 0).to_string());
    world.ok("sign --key link order.json -o a");
    world.ok("sign --key key1 order.json -o b");
    assert_ne!(world.read("a"), world.read("b"));
    assert!(world.path("link").is_symlink());
}

#[test]
fn a_key_of_another_chain_does_not_sign() {
    let world = World::new("keys_chain");
    world.key(1);
    world.write("order.json", order(1, 2, 0).to_string());
    let refused = world.expect("sign --key key1 --chain-id 8 order.json -o t", 1);
    assert!(refused.err.contains("chain 7") && refused.err.contains("chain 8"), "{}", refused.err);
    assert!(!world.path("t").exists());
    let signed = world.run_with_input("sign --key key1 --chain-id 7", order(1, 2, 0).to_string().as_bytes());
    assert_eq!((signed.code, &signed.bytes[..4]), (0, &b"ALDL"[..]));
}

#[test]
fn only_exact_orders_are_signed() {
    let world = World::new("keys_orders");
    world.key(1);
    let before = world.read("key1");
    let mut extra = order(1, 2, 0);
    extra["epoch"] = 5.into();
    let mut number = order(1, 2, 0);
    number["amount"] = 10.into();
    let mut negative = order(1, 2, 0);
    negative["amount"] = "-1".into();
    for bad in [extra.to_string(), number.to_string(), negative.to_string(), "{}".into(), String::new()] {
        world.write("order.json", &bad);
        world.expect("sign --key key1 order.json -o t", 3);
    }
    world.write("order.json", [b'{', 0xc3, 0x28]);
    assert!(world.expect("sign --key key1 order.json -o t", 3).err.contains("not UTF-8 at byte 1"));
    assert_eq!(world.read("key1"), before);
    assert!(!world.path("t").exists());
}
