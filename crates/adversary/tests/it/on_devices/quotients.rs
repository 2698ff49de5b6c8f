//! Quotients: all constraints of a chip, weighted, over what vanishes on its rows.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use aludel_kernels::Error;
use aludel_kernels::rows::{Domain, Given};
use aludel_protocol::{Challenge, F};
use aludel_verifier::config::Cap;
use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};

use super::{Chip, Columns, Stages, Task};

/// What constraints read.
pub struct Inputs<'a, D: Stages> {
    /// Main, preprocessed and those of lookups.
    pub columns: [&'a Columns<D>; 3],
    /// Challenges of lookups by chip.
    pub challenges: &'a [Vec<Challenge>],
    /// What lookups sum up to, by chip.
    pub terminals: &'a [Option<Challenge>],
    /// By whose powers constraints are weighted.
    pub alpha: Challenge,
}

/// Computes them, takes them apart into polynomials of as many coefficients as the traces have rows, by chip, and hashes the extensions of these into one tree.
pub fn commit<D: Stages>(
    device: &D,
    task: &Task<'_>,
    inputs: &Inputs<'_, D>,
) -> Result<(Cap, D::Tree), Error> {
    let extended = inputs.columns.map(|columns| columns.extended(device));
    // Chips of one height and degree share them.
    let mut by_shape = BTreeMap::new();
    let mut parts = Vec::new();
    for (number, chip) in task.chips.iter().enumerate() {
        let shape = (chip.layout.log_height, chip.log_chunks());
        let selectors: &D::Matrix = match by_shape.entry(shape) {
            Entry::Occupied(made) => made.into_mut(),
            Entry::Vacant(place) => place.insert(device.selectors(shape.0, shape.1)?),
        };
        let columns: [_; 3] =
            core::array::from_fn(|kind| (inputs.columns[kind].rows[number].as_ref(), extended[kind][number]));
        let own = extensions(device, task, chip, columns.map(|(rows, _)| rows))?;
        let [main, fixed, auxiliary] = core::array::from_fn(|kind| own[kind].as_ref().or(columns[kind].1));
        let periodic = chip.periodic().map(|rows| device.upload(&rows)).transpose()?;
        let matrices = [main, fixed, auxiliary, Some(selectors), periodic.as_ref()];
        let quotient = of_chip(device, task, inputs, number, matrices)?;
        parts.extend(split(device, task, chip, &quotient)?);
    }
    device.commit(parts, task.parameters.cap_height)
}

/// What is committed to is on too few points where a chip's constraints have a higher degree than the blowup leaves room for. Its columns are extended anew then, from their rows.
fn extensions<D: Stages>(
    device: &D,
    task: &Task<'_>,
    chip: &Chip,
    rows: [Option<&D::Matrix>; 3],
) -> Result<[Option<D::Matrix>; 3], Error> {
    let enough = chip.log_chunks() <= task.parameters.log_blowup;
    let extend = |rows: Option<&D::Matrix>| {
        let needed = rows.filter(|_| !enough);
        needed.map(|rows| device.coset_lde(rows, chip.log_chunks(), F::GENERATOR)).transpose()
    };
    let [main, fixed, auxiliary] = rows.map(extend);
    Ok([main?, fixed?, auxiliary?])
}

fn of_chip<D: Stages>(
    device: &D,
    task: &Task<'_>,
    inputs: &Inputs<'_, D>,
    number: usize,
    matrices: [Option<&D::Matrix>; 5],
) -> Result<D::Matrix, Error> {
    let chip = &task.chips[number];
    let mut weights: Vec<Challenge> = inputs.alpha.powers().take(chip.constraints).collect();
    // Plonky3 folds by Horner's rule: the last constraint has weight one.
    weights.reverse();
    let given = Given {
        public_values: &task.public_values[number],
        challenges: &inputs.challenges[number],
        terminal: inputs.terminals[number],
        weights: &weights,
    };
    let values = chip.quotient.uniforms().values(&given).expect("all is given");
    let log_step = chip.log_chunks();
    let domain = Domain::BitReversed { log_height: chip.layout.log_height + log_step, log_step };
    device.run(&device.compile(&chip.quotient)?, domain, matrices, &values, None)
}

/// Part `i` is on the coset of `g w^i`, where `w` generates the subgroup of all the quotient's points, and is extended to that of `g`.
fn split<D: Stages>(
    device: &D,
    task: &Task<'_>,
    chip: &Chip,
    quotient: &D::Matrix,
) -> Result<Vec<D::Matrix>, Error> {
    let root = F::two_adic_generator(chip.layout.log_height + chip.log_chunks());
    let parts = device.chunks(quotient, chip.log_chunks())?;
    let shifts = root.inverse().powers();
    let extend = |(part, shift): (&D::Matrix, F)| device.coset_lde(part, task.parameters.log_blowup, shift);
    parts.iter().zip(shifts).map(extend).collect()
}
