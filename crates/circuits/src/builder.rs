//! What a chip's constraints are written against.

use aludel_protocol::F;
use p3_air::WindowAccess;
use p3_field::{Algebra, PrimeCharacteristicRing};
use p3_lookup::{Count, InteractionBuilder};

use crate::bus::{Bus, Discipline, MOST_READS};
use crate::columns::Columns;

/// Evaluates one row (with its successor) of a chip: reads columns, asserts named constraints, exchanges bus
/// messages. The degree of every constraint is at most 3: the proof system's blowup is 2.
///
/// Degrees of messages: two messages on one bus share an auxiliary column when their fields have degree 1 and
/// their counts degree at most 2; a message alone may have fields of degree 2 and a count of degree 3.
pub trait ChipBuilder: Sized {
    /// A cell.
    type Var: Copy + Into<Self::Expr>;
    /// A polynomial in the cells.
    type Expr: Algebra<F> + Algebra<Self::Var>;

    /// The current row.
    fn local<C: Columns<Self::Var>>(&self) -> C;
    /// The next row; the last row's successor is the first.
    fn next<C: Columns<Self::Var>>(&self) -> C;
    /// The current row of the preprocessed columns, which are part of the key.
    fn fixed<C: Columns<Self::Var>>(&self) -> C;
    /// The next row of the preprocessed columns.
    fn fixed_next<C: Columns<Self::Var>>(&self) -> C;
    /// Public value `i`.
    fn public(&self, i: usize) -> Self::Expr;

    /// Not zero on the first row only. Not one there: it selects constraints and is no multiplicity.
    fn is_first(&self) -> Self::Expr;
    /// Not zero on the last row only. Not one there: it selects constraints and is no multiplicity.
    fn is_last(&self) -> Self::Expr;
    /// Zero on the last row only; of degree 0.
    fn is_transition(&self) -> Self::Expr;

    /// Asserts that `x` is zero on every row. The name is what a failed check reports.
    fn assert_zero(&mut self, name: &'static str, x: impl Into<Self::Expr>);

    /// Adds a message with a signed count to a bus: positive sends, negative receives. `bound` is the largest
    /// magnitude that the constraints allow the count, 0 for what a table provides. Call the named methods.
    fn message(&mut self, bus: Bus, fields: Vec<Self::Expr>, count: Self::Expr, bound: u32);

    /// Asserts `x = y`.
    fn assert_eq(&mut self, name: &'static str, x: impl Into<Self::Expr>, y: impl Into<Self::Expr>) {
        self.assert_zero(name, x.into() - y.into());
    }

    /// Asserts that `x` is 0 or 1.
    fn assert_bool(&mut self, name: &'static str, x: impl Into<Self::Expr>) {
        let x = x.into();
        self.assert_zero(name, x.clone() * (x - F::ONE));
    }

    /// Asserts `x = 0` where `condition` is not zero.
    fn when(&mut self, name: &'static str, condition: impl Into<Self::Expr>, x: impl Into<Self::Expr>) {
        self.assert_zero(name, condition.into() * x.into());
    }

    /// Asserts `x = y` where `condition` is not zero.
    fn when_eq(
        &mut self,
        name: &'static str,
        condition: impl Into<Self::Expr>,
        x: impl Into<Self::Expr>,
        y: impl Into<Self::Expr>,
    ) {
        self.when(name, condition, x.into() - y.into());
    }

    /// Asserts `x = y` elementwise where `condition` is not zero.
    fn when_all_eq<const N: usize>(
        &mut self,
        name: &'static str,
        condition: impl Into<Self::Expr>,
        x: [impl Into<Self::Expr>; N],
        y: [impl Into<Self::Expr>; N],
    ) {
        let condition = condition.into();
        for (x, y) in x.into_iter().zip(y) {
            self.when_eq(name, condition.clone(), x, y);
        }
    }

    /// Sends a message on a permutation bus `count` times. The chip constrains `count` to be boolean.
    fn send(&mut self, bus: Bus, fields: Vec<Self::Expr>, count: impl Into<Self::Expr>) {
        debug_assert_eq!(bus.discipline(), Discipline::Permutation);
        self.message(bus, fields, count.into(), 1);
    }

    /// Receives a message on a permutation bus `count` times. The chip constrains `count` to be boolean.
    fn receive(&mut self, bus: Bus, fields: Vec<Self::Expr>, count: impl Into<Self::Expr>) {
        debug_assert_eq!(bus.discipline(), Discipline::Permutation);
        self.message(bus, fields, -count.into(), 1);
    }

    /// Reads (`count` -1), writes (the number of its reads) or leaves alone (0) an address of a memory. Address and
    /// count are preprocessed.
    fn port(&mut self, bus: Bus, fields: Vec<Self::Expr>, count: impl Into<Self::Expr>) {
        debug_assert_eq!(bus.discipline(), Discipline::Memory);
        self.message(bus, fields, count.into(), MOST_READS);
    }

    /// Reads an address of a memory where the preprocessed boolean `count` is one.
    fn read(&mut self, bus: Bus, fields: Vec<Self::Expr>, count: impl Into<Self::Expr>) {
        debug_assert_eq!(bus.discipline(), Discipline::Memory);
        self.message(bus, fields, -count.into(), 1);
    }

    /// Asks a table for a row, `count` times. The chip constrains `count` to be boolean.
    fn lookup(&mut self, bus: Bus, fields: Vec<Self::Expr>, count: impl Into<Self::Expr>) {
        debug_assert_eq!(bus.discipline(), Discipline::Table);
        self.message(bus, fields, count.into(), 1);
    }

    /// Provides a row of a table `count` times. Every row is true by constraint, so `count` is free.
    fn provide(&mut self, bus: Bus, fields: Vec<Self::Expr>, count: impl Into<Self::Expr>) {
        debug_assert_eq!(bus.discipline(), Discipline::Table);
        self.message(bus, fields, -count.into(), 0);
    }

    /// Asserts that `x` is below `2^16` where the boolean `count` is one.
    fn range16(&mut self, x: impl Into<Self::Expr>, count: impl Into<Self::Expr>) {
        self.lookup(Bus::Range16, vec![x.into()], count);
    }
}

/// Plonky3's builders as ours: names are dropped.
pub struct Plain<'a, AB>(pub &'a mut AB);

impl<AB> ChipBuilder for Plain<'_, AB>
where
    AB: InteractionBuilder<F = F>,
{
    type Var = AB::Var;
    type Expr = AB::Expr;

    fn local<C: Columns<AB::Var>>(&self) -> C {
        C::read(self.0.main().current_slice())
    }

    fn next<C: Columns<AB::Var>>(&self) -> C {
        C::read(self.0.main().next_slice())
    }

    fn fixed<C: Columns<AB::Var>>(&self) -> C {
        C::read(self.0.preprocessed().current_slice())
    }

    fn fixed_next<C: Columns<AB::Var>>(&self) -> C {
        C::read(self.0.preprocessed().next_slice())
    }

    fn public(&self, i: usize) -> AB::Expr {
        self.0.public_values()[i].into()
    }

    fn is_first(&self) -> AB::Expr {
        self.0.is_first_row()
    }

    fn is_last(&self) -> AB::Expr {
        self.0.is_last_row()
    }

    fn is_transition(&self) -> AB::Expr {
        self.0.is_transition()
    }

    fn assert_zero(&mut self, _name: &'static str, x: impl Into<AB::Expr>) {
        self.0.assert_zero(x);
    }

    fn message(&mut self, bus: Bus, fields: Vec<AB::Expr>, count: AB::Expr, bound: u32) {
        assert_eq!(fields.len(), bus.width(), "message width on bus {}", bus.name());
        self.0.push_interaction(bus.name(), fields, Count::bounded(count, bound));
    }
}
