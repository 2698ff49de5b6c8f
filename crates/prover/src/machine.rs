//! The one place where Plonky3's prover is instantiated for the machine.

use aludel_circuits::MachineChip;
use aludel_circuits::recursion::RecursionChip;
use aludel_verifier::Machine;
use aludel_verifier::config::{Config, Proof};
use p3_batch_stark::{ProverData, StarkInstance, prove_batch};

/// A machine that can be proven here.
pub trait Provable: Machine {
    /// Calls Plonky3's `prove_batch` with every argument as given. A method, and not a generic function, because
    /// each instantiation costs half a minute of compile time: there is one a machine.
    ///
    /// # Errors
    /// Plonky3's reason.
    fn prove_batch(
        config: &Config,
        instances: &[StarkInstance<'_, Config, Self>],
        data: &ProverData<Config>,
    ) -> Result<Proof, String>;
}

impl Provable for MachineChip {
    fn prove_batch(
        config: &Config,
        instances: &[StarkInstance<'_, Config, Self>],
        data: &ProverData<Config>,
    ) -> Result<Proof, String> {
        prove_batch(config, instances, data).map_err(|e| e.to_string())
    }
}

impl Provable for RecursionChip {
    fn prove_batch(
        config: &Config,
        instances: &[StarkInstance<'_, Config, Self>],
        data: &ProverData<Config>,
    ) -> Result<Proof, String> {
        prove_batch(config, instances, data).map_err(|e| e.to_string())
    }
}
