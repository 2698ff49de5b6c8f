//! A machine of two chips of different heights: one with a bus, degree 3 and the next row, and the statement's.

use std::sync::LazyLock;

use aludel_circuits::builder::Plain;
use aludel_circuits::columns::names;
use aludel_circuits::{Bus, Chip, ChipBuilder, Shape};
use aludel_protocol::{BatchNumber, ChainId, Checkpoint, Digest, F, Statement, fe};
use aludel_verifier::config::{Config, Proof};
use aludel_verifier::format::{self, Claim};
use aludel_verifier::verify::{Expectations, verify_with};
use aludel_verifier::{Key, Machine, VerifyError};
use p3_air::{Air, BaseAir, BoundaryEnd, BoundaryPublic};
use p3_batch_stark::{CommonData, StarkInstance, prove_batch, verify_batch};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::{Count, InteractionBuilder};
use p3_matrix::dense::RowMajorMatrix;

aludel_circuits::columns! {
    /// Of `cubes`.
    pub struct Cubes<T> {
        /// Counts up.
        x: T,
        /// `x^3`.
        cube: T,
        /// Whether the row sends itself a message.
        real: T,
    }
}

aludel_circuits::columns! {
    /// Of `cubes`: what it counts up by.
    pub struct Fixed<T> { step: T }
}

aludel_circuits::columns! {
    /// Of `statement`.
    pub struct Public<T> { digest: [T; 8] }
}

/// A rule of keys that `cubes` breaks on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// Twice as high as the field has roots of unity for.
    High,
    /// No higher than the last polynomial.
    Low,
    /// Another width in Plonky3's terms.
    Width,
    /// Says that it reads the next row and has Plonky3 open none.
    NextRow,
    /// Has Plonky3 open no next row of its preprocessed column.
    FixedNextRow,
    /// A lookup that no other chip sees.
    Local,
    /// A bus that is none of ours.
    Nobody,
    /// A message of another width.
    Narrow,
    /// Messages of which one is chosen by a flag.
    Exclusive,
    /// A count up to 2 on a permutation bus.
    Twice,
    /// Columns that repeat.
    Periodic,
    /// A public value that the proof system itself should hold to a cell.
    Boundary,
}

#[derive(Clone, Copy, Debug)]
pub enum Toy {
    Cubes(Fault),
    Statement,
}

impl Toy {
    fn has(&self, fault: Fault) -> bool {
        matches!(self, Self::Cubes(f) if *f == fault)
    }
}

impl Chip for Toy {
    fn name(&self) -> &'static str {
        match self {
            Self::Cubes(_) => "cubes",
            Self::Statement => "statement",
        }
    }

    fn width(&self) -> usize {
        self.column_names().len()
    }

    fn column_names(&self) -> Vec<String> {
        match self {
            Self::Cubes(_) => names::<Cubes<u8>>(),
            Self::Statement => names::<Public<u8>>(),
        }
    }

    fn log_height(&self) -> usize {
        match self {
            Self::Cubes(Fault::High) => 24,
            Self::Cubes(Fault::Low) => 3,
            Self::Cubes(_) => 6,
            Self::Statement => 4,
        }
    }

    fn fixed(&self) -> Option<RowMajorMatrix<F>> {
        (self.fixed_width() > 0).then(|| RowMajorMatrix::new(vec![F::ONE; 1 << self.log_height()], 1))
    }

    fn fixed_width(&self) -> usize {
        usize::from(matches!(self, Self::Cubes(_)))
    }

    fn public_values(&self) -> usize {
        match self {
            Self::Cubes(_) => 0,
            Self::Statement => 8,
        }
    }

    fn reads_next(&self) -> bool {
        matches!(self, Self::Cubes(_))
    }

    fn constrain<B: ChipBuilder>(&self, b: &mut B) {
        match self {
            Self::Cubes(_) => {
                let (row, next): (Cubes<_>, Cubes<_>) = (b.local(), b.next());
                let (fixed, below): (Fixed<_>, Fixed<_>) = (b.fixed(), b.fixed_next());
                let x: B::Expr = row.x.into();
                b.assert_bool("real", row.real);
                let transition = b.is_transition();
                b.when_eq("step", transition, next.x, x.clone() + fixed.step);
                b.assert_eq("one step", below.step, fixed.step);
                b.assert_eq("cube", row.cube, x.clone() * x.clone() * x.clone());
                let message = || {
                    let mut fields = vec![x.clone(), row.cube.into()];
                    fields.resize(Bus::Auth.width(), B::Expr::ZERO);
                    fields
                };
                b.send(Bus::Auth, message(), row.real);
                b.receive(Bus::Auth, message(), row.real);
            }
            Self::Statement => {
                let (row, first): (Public<_>, _) = (b.local(), b.is_first());
                for (i, x) in row.digest.into_iter().enumerate() {
                    let public = b.public(i);
                    b.when_eq("public", first.clone(), x, public);
                }
            }
        }
    }
}

impl BaseAir<F> for Toy {
    fn width(&self) -> usize {
        Chip::width(self) + usize::from(self.has(Fault::Width))
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<F>> {
        self.fixed()
    }

    fn preprocessed_width(&self) -> usize {
        self.fixed_width()
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        if self.reads_next() && !self.has(Fault::NextRow) { vec![0] } else { Vec::new() }
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        if self.reads_next() && !self.has(Fault::FixedNextRow) { vec![0] } else { Vec::new() }
    }

    fn num_periodic_columns(&self) -> usize {
        usize::from(self.has(Fault::Periodic))
    }

    fn public_boundary_io(&self) -> &[BoundaryPublic] {
        const CELL: [BoundaryPublic; 1] = [BoundaryPublic::new(0, BoundaryEnd::First, 0)];
        if self.has(Fault::Boundary) { &CELL } else { &[] }
    }

    fn num_public_values(&self) -> usize {
        self.public_values()
    }
}

impl<AB: InteractionBuilder<F = F>> Air<AB> for Toy {
    fn eval(&self, builder: &mut AB) {
        self.constrain(&mut Plain(builder));
        let fields = |width: usize| vec![AB::Expr::ZERO; width];
        let once = || Count::bounded(AB::Expr::ONE, 1);
        let auth = Bus::Auth.width();
        match self {
            Self::Cubes(Fault::Local) => builder.push_local_interaction([(fields(1), once())]),
            Self::Cubes(Fault::Nobody) => builder.push_interaction("nobody", fields(1), once()),
            Self::Cubes(Fault::Narrow) => builder.push_interaction("chain", fields(3), once()),
            Self::Cubes(Fault::Exclusive) => {
                builder.push_exclusive_interaction("auth", [(AB::Expr::ONE, once(), fields(auth))]);
            }
            Self::Cubes(Fault::Twice) => {
                builder.push_interaction("auth", fields(auth), Count::bounded(AB::Expr::TWO, 2));
            }
            _ => {}
        }
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
        verify_batch(config, chips, proof, public_values, common).map_err(|e| format!("{e:?}"))
    }
}

pub fn machine(fault: Fault) -> Vec<Toy> {
    vec![Toy::Cubes(fault), Toy::Statement]
}

pub fn statement() -> Statement {
    let prev = Checkpoint::genesis(Digest::ZERO);
    Statement::new(ChainId(42), prev, Checkpoint { number: BatchNumber(3), ..prev })
}

fn traces() -> Vec<RowMajorMatrix<F>> {
    let row = |x: u32| [fe(x), fe(x * x * x), F::from_bool(x.is_multiple_of(3))];
    let cubes = (5..69).flat_map(row).collect();
    let mut public = statement().digest().0.to_vec();
    public.resize(8 << 4, fe(5));
    vec![RowMajorMatrix::new(cubes, 3), RowMajorMatrix::new(public, 8)]
}

static MADE: LazyLock<(Key<Toy>, Vec<u8>)> = LazyLock::new(|| {
    let (key, data) = Key::derive_for_prover(Shape::Tiny, machine(Fault::None)).expect("a key");
    let (traces, public_values) = (traces(), key.public_values(&statement()));
    let instances: Vec<_> = (key.chips().iter().zip(&traces).zip(public_values))
        .map(|((air, trace), public_values)| StarkInstance { air, trace, public_values })
        .collect();
    let proof = prove_batch(key.config(), &instances, &data).expect("honest traces prove");
    let bytes = encode(&proof);
    (key, bytes)
});

pub fn key() -> &'static Key<Toy> {
    &MADE.0
}

fn encode(proof: &Proof) -> Vec<u8> {
    format::encode(&Claim::shard(Shape::Tiny, statement()), proof).expect("encodes")
}

/// The honest proof.
pub fn proof() -> Proof {
    format::proof(key(), &MADE.1[format::PREFIX_BYTES..]).expect("honest")
}

/// What the verifier says to the honest proof, altered.
pub fn verdict(change: impl FnOnce(&mut Proof)) -> Result<Statement, VerifyError> {
    let mut altered = proof();
    change(&mut altered);
    verify_with(key(), &encode(&altered), &Expectations::default())
}

/// That it refuses it for a reason that contains these words.
pub fn refused(name: &str, words: &str, change: impl FnOnce(&mut Proof)) {
    match verdict(change) {
        Err(VerifyError::Refused { reason }) if reason.contains(words) => {}
        other => panic!("{name}: must be refused with {words:?}: {other:?}"),
    }
}
