//! Cost at the size of the real machine: run by hand, on a quiet machine.

use std::time::Instant;

use aludel_circuits::{Chip, Shape};
use aludel_protocol::hash::{Tag, hash_fields};
use aludel_protocol::{F, fe};
use aludel_prover::Prover;
use aludel_prover::profile::Profile;
use aludel_verifier::challenger::SmallestWitness;
use aludel_verifier::verify::{Expectations, verify_with};
use p3_challenger::GrindingChallenger;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;
use tracing_subscriber::layer::SubscriberExt;

use crate::toy::{Fault, Toy, machine, statement, traces};

fn wide(log_height: usize, width: usize, next: bool) -> Toy {
    Toy::Wide { log_height, width, next }
}

/// Each column the cube of the one before: 0, 1 and -1 are their own cubes.
fn wide_trace(chip: &Toy) -> RowMajorMatrix<F> {
    RowMajorMatrix::new(vec![F::ONE; chip.width() << chip.log_height()], chip.width())
}

/// Eight chips of 4,000 columns and the heights of the largest shape.
#[test]
#[ignore = "takes gigabytes and half a minute: a measurement, not a check"]
fn largest_shape() {
    let large = vec![
        wide(16, 880, true),
        wide(17, 340, true),
        wide(12, 1280, false),
        wide(13, 900, false),
        wide(12, 600, true),
    ];
    let statement = statement(1);
    let mut chips = machine(Fault::None);
    let mut all = traces(&statement);
    all.splice(1..1, large.iter().map(wide_trace));
    chips.splice(1..1, large);
    let profile = Profile::new();
    let subscriber = tracing_subscriber::registry().with(profile.clone());
    tracing::subscriber::set_global_default(subscriber).expect("nothing else subscribes");
    let start = Instant::now();
    let prover = Prover::with_chips(Shape::Large, chips).expect("keyed");
    println!("key {:?}", start.elapsed());
    let proof = prover.prove(&all, &statement).expect("proves");
    println!("{} bytes, {:?}", proof.bytes.len(), proof.stats);
    let start = Instant::now();
    (0..5).for_each(|_| {
        verify_with(prover.key(), &proof.bytes, &Expectations::default()).expect("verifies");
    });
    let columns: usize = prover.key().layout().chips().iter().map(|c| c.width).sum();
    println!("verified in {:?}, {columns} columns, {}\n{profile}", start.elapsed() / 5, peak());
}

/// Peak memory of this process, as Linux tells it.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("peak unknown").to_owned()
}

/// Twenty bits, averaged over transcripts: the search is a lottery.
#[test]
#[ignore = "a measurement, not a check"]
fn grinding() {
    let rounds = 32;
    let start = Instant::now();
    for i in 0..rounds {
        let mut transcript = SmallestWitness::new(hash_fields(Tag::VerifyingKey, &[fe(i)]));
        let _ = transcript.grind(20);
    }
    println!("20 bits in {:?} on {} threads", start.elapsed() / rounds, rayon::current_num_threads());
}
