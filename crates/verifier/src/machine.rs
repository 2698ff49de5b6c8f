//! What a set of chips must offer to be keyed and verified here.

use aludel_circuits::recursion::RecursionChip;
use aludel_circuits::{Chip, MachineChip};
use aludel_protocol::{Challenge, F};
use p3_air::{Air, BaseAir};
use p3_batch_stark::{CommonData, verify_batch};
use p3_lookup::InteractionSymbolicBuilder;
use p3_matrix::dense::RowMajorMatrix;

use crate::config::{Config, Proof};

/// The constraint evaluator that derives keys: expressions instead of values.
pub type Symbolic = InteractionSymbolicBuilder<F, Challenge>;

/// A chip of a machine that can be keyed, proven and verified. [`MachineChip`] is the one machine of a shard,
/// [`RecursionChip`] that of recursion; tests make small ones.
pub trait Machine: Chip + Air<Symbolic> + BaseAir<F> + Clone {
    /// Calls Plonky3's `verify_batch` with every argument as given. A method, and not a generic function, because
    /// each instantiation costs half a minute of compile time: there is one a machine.
    ///
    /// # Errors
    /// Plonky3's reason to refuse the proof.
    fn verify_batch(
        config: &Config,
        chips: &[Self],
        proof: &Proof,
        public_values: &[Vec<F>],
        common: &CommonData<Config>,
    ) -> Result<(), String>;
}

impl Machine for MachineChip {
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

impl Machine for RecursionChip {
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

/// A chip as it is keyed: the preprocessed columns have their width, and their values lie in the committed root.
#[derive(Clone)]
pub(crate) struct WithoutFixed<'a, A>(pub &'a A);

impl<A: BaseAir<F>> BaseAir<F> for WithoutFixed<'_, A> {
    fn width(&self) -> usize {
        self.0.width()
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<F>> {
        None
    }

    fn preprocessed_width(&self) -> usize {
        self.0.preprocessed_width()
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        self.0.main_next_row_columns()
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        self.0.preprocessed_next_row_columns()
    }

    fn num_public_values(&self) -> usize {
        self.0.num_public_values()
    }
}

impl<A: Air<Symbolic> + BaseAir<F>> Air<Symbolic> for WithoutFixed<'_, A> {
    fn eval(&self, builder: &mut Symbolic) {
        self.0.eval(builder);
    }
}
