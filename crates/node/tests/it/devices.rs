//! `devices`.

use serde_json::Value;

use crate::world::World;

#[test]
fn the_processor_is_always_there() {
    let world = World::new("devices");
    let all: Value = serde_json::from_str(&world.ok("devices --json").out).expect("JSON");
    let found = all["devices"].as_array().expect("a list");
    let [id, refused] = ["id", "refused"].map(|name| &found[0][name]);
    assert_eq!((id.as_str(), refused), (Some("cpu"), &Value::Null));
    let text = world.ok("devices").out;
    for device in found {
        assert!(text.contains(device["name"].as_str().expect("a name")), "{text}");
    }
    // A driver that has no device is named, with a reason.
    for kind in ["cuda:0", "wgpu:0"] {
        assert!(text.contains(kind), "{text}");
    }
}
