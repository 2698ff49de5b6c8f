//! The machine: every chip of a shard, in the one order that keys and proofs follow.

use aludel_protocol::F;
use p3_matrix::dense::RowMajorMatrix;

use crate::builder::ChipBuilder;
use crate::cell::Cell;
use crate::chain::Chain;
use crate::chip::Chip;
use crate::hash24::Hash24;
use crate::node::Node;
use crate::range16::Range16;
use crate::shape::Shape;
use crate::signature::Signature;
use crate::statement::Statement;
use crate::transaction::Transaction;

/// A machine's chip as Plonky3 takes it: whole rows are opened, at the next row where the chip reads it.
macro_rules! air {
    ($chip:ty) => {
        impl p3_air::BaseAir<aludel_protocol::F> for $chip {
            fn width(&self) -> usize {
                $crate::chip::Chip::width(self)
            }

            fn preprocessed_trace(&self) -> Option<p3_matrix::dense::RowMajorMatrix<aludel_protocol::F>> {
                self.fixed()
            }

            fn preprocessed_width(&self) -> usize {
                self.fixed_width()
            }

            fn main_next_row_columns(&self) -> Vec<usize> {
                if self.reads_next() { (0..$crate::chip::Chip::width(self)).collect() } else { Vec::new() }
            }

            fn preprocessed_next_row_columns(&self) -> Vec<usize> {
                if self.reads_next() { (0..self.fixed_width()).collect() } else { Vec::new() }
            }

            fn num_public_values(&self) -> usize {
                self.public_values()
            }
        }

        impl<AB: p3_lookup::InteractionBuilder<F = aludel_protocol::F>> p3_air::Air<AB> for $chip {
            fn eval(&self, builder: &mut AB) {
                self.constrain(&mut $crate::builder::Plain(builder));
            }
        }
    };
}

pub(crate) use air;

macro_rules! machine {
    ($(($chip:ident, $height:ident)),* $(,)?) => {
        /// One chip of the machine, as the proof system takes it.
        #[derive(Clone, Copy, Debug)]
        pub enum MachineChip {
            $(#[doc = concat!("See [`", stringify!($chip), "`].")] $chip($chip),)*
        }

        impl MachineChip {
            /// The chips of a shape, in order.
            pub fn all(shape: Shape) -> Vec<Self> {
                let heights = shape.log_heights();
                vec![$(Self::$chip($chip { log_height: heights.$height }),)*]
            }
        }

        impl Chip for MachineChip {
            fn name(&self) -> &'static str {
                match self { $(Self::$chip(c) => c.name(),)* }
            }
            fn width(&self) -> usize {
                match self { $(Self::$chip(c) => c.width(),)* }
            }
            fn column_names(&self) -> Vec<String> {
                match self { $(Self::$chip(c) => c.column_names(),)* }
            }
            fn log_height(&self) -> usize {
                match self { $(Self::$chip(c) => c.log_height(),)* }
            }
            fn fixed(&self) -> Option<RowMajorMatrix<F>> {
                match self { $(Self::$chip(c) => c.fixed(),)* }
            }
            fn fixed_width(&self) -> usize {
                match self { $(Self::$chip(c) => c.fixed_width(),)* }
            }
            fn public_values(&self) -> usize {
                match self { $(Self::$chip(c) => c.public_values(),)* }
            }
            fn reads_next(&self) -> bool {
                match self { $(Self::$chip(c) => c.reads_next(),)* }
            }
            fn constrain<B: ChipBuilder>(&self, b: &mut B) {
                match self { $(Self::$chip(c) => c.constrain(b),)* }
            }
        }
    };
}

machine!(
    (Range16, range16),
    (Hash24, hash24),
    (Chain, chain),
    (Signature, signature),
    (Node, node),
    (Cell, cell),
    (Transaction, transaction),
    (Statement, statement),
);

air!(MachineChip);
