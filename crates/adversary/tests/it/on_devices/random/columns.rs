//! Random rules and columns that follow them.

use aludel_protocol::field::MODULUS;
use aludel_protocol::{F, fe};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;
use rand::RngExt;
use rand_chacha::ChaCha12Rng;

use super::air::{Expression, Leaf, Random, Rule};

/// An element of the field, and one of few as often.
pub fn element(rng: &mut ChaCha12Rng) -> F {
    if rng.random_bool(0.5) { fe(rng.random_range(0..3)) } else { fe(rng.random_range(0..MODULUS)) }
}

/// A chip in the making, with the columns of its trace.
pub struct Made {
    pub chip: Random,
    pub columns: Vec<Vec<F>>,
    pub public_values: Vec<F>,
}

impl Made {
    /// A chip with rules and without messages.
    pub fn new(rng: &mut ChaCha12Rng, log_height: usize) -> Self {
        let height = 1 << log_height;
        let fixed_width = if rng.random_bool(0.5) { rng.random_range(1..4) } else { 0 };
        let fixed = (0..height * fixed_width).map(|_| element(rng)).collect();
        let fixed = (fixed_width > 0).then(|| RowMajorMatrix::new(fixed, fixed_width));
        let repeating = if rng.random_bool(0.4) { rng.random_range(1..3) } else { 0 };
        let mut column = |period: usize| (0..period).map(|_| element(rng)).collect::<Vec<_>>();
        let periodic = (0..repeating).map(|i| column(1 << ((i + 2) % (log_height + 1)))).collect();
        let public_values: Vec<F> = (0..rng.random_range(0..3)).map(|_| element(rng)).collect();
        let chip =
            Random { log_height, fixed, periodic, reads_next: rng.random_bool(0.6), ..Random::default() };
        let mut made = Self { chip, columns: Vec::new(), public_values };
        for _ in 0..rng.random_range(1..4) {
            made.free(rng);
        }
        let degree = if rng.random_bool(0.8) { rng.random_range(1..4) } else { rng.random_range(4..8) };
        for _ in 0..rng.random_range(0..5) {
            made.rule(rng, degree);
        }
        made
    }

    pub fn height(&self) -> usize {
        1 << self.chip.log_height
    }

    /// Another column; its number.
    pub fn add(&mut self, column: Vec<F>) -> usize {
        self.columns.push(column);
        self.columns.len() - 1
    }

    /// A column of anything.
    fn free(&mut self, rng: &mut ChaCha12Rng) -> usize {
        let column = (0..self.height()).map(|_| element(rng)).collect();
        self.add(column)
    }

    /// Of columns so far, at most of this degree. Lookups do not read columns that repeat.
    pub fn expression(&self, rng: &mut ChaCha12Rng, degree: usize, repeating: bool) -> Expression {
        match rng.random_range(0..8) {
            0 => Expression::Constant(element(rng)),
            1..3 => {
                let parts = Box::new([0; 2].map(|_| self.expression(rng, degree, repeating)));
                if rng.random_bool(0.5) { Expression::Add(parts) } else { Expression::Sub(parts) }
            }
            3..7 if degree > 1 => {
                let first = rng.random_range(1..degree);
                let parts = [first, degree - first].map(|degree| self.expression(rng, degree, repeating));
                Expression::Mul(Box::new(parts))
            }
            _ => Expression::Leaf(self.leaf(rng, repeating)),
        }
    }

    /// Of columns, so that it has the degree.
    fn product(&self, rng: &mut ChaCha12Rng, degree: usize) -> Expression {
        let column = |rng: &mut ChaCha12Rng| Expression::column(rng.random_range(0..self.columns.len()));
        let first = column(rng);
        (1..degree).fold(first, |product, _| Expression::Mul(Box::new([product, column(rng)])))
    }

    fn leaf(&self, rng: &mut ChaCha12Rng, repeating: bool) -> Leaf {
        let next = self.chip.reads_next && rng.random_bool(0.3);
        let fixed = self.chip.fixed.as_ref().map_or(0, |fixed| fixed.width);
        match rng.random_range(0..6) {
            0 if fixed > 0 => Leaf::Fixed { column: rng.random_range(0..fixed), next },
            1 if !self.public_values.is_empty() => {
                Leaf::Public(rng.random_range(0..self.public_values.len()))
            }
            2 if repeating && !self.chip.periodic.is_empty() => {
                Leaf::Periodic(rng.random_range(0..self.chip.periodic.len()))
            }
            _ => Leaf::Main { column: rng.random_range(0..self.columns.len()), next },
        }
    }

    /// The value of an expression in a row.
    pub fn value(&self, expression: &Expression, row: usize) -> F {
        let at = |next: bool| (row + usize::from(next)) % self.height();
        expression.value(&|leaf| match leaf {
            Leaf::Main { column, next } => self.columns[column][at(next)],
            Leaf::Fixed { column, next } => {
                let fixed = self.chip.fixed.as_ref().expect("it is read");
                fixed.values[at(next) * fixed.width + column]
            }
            Leaf::Periodic(column) => {
                let column = &self.chip.periodic[column];
                column[row % column.len()]
            }
            Leaf::Public(number) => self.public_values[number],
        })
    }

    /// A column that follows from those before, and sometimes a public value that follows from it.
    fn rule(&mut self, rng: &mut ChaCha12Rng, degree: usize) {
        let mut expression = self.expression(rng, degree, true);
        if degree > 3 {
            expression = Expression::Add(Box::new([expression, self.product(rng, degree)]));
        }
        let column = if self.chip.reads_next && rng.random_bool(0.5) {
            self.steps(rng, expression)
        } else {
            let values = (0..self.height()).map(|row| self.value(&expression, row)).collect();
            let column = self.add(values);
            self.chip.rules.push(Rule::Is(column, expression));
            column
        };
        match rng.random_range(0..4) {
            0 => self.public(column, 0, Rule::First),
            1 => self.public(column, self.height() - 1, Rule::Last),
            _ => (),
        }
    }

    /// A column that is, times one of anything and plus the expression, what it is in the next row.
    fn steps(&mut self, rng: &mut ChaCha12Rng, expression: Expression) -> usize {
        let own = self.columns.len();
        let factor = Expression::Constant(element(rng));
        let product = Expression::Mul(Box::new([Expression::column(own), factor]));
        let to = Expression::Add(Box::new([product, expression]));
        let column = self.add(vec![F::ZERO; self.height()]);
        self.columns[column][0] = element(rng);
        for row in 1..self.height() {
            self.columns[column][row] = self.value(&to, row - 1);
        }
        self.chip.rules.push(Rule::Steps(column, to));
        column
    }

    fn public(&mut self, column: usize, row: usize, rule: fn(usize, usize) -> Rule) {
        self.chip.rules.push(rule(column, self.public_values.len()));
        self.public_values.push(self.columns[column][row]);
    }

    /// The chip, its trace and its public values.
    pub fn finish(self) -> (Random, RowMajorMatrix<F>, Vec<F>) {
        let width = self.columns.len();
        let cells = (0..self.height()).flat_map(|row| self.columns.iter().map(move |column| column[row]));
        let trace = RowMajorMatrix::new(cells.collect(), width);
        let chip = Random { width, public_values: self.public_values.len(), ..self.chip };
        (chip, trace, self.public_values)
    }
}
