//! `bench`, on the processor.

use serde_json::Value;

use crate::world::World;

const ROW: &str = "bench kernels --only poseidon2-16 --repeat 2";

#[test]
fn a_run_is_kept_and_compared_with_itself() {
    let world = World::new("bench");
    world.ok(&format!("{ROW} --out first"));
    assert_eq!(world.list("first"), ["README.md", "kernels.json", "limits.json"]);
    let kept = world.json("first/kernels.json");
    assert_eq!((kept["kind"].as_str(), kept["device"]["id"].as_str()), (Some("kernels"), Some("cpu")));
    assert_eq!(kept["command_line"].as_array().map(Vec::len), Some(1 + ROW.split(' ').count() + 2));
    let taken = world.run(&format!("{ROW} --out first"));
    assert_eq!(taken.code, 2);
    assert!(taken.err.contains("not empty"), "{}", taken.err);
    // However slow this machine is now, it is not a million times as slow, nor as fast.
    let again = world.ok(&format!("{ROW} --json --against first --fail-above 1000000"));
    assert!(again.err.contains("now/before"), "{}", again.err);
    let again: Value = serde_json::from_str(&again.out).expect("JSON and nothing else");
    assert_eq!(again["rows"][0]["name"], kept["rows"][0]["name"]);
    assert_eq!(again["rows"][0]["samples_s"].as_array().map(Vec::len), Some(2));
    let slower = world.run(&format!("{ROW} --against first/kernels.json --fail-above 0.000001"));
    assert_eq!(slower.code, 1, "{}", slower.err);
}

#[test]
fn what_cannot_be_measured_is_said() {
    let world = World::new("bench-refused");
    world.write("bad.toml", "model = 1");
    for (line, code, says) in [
        ("bench kernels --only nothing", 2, "nothing"),
        ("bench kernels --device tpu", 2, "aludel devices"),
        ("bench limits --device wgpu:999", 2, "wgpu:999"),
        ("bench kernels --repeat 0", 2, "repeat"),
        ("bench kernels --fail-above 2", 2, "--against"),
        ("bench limits --only copy --against none", 2, "none"),
        ("bench limits --profile bad.toml", 3, "bad.toml"),
    ] {
        let ran = world.run(line);
        assert_eq!(ran.code, code, "{line}: {}", ran.err);
        assert!(ran.err.contains(says), "{line}: {}", ran.err);
    }
}
