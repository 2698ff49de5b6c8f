//! Bytes and operations that a kernel needs at least, by its shape.
//!
//! Counted are products of the field, for they bound the arithmetic: sums take a unit of their own. A product is a whole product of words (`wide`),
//! and its reduction, in Montgomery's form, a low word (`low`) and a high word (`high`). A sum of products is reduced once.

use aludel_kernels::limits::Operation;
use aludel_kernels::rows::Program;
use aludel_kernels::rows::program::{Instruction, Weight};

use super::case::{Case, FIELD_ROUNDS, Family, LOG_STEP, OPENED, POINTS};
use super::profile::Rates;
use super::programs::programs;

/// Points of a transform that one pass over memory can do at most, as a base-2 logarithm: in tiles eight elements wide that is the 128 KiB
/// of shared memory that a multiprocessor of the greatest GPUs has. Our own have 2^10 with CUDA and 2^8 to 2^12 through wgpu.
pub const LOG_PASS: usize = 12;

/// Products of the base field in one of the extension of degree five, of which there are as many sums as coefficients.
pub const QUINTIC_PRODUCTS: u64 = 25;
/// Reductions of them.
pub const QUINTIC_REDUCTIONS: u64 = 5;

/// Products and reductions of an inverse in the extension: by three Frobenius maps and two products the field has the norm, whose inverse takes 37.
pub const INVERSE_PRODUCTS: [u64; 2] = [158, 68];

/// Products of a point's selectors: two make the point, three each of its two inverses, in a joint inversion, and two multiply them by what vanishes.
/// What many points share counts for nothing.
pub const SELECTOR_PRODUCTS: u64 = 10;

/// What a kernel needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Bytes of memory, read and written.
    pub bytes: u64,
    /// Products of the base field.
    pub products: u64,
    /// How often one, or a sum of some, is reduced.
    pub reductions: u64,
    /// Of what its throughput is told.
    pub units: u64,
    /// What that is.
    pub unit: &'static str,
}

/// Products in one permutation: eight full rounds of cubes, and partial rounds of one cube and a product by each element of the inner
/// matrix's diagonal, as `kernels/include/poseidon2.h` has them.
pub const fn permutation_products(width: u64) -> u64 {
    let partial = if width == 16 { 20 } else { 23 };
    8 * width * 2 + partial * (2 + width)
}

/// Products and reductions of a row of `2^log_arity` elements of the extension that is folded: for each pair that becomes one element a product in
/// the extension, by a scalar that is multiplied by the row's factor; a root, and its squares.
pub const fn fold_products(log_arity: usize) -> [u64; 2] {
    let (pairs, own) = ((1 << log_arity) - 1, 1 + log_arity as u64);
    [pairs * (QUINTIC_PRODUCTS + 5) + own, pairs * (QUINTIC_REDUCTIONS + 5) + own]
}

/// Products and reductions of a candidate of grinding: a number becomes an element, the state is permuted, an element becomes a number.
pub const CANDIDATE_PRODUCTS: [u64; 2] = [permutation_products(16) + 1, permutation_products(16) + 2];

/// Products and reductions of one over the distance of a point of the extension from that of a row, in a joint inversion, which takes three products
/// an element: two make the row's point. Of a weight of a sum it is multiplied by that. What many rows share counts for nothing.
pub const fn distance_products(is_weight: bool) -> [u64; 2] {
    let own = if is_weight { 2 + 5 } else { 2 };
    [3 * QUINTIC_PRODUCTS + own, 3 * QUINTIC_REDUCTIONS + own]
}

/// Products and reductions of a row of so many columns that adds to their values at some points: its weight for each, by which each column is
/// multiplied. Sums are over all rows, and reduced once.
pub const fn values_products(points: u64, width: u64) -> [u64; 2] {
    let [products, reductions] = distance_products(true);
    [points * (products + 5 * width), points * reductions]
}

/// Products and reductions of a row of a codeword of claims on so many columns at some points: one sum of the columns by known powers, and for each
/// point its product by a factor, and one by the inverse of the distance.
pub const fn reduced_products(points: u64, width: u64) -> [u64; 2] {
    let [products, reductions] = distance_products(false);
    [
        5 * width + points * (products + 2 * QUINTIC_PRODUCTS),
        5 + points * (reductions + 2 * QUINTIC_REDUCTIONS),
    ]
}

/// Passes over memory of a transform of `2^log` points.
const fn passes(log: usize) -> u64 {
    let passes = log.div_ceil(LOG_PASS);
    if passes == 0 { 1 } else { passes as u64 }
}

/// Products by roots of unity of a transform of `2^log` points: one a butterfly.
const fn butterflies(log: usize) -> u64 {
    (log as u64) << log >> 1
}

/// Products and reductions of an instruction. A sum is reduced once, which its beginning pays for.
pub const fn instruction_products<R>(instruction: &Instruction<R>) -> [u64; 2] {
    match instruction {
        Instruction::Mul(..) => [1, 1],
        Instruction::Begin(_) => [0, 1],
        Instruction::AddProduct(..) => [1, 0],
        Instruction::Start(..) => [0, 5],
        Instruction::AddTerm(_, _, Weight::Base(_)) => [1, 0],
        Instruction::AddTerm(_, _, Weight::Extension(_)) | Instruction::AddFive(_, _, Weight::Base(_)) => {
            [5, 0]
        }
        Instruction::AddFive(_, _, Weight::Extension(_)) | Instruction::Product(..) => {
            [QUINTIC_PRODUCTS, QUINTIC_REDUCTIONS]
        }
        Instruction::Scaled(..) => [5, 5],
        Instruction::Inverse(..) => INVERSE_PRODUCTS,
        Instruction::AddTerm(_, _, Weight::One)
        | Instruction::AddFive(_, _, Weight::One)
        | Instruction::Load(..)
        | Instruction::LoadFive(..)
        | Instruction::Add(..)
        | Instruction::Sub(..)
        | Instruction::End(_)
        | Instruction::Store(..) => [0, 0],
    }
}

/// Products and reductions of a row of a program.
pub fn program_products(program: &Program) -> [u64; 2] {
    let each = program.code().iter().map(instruction_products);
    each.fold([0; 2], |[a, b], [c, d]| [a + c, b + d])
}

/// What a case needs.
pub fn work(case: &Case) -> Work {
    let (height, width) = (1u64 << case.log_height, case.width as u64);
    let matrix = 4 * height * width;
    let (bytes, products, units, unit) = match case.family {
        Family::FieldBase | Family::FieldQuintic => return field(case),
        Family::Fold | Family::Grinding | Family::Openings | Family::Reduced => return of_rows(case),
        Family::Quotient | Family::Lookups => return of_programs(case),
        Family::Ntt => {
            let products = butterflies(case.log_height) * width;
            (2 * passes(case.log_height) * matrix, products, height * width, "elements/s")
        }
        Family::InverseNtt => {
            let products = (butterflies(case.log_height) + height) * width;
            (2 * passes(case.log_height) * matrix, products, height * width, "elements/s")
        }
        Family::CosetLde => {
            let extended = case.log_height + 1;
            let products = (butterflies(case.log_height) + height + butterflies(extended)) * width;
            // The last inverse pass and the first forward one are one: it reads the lower matrix and writes the higher.
            let (inverse, forward) = (passes(case.log_height) - 1, passes(extended) - 1);
            ((2 * inverse + 3 + 4 * forward) * matrix, products, 2 * height * width, "elements/s")
        }
        Family::Poseidon2Of16 | Family::Poseidon2Of24 => {
            (2 * matrix, height * permutation_products(width), height, "permutations/s")
        }
        Family::MerkleCommit => {
            let leaves = height * width.div_ceil(16);
            let products = leaves * permutation_products(24) + (height - 1) * permutation_products(16);
            // Rows are read, nodes written, all but the root read again.
            (matrix + 32 * (4 * height - 3), products, leaves + height - 1, "permutations/s")
        }
        Family::MerkleOpen => {
            let opened = OPENED as u64;
            let record = 4 * width + 32 * case.log_height as u64;
            (opened * (2 * record + 4), 0, opened, "openings/s")
        }
        // One pass could do: who sums a tile learns from the one before what is before it.
        Family::RunningSums => (2 * matrix, 0, height, "elements/s"),
        Family::Selectors => (matrix, height * SELECTOR_PRODUCTS, height, "points/s"),
        Family::Chunks => (2 * matrix, 0, height * width, "elements/s"),
    };
    Work { bytes, products, reductions: products, units, unit }
}

/// Of families whose products are not each reduced.
const fn of_rows(case: &Case) -> Work {
    let (height, width, points) = (1u64 << case.log_height, case.width as u64, POINTS as u64);
    let (rows, [products, reductions], bytes, units, unit) = match case.family {
        Family::Fold => {
            let matrix = 4 * case.elements();
            let elements = height << case.log_arity();
            (height, fold_products(case.log_arity()), matrix + 20 * height, elements, "elements/s")
        }
        // The first rows determine a polynomial. They are read once, for all points.
        Family::Openings => {
            let rows = height >> LOG_STEP;
            (rows, values_products(points, width), 4 * rows * width, rows * width, "elements/s")
        }
        Family::Reduced => {
            let bytes = 4 * case.elements() + 20 * height;
            (height, reduced_products(points, width), bytes, case.elements(), "elements/s")
        }
        // A state is read once, and what was found written.
        _ => (height, CANDIDATE_PRODUCTS, 68, height, "candidates/s"),
    };
    Work { bytes, products: products * rows, reductions: reductions * rows, units, unit }
}

/// Of programs: a column is read once, though a row's successor lies in it too, and a result written once, though parts add to it. Nothing where
/// there are no programs, which the case's row says.
fn of_programs(case: &Case) -> Work {
    let Some(Ok(programs)) = programs(case.family) else { return Work::default() };
    let height = 1u64 << case.log_height;
    let [read, written] = programs.columns.map(|columns| columns as u64);
    let [products, reductions] = programs.products.map(|count| count * height);
    Work { bytes: 4 * height * (read + written), products, reductions, units: height, unit: "rows/s" }
}

const fn field(case: &Case) -> Work {
    let (operation, products, reductions) = match case.family {
        Family::FieldQuintic => (Operation::Quintic, QUINTIC_PRODUCTS, QUINTIC_REDUCTIONS),
        _ => (Operation::Base, 1, 1),
    };
    let units = operation.count(1 << case.log_height, FIELD_ROUNDS);
    let bytes = 8 * case.elements();
    Work { bytes, products: units * products, reductions: units * reductions, units, unit: "products/s" }
}

/// What bounds a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Moving bytes.
    Bytes,
    /// Multiplying.
    Operations,
}

impl Bound {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Operations => "operations",
        }
    }
}

impl Work {
    /// The least seconds in which a device of these rates does it, and why, as far as rates are known. The forms of a multiplication share a
    /// unit, so that their times add up.
    pub fn floor(&self, rates: &Rates) -> Option<(f64, Bound)> {
        let bytes = rates.copy_bytes.map(|rate| (self.bytes as f64 / rate, Bound::Bytes));
        let [products, reductions] = [self.products, self.reductions].map(|count| count as f64);
        let operations = rates.product_seconds().zip(rates.reduction_seconds());
        let operations = operations.map(|(product, reduction)| products * product + reductions * reduction);
        let operations = operations.map(|seconds| (seconds, Bound::Operations));
        match (bytes, operations) {
            (Some(bytes), Some(operations)) => Some(if operations.0 > bytes.0 { operations } else { bytes }),
            (bytes, operations) => bytes.or(operations),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(family: Family, log_height: usize, width: usize) -> Case {
        Case { family, log_height, width }
    }

    /// Products of a transform, counted by doing it: halves are transformed, and the odd one is multiplied by powers of a root.
    fn products_of_transform(points: u64) -> u64 {
        if points == 1 { 0 } else { 2 * products_of_transform(points / 2) + points / 2 }
    }

    /// Permutations of 24 and 16 elements of a tree, counted by building it.
    fn permutations_of_tree(height: u64, width: u64) -> (u64, u64) {
        let (mut leaves, mut nodes) = (0, 0);
        for _ in 0..height {
            let mut left = width;
            while left > 0 {
                leaves += 1;
                left = left.saturating_sub(16);
            }
        }
        let mut layer = height;
        while layer > 1 {
            layer /= 2;
            nodes += layer;
        }
        (leaves, nodes)
    }

    #[test]
    fn transforms_are_counted_as_they_are_done() {
        for log in 0..12 {
            let points = 1 << log;
            assert_eq!(work(&case(Family::Ntt, log, 3)).products, 3 * products_of_transform(points));
            let inverse = work(&case(Family::InverseNtt, log, 3)).products;
            assert_eq!(inverse, 3 * (products_of_transform(points) + points));
            let lde = work(&case(Family::CosetLde, log, 1)).products;
            assert_eq!(lde, products_of_transform(points) + points + products_of_transform(2 * points));
        }
    }

    #[test]
    fn trees_are_counted_as_they_are_built() {
        for (log, width) in [(0, 1), (1, 16), (3, 17), (5, 64)] {
            let (leaves, nodes) = permutations_of_tree(1 << log, width);
            let found = work(&case(Family::MerkleCommit, log, usize::try_from(width).expect("small")));
            assert_eq!(found.units, leaves + nodes);
            let products = leaves * permutation_products(24) + nodes * permutation_products(16);
            assert_eq!(found.products, products);
        }
        // 2^27 of width 24, and 2^25 - 1 of width 16.
        let large = work(&case(Family::MerkleCommit, 25, 64));
        assert_eq!(large.units, (1 << 27) + (1 << 25) - 1);
    }

    #[test]
    fn bytes_are_those_of_passes() {
        let gib = 1 << 30;
        assert_eq!(work(&case(Family::Ntt, 24, 64)).bytes, 16 * gib);
        assert_eq!(work(&case(Family::Ntt, 12, 1)).bytes, (2 * 4) << 12);
        // Half a pass up, one to twice the height, one there: (2 + 3 + 4) times 2 GiB.
        assert_eq!(work(&case(Family::CosetLde, 23, 64)).bytes, 18 * gib);
        assert_eq!(work(&case(Family::Poseidon2Of16, 3, 16)).bytes, 2 * 8 * 64);
        assert_eq!(work(&case(Family::MerkleCommit, 1, 2)).bytes, 16 + 3 * 32 + 2 * 32);
    }

    #[test]
    fn folds_and_sums_are_counted_by_their_rows() {
        let fold = work(&case(Family::Fold, 3, 40));
        // Seven pairs of 30 products, of which each has ten reductions; a root and three squares.
        assert_eq!((fold.products, fold.reductions), (8 * (7 * 30 + 4), 8 * (7 * 10 + 4)));
        assert_eq!((fold.bytes, fold.units), (8 * (160 + 20), 64));
        let grinding = work(&case(Family::Grinding, 4, 1));
        assert_eq!((grinding.products, grinding.reductions, grinding.units), (16 * 617, 16 * 618, 16));
        assert_eq!(work(&case(Family::RunningSums, 4, 5)).bytes, 2 * 16 * 20);
        assert_eq!(work(&case(Family::Selectors, 4, 4)).bytes, 16 * 16);
        assert_eq!(work(&case(Family::Chunks, 4, 5)).bytes, 2 * 16 * 20);
    }

    #[test]
    fn openings_are_counted_by_the_rows_that_are_read() {
        // Of 16 rows eight. A weight: two products for the point, 75 of three in the extension, five by the point; ten a column.
        let openings = work(&case(Family::Openings, 4, 6));
        assert_eq!((openings.products, openings.reductions), (8 * (2 * 82 + 60), 8 * 2 * 22));
        assert_eq!((openings.bytes, openings.units), (8 * 24, 48));
        // Five a column, and for each point an inverse, a factor and a product.
        let reduced = work(&case(Family::Reduced, 4, 6));
        assert_eq!(
            (reduced.products, reduced.reductions),
            (16 * (30 + 2 * (77 + 50)), 16 * (5 + 2 * (17 + 10)))
        );
        assert_eq!((reduced.bytes, reduced.units), (16 * (24 + 20), 96));
    }

    #[test]
    fn a_floor_is_the_longer_of_two_times_that_are_known() {
        let work = Work { bytes: 100, products: 6, reductions: 3, units: 1, unit: "" };
        let rate = |copy_bytes, multiply| Rates {
            copy_bytes,
            multiply_low: multiply,
            multiply_high: multiply,
            multiply_wide: multiply,
            fma_64: None,
        };
        assert_eq!(work.floor(&rate(Some(50.0), Some(3.0))), Some((4.0, Bound::Operations)));
        assert_eq!(work.floor(&rate(Some(10.0), Some(3.0))), Some((10.0, Bound::Bytes)));
        assert_eq!(work.floor(&rate(Some(10.0), None)), Some((10.0, Bound::Bytes)));
        assert_eq!(work.floor(&rate(None, Some(3.0))), Some((4.0, Bound::Operations)));
        assert_eq!(work.floor(&rate(None, None)), None);
    }
}
