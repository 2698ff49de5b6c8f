//! `params`.

use serde_json::Value;

use crate::world::World;

#[test]
fn every_shape_has_its_key_and_bits() {
    let world = World::new("params");
    let all: Value = serde_json::from_str(&world.ok("params --json").out).expect("JSON");
    let shapes = all["shapes"].as_array().expect("a list");
    assert_eq!(
        shapes.iter().map(|s| s["shape"].as_str().expect("a name")).collect::<Vec<_>>(),
        ["tiny", "small", "medium", "large", "huge"]
    );
    let folded = all["folded"].as_array().expect("a list");
    let roles: Vec<_> = folded.iter().map(|s| s["role"].as_str().expect("a name")).collect();
    assert_eq!(roles, ["lift tiny", "lift small", "lift medium", "lift large", "lift huge", "join", "root"]);
    for shape in shapes.iter().chain(folded) {
        assert!(shape["proven_bits"].as_f64().expect("bits") >= 100.0);
        assert!(shape["unique_decoding_bits"].as_f64() <= shape["proven_bits"].as_f64());
        assert!(shape["conjectured_bits"].as_f64() >= shape["proven_bits"].as_f64());
        let rounds = shape["rounds"].as_array().expect("a list");
        let bits = rounds.iter().map(|round| round["bits"].as_f64().expect("bits"));
        assert!(rounds.len() > 4 && shape["proven_bits"].as_f64() == bits.min_by(f64::total_cmp));
        let chips = shape["chips"].as_array().expect("a list");
        let cells: u64 = chips.iter().map(|c| c["cells"].as_u64().expect("cells")).sum();
        assert_eq!(Some(cells), shape["cells"].as_u64());
        assert_eq!((chips.len(), shape["key"].as_str().map(str::len)), (8, Some(64)));
    }
    let text = world.ok("params").out;
    assert!(
        shapes.iter().chain(folded).all(|s| text.contains(s["key"].as_str().expect("a digest"))),
        "{text}"
    );
}
