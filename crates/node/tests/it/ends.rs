//! How a server ends, and what is left of what it was doing.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use aludel_sdk::{Client, FailureClass, Retries, SubmitOptions, Target};
use sha2::{Digest, Sha256};

use crate::serving::{BATCHES, Follower, Serving, limited, send, two_batches};
use crate::world::World;

#[test]
fn who_follows_a_proof_waits_for_a_server_that_was_killed() {
    let world = two_batches("killed");
    let serving = Serving::start(&world);
    let mut submit = Follower::start(&world, &serving.at(&format!("submit --wait -o root.proof {BATCHES}")));
    let id = submit.answer();
    let mut watch = Follower::start(&world, &serving.at(&format!("watch {id}")));
    submit.until(|line| line == "running prove 0/1");
    watch.until(|line| line.starts_with("running "));
    let address = serving.kill();
    let waits = |line: &str| line.starts_with("waiting for the service, for about five minutes: ");
    for follower in [&mut submit, &mut watch] {
        let said = follower.until(waits);
        assert!(!said.contains("succeeded"), "it was killed too late: {said}");
    }
    // As long as a start after a crash may take.
    std::thread::sleep(Duration::from_secs(2));
    let serving = Serving::start_with(&world, &format!("--listen {address} --http-listen="));
    let (submitted, watched) = (submit.ok(), watch.ok());
    assert!(submitted.contains("verified: chain 7, batches 1 to 2, in root.proof"), "{submitted}");
    for said in [&submitted, &watched] {
        assert!(said.contains("succeeded: 1 proofs"), "{said}");
        for once in ["waiting for the service", "check-0 is done", "prove-0 is done"] {
            assert_eq!(said.matches(once).count(), 1, "{once}: {said}");
        }
    }
    world.ok("verify root.proof --chain-id 7");
    assert!(serving.said().contains("Restarted"), "{}", serving.said());
}

/// Ctrl-C on a terminal and a service manager speak to every process of the service. The server alone decides when its workers end.
#[test]
fn signals_are_for_the_server_and_the_second_ends_it_at_once() {
    let world = two_batches("signals");
    world.write("aludel.toml", "drain = '1h'\n");
    let serving = Serving::start(&world);
    let mut submit = Follower::start(&world, &serving.at(&format!("submit --wait {BATCHES}")));
    submit.until(|line| line == "running prove 0/1");
    let workers = serving.workers();
    let [worker] = workers[..] else { panic!("{workers:?}") };
    assert_eq!(group(worker), worker, "it is in a group of its own");
    send("-INT", worker);
    send("-TERM", worker);
    submit.until(|line| line == "running lift 0/1");
    assert_eq!(serving.workers(), [worker], "it was ended: {}", serving.said());

    // It works on without end.
    send("-STOP", worker);
    drop(submit);
    serving.signal("-TERM");
    serving.until("told to end");
    assert!(!serving.said().contains("released"), "{}", serving.said());
    serving.signal("-INT");
    serving.until("the service ends");
    let said = serving.said();
    assert!(!said.contains("released"), "its silence was waited for: {said}");
    assert_eq!(serving.ended(), Some(0));
}

/// The process group of a process.
fn group(process: u32) -> u32 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("it lives");
    let behind_name = stat.rsplit_once(')').expect("a name").1;
    behind_name.split_whitespace().nth(2).expect("a group").parse().expect("a number")
}

#[test]
fn who_asks_by_halves_does_not_keep_a_server_from_ending() {
    let world = World::new("halves");
    let serving = Serving::start_with(&world, "--listen 127.0.0.1:0 --http-listen 127.0.0.1:0");
    let connect = || TcpStream::connect(&serving.http).expect("is there");
    let mut asks = connect();
    asks.write_all(b"GET /metrics HTTP/1.1\r\n").expect("takes it");
    // Who is answered came later.
    let mut later = connect();
    later.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").expect("takes it");
    assert!(later.read(&mut [0; 64]).expect("answers") > 0);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(serving.end(), Some(0));
    drop(asks);
}

/// Files that may not grow are as a disk that is full: first for proofs, then for the log too.
#[test]
fn what_a_full_disk_interrupts_goes_on_when_there_is_room() {
    let world = two_batches("full");
    let submit = |serving: &Serving, key: &str| {
        let retries = Retries { tries: 2, ..Retries::default() };
        let batches = ["state/batches/1.bin", "state/batches/2.bin"].map(|name| world.read(name));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        runtime.expect("threads").block_on(async {
            let client = Client::connect_with(serving.endpoint(), retries).await.expect("connects");
            let options = SubmitOptions::new(7, Target::Shards, key);
            client.submit(&options, batches.to_vec()).await
        })
    };
    // What cannot begin leaves nothing that keeps it from beginning later. In blocks of 512 bytes.
    let refused = limited(&world, "-f 64").output().expect("runs");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(2) && said.contains("data/jobs.redb: File too large"), "{said}");
    assert_eq!(Serving::start(&world).end(), Some(0));
    // Room for the log, but not for the proof of a shard.
    let serving = Serving::of(limited(&world, "-f 3072"));
    let id = submit(&serving, "a").expect("has room").proof.id;
    serving.until("NoRoom");
    assert_eq!(serving.end(), Some(0));
    // Less than the log has already.
    let serving = Serving::of(limited(&world, "-f 64"));
    let refused = submit(&serving, "b").expect_err("has no room");
    let refused = refused.refused().expect("it says why");
    assert!(refused.is_retryable && refused.class == FailureClass::Capacity, "{refused:?}");
    assert!(world.ok(&serving.at("status")).out.contains("running"), "what there is can be read");
    assert_eq!(serving.end(), Some(0));

    let serving = Serving::start(&world);
    world.ok(&serving.at(&format!("watch {id}")));
    world.ok(&serving.at(&format!("fetch {id} -o shards")));
    world.ok("verify shards/shard-0.bin --chain-id 7");
    let listed = world.ok(&serving.at("status")).out;
    assert_eq!(listed.lines().count(), 1, "what was refused is not there: {listed}");
    assert_eq!(serving.end(), Some(0));
    // The proof and its receipt, both whole.
    let (packs, files): (Vec<_>, Vec<_>) =
        world.list("data/artifacts").into_iter().partition(|name| name.starts_with("pack-"));
    assert_eq!((packs.len(), files.len()), (1, 1), "{packs:?} {files:?}");
    for name in files {
        assert_eq!(hex::encode(Sha256::digest(world.read(&format!("data/artifacts/{name}")))), name);
    }
}
