//! `serve` and the commands that speak to it.

use serde_json::Value;

use crate::liar::Liar;
use crate::serving::{BATCHES, Serving, two_batches};
use crate::world::World;

/// The worked example of the SDK: the same file.
#[path = "../../../sdk/examples/payments.rs"]
#[expect(dead_code, reason = "its main is for the example")]
mod payments;

#[test]
fn a_proof_is_asked_for_followed_fetched_and_verified() {
    let world = two_batches("serve");
    let serving = Serving::start(&world);
    let at = |line: &str| serving.at(line);
    let batches = BATCHES;
    let ran = world.ok(&at(&format!("submit --wait -o root.proof {batches}")));
    let id = ran.out.trim().to_owned();
    assert!(
        ran.err.contains("prove-0 is done") && ran.err.contains("verified: chain 7, batches 1 to 2"),
        "{}",
        ran.err
    );
    world.ok("verify root.proof --chain-id 7");
    // The same batches are the same proof.
    let again = world.ok(&at(&format!("submit {batches}")));
    assert!(
        again.out.trim() == id && again.err.contains("it was asked for before, and is succeeded"),
        "{}",
        again.err
    );
    let shown: Value =
        serde_json::from_str(&world.ok(&at(&format!("status --json {id}"))).out).expect("JSON");
    assert_eq!((shown["state"].as_str(), shown["batches"].as_u64()), (Some("succeeded"), Some(2)));
    world.ok(&at(&format!("fetch {id} -o again.proof")));
    assert_eq!(world.read("again.proof"), world.read("root.proof"));
    let other = world.expect(&at(&format!("fetch {id} --chain-id 8 -o other.proof")), 1);
    assert!(other.err.contains("chain") && !world.path("other.proof").exists(), "{}", other.err);
    assert!(world.ok(&at(&format!("cancel {id}"))).out.contains("succeeded"), "an end never changes");
    world.ok(&at(&format!("watch {id}")));
    // Another key, other target: the proofs of the shards, in a folder.
    world.ok(&at(&format!("submit --wait --target shards -o shards {batches}")));
    world.ok("verify shards/shard-0.bin");
    let listed = world.ok(&at("status")).out;
    assert_eq!(listed.lines().filter(|line| line.contains("succeeded")).count(), 2, "{listed}");

    // What is of another kind is not taken, though it verifies.
    for (proof, target, path) in
        [("shards/shard-0.bin", "root", "other.proof"), ("root.proof", "shards", "others")]
    {
        let liar = Liar::start(&world, path, world.read(proof));
        let line =
            format!("submit --wait --target {target} -o {path}.out --endpoint {} {batches}", liar.endpoint);
        let said = world.expect(&line, 1).err;
        assert!(said.contains("which was not asked for"), "{said}");
        assert!(
            !world.path(&format!("{path}.out")).is_file()
                && !world.path(&format!("{path}.out/shard-0.bin")).exists()
        );
    }

    let refused = |line: &str, code: i32, says: &str| {
        let ran = world.expect(&at(line), code);
        assert!(ran.err.contains(says), "{line}: {}", ran.err);
    };
    refused(&format!("submit --key k {batches} --within 100days"), 3, "deadline");
    refused("status 00", 3, "number 102");
    refused(&format!("status {}", "0".repeat(32)), 2, "number 401");
    refused("submit root.proof", 3, "root.proof");
    refused("submit --within soon state/batches/1.bin", 2, "give a time");
    world.ok(&at(&format!("submit --key k {batches}")));
    refused("submit --key k state/batches/1.bin", 4, "number 203");
    let endpoint = serving.endpoint();
    assert_eq!(serving.end(), Some(0));
    let gone = world.expect(&format!("status --endpoint {endpoint}"), 2).err;
    assert!(gone.contains("cannot be reached") && gone.contains("(flag)"), "{gone}");
}

#[test]
fn the_worked_example_ends_with_a_verified_proof() {
    let world = World::new("example");
    let serving = Serving::start(&world);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("threads");
    let prove = || runtime.block_on(payments::prove(&serving.endpoint(), "k")).expect("is proven");
    let said = prove();
    let is_it =
        said.starts_with("verified: ") && said.contains(" prove batches 1 to 1 of chain 4242, to state ");
    assert!(is_it, "{said}");
    assert_eq!(prove(), said, "the same key is the same proof");
    let listed = world.ok(&serving.at("status")).out;
    assert!(listed.lines().count() == 1 && listed.contains("succeeded"), "{listed}");
}

#[test]
fn settings_say_where_they_come_from() {
    let world = World::new("settings");
    world.write("aludel.toml", "workers = 3\nlog_level = \"debug\"\n");
    world.write("other.toml", "workers = 4\n");
    let told = world.ok("config --explain --config other.toml").out;
    assert!(told.contains("# from: other.toml\nworkers = \"4\""), "{told}");
    assert!(told.contains("# from: aludel.toml\nlog_level = \"debug\""), "{told}");
    assert!(told.contains("# from: built in\nlisten = \"127.0.0.1:7370\""), "{told}");
    assert!(world.expect("serve --config none.toml", 2).err.contains("none.toml"));
    assert!(world.expect("serve --workers many", 2).err.contains("workers = \"many\" (flag)"));
    world.write("aludel.toml", "worker = 3\n");
    assert!(world.expect("config", 3).err.contains("no setting worker"));
}

#[test]
fn the_doctor_finds_what_keeps_a_machine_from_serving() {
    let world = World::new("doctor");
    let good = "disk_quota = '2MiB'\ndisk_reserve = '1MiB'\nworker_memory = '8GB'\nhttp_listen = '127.0.0.1:0'\nlisten = '127.0.0.1:0'\ndata_dir = 'data'\n";
    world.write("aludel.toml", good);
    let well = world.ok("doctor").out;
    assert!(well.contains("ok    data folder: data") && well.contains("ok    jobs: none yet"), "{well}");
    world.write("data/jobs.redb", "no database");
    world.write("aludel.toml", format!("{good}workers = 0\n"));
    let ill = world.expect("doctor", 1);
    assert!(ill.out.contains("BAD   jobs") && ill.out.contains("BAD   memory"), "{}", ill.out);
    assert_eq!(
        ill.out.matches("      fix: ").count(),
        ill.out.lines().filter(|line| !line.starts_with("ok") && !line.starts_with(' ')).count()
    );
    assert!(ill.err.contains("2 things"), "{}", ill.err);
}
