//! Inputs that are not what they should be: a clear error, the right code, nothing written.

use std::fs::{self, File};

use crate::world::{Ran, World};

/// Every command that reads a file, with `FILE` for it and the kind of file that it wants.
const READERS: [&str; 8] = [
    "inspect FILE",
    "inspect FILE --json",
    "verify FILE",
    "prove FILE -o out",
    "execute --state state --chain-id 7 FILE",
    "execute --state state --chain-id 7 --queue FILE",
    "sign --passphrase-file passphrase --keystore FILE order.json -o out",
    "verify proof --statement FILE",
];

fn world(test: &str) -> World {
    let world = World::new(test);
    world.funded();
    world.sign((1, 2), 0, "transfer");
    world.ok("execute --state good --chain-id 7 --queue queue.json transfer");
    world
}

/// Runs every reader on a file and checks code, message and that nothing was made.
fn all(world: &World, file: &str, code: i32, says: &str) {
    let before = world.list(".");
    for reader in READERS {
        let line = reader.replace("FILE", file);
        let Ran { err, .. } = world.expect(&line, code);
        assert!(err.contains(says) && err.contains(file), "{line}: {err}");
    }
    assert_eq!(world.list("."), before);
}

#[test]
fn what_is_no_file_of_ours() {
    let world = world("inputs_foreign");
    world.write("empty", "");
    world.write("text", "hello, world");
    world.write("unknown", b"ALDL\x63\0\x01\0body");
    fs::create_dir(world.path("folder")).expect("made");
    all(&world, "missing", 2, "No such file");
    all(&world, "folder", 2, "is a directory");
    all(&world, "empty", 3, "no Aludel file");
    all(&world, "text", 3, "no Aludel file");
    all(&world, "unknown", 3, "unknown kind 99");
}

#[test]
fn what_is_too_large() {
    let world = world("inputs_large");
    let large = File::create(world.path("large")).expect("made");
    large.set_len((1 << 30) + 1).expect("sparse");
    all(&world, "large", 3, "larger than");
}

#[test]
fn damaged_files_name_the_byte() {
    let world = world("inputs_damaged");
    let files = ["transfer", "good/batches/1.bin"];
    for file in files {
        let good = world.read(file);
        for end in [8, 9, good.len() / 2, good.len() - 1] {
            world.write("cut", &good[..end]);
            let err = world.expect("inspect cut", 3).err;
            assert!(err.contains("cut: damaged ") && err.contains("at byte"), "{file} to {end}: {err}");
        }
        world.write("long", [&good[..], &[0]].concat());
        assert!(world.expect("inspect long", 3).err.contains("1 bytes too many"), "{file}");
        let mut other = good.clone();
        other[6] = 9;
        world.write("version", &other);
        let err = world.expect("inspect version", 3).err;
        assert!(err.contains("version 9") && err.contains("reads version 1"), "{err}");
    }
}

#[test]
fn files_of_another_kind_are_named() {
    let world = world("inputs_kinds");
    let wrong = [
        ("verify transfer", "expected a shard proof, found a signed transaction"),
        ("prove transfer -o out", "expected a batch, found a signed transaction"),
        ("execute --state good good/batches/1.bin", "expected a signed transaction, found a batch"),
        ("execute --state good --queue key1", "expected a L1 queue, found a keystore"),
        (
            "sign --passphrase-file passphrase --keystore good/batches/1.bin order.json",
            "expected a keystore, found a batch",
        ),
        ("prove good/state.redb -o out", "no Aludel file"),
    ];
    let before = world.ok("inspect good/state.redb").out;
    for (line, says) in wrong {
        let err = world.expect(line, 3).err;
        assert!(err.contains(says), "{line}: {err}");
    }
    assert_eq!(world.ok("inspect good/state.redb").out, before);
}

#[test]
fn wrong_command_lines() {
    let world = World::new("inputs_lines");
    for line in [
        "",
        "frobnicate",
        "prove",
        "verify",
        "keygen --keystore key --passphrase-file passphrase",
        "keygen --keystore key --chain-id 7",
        "keygen --keystore key --chain-id 7 --passphrase-file passphrase --passphrase-fd 0",
        "keygen --keystore key --chain-id 7 --passphrase-file passphrase --counter 3",
        "keygen --keystore key --chain-id 7 --passphrase-file passphrase --count 0",
        "demo --shard-size giant",
        "aggregate -o root.proof",
        "aggregate a.proof --jobs 0 -o root.proof",
        "demo --transactions 0",
        "demo --workload w1 --accounts 4 --transactions 3",
        "demo --accounts 1",
        "keygen --chain-id 7 --window 21 --keystore key --passphrase-file passphrase",
        "execute --state nowhere",
    ] {
        let ran = world.run(line);
        assert_eq!(ran.code, 2, "{line}: {}", ran.err);
        assert!(!ran.err.is_empty());
    }
    assert!(world.list(".").is_empty());
}

/// Bytes of a file, each in turn set to the largest value: no command takes that for a reason to crash.
fn corrupted(world: &World, file: &str, positions: impl Iterator<Item = usize>, line: &str, codes: &[i32]) {
    let good = world.read(file);
    for at in positions.filter(|at| good[*at] != 0xff) {
        let mut bad = good.clone();
        bad[at] = 0xff;
        world.write("bad", &bad);
        let ran = world.run(line);
        assert!(codes.contains(&ran.code), "{line}, byte {at} of {file}: {} {}", ran.code, ran.err);
    }
}

#[test]
fn hostile_bytes_are_refused_and_crash_nothing() {
    let world = world("inputs_hostile");
    world.sign((2, 3), 0, "second");
    world.ok("execute --state good --chain-id 7 second");
    let spread = |file: &str, count: usize| {
        let length = world.read(file).len();
        (0..count).map(move |i| i * (length - 1) / (count - 1))
    };
    corrupted(&world, "second", 0..70, "execute --state good bad", &[3, 4]);
    corrupted(&world, "second", spread("second", 40), "execute --state good bad", &[3, 4]);
    let batch = "good/batches/2.bin";
    // Digests of headers and queue so far and the queue's index are where a batch says to begin: it proves
    // from there.
    let bound = |at: &usize| !(44..112).contains(at);
    corrupted(&world, batch, (0..190).filter(bound), "prove bad -o out", &[1, 3, 4]);
    corrupted(&world, batch, spread(batch, 80).filter(bound), "prove bad -o out", &[1, 3, 4]);
    corrupted(&world, batch, 0..190, "inspect bad", &[0, 3]);
    corrupted(&world, "good/state.redb", (0..512).step_by(7), "inspect bad", &[0, 3]);
    corrupted(&world, "good/state.redb", spread("good/state.redb", 40), "inspect bad", &[0, 3]);
    corrupted(&world, "key1", 0..8, "inspect bad", &[3]);
    corrupted(&world, "key1.usage", 0..65, "inspect bad", &[3]);
    assert!(!world.path("out").exists());
}
