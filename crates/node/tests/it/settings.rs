//! What `serve` and `doctor` say of settings and of a folder that is in use.

use std::net::TcpListener;

use aludel_scheduler::store::DiskJobs;

use crate::world::World;

/// Settings with which a machine can serve; ports that the system picks.
const GOOD: &str = "disk_quota = '2MiB'\ndisk_reserve = '1MiB'\nworker_memory = '8GB'\nhttp_listen = ''\nlisten = '127.0.0.1:0'\ndata_dir = 'data'\n";

#[test]
fn the_doctor_leaves_the_jobs_as_they_are() {
    let world = World::new("doctor-jobs");
    world.write("aludel.toml", GOOD);
    world.ok("doctor");
    let path = world.path("data/jobs.redb");
    let store = DiskJobs::open(&path).expect("is made");
    let beside = world.ok("doctor").out;
    assert!(beside.contains("ok    jobs: a service is running and has them open"), "{beside}");
    // As a service that is killed leaves them.
    let killed = world.read("data/jobs.redb");
    drop(store);
    let whole = world.read("data/jobs.redb");
    world.write("data/jobs.redb", &killed);
    let left = world.ok("doctor").out;
    assert!(left.contains("note  jobs: the last service did not end by itself"), "{left}");
    assert!(world.read("data/jobs.redb") == killed && killed != whole, "it was mended");
    world.write("data/jobs.redb", whole);
    let before = world.read("data/jobs.redb");
    let modified = || std::fs::metadata(&path).and_then(|file| file.modified()).expect("says");
    let then = modified();
    let well = world.ok("doctor").out;
    assert!(well.contains("ok    jobs: 0 have not ended"), "{well}");
    assert!(world.read("data/jobs.redb") == before && modified() == then, "it was written to");
    drop(DiskJobs::open(&path).expect("nobody has it"));
}

/// Runs `serve` on a port that is taken, so that it ends when it has looked at its settings.
fn serve_in_vain(test: &str, settings: &str) -> String {
    let world = World::new(test);
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("is bound");
    world.write("aludel.toml", settings);
    world.expect(&format!("serve --listen {address}"), 2).err
}

#[test]
fn serve_says_when_no_worker_can_hold_the_largest_shape() {
    let well = serve_in_vain("serve-well", GOOD);
    assert!(well.contains("in use") && !well.contains("WARN"), "{well}");
    let told = serve_in_vain("serve-small", &GOOD.replace("8GB", "1GB"));
    assert!(
        told.contains("a worker has 1000000000 bytes, and a task of shape large takes 1750000000"),
        "{told}"
    );
}

#[test]
fn patience_and_what_is_kept_are_settings() {
    let told = serve_in_vain("serve-hasty", &format!("{GOOD}stall = '10ms'\n"));
    assert!(told.contains("stall is 10ms") && told.contains("at least 1s"), "{told}");
    let told = serve_in_vain("serve-forgetful", &format!("{GOOD}keep_ended_most = 0\n"));
    assert!(told.contains("keep_ended_most is 0"), "{told}");
    let world = World::new("stall");
    world.write("aludel.toml", "stall = '10min'\n");
    let told = world.ok("config --explain").out;
    assert!(told.contains("# from: aludel.toml\nstall = \"10min\""), "{told}");
    assert!(told.contains("slow machines") && told.contains("keep_ended_most = \"100000\""), "{told}");
}
