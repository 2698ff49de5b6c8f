//! Machines of random chips, with traces for which all that the chips say holds: of different heights, with and without preprocessed columns, columns that repeat, public values, next rows
//! and lookups of every kind, of degrees whose quotients take fewer points than are committed to, as many, or more.

mod air;
mod columns;
mod lookups;

use aludel_protocol::{Digest, F, fe};
use aludel_verifier::config::{Config, Proof, config};
use aludel_verifier::parameters::Parameters;
use p3_batch_stark::{ProverData, StarkInstance, prove_batch, verify_batch};
use p3_matrix::dense::RowMajorMatrix;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use super::{Chip, Task};
pub use air::Random;
use columns::Made;
use lookups::Buses;

/// A machine with its witness and a key.
pub struct Machine {
    chips: Vec<Random>,
    pub traces: Vec<RowMajorMatrix<F>>,
    public_values: Vec<Vec<F>>,
    pub parameters: Parameters,
    key: Digest,
    config: Config,
    data: ProverData<Config>,
    ready: Vec<Chip>,
}

fn parameters(rng: &mut ChaCha12Rng) -> Parameters {
    let mut bits = || if rng.random_bool(0.5) { rng.random_range(1..6) } else { 0 };
    let [lookup_pow_bits, ood_pow_bits, batch_pow_bits, commit_pow_bits, query_pow_bits] =
        core::array::from_fn(|_| bits());
    Parameters {
        log_blowup: rng.random_range(1..3),
        queries: rng.random_range(1..9),
        log_final_poly_len: rng.random_range(0..3),
        max_log_arity: rng.random_range(1..4),
        lookup_pow_bits,
        ood_pow_bits,
        batch_pow_bits,
        commit_pow_bits,
        query_pow_bits,
        cap_height: rng.random_range(0..4),
    }
}

impl Machine {
    /// The machine of a seed.
    pub fn new(seed: u64) -> Self {
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        let parameters = parameters(&mut rng);
        let least = parameters.least_log_height();
        let mut buses = Buses::default();
        let mut made: Vec<Made> = (0..rng.random_range(1..4))
            .map(|_| {
                let log_height = least + rng.random_range(0..4);
                let mut made = Made::new(&mut rng, log_height);
                buses.speak(&mut rng, &mut made);
                made
            })
            .collect();
        made.extend(buses.pools(&mut rng, least));
        let (chips, traces, public_values) = collect(made);
        let key = Digest(core::array::from_fn(|i| fe(seed as u32 + i as u32)));
        let config = config(&parameters, key);
        let heights: Vec<usize> = chips.iter().map(|chip: &Random| chip.log_height).collect();
        let data =
            ProverData::from_airs_and_degrees(&config, &chips, &heights).expect("columns of one height");
        let ready = |(chip, lookups): (&Random, _)| Chip::new(chip, chip.log_height, lookups);
        let ready = chips.iter().zip(&data.common.lookups).map(ready).collect();
        Self { chips, traces, public_values, parameters, key, config, data, ready }
    }

    /// What is to be proven.
    pub fn task(&self) -> Task<'_> {
        Task {
            chips: &self.ready,
            parameters: &self.parameters,
            key: self.key,
            traces: &self.traces,
            public_values: &self.public_values,
        }
    }

    /// Plonky3's proof.
    pub fn reference(&self) -> Proof {
        let parts = self.chips.iter().zip(&self.traces).zip(self.public_values.clone());
        let instances: Vec<_> =
            parts.map(|((air, trace), public_values)| StarkInstance { air, trace, public_values }).collect();
        prove_batch(&self.config, &instances, &self.data).expect("Plonky3 proves it")
    }

    /// What Plonky3's verifier says.
    pub fn verdict(&self, proof: &Proof) -> Result<(), String> {
        verify_batch(&self.config, &self.chips, proof, &self.public_values, &self.data.common)
            .map_err(|error| error.to_string())
    }
}

fn collect(made: Vec<Made>) -> (Vec<Random>, Vec<RowMajorMatrix<F>>, Vec<Vec<F>>) {
    let mut parts = (Vec::new(), Vec::new(), Vec::new());
    for made in made {
        let (chip, trace, public_values) = made.finish();
        parts.0.push(chip);
        parts.1.push(trace);
        parts.2.push(public_values);
    }
    parts
}
