//! The low-degree test: folds, the last polynomial, queries.

use core::marker::PhantomData;

use aludel_protocol::trees::trees;
use aludel_protocol::{Challenge, F};
use aludel_verifier::config::{Cap, Config, ExtensionTrees, Trees, fri_parameters};
use aludel_verifier::parameters::Parameters;
use p3_batch_stark::PcsProof;
use p3_commit::Mmcs;
use p3_dft::{Radix2DitParallel, TwoAdicSubgroupDft};
use p3_field::PrimeCharacteristicRing;
use p3_fri::{
    BatchMultiOpening, CommitPhaseMultiStep, FriFoldingStrategy, FriParameters, FriProof, FriShape,
    ProverTranscript, TwoAdicFriFolding, TwoAdicFriFoldingForMmcs,
};
use p3_matrix::dense::RowMajorMatrix;
use p3_util::{log2_strict_usize, reverse_slice_index_bits};

use super::lies::{Fold, Lies, Places};
use super::sponge::Sponge;
use super::words::Committed;

type Folding = TwoAdicFriFoldingForMmcs<F, Trees>;

/// A committed layer, and by which power of two it is folded.
struct Layer {
    root: Cap,
    data: <ExtensionTrees as Mmcs<Challenge>>::ProverData<RowMajorMatrix<Challenge>>,
    /// What queries are answered with: `[groups][arity]`.
    rows: RowMajorMatrix<Challenge>,
    log_arity: usize,
    witness: F,
}

/// The test with the parameters that the forger claims.
pub(super) struct LowDegreeTest {
    pub parameters: FriParameters<ExtensionTrees>,
    input_trees: Trees,
}

impl LowDegreeTest {
    pub fn new(parameters: &Parameters) -> Self {
        Self { parameters: fri_parameters(parameters), input_trees: trees(parameters.cap_height) }
    }

    /// Argues that words, tallest first, are polynomials of as few coefficients as the blowup says.
    pub fn run<A>(
        &self,
        words: Vec<Vec<Challenge>>,
        inputs: &[&Committed],
        sponge: &mut Sponge,
        lies: &Lies<'_, A>,
    ) -> PcsProof<Config> {
        let heights: Vec<usize> = words.iter().map(|word| log2_strict_usize(word.len())).collect();
        let shape = FriShape::new(&self.parameters, &heights, heights[0]);
        let log_arities = shape.log_arities.clone();
        let mut transcript = ProverTranscript::<Sponge, F, Challenge>::new(sponge, shape);

        let (layers, rest) = self.fold(words, &log_arities, &mut transcript, lies);
        let final_poly = lies.last.told(last_polynomial(rest, self.parameters.log_final_poly_len));
        let (drawn, witness) = transcript.query_phase(&final_poly);
        transcript.finish();

        let places = Places { inputs: drawn.clone(), layers: drawn.clone(), drawn };
        let places = lies.places.told(places);
        FriProof {
            batch_pow_witness: F::ZERO,
            commit_phase_commits: layers.iter().map(|layer| layer.root.clone()).collect(),
            commit_pow_witnesses: layers.iter().map(|layer| layer.witness).collect(),
            input_openings: self.open_inputs(inputs, &places.inputs, heights[0]),
            commit_phase_openings: self.open_layers(&layers, &places.layers),
            final_poly,
            query_pow_witness: witness.unwrap_or_default(),
        }
    }

    /// Folds from layer to layer, adding each word where the layer has its height.
    fn fold<A>(
        &self,
        words: Vec<Vec<Challenge>>,
        log_arities: &[usize],
        transcript: &mut ProverTranscript<'_, Sponge, F, Challenge>,
        lies: &Lies<'_, A>,
    ) -> (Vec<Layer>, Vec<Challenge>) {
        let folding: Folding = TwoAdicFriFolding(PhantomData);
        let mut words = words.into_iter().peekable();
        let mut values = words.next().unwrap_or_default();
        let mut layers = Vec::new();
        for (round, &log_arity) in log_arities.iter().enumerate() {
            let layer = lies.layers.told(Fold { round, values, committed: None });
            let rows = RowMajorMatrix::new(layer.values, 1 << log_arity);
            let committed = layer.committed.map(|values| RowMajorMatrix::new(values, 1 << log_arity));
            let committed = committed.unwrap_or_else(|| rows.clone());
            let (root, data) = self.parameters.mmcs.commit_matrix(committed);
            let (beta, witness) = transcript.commit_round(root.clone());
            values =
                FriFoldingStrategy::<F, Challenge>::fold_matrix(&folding, beta, log_arity, rows.as_view());
            if let Some(word) = words.next_if(|word| word.len() == values.len()) {
                let weight = beta.exp_power_of_2(log_arity);
                values.iter_mut().zip(word).for_each(|(value, x)| *value += weight * x);
            }
            layers.push(Layer { root, data, rows, log_arity, witness: witness.unwrap_or_default() });
        }
        (layers, values)
    }

    fn open_inputs(
        &self,
        inputs: &[&Committed],
        places: &[usize],
        log_tallest: usize,
    ) -> Vec<BatchMultiOpening<F, Trees>> {
        let open = |input: &&Committed| {
            let height = self.input_trees.get_max_height(&input.data);
            let shift = log_tallest - log2_strict_usize(height);
            let rows: Vec<usize> = places.iter().map(|place| place >> shift).collect();
            let (opened_values, opening_proof) = self.input_trees.open_multi_batch(&rows, &input.data);
            BatchMultiOpening { opened_values, opening_proof }
        };
        inputs.iter().map(open).collect()
    }

    /// Of each layer the rows that the queries meet, without the value that the layer before determines.
    fn open_layers(
        &self,
        layers: &[Layer],
        places: &[usize],
    ) -> Vec<CommitPhaseMultiStep<Challenge, ExtensionTrees>> {
        let mut places = places.to_vec();
        let open = |layer: &Layer| {
            let groups: Vec<usize> = places.iter().map(|place| place >> layer.log_arity).collect();
            let (_, opening_proof) = self.parameters.mmcs.open_multi_batch(&groups, &layer.data);
            let siblings = |(place, group): (&usize, &usize)| {
                let arity = 1 << layer.log_arity;
                let row = layer.rows.values[group * arity..][..arity].iter().enumerate();
                row.filter(|(i, _)| *i != place % arity).map(|(_, value)| *value).collect()
            };
            let sibling_values = places.iter().zip(&groups).map(siblings).collect();
            places = groups;
            CommitPhaseMultiStep { sibling_values, opening_proof }
        };
        layers.iter().map(open).collect()
    }
}

/// The polynomial of `2^log_length` coefficients through a codeword's first values.
pub fn last_polynomial(mut values: Vec<Challenge>, log_length: usize) -> Vec<Challenge> {
    values.truncate(1 << log_length);
    reverse_slice_index_bits(&mut values);
    Radix2DitParallel::<F>::default().idft_algebra(values)
}
