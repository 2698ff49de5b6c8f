//! Rows that a program does not use, filled with whatever their constraints admit.

use aludel_protocol::{F, fe};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::finish;
use super::super::sample::{self, Sample, chips};
use super::probe::Rows;
use super::{Forged, get, main, refusals, set, traces, wide};
use crate::bus::Bus;
use crate::chip::Chip;
use crate::columns::Columns;
use crate::poseidon2::{Permutation16, Sponge16};
use crate::recursion::alu::columns::{AluLane, LANES};
use crate::recursion::bits::columns::BitsColumns;
use crate::recursion::caps::columns::CapsColumns;
use crate::recursion::circuit::{Circuit, Transcript};
use crate::recursion::path::columns::PathColumns;
use crate::recursion::program::{Hashed, Program};
use crate::recursion::sponge::columns::{SpongeColumns, Wide};
use crate::recursion::transcript::columns::TranscriptColumns;
use crate::recursion::{Heights, execute};

const SEED: u64 = 20;

fn random(rng: &mut ChaCha8Rng) -> F {
    fe(rng.random_range(1..1 << 30))
}

/// Rows of a chip that its program leaves over.
fn unused(traces: &mut Forged, chip: &str, used: usize) -> core::ops::Range<usize> {
    let height = main(traces, chip).height();
    assert!(used < height, "{chip} has unused rows");
    used..height
}

/// Fills the unused rows of every chip whose constraints leave them any choice: of `sponge` and `public` they leave none.
fn fill(program: &Program<Sample>, traces: &mut Forged) {
    println!("seed {SEED}");
    let rng = &mut ChaCha8Rng::seed_from_u64(SEED);
    let rows = program.rows();
    let alu = main(traces, "alu");
    let cells = &mut alu.values[rows.alu.len() * AluLane::<F>::WIDTH..];
    assert!(!cells.is_empty(), "alu has unused lanes of {LANES}");
    cells.iter_mut().for_each(|x| *x = random(rng));
    for row in unused(traces, "pack", rows.pack.len()) {
        main(traces, "pack").row_mut(row).iter_mut().for_each(|x| *x = random(rng));
    }
    for row in unused(traces, "caps", rows.caps.len()) {
        set(
            traces,
            "caps",
            row,
            CapsColumns { count: F::ZERO, digest: core::array::from_fn(|_| random(rng)) },
        );
    }
    for row in unused(traces, "path", rows.path.len()) {
        let children: [F; 16] = core::array::from_fn(|_| random(rng));
        let columns = PathColumns {
            left: core::array::from_fn(|i| children[i]),
            right: core::array::from_fn(|i| children[8 + i]),
            bit: F::from_bool(rng.random_bool(0.5)),
            index: random(rng),
            permutation: Permutation16::permute(children).0,
        };
        set(traces, "path", row, columns);
    }
    for row in unused(traces, "transcript", rows.transcript.len()) {
        let state = core::array::from_fn(|i| if i < 8 { random(rng) } else { F::ZERO });
        set(traces, "transcript", row, TranscriptColumns { state, permutation: Sponge16::permute(state).0 });
    }
    for row in unused(traces, "bits", rows.bits.len()) {
        let one = BitsColumns { prefix: F::ONE, bit: F::ONE, ones: F::ONE, index: F::ZERO, point: F::ONE };
        set(traces, "bits", row, one);
    }
}

#[test]
fn unused_rows_say_nothing_whatever_they_hold() {
    let (program, _) = sample::program();
    let mut forged = chips(&program, &Sample::new(7));
    let honest = forged.clone();
    fill(&program, &mut forged);
    for ((chip, filled, _), (_, before, _)) in forged.chips().iter().zip(honest.chips()) {
        assert_eq!(filled == before, ["sponge", "public"].contains(&chip.name()), "{}", chip.name());
    }
    assert_eq!(forged.refused_by(), refusals(&[]));
}

#[test]
fn only_caps_can_send_from_an_unused_row_and_only_to_nobody() {
    let (program, _) = sample::program();
    let rows = program.rows();
    let used = |chip: &str| match chip {
        "alu" => rows.alu.len().div_ceil(LANES),
        "bits" => rows.bits.len(),
        "caps" => rows.caps.len(),
        "pack" => rows.pack.len(),
        "path" => rows.path.len(),
        "public" => rows.public.len(),
        "sponge" => rows.sponge.len(),
        "transcript" => rows.transcript.len(),
        other => panic!("a chip without a test: {other}"),
    };
    let rng = &mut ChaCha8Rng::seed_from_u64(SEED);
    for mut chip in Rows::all(&chips(&program, &Sample::new(7))) {
        chip.main.iter_mut().flatten().for_each(|x| *x = random(rng));
        let name = chip.chip.name();
        for row in used(name)..chip.main.len() {
            for (bus, fields, count) in chip.probe(row).messages {
                let nobodys = (bus, fields[0], fields[1]) == (Bus::Cap, F::ZERO, F::ZERO);
                assert!(count == F::ZERO || name == "caps" && nobodys, "{name}, row {row}: {bus:?}");
            }
        }
    }
    assert!(rows.caps.iter().all(|entry| entry.tree.number() != F::ZERO));
}

#[test]
fn a_row_without_an_entry_serves_no_path() {
    let (program, _) = sample::program();
    let mut sample = Sample::new(7);
    // The path's cap is the first four rows; one of its entries is an end.
    let count = |row| get::<CapsColumns<F>>(&mut chips(&program, &Sample::new(7)), "caps", row).count;
    let place = (0..4).find(|row| count(*row) == F::ONE).expect("the path ends");
    let digest: [F; 8] = core::array::from_fn(|i| sample.cap[8 * place + i]);
    sample.cap[8 * place] += F::ONE;
    let mut forged = chips(&program, &sample);
    let free = unused(&mut forged, "caps", program.rows().caps.len()).start;
    let honest: CapsColumns<F> = get(&mut forged, "caps", place);
    set(&mut forged, "caps", place, CapsColumns { count: F::ZERO, ..honest });
    set(&mut forged, "caps", free, CapsColumns { count: F::ONE, digest });
    assert_eq!(forged.refused_by(), refusals(&["bus cap"]));
}

#[test]
fn an_unused_row_of_the_sponge_holds_zeros_and_the_last_beta() {
    let (program, _) = sample::program();
    let honest = chips(&program, &Sample::new(7));
    let used = program.rows().sponge.len();
    // `free` shows that no cell of them can change; nor can the challenge of all of them.
    let mut forged = honest;
    for row in unused(&mut forged, "sponge", used) {
        let mut columns: SpongeColumns<F> = get(&mut forged, "sponge", row);
        assert_eq!(columns.state, [F::ZERO; 24]);
        columns.power = core::array::from_fn(|i| Wide { value: wide(fe(2).exp_u64(i as u64 + 1)) });
        set(&mut forged, "sponge", row, columns);
    }
    assert_eq!(forged.refused_by(), refusals(&["sponge: beta stays"]));
}

/// Chips without an unused row, whose last row is followed by the first.
#[test]
fn a_chip_may_be_full() {
    let mut c = Circuit::<()>::default();
    let mut t = Transcript::default();
    let three = c.constant(fe(3));
    let mut hashes: Vec<Hashed> =
        (0..14).map(|_| c.hash_rows(9, &[7], three, |()| vec![F::TWO; 9]).0).collect();
    let folded = c.hint_challenges(4, |()| vec![F::ONE; 20]);
    hashes.push(c.hash_challenges(&folded));
    for hashed in hashes {
        let digest = c.reveal(hashed);
        c.observe_all(&mut t, &digest);
    }
    let drawn = c.sample(&mut t);
    c.observe(&mut t, drawn);
    c.sample(&mut t);
    let program = finish(c);
    let rows = program.rows();
    assert_eq!((rows.sponge.len(), rows.transcript.len()), (16, 16));
    assert_eq!(Heights::of(&program, 4).sponge, 4);
    assert_eq!(traces(&program, &execute(&program, &())).refused_by(), refusals(&[]));
}
