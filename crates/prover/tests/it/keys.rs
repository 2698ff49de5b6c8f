//! Keys refuse machines that break a rule, and change with everything that is proven.

use aludel_circuits::Shape;
use aludel_protocol::Digest;
use aludel_verifier::{Key, KeyError};

use aludel_adversary::toy::{Fault, Toy, machine, prover};

fn key(chips: Vec<Toy>) -> Result<Digest, KeyError> {
    Key::derive_for_prover(Shape::Tiny, chips).map(|(key, _)| key.digest())
}

#[test]
fn faulty_machines_have_no_key() {
    for (fault, chip, reason) in [
        (Fault::Degree, "counter", "degree 4"),
        (Fault::HiddenNextRow, "counter", "next row"),
        (Fault::Unbounded, "sink", "bound 0"),
        (Fault::SecondProvider, "sink", "free counts on bus range16"),
        (Fault::FixedHeight, "table", "[128][1]"),
        (Fault::PublicValues, "sink", "only the last chip"),
    ] {
        let error = key(machine(fault)).expect_err("the fault is seen").to_string();
        assert!(error.contains(chip) && error.contains(reason), "{fault:?}: {error}");
    }
}

#[test]
fn heights_and_last_chips_are_checked() {
    let mut low = machine(Fault::None);
    low[1] = Toy::Counter { log_height: 3, step: 1, fault: Fault::None };
    assert!(matches!(key(low), Err(KeyError::Chip { chip: "counter", .. })));
    let mut headless = machine(Fault::None);
    headless.pop();
    assert!(matches!(key(headless), Err(KeyError::Chip { chip: "sink", .. })));
    assert!(matches!(key(Vec::new()), Err(KeyError::Machine { .. })));
}

/// A shape's rows times bounds reach the field order: a multiplicity could wrap.
#[test]
fn multiplicities_cannot_wrap() {
    let mut tall = machine(Fault::None);
    let wide = |log_height| Toy::Wide { log_height, width: 24 * 128, next: false };
    tall.splice(1..1, (0..4).map(|_| wide(22)));
    let Err(KeyError::Machine { reason }) = Key::from_root(Shape::Tiny, tall, None).map(|_| ()) else {
        panic!("the sum of weight times height is not checked");
    };
    assert!(reason.contains("multiplicit") || reason.contains("height"), "{reason}");
}

#[test]
fn a_key_follows_constraints_heights_fixed_columns_order_and_shape() {
    let none = Fault::None;
    let base = prover().key().digest();
    // 2 and 3 appear nowhere else in the chip: only the constant itself tells these two apart.
    let [mut two, mut three] = [machine(none), machine(none)];
    two[1] = Toy::Counter { log_height: 5, step: 2, fault: none };
    three[1] = Toy::Counter { log_height: 5, step: 3, fault: none };
    let mut height = machine(none);
    height[2] = Toy::Sink { log_height: 8, fault: none };
    let mut fixed = machine(none);
    fixed[0] = Toy::Table { log_height: 7, fault: none };
    let mut order = machine(none);
    order.swap(1, 2);
    let other = Key::derive_for_prover(Shape::Small, machine(none)).expect("keyed").0.digest();
    let mut keys = vec![base, other];
    keys.extend([two, three, height, fixed, order].map(|chips| key(chips).expect("keyed")));
    let all = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), all, "two machines share a key");
}

#[test]
fn the_preprocessed_root_is_part_of_the_key() {
    let root = prover().key().root().cloned().expect("the toy machine has preprocessed columns");
    let again = Key::from_root(Shape::Tiny, machine(Fault::None), Some(root.clone())).expect("keyed");
    assert_eq!(again.digest(), prover().key().digest());
    let mut roots = root.into_roots();
    roots.reverse();
    let other = Key::from_root(Shape::Tiny, machine(Fault::None), Some(roots.clone().into())).expect("keyed");
    assert_ne!(other.digest(), again.digest());
    roots.truncate(8);
    assert!(Key::from_root(Shape::Tiny, machine(Fault::None), Some(roots.into())).is_err());
    assert!(Key::from_root(Shape::Tiny, machine(Fault::None), None).is_err());
}
