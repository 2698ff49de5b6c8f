//! Our own checker: runs a chip over a concrete trace and says which constraint fails in which row, and which
//! bus does not balance over which message. The prover does not need it; tests and `--check` do.

use std::collections::BTreeMap;

use aludel_protocol::F;
use p3_field::{Field, PrimeCharacteristicRing, PrimeField32};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use crate::builder::ChipBuilder;
use crate::bus::Bus;
use crate::chip::Chip;
use crate::columns::Columns;

/// What an honest trace never shows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Violation {
    /// A constraint is not zero.
    Constraint {
        /// The chip.
        chip: &'static str,
        /// The row.
        row: usize,
        /// The constraint's name.
        name: &'static str,
    },
    /// A message is sent and received unequally often.
    Bus {
        /// The bus's name.
        bus: &'static str,
        /// The message.
        fields: Vec<u32>,
        /// Sends minus receives, as a canonical field element.
        surplus: u32,
    },
}

/// Collects violations and bus traffic over any number of chips.
#[derive(Default)]
pub struct Checker {
    violations: Vec<Violation>,
    balance: BTreeMap<(&'static str, Vec<u32>), F>,
}

impl Checker {
    /// Runs a chip over its main trace.
    pub fn run<C: Chip>(&mut self, chip: &C, main: &RowMajorMatrix<F>, public: &[F]) -> &mut Self {
        let height = main.height();
        let fixed = chip.fixed();
        let fixed = fixed.as_ref();
        let row_of = |m: &RowMajorMatrix<F>, r: usize| m.row_slice(r % height).map(|s| s.to_vec());
        for row in 0..height {
            let mut b = RowChecker {
                chip: chip.name(),
                row,
                height,
                local: row_of(main, row).unwrap_or_default(),
                next: row_of(main, row + 1).unwrap_or_default(),
                fixed: fixed.and_then(|m| row_of(m, row)).unwrap_or_default(),
                fixed_next: fixed.and_then(|m| row_of(m, row + 1)).unwrap_or_default(),
                public,
                out: self,
            };
            chip.constrain(&mut b);
        }
        self
    }

    /// Adds a message from outside the chips under test: positive counts send.
    pub fn external(&mut self, bus: Bus, fields: &[F], count: i32) -> &mut Self {
        self.record(bus, fields, F::from_i32(count));
        self
    }

    pub(crate) fn record(&mut self, bus: Bus, fields: &[F], count: F) {
        assert_eq!(fields.len(), bus.width(), "message width on bus {}", bus.name());
        if !count.is_zero() {
            let key = (bus.name(), fields.iter().map(PrimeField32::as_canonical_u32).collect());
            *self.balance.entry(key).or_insert(F::ZERO) += count;
        }
    }

    /// Constraint violations only, for a chip tested alone.
    pub fn constraints(&self) -> &[Violation] {
        &self.violations
    }

    /// Messages on `bus` with what is left of their counts, unbalanced ones only.
    pub fn surplus(&self, bus: Bus) -> Vec<(Vec<u32>, F)> {
        self.balance
            .iter()
            .filter(|((name, _), count)| *name == bus.name() && !count.is_zero())
            .map(|((_, fields), count)| (fields.clone(), *count))
            .collect()
    }

    /// Every violation, the buses' included.
    pub fn finish(self) -> Vec<Violation> {
        let unbalanced = self.balance.into_iter().filter(|(_, count)| !count.is_zero());
        let unbalanced = unbalanced.map(|((bus, fields), count)| Violation::Bus {
            bus,
            fields,
            surplus: count.as_canonical_u32(),
        });
        self.violations.into_iter().chain(unbalanced).collect()
    }
}

struct RowChecker<'a> {
    chip: &'static str,
    row: usize,
    height: usize,
    local: Vec<F>,
    next: Vec<F>,
    fixed: Vec<F>,
    fixed_next: Vec<F>,
    public: &'a [F],
    out: &'a mut Checker,
}

impl ChipBuilder for RowChecker<'_> {
    type Var = F;
    type Expr = F;

    fn local<C: Columns<F>>(&self) -> C {
        C::read(&self.local)
    }

    fn next<C: Columns<F>>(&self) -> C {
        C::read(&self.next)
    }

    fn fixed<C: Columns<F>>(&self) -> C {
        C::read(&self.fixed)
    }

    fn fixed_next<C: Columns<F>>(&self) -> C {
        C::read(&self.fixed_next)
    }

    fn public(&self, i: usize) -> F {
        self.public[i]
    }

    fn is_first(&self) -> F {
        F::from_bool(self.row == 0)
    }

    fn is_last(&self) -> F {
        F::from_bool(self.row + 1 == self.height)
    }

    fn is_transition(&self) -> F {
        F::from_bool(self.row + 1 != self.height)
    }

    fn assert_zero(&mut self, name: &'static str, x: impl Into<F>) {
        if !x.into().is_zero() {
            self.out.violations.push(Violation::Constraint { chip: self.chip, row: self.row, name });
        }
    }

    fn message(&mut self, bus: Bus, fields: Vec<F>, count: F, _bound: u32) {
        self.out.record(bus, &fields, count);
    }
}
