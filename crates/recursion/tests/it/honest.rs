//! Honest proofs.

use std::time::Instant;

use aludel_circuits::Shape;
use aludel_circuits::recursion::execute;

use crate::frozen::{program, proof, witness};

#[test]
fn frozen_proofs_satisfy_their_circuits() {
    for shape in [Shape::Tiny] {
        let (proof, statement) = proof(shape);
        let start = Instant::now();
        let program = program(shape);
        let rows = program.rows();
        println!(
            "{shape}: sponge {} path {} alu {} lanes transcript {} bits {} pack {} caps {}, built in {:?}",
            rows.sponge.len(),
            rows.path.len(),
            rows.alu.len(),
            rows.transcript.len(),
            rows.bits.len(),
            rows.pack.len(),
            rows.caps.len(),
            start.elapsed(),
        );
        let start = Instant::now();
        let e = execute(&program, &witness(shape, &proof, &statement));
        println!("{shape}: executed in {:?}", start.elapsed());
        assert_eq!(e.check(), Ok(()), "{shape}");
        assert_eq!(e.public()[..8], statement.digest().0, "{shape}");
    }
}
