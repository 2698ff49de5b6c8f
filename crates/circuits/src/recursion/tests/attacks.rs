//! Traces that a prover writes itself, consistent but for one lie, and who refuses it. Each set of refusals is complete: without the guard
//! that is named the lie would be accepted.

mod alu;
mod bits;
mod chain;
mod deep;
mod ends;
mod free;
mod memory;
mod padding;
mod path;
pub(super) mod probe;
mod public;
mod sponge;
mod sums;
mod transcript;

use std::collections::BTreeSet;

use aludel_protocol::F;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use super::sample::traces;
use crate::bus::CHALLENGE;
use crate::columns::Columns;
use crate::recursion::alu::columns::{AluLane, LANES};
use crate::recursion::machine::RecursionChip;
use crate::recursion::program::{Port, Program, Value};
use crate::recursion::public::columns::VALUES;
use crate::tamper::Traces;

type Forged = Traces<RecursionChip>;
type Wide = [F; CHALLENGE];

fn refusals(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

/// A base field element as a value of the memory.
const fn wide(x: F) -> Wide {
    [x, F::ZERO, F::ZERO, F::ZERO, F::ZERO]
}

fn main<'a>(traces: &'a mut Forged, chip: &str) -> &'a mut RowMajorMatrix<F> {
    traces.main_mut(chip).expect("a chip of the machine")
}

fn get<C: Columns<F>>(traces: &mut Forged, chip: &str, row: usize) -> C {
    let row = main(traces, chip).row_slice(row).expect("a row of the trace").to_vec();
    C::read(&row)
}

fn set<C: Columns<F>>(traces: &mut Forged, chip: &str, row: usize, columns: C) {
    main(traces, chip).row_mut(row).copy_from_slice(&columns.to_row());
}

/// Changes a value in every cell of `alu`, `pack`, `caps` and `public` that holds it.
fn rewrite<W>(program: &Program<W>, traces: &mut Forged, value: Value, x: Wide) {
    let rows = program.rows();
    let holds = |port: &Port| port.value() == Some(value);
    let alu = main(traces, "alu");
    for (i, lane) in rows.alu.iter().enumerate() {
        for k in (0..3).filter(|k| holds(&lane.ports[*k])) {
            let start = (i % LANES) * AluLane::<F>::WIDTH + k * CHALLENGE;
            alu.row_mut(i / LANES)[start..][..CHALLENGE].copy_from_slice(&x);
        }
    }
    let pack = main(traces, "pack");
    for (i, row) in rows.pack.iter().enumerate() {
        if holds(&row.whole) {
            pack.row_mut(i).copy_from_slice(&x);
        }
        for k in (0..CHALLENGE).filter(|k| holds(&row.base[*k])) {
            pack.row_mut(i)[k] = x[0];
        }
    }
    let caps = main(traces, "caps");
    for (i, entry) in rows.caps.iter().enumerate() {
        for k in (0..8).filter(|k| entry.digest.plus(*k) == value) {
            caps.row_mut(i)[1 + k as usize] = x[0];
        }
    }
    let public = main(traces, "public");
    for i in (0..rows.public.len()).filter(|i| rows.public[*i] == value) {
        for r in 0..public.height() {
            public.row_mut(r)[(i + VALUES - r % VALUES) % VALUES] = x[0];
        }
    }
}
