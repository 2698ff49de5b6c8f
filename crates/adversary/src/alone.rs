//! One chip of the machine with what the rest of an honest shard says to it, as a proof system of its own: a forged trace of that
//! chip is refused here for the reason for which the whole machine refuses it, at a small part of the cost.
//!
//! Constraints and lookups are the chip's own, and Plonky3's prover and verifier are the real ones. Its partner is the
//! `Rest`, which sends what the other seven chips together send and receives what they receive. The low-degree test
//! has few queries and no grinding: no forged trace fails it, since its proof is made as an honest one.

use std::sync::Arc;

use aludel_circuits::builder::Plain;
use aludel_circuits::check::Checker;
use aludel_circuits::{Bus, Chip, ChipBuilder, MachineChip};
use aludel_protocol::{Digest, F, fe};
use aludel_verifier::config::{Config, config};
use aludel_verifier::parameters::{PARAMETERS, Parameters};
use p3_air::{Air, BaseAir};
use p3_batch_stark::{ProverData, StarkInstance, prove_batch, verify_batch};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;
use p3_matrix::dense::RowMajorMatrix;

use crate::toy::Row;

/// What neither a constraint nor a bus depends on is cheap.
const CHEAP: Parameters = Parameters { queries: 2, batch_pow_bits: 0, query_pow_bits: 0, ..PARAMETERS };

/// All other chips as the one chip under test hears them. Preprocessed: each row has a message of each bus. Main: how often the
/// rest sends it.
struct Rest {
    buses: Vec<Bus>,
    log_height: usize,
    /// `[2^log_height][sum of the buses' widths]`.
    fixed: RowMajorMatrix<F>,
    /// `[2^log_height][buses]`.
    counts: RowMajorMatrix<F>,
}

impl Rest {
    /// What balances the messages that an honest trace leaves over.
    fn of(honest: &Checker) -> Self {
        let on = |bus: Bus| (bus, honest.surplus(bus));
        let spoken: Vec<_> = Bus::SHARD.into_iter().map(on).filter(|(_, left)| !left.is_empty()).collect();
        let rows = spoken.iter().map(|(_, left)| left.len()).max().unwrap_or_default();
        let height = rows.next_power_of_two().max(1 << PARAMETERS.least_log_height());
        let (mut fixed, mut counts) = (Vec::new(), Vec::new());
        for row in 0..height {
            for (bus, left) in &spoken {
                let padding = (vec![0; bus.width()], F::ZERO);
                let (fields, count) = left.get(row).unwrap_or(&padding);
                fixed.extend(fields.iter().map(|x| fe(*x)));
                counts.push(-*count);
            }
        }
        let buses: Vec<Bus> = spoken.into_iter().map(|(bus, _)| bus).collect();
        let width = buses.iter().map(|bus| bus.width()).sum();
        Self {
            log_height: height.ilog2() as usize,
            fixed: RowMajorMatrix::new(fixed, width),
            counts: RowMajorMatrix::new(counts, buses.len()),
            buses,
        }
    }

    fn say<B: ChipBuilder>(&self, b: &mut B) {
        let (messages, counts): (Row<B::Var>, Row<B::Var>) = (b.fixed(), b.local());
        let mut fields = messages.0.into_iter().map(Into::into);
        for (bus, count) in self.buses.iter().zip(counts.0) {
            let message = fields.by_ref().take(bus.width()).collect();
            b.message(*bus, message, count.into(), 0);
        }
    }
}

/// One of the two.
#[derive(Clone)]
enum Part {
    Chip(MachineChip),
    Rest(Arc<Rest>),
}

impl BaseAir<F> for Part {
    fn width(&self) -> usize {
        match self {
            Self::Chip(chip) => Chip::width(chip),
            Self::Rest(rest) => rest.counts.width,
        }
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<F>> {
        match self {
            Self::Chip(chip) => chip.preprocessed_trace(),
            Self::Rest(rest) => Some(rest.fixed.clone()),
        }
    }

    fn preprocessed_width(&self) -> usize {
        match self {
            Self::Chip(chip) => chip.preprocessed_width(),
            Self::Rest(rest) => rest.fixed.width,
        }
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        match self {
            Self::Chip(chip) => chip.main_next_row_columns(),
            Self::Rest(_) => Vec::new(),
        }
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        match self {
            Self::Chip(chip) => chip.preprocessed_next_row_columns(),
            Self::Rest(_) => Vec::new(),
        }
    }

    fn num_public_values(&self) -> usize {
        match self {
            Self::Chip(chip) => chip.num_public_values(),
            Self::Rest(_) => 0,
        }
    }
}

impl<AB: InteractionBuilder<F = F>> Air<AB> for Part {
    fn eval(&self, builder: &mut AB) {
        match self {
            Self::Chip(chip) => chip.eval(builder),
            Self::Rest(rest) => rest.say(&mut Plain(builder)),
        }
    }
}

/// The proof system of one chip and its rest; the chip has index 0.
pub struct Alone {
    parts: [Part; 2],
    public: Vec<F>,
    counts: RowMajorMatrix<F>,
    config: Config,
    data: ProverData<Config>,
}

impl Alone {
    /// Of a chip, after its trace `[height][width]` in an honest shard and its public values.
    ///
    /// # Panics
    /// Plonky3 does not take the chip.
    pub fn new(chip: MachineChip, honest: &RowMajorMatrix<F>, public: &[F]) -> Self {
        let rest = Rest::of(Checker::default().run(&chip, honest, public));
        let config = config(&CHEAP, Digest::ZERO);
        let (heights, counts) = ([chip.log_height(), rest.log_height], rest.counts.clone());
        let parts = [Part::Chip(chip), Part::Rest(Arc::new(rest))];
        let data = ProverData::from_airs_and_degrees(&config, &parts, &heights).expect("a chip has a key");
        Self { parts, public: public.to_vec(), counts, config, data }
    }

    /// What the verifier says to a proof of this trace `[height][width]` of the chip.
    ///
    /// # Errors
    /// Plonky3's reason to refuse the proof, or to make none.
    pub fn verdict(&self, main: &RowMajorMatrix<F>) -> Result<(), String> {
        let [chip, rest] = &self.parts;
        let public_values = [self.public.clone(), Vec::new()];
        let instances = [
            StarkInstance { air: chip, trace: main, public_values: public_values[0].clone() },
            StarkInstance { air: rest, trace: &self.counts, public_values: Vec::new() },
        ];
        let proof =
            prove_batch(&self.config, &instances, &self.data).map_err(|e| format!("no proof: {e}"))?;
        verify_batch(&self.config, &self.parts, &proof, &public_values, &self.data.common)
            .map_err(|e| e.to_string())
    }
}
