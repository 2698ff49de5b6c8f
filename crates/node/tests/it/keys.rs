//! `keygen`, `keys` and `sign`.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::FileTypeExt;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::world::{CHAIN, Ran, SIGN, World, order};

const KEYGEN: &str = "keygen --passphrase-file passphrase --chain-id 7 --window 2 --keystore";

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn listed(world: &World, keystore: &str) -> Vec<Value> {
    let listed = json(&world.ok(&format!("keys --keystore {keystore} --json")).out);
    listed["keys"].as_array().expect("keys").clone()
}

fn next_epoch(world: &World) -> Value {
    listed(world, "key1")[0]["next_epoch"].clone()
}

/// Signs a transfer of account 1 with `more` on the command line.
fn sign(world: &World, sequence: u32, more: &str, code: i32) -> Ran {
    world.write("order.json", order(1, 2, sequence).to_string());
    world.expect(&format!("{SIGN} key1 order.json -o t {more}"), code)
}

#[test]
fn keys_are_made_added_and_signed_with() {
    let world = World::new("keys_made");
    world.passphrase();
    let made = json(&world.ok(&format!("{KEYGEN} k --account 1")).out);
    let key = &made["keys"][0];
    assert_eq!(
        (&key["account"], &key["signatures_left"], &key["counter"]),
        (&1.into(), &3.into(), &0.into())
    );
    for file in ["k", "k.usage", "k.lock"] {
        assert_eq!(world.mode(file), 0o600, "{file}");
    }
    assert_eq!(world.list("."), ["k", "k.lock", "k.usage", "passphrase"]);
    let before = world.read("k");
    let added = json(&world.ok(&format!("{KEYGEN} k --count 2")).out);
    let added: Vec<_> = added["keys"].as_array().expect("keys").iter().map(|key| &key["counter"]).collect();
    assert_eq!(added, [1, 2]);
    assert_ne!(world.read("k"), before);
    let keys = listed(&world, "k");
    assert_eq!((keys.len(), &keys[0]["key"], &keys[0]["account"]), (3, &key["key"], &1.into()));
    let text = world.ok("keys --keystore k").out;
    assert!(
        text.lines().count() == 3 && text.contains("account 1, next epoch 0, 3 signatures left"),
        "{text}"
    );
    // The account's own key is found; another account's must be named.
    world.write("order.json", order(1, 2, 0).to_string());
    world.ok(&format!("{SIGN} k order.json -o t"));
    world.write("order.json", order(5, 2, 0).to_string());
    let unknown = world.expect(&format!("{SIGN} k order.json -o u"), 2).err;
    assert!(unknown.contains("not one of its 3 keys") && unknown.contains("--key"), "{unknown}");
    world.ok(&format!("{SIGN} k --key 2 order.json -o u"));
    world.ok(&format!("{SIGN} k --key {} order.json -o u", &keys[2]["key"].as_str().expect("hex")[..8]));
    let epochs: Vec<_> = listed(&world, "k").iter().map(|key| key["next_epoch"].clone()).collect();
    assert_eq!(epochs, [1, 0, 2]);
    world.write("seed", hex::encode([5; 32]));
    assert!(world.expect(&format!("{KEYGEN} k --seed-file seed"), 2).err.contains("has its seed"));
}

#[test]
fn seeds_decide_keys_and_counters_tell_them_apart() {
    let world = World::new("keys_seeds");
    world.passphrase();
    world.write("seed", format!("{}\n", hex::encode([5; 32])));
    let public = world.expect(&format!("{KEYGEN} f --seed-file seed"), 2).err;
    assert!(public.contains("others can read this seed") && public.contains("chmod 600"), "{public}");
    world.set_mode("seed", 0o600);
    let key = |more: &str, name: &str| {
        let public = json(&world.ok(&format!("{KEYGEN} {name} {more}")).out);
        public["keys"][0]["key"].as_str().expect("a digest").to_owned()
    };
    let first = key("--seed-file seed", "a");
    assert_eq!(first, key("--seed-file seed", "b"));
    assert_eq!(world.read("a.usage"), world.read("b.usage"));
    assert_ne!(world.read("a"), world.read("b"));
    assert_ne!(first, key("--seed-file seed --counter 1", "c"));
    assert_ne!(key("", "d"), key("", "e"));
    world.write("short", hex::encode([5; 31]));
    world.set_mode("short", 0o600);
    world.expect(&format!("{KEYGEN} f --seed-file short"), 3);
    world.write("binary", [0xff; 64]);
    world.set_mode("binary", 0o600);
    let err = world.expect(&format!("{KEYGEN} f --seed-file binary"), 3).err;
    assert!(err.contains("not UTF-8 at byte 0"), "{err}");
    assert!(!world.path("f").exists());
}

#[test]
fn each_signature_spends_an_epoch_and_the_last_is_kept() {
    let world = World::new("keys_epochs");
    world.key(1);
    for (sequence, epoch) in [(0, "0"), (1, "1"), (2, "2")] {
        let err = sign(&world, sequence, "", 0).err;
        let shown = json(&world.ok("inspect t --json").out);
        assert_eq!(shown["transaction"]["epoch"].to_string(), epoch);
        assert_eq!(shown["transaction"]["chain_id"].to_string(), CHAIN);
        // All three are used with the last one.
        assert_eq!(err.contains("warning: 0 of this key's 3 signatures are left"), epoch == "2", "{err}");
    }
    fs::remove_file(world.path("t")).expect("there");
    assert!(sign(&world, 3, "", 2).err.contains("rotate"));
    assert!(!world.path("t").exists());
    assert_eq!((world.mode("key1"), world.mode("key1.usage")), (0o600, 0o600));
    let shown = world.ok("inspect key1.usage --json").out;
    assert_eq!(json(&shown)["keys"][0]["next_epoch"], 3);
    assert!(world.ok("inspect key1").out.contains("keystore"));
}

#[test]
fn a_replacement_is_said_and_a_lower_sequence_is_asked_for() {
    let world = World::new("keys_replaced");
    world.key(1);
    assert_eq!(sign(&world, 5, "", 0).err, "");
    let err = sign(&world, 4, "", 1).err;
    assert!(err.contains("sequence 4 lies below 5") && err.contains("--lower-sequence"), "{err}");
    let err = sign(&world, 5, "", 0).err;
    assert!(err.contains("note: replaces what was signed with sequence 5 at epoch 0"), "{err}");
    sign(&world, 4, "--lower-sequence", 0);
    assert_eq!(next_epoch(&world), 3);
}

#[test]
fn a_lost_record_is_refused_until_somebody_says_where_to_go_on() {
    let world = World::new("keys_lost");
    world.key(1);
    sign(&world, 0, "", 0);
    fs::remove_file(world.path("key1.usage")).expect("there");
    let err = sign(&world, 1, "", 2).err;
    assert!(err.contains("key1.usage: is missing") && err.contains("--skip-to"), "{err}");
    assert!(world.expect("keys --keystore key1", 2).err.contains("key1.usage: is missing"));
    assert!(world.expect("keys --keystore gone", 2).err.contains("gone.usage: No such file"));
    sign(&world, 1, "--skip-to 2", 0);
    assert_eq!(json(&world.ok("inspect t --json").out)["transaction"]["epoch"], 2);
    assert_eq!(next_epoch(&world), 3);
    let mut damaged = world.read("key1.usage");
    damaged[30] ^= 1;
    world.write("key1.usage", damaged);
    assert!(sign(&world, 2, "", 3).err.contains("damaged key usage record"));
}

#[test]
fn passphrases_are_asked_for_and_kept_private() {
    let world = World::new("keys_passphrase");
    world.key(1);
    world.write("order.json", order(1, 2, 0).to_string());
    world.set_mode("passphrase", 0o644);
    assert!(sign(&world, 0, "", 2).err.contains("chmod 600"));
    world.set_mode("passphrase", 0o600);
    world.set_mode("key1", 0o640);
    assert!(sign(&world, 0, "", 2).err.contains("chmod 600"));
    world.set_mode("key1", 0o600);
    world.write("passphrase", "wrong horse");
    assert!(sign(&world, 0, "", 2).err.contains("key1: wrong passphrase"));
    world.write("passphrase", "\n");
    assert!(sign(&world, 0, "", 2).err.contains("empty"));
    // Through a pipe, of which no name is left anywhere.
    let mut command = world.command("sign --passphrase-fd 0 --keystore key1 order.json -o t");
    let mut child = command.stdin(Stdio::piped()).spawn().expect("the binary runs");
    child.stdin.take().expect("piped").write_all(b"correct horse\n").expect("it reads");
    let ended = child.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    assert_eq!(next_epoch(&world), 1);
    assert!(world.expect("sign --passphrase-fd 77 --keystore key1 order.json", 2).err.contains("/dev/fd/77"));
}

#[test]
fn a_second_process_does_not_sign() {
    let world = World::new("keys_lock");
    world.key(1);
    let lock = fs::OpenOptions::new().write(true).open(world.path("key1.lock")).expect("there");
    lock.lock().expect("free");
    let err = sign(&world, 0, "", 2).err;
    assert!(err.contains("key1.lock: another process uses this keystore"), "{err}");
    assert!(world.expect(&format!("{KEYGEN} key1"), 2).err.contains("key1.lock"));
    drop(lock);
    sign(&world, 0, "", 0);
}

#[test]
fn a_key_of_another_chain_or_account_does_not_sign() {
    let world = World::new("keys_chain");
    world.key(1);
    let refused = sign(&world, 0, "--chain-id 8", 1);
    assert!(refused.err.contains("chain 7") && refused.err.contains("chain 8"), "{}", refused.err);
    assert!(!world.path("t").exists());
    let line = format!("{SIGN} key1 --chain-id 7");
    let signed = world.run_with_input(&line, order(1, 2, 0).to_string().as_bytes());
    assert_eq!((signed.code, &signed.bytes[..4]), (0, &b"ALDL"[..]));
    world.write("order.json", order(2, 1, 0).to_string());
    let refused = world.expect(&format!("{SIGN} key1 order.json -o t"), 1).err;
    assert!(refused.contains("of account 1") && refused.contains("of account 2"), "{refused}");
    assert_eq!(next_epoch(&world), 1);
}

#[test]
fn a_signature_that_cannot_be_written_is_spent_all_the_same() {
    let world = World::new("keys_spent");
    world.key(1);
    world.write("order.json", order(1, 2, 0).to_string());
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("a device that takes nothing");
    let mut command = world.command(&format!("{SIGN} key1 order.json"));
    assert_eq!(command.stdout(full).status().expect("it runs").code(), Some(2));
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
    world.ok(&format!("{SIGN} key1 order.json -o pipe"));
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
    let fails = |output: &str| world.expect(&format!("{SIGN} key1 order.json -o {output}"), 2).err;
    assert!(fails("missing/t").contains("missing is no folder"));
    assert!(fails("folder").contains("is a directory"));
    assert_eq!(next_epoch(&world), 0);
    assert_eq!(world.list("."), ["folder", "key1", "key1.lock", "key1.usage", "order.json", "passphrase"]);
    assert!(world.list("folder").is_empty());
}

#[test]
fn a_link_to_a_keystore_advances_its_record() {
    let world = World::new("keys_link");
    world.key(1);
    std::os::unix::fs::symlink("key1", world.path("link")).expect("linked");
    world.write("order.json", order(1, 2, 0).to_string());
    world.ok(&format!("{SIGN} link order.json -o a"));
    world.ok(&format!("{SIGN} key1 order.json -o b"));
    assert_ne!(world.read("a"), world.read("b"));
    assert!(world.path("link").is_symlink() && !world.path("link.usage").exists());
    assert_eq!(listed(&world, "link"), listed(&world, "key1"));
}

#[test]
fn only_exact_orders_are_signed() {
    let world = World::new("keys_orders");
    world.key(1);
    let before = (world.read("key1"), world.read("key1.usage"));
    let mut extra = order(1, 2, 0);
    extra["epoch"] = 5.into();
    let mut number = order(1, 2, 0);
    number["action"]["transfer"]["amount"] = 10.into();
    let mut negative = order(1, 2, 0);
    negative["action"]["transfer"]["amount"] = "-1".into();
    let line = format!("{SIGN} key1 order.json -o t");
    for bad in [extra.to_string(), number.to_string(), negative.to_string(), "{}".into(), String::new()] {
        world.write("order.json", &bad);
        world.expect(&line, 3);
    }
    world.write("order.json", [b'{', 0xc3, 0x28]);
    assert!(world.expect(&line, 3).err.contains("not UTF-8 at byte 1"));
    assert_eq!((world.read("key1"), world.read("key1.usage")), before);
    assert!(!world.path("t").exists());
}
