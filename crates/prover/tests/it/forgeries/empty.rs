//! Runs that touch no cell: the root row alone carries the state over.

use aludel_protocol::cell::node;
use aludel_protocol::{Digest, NoOp, QueueItem};

use super::{UNBALANCED, accepted, deposit, five, honest, item, refused};
use crate::forgery::Forgery;
use crate::lawless::Lawless;

/// What the verifier says of broken constraints of `node`, the fifth chip.
const NODE_BROKEN: &str = "mismatch at index 4";

/// Two batches without entries.
fn empty() -> Forgery {
    let mut l = Lawless::new();
    l.seal(Vec::new());
    l.seal(Vec::new());
    l.write()
}

#[test]
fn an_empty_run_is_accepted() {
    let forgery = empty();
    assert_eq!((forgery.nodes.len(), forgery.cells.len()), (1, 0));
    assert_eq!(forgery.says.next.state_root, forgery.says.prev.state_root);
    accepted(&forgery);
    // An item of an unknown kind touches nothing, either.
    let odd = QueueItem { kind: 9, ..deposit(1, 5) };
    let forgery = item(odd, Some(NoOp::UnknownKind));
    assert_eq!((forgery.nodes.len(), forgery.cells.len()), (1, 0));
    accepted(&forgery);
}

/// The state of whoever pays five, without a payment.
#[test]
fn another_state_after_an_empty_run() {
    let paid = honest(five());
    let mut forgery = empty();
    forgery.says.next.state_root = paid.says.next.state_root;
    refused(&forgery, &["bus node"], UNBALANCED);
    // The root row leads there, over children that nobody touched.
    let top = paid.nodes.last().expect("a root row");
    assert_eq!(node(top.left.new, top.right.new), paid.says.next.state_root);
    let root = forgery.nodes.last_mut().expect("a root row");
    (root.left.new, root.right.new) = (top.left.new, top.right.new);
    refused(&forgery, &["node: an untouched child keeps its digest"], NODE_BROKEN);
    // Children that are touched, by nobody.
    let root = forgery.nodes.last_mut().expect("a root row");
    (root.left.touched, root.right.touched) = (true, true);
    refused(&forgery, &["bus node"], UNBALANCED);
}

#[test]
fn one_root_row_it_is() {
    let mut forgery = empty();
    forgery.nodes.clear();
    refused(&forgery, &["bus node"], UNBALANCED);
    // Twice the same, or a second one of some other state.
    let root = empty().nodes[0];
    for digest in [root.left.old, Digest::ZERO] {
        let mut forgery = empty();
        let mut second = root;
        (second.left.old, second.left.new) = (digest, digest);
        forgery.nodes.push(second);
        refused(&forgery, &["bus node"], UNBALANCED);
    }
    // Beside the one of a run that touches cells.
    let mut forgery = honest(five());
    forgery.nodes.push(root);
    refused(&forgery, &["bus node"], UNBALANCED);
}

/// Two root rows, from the state before to some other, and from that to the state after.
#[test]
fn a_way_over_two_roots() {
    let paid = honest(five());
    let mut forgery = empty();
    forgery.says.next.state_root = paid.says.next.state_root;
    let mut second = forgery.nodes[0];
    let top = paid.nodes.last().expect("a root row");
    (second.left.old, second.left.new) = (top.left.new, top.left.new);
    (second.right.old, second.right.new) = (top.right.new, top.right.new);
    forgery.nodes.push(second);
    refused(&forgery, &["bus node"], UNBALANCED);
}
