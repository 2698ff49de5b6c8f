//! The machine that runs programs: eight chips in the one order that keys and proofs follow.

use std::sync::Arc;

use aludel_protocol::F;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::execute::Execution;
use super::program::{Counts, Program, Rows};
use super::{alu, bits, caps, pack, path, public, sponge, transcript};
use crate::builder::ChipBuilder;
use crate::bus::CHALLENGE;
use crate::chip::{Chip, TraceError};
use crate::columns::{Columns, names};
use crate::machine::air;

/// The chips, in order; `public`, which has the public values, is the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Sponge,
    Path,
    Alu,
    Transcript,
    Bits,
    Pack,
    Caps,
    Public,
}

impl Part {
    const ALL: [Self; 8] = [
        Self::Sponge,
        Self::Path,
        Self::Alu,
        Self::Transcript,
        Self::Bits,
        Self::Pack,
        Self::Caps,
        Self::Public,
    ];
}

/// Base-2 logarithms of the heights of a machine's chips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heights {
    /// `sponge`.
    pub sponge: usize,
    /// `path`.
    pub path: usize,
    /// `alu`, of [`alu::columns::LANES`] lanes.
    pub alu: usize,
    /// `transcript`.
    pub transcript: usize,
    /// `bits`.
    pub bits: usize,
    /// `pack`.
    pub pack: usize,
    /// `caps`.
    pub caps: usize,
    /// `public`: at least 4, one row a public value.
    pub public: usize,
}

impl Heights {
    /// Of the one machine of lifts and joins: one layout, so that a join verifies either.
    pub const FOLDED: Self =
        Self { sponge: 15, path: 15, alu: 15, transcript: 12, bits: 14, pack: 14, caps: 9, public: 4 };

    /// Of a root, which verifies one proof where a join verifies two.
    pub const ROOT: Self =
        Self { sponge: 14, path: 14, alu: 14, transcript: 11, bits: 13, pack: 13, caps: 8, public: 4 };

    /// The least heights that hold a program, each at least `least`.
    pub fn of<W>(program: &Program<W>, least: usize) -> Self {
        let log = |rows: usize| (rows.next_power_of_two().trailing_zeros() as usize).max(least);
        let rows = program.rows();
        Self {
            sponge: log(rows.sponge.len()),
            path: log(rows.path.len()),
            alu: log(rows.alu.len().div_ceil(alu::columns::LANES)),
            transcript: log(rows.transcript.len()),
            bits: log(rows.bits.len()),
            pack: log(rows.pack.len()),
            caps: log(rows.caps.len()),
            public: log(public::columns::VALUES),
        }
    }

    const fn part(&self, part: Part) -> usize {
        match part {
            Part::Sponge => self.sponge,
            Part::Path => self.path,
            Part::Alu => self.alu,
            Part::Transcript => self.transcript,
            Part::Bits => self.bits,
            Part::Pack => self.pack,
            Part::Caps => self.caps,
            Part::Public => self.public,
        }
    }
}

/// What preprocessed columns are made from.
pub(super) struct Preprocessed<'a> {
    pub rows: &'a Rows,
    pub counts: Counts<'a>,
}

/// A chip of the machine. With a program's preprocessed columns it can be proven; without, as verifiers have it, its key rests on a
/// commitment to them.
#[derive(Clone, Debug)]
pub struct RecursionChip {
    part: Part,
    log_height: usize,
    fixed: Option<Arc<RowMajorMatrix<F>>>,
}

impl RecursionChip {
    /// The chips of a machine of these heights, without a program.
    pub fn all(heights: &Heights) -> Vec<Self> {
        Part::ALL.into_iter().map(|part| Self { part, log_height: heights.part(part), fixed: None }).collect()
    }

    /// The chips of a program.
    ///
    /// # Errors
    /// The program has more rows than the heights hold.
    pub fn of<W>(program: &Program<W>, heights: &Heights) -> Result<Vec<Self>, TraceError> {
        let p = Preprocessed { rows: program.rows(), counts: Counts(program.reads()) };
        let chip = |part| {
            let log_height = heights.part(part);
            let fixed = match part {
                Part::Sponge => sponge::trace::fixed(&p, log_height),
                Part::Path => path::trace::fixed(&p, log_height),
                Part::Alu => alu::trace::fixed(&p, log_height),
                Part::Transcript => transcript::trace::fixed(&p, log_height),
                Part::Bits => bits::trace::fixed(&p, log_height),
                Part::Pack => pack::trace::fixed(&p, log_height),
                Part::Caps => caps::trace::fixed(&p, log_height),
                Part::Public => public::trace::fixed(&p, log_height),
            };
            Ok(Self { part, log_height, fixed: Some(Arc::new(fixed?)) })
        };
        Part::ALL.into_iter().map(chip).collect()
    }
}

/// The main columns of an execution, by chip.
///
/// # Errors
/// The program has more rows than the heights hold.
pub fn traces(e: &Execution<'_>, heights: &Heights) -> Result<Vec<RowMajorMatrix<F>>, TraceError> {
    let main = |part| {
        let log_height = heights.part(part);
        match part {
            Part::Sponge => sponge::trace::generate(e, log_height),
            Part::Path => path::trace::generate(e, log_height),
            Part::Alu => alu::trace::generate(e, log_height),
            Part::Transcript => transcript::trace::generate(e, log_height),
            Part::Bits => bits::trace::generate(e, log_height),
            Part::Pack => pack::trace::generate(e, log_height),
            Part::Caps => caps::trace::generate(e, log_height),
            Part::Public => public::trace::generate(e, log_height),
        }
    };
    Part::ALL.into_iter().map(main).collect()
}

/// Rows of cells, filled up to a height with one row.
pub(super) fn pad(
    chip: &'static str,
    mut cells: Vec<F>,
    width: usize,
    log_height: usize,
    unused: &[F],
) -> Result<RowMajorMatrix<F>, TraceError> {
    let (needed, available) = (cells.len().div_ceil(width), 1_usize << log_height);
    if needed > available {
        return Err(TraceError::Full { chip, needed, available });
    }
    // A row of several lanes may be used in part.
    cells.resize(needed * width, F::ZERO);
    cells.reserve((available - needed) * width);
    (needed..available).for_each(|_| cells.extend_from_slice(unused));
    Ok(RowMajorMatrix::new(cells, width))
}

/// `(address, value)`.
pub(super) fn message<E>(address: impl Into<E>, value: [impl Into<E>; CHALLENGE]) -> Vec<E> {
    core::iter::once(address.into()).chain(value.map(Into::into)).collect()
}

/// `(address, x, 0, 0, 0, 0)`.
pub(super) fn base_message<B: ChipBuilder>(
    address: impl Into<B::Expr>,
    x: impl Into<B::Expr>,
) -> Vec<B::Expr> {
    let zeros = (1..CHALLENGE).map(|_| B::Expr::from(aludel_protocol::fe(0)));
    [address.into(), x.into()].into_iter().chain(zeros).collect()
}

macro_rules! sizes {
    ($self:ident, $($part:ident: $main:ty, $fixed:ty, $name:literal;)*) => {
        impl RecursionChip {
            fn sizes(&self) -> (&'static str, usize, usize) {
                match self.part {
                    $(Part::$part => (
                        $name,
                        <$main as Columns<u8>>::WIDTH,
                        <$fixed as Columns<u8>>::WIDTH,
                    ),)*
                }
            }

            /// Names of the preprocessed columns, in order.
            pub fn fixed_names(&self) -> Vec<String> {
                match self.part { $(Part::$part => names::<$fixed>(),)* }
            }

            fn main_names(&self) -> Vec<String> {
                match self.part { $(Part::$part => names::<$main>(),)* }
            }
        }
    };
}

sizes! {
    self,
    Sponge: sponge::columns::SpongeColumns<u8>, sponge::columns::SpongeFixed<u8>, "sponge";
    Path: path::columns::PathColumns<u8>, path::columns::PathFixed<u8>, "path";
    Alu: alu::columns::AluColumns<u8>, alu::columns::AluFixed<u8>, "alu";
    Transcript: transcript::columns::TranscriptColumns<u8>, transcript::columns::TranscriptFixed<u8>, "transcript";
    Bits: bits::columns::BitsColumns<u8>, bits::columns::BitsFixed<u8>, "bits";
    Pack: pack::columns::PackColumns<u8>, pack::columns::PackFixed<u8>, "pack";
    Caps: caps::columns::CapsColumns<u8>, caps::columns::CapsFixed<u8>, "caps";
    Public: public::columns::PublicColumns<u8>, public::columns::PublicFixed<u8>, "public";
}

impl Chip for RecursionChip {
    fn name(&self) -> &'static str {
        self.sizes().0
    }

    fn width(&self) -> usize {
        self.sizes().1
    }

    fn column_names(&self) -> Vec<String> {
        self.main_names()
    }

    fn log_height(&self) -> usize {
        self.log_height
    }

    fn fixed(&self) -> Option<RowMajorMatrix<F>> {
        self.fixed.as_deref().cloned()
    }

    fn fixed_width(&self) -> usize {
        self.sizes().2
    }

    fn fixed_names(&self) -> Vec<String> {
        Self::fixed_names(self)
    }

    fn public_values(&self) -> usize {
        if self.part == Part::Public { public::columns::VALUES } else { 0 }
    }

    fn reads_next(&self) -> bool {
        !matches!(self.part, Part::Alu | Part::Pack | Part::Caps)
    }

    fn constrain<B: ChipBuilder>(&self, b: &mut B) {
        match self.part {
            Part::Sponge => sponge::constrain(b),
            Part::Path => path::constrain(b),
            Part::Alu => alu::constrain(b),
            Part::Transcript => transcript::constrain(b),
            Part::Bits => bits::constrain(b),
            Part::Pack => pack::constrain(b),
            Part::Caps => caps::constrain(b),
            Part::Public => public::constrain(b),
        }
    }
}

air!(RecursionChip);
