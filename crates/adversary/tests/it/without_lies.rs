//! A forger who does not lie makes the very proof that the prover makes.

use aludel_adversary::honest::{PROOF, PROVER, SHARD};
use aludel_adversary::prover::{Forger, Lies};
use aludel_adversary::toy;

#[test]
fn the_toy_machines_proof() {
    let statement = toy::statement(3);
    let forger = Forger::new(toy::prover().key());
    let bytes = forger.prove(&toy::traces(&statement), &statement, &Lies::default());
    assert!(bytes == toy::proof(), "{} bytes", bytes.len());
}

#[test]
fn the_real_machines_proof() {
    let forger = Forger::new(PROVER.key());
    let bytes = forger.prove(&SHARD.traces, &SHARD.statement, &Lies::default());
    assert!(bytes == PROOF.bytes, "{} bytes", bytes.len());
}
