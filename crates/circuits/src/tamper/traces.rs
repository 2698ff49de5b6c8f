//! Traces of some chips, and what the others say to them.

use std::collections::BTreeSet;

use aludel_protocol::F;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::TamperError;
use crate::bus::Bus;
use crate::check::{Checker, Violation};
use crate::chip::Chip;
use crate::machine::MachineChip;

/// A message with sends minus receives.
type Message = (Bus, Vec<F>, F);

/// Traces of any set of chips, with the messages of those that are missing.
#[derive(Clone)]
pub struct Traces<C = MachineChip> {
    chips: Vec<(C, RowMajorMatrix<F>, Vec<F>)>,
    external: Vec<Message>,
}

impl<C> Default for Traces<C> {
    fn default() -> Self {
        Self { chips: Vec::new(), external: Vec::new() }
    }
}

impl<C: Chip + Clone> Traces<C> {
    /// Adds a chip with its main trace `[height][width]` and its public values.
    pub fn chip(&mut self, chip: C, main: RowMajorMatrix<F>, public: &[F]) -> &mut Self {
        self.chips.push((chip, main, public.to_vec()));
        self
    }

    /// Adds a message of a chip that is not here: positive counts send.
    pub fn external(&mut self, bus: Bus, fields: Vec<F>, count: i32) -> &mut Self {
        self.external.push((bus, fields, F::from_i32(count)));
        self
    }

    /// Takes whatever messages are left over to be those of the chips that are not here: what is honest alone then
    /// balances, and what is forged afterwards does not.
    pub fn close(&mut self) -> &mut Self {
        let left = surplus(&self.checker());
        self.external.extend(left.into_iter().map(|(bus, fields, count)| (bus, fields, -count)));
        self
    }

    /// One chip alone, with what the others leave over on the buses as messages from outside: it is refused just
    /// where all of them together are, and checked faster.
    ///
    /// # Errors
    /// [`TamperError::NoChip`] where it is not among them.
    pub fn alone(&self, chip: &str) -> Result<Self, TamperError> {
        self.find(chip)?;
        let (this, others) = self.chips.iter().cloned().partition(|(c, ..)| c.name() == chip);
        let others = Self { chips: others, external: self.external.clone() };
        Ok(Self { chips: this, external: surplus(&others.checker()) })
    }

    /// What is wrong with them: nothing, if honest.
    pub fn violations(&self) -> Vec<Violation> {
        self.checker().finish()
    }

    fn checker(&self) -> Checker {
        let mut checker = Checker::default();
        for (chip, main, public) in &self.chips {
            checker.run(chip, main, public);
        }
        for (bus, fields, count) in &self.external {
            checker.record(*bus, fields, *count);
        }
        checker
    }

    /// What refuses them: `chip: constraint` or `bus name`, each once; nothing, if honest.
    pub fn refused_by(&self) -> BTreeSet<String> {
        let refusal = |v| match v {
            Violation::Constraint { chip, name, .. } => format!("{chip}: {name}"),
            Violation::Bus { bus, .. } => format!("bus {bus}"),
        };
        self.violations().into_iter().map(refusal).collect()
    }

    /// Every chip with its main trace and its public values, in the order in which they were added.
    pub fn chips(&self) -> &[(C, RowMajorMatrix<F>, Vec<F>)] {
        &self.chips
    }

    /// A chip's main trace, to be forged by hand.
    pub fn main_mut(&mut self, chip: &str) -> Option<&mut RowMajorMatrix<F>> {
        self.chips.iter_mut().find(|(c, ..)| c.name() == chip).map(|(_, main, _)| main)
    }

    pub(super) fn find(&self, chip: &str) -> Result<(&C, &RowMajorMatrix<F>), TamperError> {
        let found = self.chips.iter().find(|(c, ..)| c.name() == chip);
        found.map(|(chip, main, _)| (chip, main)).ok_or_else(|| TamperError::NoChip(chip.to_owned()))
    }
}

/// What is left over on every bus.
fn surplus(checker: &Checker) -> Vec<Message> {
    let on = |bus| {
        let left = checker.surplus(bus).into_iter();
        left.map(move |(fields, count)| (bus, fields.into_iter().map(F::from_u32).collect(), count))
    };
    Bus::ALL.into_iter().flat_map(on).collect()
}
