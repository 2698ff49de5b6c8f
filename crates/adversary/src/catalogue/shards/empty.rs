//! Runs that touch no cell: the root row alone carries the state over.

use aludel_protocol::cell::node;
use aludel_protocol::{Digest, NoOp, QueueItem};

use super::{Class, Control, Crime, Ending, Trial, UNBALANCED, deposit, five, honest, item};
use crate::witness::{Forgery, Lawless};

/// What is forged here.
pub(super) const CRIMES: &[Crime] = &[
    Crime {
        name: "another_state_after_an_empty_run",
        class: Class::Inflation,
        tries: "ends a run that touches nothing in another state",
        ends: &[NODE_BROKEN, UNBALANCED],
        commit: another_state_after_an_empty_run,
    },
    Crime {
        name: "one_root_row_it_is",
        class: Class::StateRoot,
        tries: "leaves the root row out, or adds a second",
        ends: &[UNBALANCED],
        commit: one_root_row_it_is,
    },
    Crime {
        name: "a_way_over_two_roots",
        class: Class::Inflation,
        tries: "leads over a root in between to another state",
        ends: &[UNBALANCED],
        commit: a_way_over_two_roots,
    },
];

/// The same tools in honest hands.
pub(super) const CONTROLS: &[Control] = &[Control {
    name: "an_empty_run_is_accepted",
    does: "seals batches that touch no cell",
    commit: an_empty_run_is_accepted,
}];

/// What the verifier says of broken constraints of `node`, the fifth chip.
const NODE_BROKEN: Ending = Ending::Refused("mismatch at index 4");

/// Two batches without entries.
fn empty() -> Forgery {
    let mut l = Lawless::new();
    l.seal(Vec::new());
    l.seal(Vec::new());
    l.write()
}

fn an_empty_run_is_accepted(t: &mut Trial) {
    let forgery = empty();
    assert_eq!((forgery.nodes.len(), forgery.cells.len()), (1, 0));
    assert_eq!(forgery.says.next.state_root, forgery.says.prev.state_root);
    t.accepted(&forgery);
    // An item of an unknown kind touches nothing, either.
    let odd = QueueItem { kind: 9, ..deposit(1, 5) };
    let forgery = item(odd, Some(NoOp::UnknownKind));
    assert_eq!((forgery.nodes.len(), forgery.cells.len()), (1, 0));
    t.accepted(&forgery);
}

/// The state of whoever pays five, without a payment.
fn another_state_after_an_empty_run(t: &mut Trial) {
    let paid = honest(five());
    let mut forgery = empty();
    forgery.says.next.state_root = paid.says.next.state_root;
    t.refused(&forgery, &["bus node"], UNBALANCED);
    // The root row leads there, over children that nobody touched.
    let top = paid.nodes.last().expect("a root row");
    assert_eq!(node(top.left.new, top.right.new), paid.says.next.state_root);
    let root = forgery.nodes.last_mut().expect("a root row");
    (root.left.new, root.right.new) = (top.left.new, top.right.new);
    t.refused(&forgery, &["node: an untouched child keeps its digest"], NODE_BROKEN);
    // Children that are touched, by nobody.
    let root = forgery.nodes.last_mut().expect("a root row");
    (root.left.touched, root.right.touched) = (true, true);
    t.refused(&forgery, &["bus node"], UNBALANCED);
}

fn one_root_row_it_is(t: &mut Trial) {
    let mut forgery = empty();
    forgery.nodes.clear();
    t.refused(&forgery, &["bus node"], UNBALANCED);
    // Twice the same, or a second one of some other state.
    let root = empty().nodes[0];
    for digest in [root.left.old, Digest::ZERO] {
        let mut forgery = empty();
        let mut second = root;
        (second.left.old, second.left.new) = (digest, digest);
        forgery.nodes.push(second);
        t.refused(&forgery, &["bus node"], UNBALANCED);
    }
    // Beside the one of a run that touches cells.
    let mut forgery = honest(five());
    forgery.nodes.push(root);
    t.refused(&forgery, &["bus node"], UNBALANCED);
}

/// Two root rows, from the state before to some other, and from that to the state after.
fn a_way_over_two_roots(t: &mut Trial) {
    let paid = honest(five());
    let mut forgery = empty();
    forgery.says.next.state_root = paid.says.next.state_root;
    let mut second = forgery.nodes[0];
    let top = paid.nodes.last().expect("a root row");
    (second.left.old, second.left.new) = (top.left.new, top.left.new);
    (second.right.old, second.right.new) = (top.right.new, top.right.new);
    forgery.nodes.push(second);
    t.refused(&forgery, &["bus node"], UNBALANCED);
}
