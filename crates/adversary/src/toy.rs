//! A machine of four small chips that uses everything the real one does: preprocessed columns, a table, a
//! permutation bus, the next row, public values, and heights that differ.

use std::sync::LazyLock;

use aludel_circuits::builder::Plain;
use aludel_circuits::columns::{Columns, names};
use aludel_circuits::{Bus, Chip, ChipBuilder, Shape};
use aludel_protocol::{BatchNumber, ChainId, Checkpoint, Digest, F, Statement, fe};
use aludel_prover::{Provable, Prover};
use aludel_verifier::Machine;
use aludel_verifier::config::{Config, Proof};
use p3_air::{Air, BaseAir};
use p3_batch_stark::{CommonData, ProverData, StarkInstance, prove_batch, verify_batch};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;
use p3_matrix::dense::RowMajorMatrix;

aludel_circuits::columns! {
    /// One cell: how often a value is looked up, or the value.
    pub struct One<T> {
        /// The cell.
        cell: T,
    }
}

aludel_circuits::columns! {
    /// Of `counter` and of `sink`.
    pub struct Cubes<T> {
        /// Counts up by the key's step.
        x: T,
        /// `x^3`.
        cube: T,
        /// Whether the row is on the buses.
        real: T,
    }
}

aludel_circuits::columns! {
    /// Of `statement`.
    pub struct Public<T> {
        /// The public values.
        digest: [T; 8],
    }
}

/// A rule of keys that a chip breaks on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// None.
    None,
    /// A constraint of degree 4.
    Degree,
    /// Reads the next row and does not say so.
    HiddenNextRow,
    /// A count on a permutation bus without a bound.
    Unbounded,
    /// A second chip with free counts on a table's bus.
    SecondProvider,
    /// Preprocessed columns of another height.
    FixedHeight,
    /// Public values on a second chip.
    PublicValues,
}

/// A chip of the toy machine.
#[derive(Clone, Copy, Debug)]
pub enum Toy {
    /// Provides `0..2^log_height` on `range16`.
    Table {
        /// Base-2 logarithm of its height.
        log_height: usize,
        /// What it breaks.
        fault: Fault,
    },
    /// Looks up `x` and sends `(x, x^3)`.
    Counter {
        /// Base-2 logarithm of its height.
        log_height: usize,
        /// By how much `x` grows from row to row.
        step: u32,
        /// What it breaks.
        fault: Fault,
    },
    /// Receives `(x, x^3)`.
    Sink {
        /// Base-2 logarithm of its height.
        log_height: usize,
        /// What it breaks.
        fault: Fault,
    },
    /// Columns that cost: each is the cube of the one before, two rows apart where `next`.
    Wide {
        /// Base-2 logarithm of its height.
        log_height: usize,
        /// Its columns.
        width: usize,
        /// Whether it reads the next row.
        next: bool,
    },
    /// Binds the public values in its first row.
    Statement {
        /// Base-2 logarithm of its height.
        log_height: usize,
    },
}

use Toy::{Counter, Sink, Table, Wide};

impl Chip for Toy {
    fn name(&self) -> &'static str {
        match self {
            Table { .. } => "table",
            Counter { .. } => "counter",
            Sink { .. } => "sink",
            Wide { .. } => "wide",
            Self::Statement { .. } => "statement",
        }
    }

    fn width(&self) -> usize {
        match self {
            Wide { width, .. } => *width,
            _ => self.column_names().len(),
        }
    }

    fn column_names(&self) -> Vec<String> {
        match self {
            Table { .. } => names::<One<u8>>(),
            Counter { .. } | Sink { .. } => names::<Cubes<u8>>(),
            Wide { width, .. } => (0..*width).map(|i| format!("x[{i}]")).collect(),
            Self::Statement { .. } => names::<Public<u8>>(),
        }
    }

    fn log_height(&self) -> usize {
        match self {
            Table { log_height, .. }
            | Counter { log_height, .. }
            | Sink { log_height, .. }
            | Wide { log_height, .. }
            | Self::Statement { log_height } => *log_height,
        }
    }

    fn fixed(&self) -> Option<RowMajorMatrix<F>> {
        let height = 1 << self.log_height();
        match self {
            Table { fault: Fault::FixedHeight, .. } => Some(RowMajorMatrix::new(vec![fe(0); 2 * height], 1)),
            Table { .. } => Some(RowMajorMatrix::new((0..height).map(F::from_usize).collect(), 1)),
            Self::Statement { .. } => {
                Some(RowMajorMatrix::new((0..height).map(|r| F::from_bool(r == 0)).collect(), 1))
            }
            _ => None,
        }
    }

    fn fixed_width(&self) -> usize {
        usize::from(matches!(self, Table { .. } | Self::Statement { .. }))
    }

    fn public_values(&self) -> usize {
        match self {
            Self::Statement { .. } | Sink { fault: Fault::PublicValues, .. } => 8,
            _ => 0,
        }
    }

    fn reads_next(&self) -> bool {
        match self {
            Counter { fault, .. } => *fault != Fault::HiddenNextRow,
            Wide { next, .. } => *next,
            _ => false,
        }
    }

    fn constrain<B: ChipBuilder>(&self, b: &mut B) {
        match self {
            Table { .. } => {
                let [value, count] = [b.fixed::<One<_>>().cell, b.local::<One<_>>().cell];
                b.provide(Bus::Range16, vec![value.into()], count);
            }
            Counter { step, fault, .. } => counter(b, *step, *fault),
            Sink { fault, .. } => {
                let row: Cubes<_> = b.local();
                b.assert_bool("real", row.real);
                if *fault == Fault::SecondProvider {
                    b.provide(Bus::Range16, vec![row.x.into()], row.real);
                }
                match fault {
                    Fault::Unbounded => b.message(Bus::Auth, cube_fields::<B>(&row), row.real.into(), 0),
                    _ => b.receive(Bus::Auth, cube_fields::<B>(&row), row.real),
                }
            }
            Wide { width, next, .. } => wide(b, *width, *next),
            Self::Statement { .. } => {
                let (row, first): (Public<_>, One<_>) = (b.local(), b.fixed());
                for (i, x) in row.digest.into_iter().enumerate() {
                    let public = b.public(i);
                    b.when_eq("public", first.cell, x, public);
                }
            }
        }
    }
}

fn cube_fields<B: ChipBuilder>(row: &Cubes<B::Var>) -> Vec<B::Expr> {
    let mut fields: Vec<B::Expr> = vec![row.x.into(), row.cube.into()];
    fields.resize(Bus::Auth.width(), B::Expr::ZERO);
    fields
}

fn counter<B: ChipBuilder>(b: &mut B, step: u32, fault: Fault) {
    let (row, next): (Cubes<_>, Cubes<_>) = (b.local(), b.next());
    let x: B::Expr = row.x.into();
    b.assert_bool("real", row.real);
    let transition = b.is_transition();
    b.when_eq("step", transition, next.x, x.clone() + fe(step));
    b.assert_eq("cube", row.cube, x.clone() * x.clone() * x.clone());
    if fault == Fault::Degree {
        b.assert_eq(
            "degree 4",
            x.clone() * row.cube * row.real,
            x.clone() * x.clone() * x.clone() * x.clone(),
        );
    }
    b.range16(x.clone(), row.real);
    b.range16(x + fe(1), row.real);
    b.send(Bus::Auth, cube_fields::<B>(&row), row.real);
}

/// As many columns as the caller likes: `Columns` of a length known at run time only.
pub(crate) struct Row<T>(pub(crate) Vec<T>);

impl<T> Columns<T> for Row<T> {
    const WIDTH: usize = 0;

    fn take(cells: &mut impl Iterator<Item = T>) -> Self {
        Self(cells.collect())
    }

    fn put(self, row: &mut Vec<T>) {
        row.extend(self.0);
    }

    fn names(_: &str, _: &mut Vec<String>) {}

    fn read(row: &[T]) -> Self
    where
        T: Copy,
    {
        Self(row.to_vec())
    }
}

fn wide<B: ChipBuilder>(b: &mut B, width: usize, next: bool) {
    let row: Row<B::Var> = b.local();
    for pair in row.0.windows(2) {
        let x: B::Expr = pair[0].into();
        b.assert_eq("cube", pair[1], x.clone() * x.clone() * x);
    }
    if next {
        let below: Row<B::Var> = b.next();
        let transition = b.is_transition();
        b.when_eq("constant", transition, below.0[0], row.0[0]);
    }
    for i in (0..width).step_by(24) {
        b.lookup(Bus::Range16, vec![row.0[i].into()], B::Expr::ZERO);
    }
}

impl BaseAir<F> for Toy {
    fn width(&self) -> usize {
        Chip::width(self)
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<F>> {
        self.fixed()
    }

    fn preprocessed_width(&self) -> usize {
        self.fixed_width()
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        if self.reads_next() { (0..Chip::width(self)).collect() } else { Vec::new() }
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }

    fn num_public_values(&self) -> usize {
        self.public_values()
    }
}

impl<AB: InteractionBuilder<F = F>> Air<AB> for Toy {
    fn eval(&self, builder: &mut AB) {
        self.constrain(&mut Plain(builder));
    }
}

impl Machine for Toy {
    fn verify_batch(
        config: &Config,
        chips: &[Self],
        proof: &Proof,
        public_values: &[Vec<F>],
        common: &CommonData<Config>,
    ) -> Result<(), String> {
        verify_batch(config, chips, proof, public_values, common).map_err(|e| e.to_string())
    }
}

impl Provable for Toy {
    fn prove_batch(
        config: &Config,
        instances: &[StarkInstance<'_, Config, Self>],
        data: &ProverData<Config>,
    ) -> Result<Proof, String> {
        prove_batch(config, instances, data).map_err(|e| e.to_string())
    }
}

/// The toy machine, with a fault on every chip that can have it.
pub fn machine(fault: Fault) -> Vec<Toy> {
    vec![
        Table { log_height: 6, fault },
        Counter { log_height: 5, step: 1, fault },
        Sink { log_height: 7, fault },
        Toy::Statement { log_height: 4 },
    ]
}

/// A statement over `batches` batches.
pub fn statement(batches: u32) -> Statement {
    let prev = Checkpoint::genesis(Digest::ZERO);
    Statement::new(ChainId(42), prev, Checkpoint { number: BatchNumber(batches), ..prev })
}

/// Honest traces of [`machine`] for a statement.
pub fn traces(statement: &Statement) -> Vec<RowMajorMatrix<F>> {
    let mut counts = vec![0_u32; 64];
    let mut counter = Vec::new();
    let mut sink = vec![F::ZERO; 3 << 7];
    for row in 0..32_u32 {
        let (x, real) = (row + 3, row % 3 != 0);
        counter.extend([fe(x), fe(x * x * x), F::from_bool(real)]);
        if real {
            [x, x + 1].into_iter().for_each(|x| counts[x as usize] += 1);
            let at = 3 * (127 - row as usize);
            sink[at..at + 3].copy_from_slice(&[fe(x), fe(x * x * x), F::ONE]);
        }
    }
    let mut public = statement.digest().0.to_vec();
    public.resize(8 << 4, fe(5));
    vec![
        RowMajorMatrix::new(counts.into_iter().map(fe).collect(), 1),
        RowMajorMatrix::new(counter, 3),
        RowMajorMatrix::new(sink, 3),
        RowMajorMatrix::new(public, 8),
    ]
}

static PROVER: LazyLock<Prover<Toy>> = LazyLock::new(|| {
    Prover::with_chips(Shape::Tiny, machine(Fault::None)).expect("the toy machine has a key")
});

/// The prover of the toy machine as shape `tiny`.
pub fn prover() -> &'static Prover<Toy> {
    &PROVER
}

static PROOF: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let statement = statement(3);
    prover().prove(&traces(&statement), &statement).expect("honest traces prove").bytes
});

/// An honest proof of `statement(3)`.
pub fn proof() -> &'static [u8] {
    &PROOF
}
