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

#[cfg(test)]
mod tests {
    use aludel_protocol::Challenge;
    use p3_air::AirLayout;
    use p3_lookup::{InteractionSymbolicBuilder, LogUpGadget, Lookups};

    use super::*;
    use crate::machine::MachineChip;
    use crate::shape::Shape;

    #[test]
    fn every_degree_is_three_at_most_and_messages_pair_up() {
        for chip in MachineChip::all(Shape::Tiny) {
            let layout = AirLayout::from_air::<F>(&chip);
            let b = InteractionSymbolicBuilder::<F, Challenge>::from_air(&chip, layout);
            let degree = b.base_constraints().iter().map(|c| c.degree_multiple()).max().unwrap_or(0);
            let lookups = Lookups::from_air::<Challenge, _>(&chip).pack_same_bus(&LogUpGadget, 3);
            let auxiliary = lookups.iter().count();
            let survey = Survey::of(&chip);
            println!(
                "{:12} width {:4} fixed {} degree {degree} messages {:2} auxiliary {auxiliary}",
                chip.name(),
                chip.width(),
                chip.fixed_width(),
                survey.messages,
            );
            assert!(degree <= 3, "{}: degree {degree}", chip.name());
            let paired: usize = survey.buses.len() + survey.messages / 2;
            assert!(auxiliary <= paired, "{}: {auxiliary} auxiliary columns", chip.name());
        }
    }
}
