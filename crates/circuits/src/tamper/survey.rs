//! What a chip asserts and on which buses it speaks, without a trace.

use std::collections::BTreeSet;

use aludel_protocol::F;
use p3_field::PrimeCharacteristicRing;

use crate::builder::ChipBuilder;
use crate::bus::Bus;
use crate::chip::Chip;
use crate::columns::Columns;

/// Names of a chip's constraints, and its buses.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Each constraint's name once.
    pub constraints: BTreeSet<&'static str>,
    /// Each bus once.
    pub buses: BTreeSet<Bus>,
    /// Messages a row, all buses together.
    pub messages: usize,
}

impl Survey {
    /// Of this chip.
    pub fn of<C: Chip>(chip: &C) -> Self {
        let mut survey = Self::default();
        chip.constrain(&mut survey);
        survey
    }
}

fn zeros<C: Columns<F>>() -> C {
    C::take(&mut core::iter::repeat(F::ZERO))
}

impl ChipBuilder for Survey {
    type Var = F;
    type Expr = F;

    fn local<C: Columns<F>>(&self) -> C {
        zeros()
    }

    fn next<C: Columns<F>>(&self) -> C {
        zeros()
    }

    fn fixed<C: Columns<F>>(&self) -> C {
        zeros()
    }

    fn fixed_next<C: Columns<F>>(&self) -> C {
        zeros()
    }

    fn public(&self, _i: usize) -> F {
        F::ZERO
    }

    fn is_first(&self) -> F {
        F::ZERO
    }

    fn is_last(&self) -> F {
        F::ZERO
    }

    fn is_transition(&self) -> F {
        F::ZERO
    }

    fn assert_zero(&mut self, name: &'static str, _x: impl Into<F>) {
        self.constraints.insert(name);
    }

    fn message(&mut self, bus: Bus, _fields: Vec<F>, _count: F, _bound: u32) {
        self.buses.insert(bus);
        self.messages += 1;
    }
}
