//! Programs over rows that a shard's proof runs: the quotient of a chip that is one permutation after another, and the fractions of the lookups of one
//! that has many.

use std::collections::HashSet;
use std::sync::LazyLock;

use aludel_circuits::{Chip, MachineChip, Shape};
use aludel_kernels::rows::program::Instruction;
use aludel_kernels::rows::{Domain, Given, Lowering, Program, lower};
use aludel_protocol::{Challenge, F};
use aludel_verifier::ShardKey;
use p3_air::symbolic::AirLayout;
use p3_batch_stark::symbolic::{get_constraint_layout, get_symbolic_constraints};
use p3_lookup::{LogUpGadget, Lookups};

use super::case::{Case, Family, LOG_STEP};
use super::count::program_products;

/// Whose quotient is measured.
const QUOTIENT_OF: &str = "hash24";
/// Whose lookups are.
const LOOKUPS_OF: &str = "transaction";
/// Operations beyond which a quotient is cut, and registers beyond which columns are loaded again.
const MOST_OPERATIONS: usize = 2560;
const REGISTERS: usize = 256;

/// What a family runs.
pub struct Programs {
    /// One after the other, each onto what the one before it made.
    pub parts: Vec<Program>,
    /// Columns of each matrix that is given to them, up to the last that is read; zero where none is.
    pub widths: [usize; lower::MATRICES],
    /// Columns that a row has to be read of, of all matrices, and of what is written.
    pub columns: [usize; 2],
    /// Products and reductions of a row.
    pub products: [u64; 2],
    /// Of the chip.
    pub lookups: Lookups<F>,
    public_values: usize,
    weights: usize,
}

static QUOTIENT: LazyLock<Result<Programs, String>> = LazyLock::new(|| of_chip(QUOTIENT_OF, quotient));
static LOOKUPS: LazyLock<Result<Programs, String>> = LazyLock::new(|| of_chip(LOOKUPS_OF, fractions));

/// Those of a family, which are made on first use. `None` for one that runs none, and why there are none where the machine's chips are not as they
/// should be.
pub fn programs(family: Family) -> Option<Result<&'static Programs, &'static str>> {
    let made = match family {
        Family::Quotient => &QUOTIENT,
        Family::Lookups => &LOOKUPS,
        _ => return None,
    };
    Some(made.as_ref().map_err(String::as_str))
}

/// The rows that a case's programs go through.
pub const fn domain(case: &Case) -> Domain {
    let log_height = case.log_height;
    match case.family {
        Family::Quotient => Domain::BitReversed { log_height, log_step: LOG_STEP },
        _ => Domain::Natural { log_height },
    }
}

// Constraints and lookups are the same whatever the shape of the machine.
fn of_chip(
    name: &str,
    programs: impl FnOnce(&MachineChip, &Lookups<F>) -> Programs,
) -> Result<Programs, String> {
    let key = ShardKey::pinned(Shape::Tiny).map_err(|error| error.to_string())?;
    let mut chips = key.chips().iter().zip(&key.common().lookups);
    let chip = chips.find(|(chip, _)| chip.name() == name);
    chip.map(|(chip, lookups)| programs(chip, lookups)).ok_or_else(|| format!("there is no chip {name}"))
}

fn quotient(chip: &MachineChip, lookups: &Lookups<F>) -> Programs {
    let (layout, gadget) = (AirLayout::from_air::<F>(chip), LogUpGadget::new());
    let (base, extension) = get_symbolic_constraints::<F, Challenge, _, _>(chip, layout, lookups, &gadget);
    let order = get_constraint_layout::<F, Challenge, _, _>(chip, layout, lookups, &gadget);
    let (graph, parts) = Lowering::quotient_parts(&base, &extension, &order, MOST_OPERATIONS);
    let parts = parts.iter().map(|part| Program::new(&graph, &[*part], REGISTERS)).collect();
    let weights = order.total_constraints();
    Programs { public_values: layout.num_public_values, weights, ..Programs::new(parts, lookups) }
}

fn fractions(_: &MachineChip, lookups: &Lookups<F>) -> Programs {
    let (graph, outputs) = Lowering::fractions(lookups);
    Programs::new(vec![Program::new(&graph, &outputs, REGISTERS)], lookups)
}

impl Programs {
    fn new(parts: Vec<Program>, lookups: &Lookups<F>) -> Self {
        let mut read = HashSet::new();
        for instruction in parts.iter().flat_map(|part| part.code()) {
            let (from, count) = match instruction {
                Instruction::Load(_, from) => (from, 1),
                Instruction::LoadFive(_, from) => (from, 5),
                _ => continue,
            };
            // A row and its successor lie in the same column.
            read.extend((0..count).map(|i| (usize::from(from.matrix), from.column as usize + i)));
        }
        let mut widths = [0; lower::MATRICES];
        read.iter().for_each(|(matrix, column)| widths[*matrix] = widths[*matrix].max(column + 1));
        let written = 5 * parts.first().map_or(0, |part| part.outputs());
        let products = parts.iter().map(program_products);
        let products = products.fold([0; 2], |[a, b], [c, d]| [a + c, b + d]);
        let (public_values, weights, lookups) = (0, 0, lookups.clone());
        Self { parts, widths, columns: [read.len(), written], products, lookups, public_values, weights }
    }

    /// Uniform values, the same for all parts, from a source of challenges. `None` where the programs want others than a proof has.
    pub fn values(&self, draw: impl FnOnce(usize) -> Vec<Challenge>) -> Option<Vec<Challenge>> {
        let count = 2 * self.lookups.len();
        let mut challenges = draw(count + 1 + self.weights);
        let weights = challenges.split_off(count + 1);
        let public_values: Vec<F> = (1..).map(F::new).take(self.public_values).collect();
        let terminal = challenges.pop();
        let given =
            Given { public_values: &public_values, challenges: &challenges, terminal, weights: &weights };
        self.parts.first()?.uniforms().values(&given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::case::defaults;

    /// Shapes say so many columns, memory is that of these, and docs/decisions/0008-kernels.md has the products.
    #[test]
    fn programs_read_the_columns_of_their_shape() {
        for case in defaults(false, u64::MAX, &["quotient".to_owned(), "lookups".to_owned()]) {
            let programs = programs(case.family).expect("a program").expect("a chip");
            let [read, written] = programs.columns;
            assert_eq!(
                read,
                case.width,
                "{}, of {:?}, {written} written",
                case.family.name(),
                programs.widths
            );
            let height = 1 << case.log_height;
            let given: usize = programs.widths.iter().sum();
            assert!(case.bytes() >= 4 * height * (given + written) as u64, "{written} are written");
            let all: usize = programs.parts.iter().map(|part| part.code().len()).sum();
            let counted = if case.family == Family::Quotient { [3965, 627] } else { [10_109, 2902] };
            assert_eq!(programs.products, counted, "{}: {all} instructions", case.family.name());
        }
        assert!(programs(Family::Ntt).is_none());
    }
}
