//! What single rows of a chip say, whatever stands in them.

use std::collections::BTreeMap;

use aludel_protocol::F;
use p3_field::{PrimeCharacteristicRing, PrimeField32};

use crate::builder::ChipBuilder;
use crate::bus::Bus;
use crate::chip::Chip;
use crate::columns::Columns;
use crate::recursion::machine::RecursionChip;

/// A row and the next one, and what the chip makes of them.
#[derive(Default)]
pub struct Probe<'a> {
    main: [&'a [F]; 2],
    fixed: [&'a [F]; 2],
    public: &'a [F],
    first: bool,
    last: bool,
    /// Whether a constraint does not hold.
    pub broken: bool,
    /// Every message with its count.
    pub messages: Vec<(Bus, Vec<F>, F)>,
}

/// A chip with its traces, rows one after another.
pub struct Rows {
    pub chip: RecursionChip,
    pub main: Vec<Vec<F>>,
    pub fixed: Vec<Vec<F>>,
    pub public: Vec<F>,
}

impl Rows {
    /// Of each chip of a run.
    pub fn all(traces: &super::Forged) -> Vec<Self> {
        let chunks = |values: &[F], width: usize| values.chunks(width).map(<[F]>::to_vec).collect();
        let rows = |(chip, main, public): &(RecursionChip, p3_matrix::dense::RowMajorMatrix<F>, Vec<F>)| {
            let fixed = chip.fixed().expect("the chip of a program");
            Self {
                chip: chip.clone(),
                main: chunks(&main.values, main.width),
                fixed: chunks(&fixed.values, fixed.width),
                public: public.clone(),
            }
        };
        traces.chips().iter().map(rows).collect()
    }

    /// What a row says.
    pub fn probe(&self, row: usize) -> Probe<'_> {
        let height = self.main.len();
        let next = (row + 1) % height;
        let mut probe = Probe {
            main: [&self.main[row], &self.main[next]],
            fixed: [&self.fixed[row], &self.fixed[next]],
            public: &self.public,
            first: row == 0,
            last: row + 1 == height,
            ..Probe::default()
        };
        self.chip.constrain(&mut probe);
        probe
    }

    /// Whether the constraints that read a row hold, and the messages of the row and the one before, added up.
    pub fn around(&self, row: usize) -> (bool, BTreeMap<(Bus, Vec<u32>), F>) {
        let probes = [(row + self.main.len() - 1) % self.main.len(), row].map(|r| self.probe(r));
        let holds = probes.iter().all(|p| !p.broken);
        let mut sums = BTreeMap::new();
        for (bus, fields, count) in probes.into_iter().flat_map(|p| p.messages) {
            let fields = fields.iter().map(PrimeField32::as_canonical_u32).collect();
            *sums.entry((bus, fields)).or_insert(F::ZERO) += count;
        }
        sums.retain(|_, count| *count != F::ZERO);
        (holds, sums)
    }
}

impl ChipBuilder for Probe<'_> {
    type Var = F;
    type Expr = F;

    fn local<C: Columns<F>>(&self) -> C {
        C::read(self.main[0])
    }

    fn next<C: Columns<F>>(&self) -> C {
        C::read(self.main[1])
    }

    fn fixed<C: Columns<F>>(&self) -> C {
        C::read(self.fixed[0])
    }

    fn fixed_next<C: Columns<F>>(&self) -> C {
        C::read(self.fixed[1])
    }

    fn public(&self, i: usize) -> F {
        self.public[i]
    }

    fn is_first(&self) -> F {
        F::from_bool(self.first)
    }

    fn is_last(&self) -> F {
        F::from_bool(self.last)
    }

    fn is_transition(&self) -> F {
        F::from_bool(!self.last)
    }

    fn assert_zero(&mut self, _name: &'static str, x: impl Into<F>) {
        self.broken |= x.into() != F::ZERO;
    }

    fn message(&mut self, bus: Bus, fields: Vec<F>, count: F, _bound: u32) {
        self.messages.push((bus, fields, count));
    }
}
