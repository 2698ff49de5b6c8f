//! What a circuit knows of the machine whose proofs it verifies. All of it follows from the key.

use std::collections::BTreeMap;

use aludel_protocol::{Challenge, Digest, F};
use aludel_verifier::config::{Cap, fri_parameters};
use aludel_verifier::keys::Key;
use aludel_verifier::layout::ChipLayout;
use aludel_verifier::machine::Machine;
use aludel_verifier::parameters::Parameters;
use p3_air::symbolic::{AirLayout, SymbolicExpression, SymbolicExpressionExt};
use p3_batch_stark::BatchShape;
use p3_batch_stark::symbolic::get_symbolic_constraints;
use p3_challenger::CanObserve;
use p3_challenger::fs::{DomainSeparator, FieldUnit};
use p3_fri::{FriShape, PcsShape};
use p3_lookup::{Kind, LogUpGadget, Lookup, Lookups};

/// Base field elements of a challenge.
const DIMENSION: usize = 5;

/// A machine and the parameters of its proofs.
pub struct Child {
    /// Parameters of its proofs.
    pub parameters: Parameters,
    /// Its chips, in order.
    pub chips: Vec<ChildChip>,
    /// Of each commitment its matrices: main, quotient, preprocessed if any, lookups if any.
    pub commitments: Vec<Vec<Matrix>>,
    /// Folding steps: base-2 logarithms of arity and of the height after it.
    pub folds: Vec<(usize, usize)>,
    /// What the transcript absorbs before the machine's part, before the openings and before the low-degree test.
    pub seeds: [Vec<F>; 3],
    /// The key's digest.
    pub key: Digest,
    /// What it absorbs before the cap of the preprocessed columns.
    pub key_fields: Vec<F>,
    /// The cap of the preprocessed columns, its digests one after another.
    pub fixed_cap: Option<Vec<F>>,
    /// Buses of all chips, and the width of their widest message.
    pub buses: (usize, usize),
}

/// A chip of it.
pub struct ChildChip {
    /// Sizes.
    pub layout: ChipLayout,
    /// Public values.
    pub public_values: usize,
    /// Constraints over the base field: those of its `eval`.
    pub base: Vec<SymbolicExpression<F>>,
    /// Constraints over the extension: those of the lookup argument. They follow the others when constraints are combined.
    pub extension: Vec<SymbolicExpressionExt<F, Challenge>>,
    /// Of each lookup column the number of its bus.
    pub buses: Vec<usize>,
}

/// A committed matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// Its chip's number.
    pub chip: usize,
    /// Base-2 logarithm of its height after blowup.
    pub log_height: usize,
    /// Columns.
    pub width: usize,
    /// Points that it is opened at: the out-of-domain point, and its successor.
    pub points: usize,
    /// Where its values at each point begin among all opened values, in the order of the transcript.
    pub opened: [usize; 2],
    /// The exponent of the batching challenge at its first column, for each point.
    pub exponents: [usize; 2],
}

/// Matrices of one height in one commitment: their rows are hashed as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Base-2 logarithm of the height after blowup.
    pub log_height: usize,
    /// Numbers of the matrices in their commitment.
    pub matrices: Vec<usize>,
    /// Elements of all rows.
    pub width: usize,
    /// Elements that are reduced together, in order.
    pub segments: Vec<Segment>,
}

/// Elements of a group in a row whose exponents are in a row too, at every point that they are opened at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The first element.
    pub start: usize,
    /// The element after the last.
    pub end: usize,
    /// Points.
    pub points: usize,
    /// The exponent of the first element at each point.
    pub exponents: [usize; 2],
}

impl Child {
    /// The machine of a key.
    pub fn of<A: Machine>(key: &Key<A>) -> Self {
        let parameters = *key.layout().parameters();
        let layouts = key.layout().chips();
        let lookups = &key.common().lookups;
        let (numbers, buses) = buses(lookups);
        let chips: Vec<ChildChip> = key
            .chips()
            .iter()
            .zip(layouts)
            .zip(lookups.iter().zip(numbers))
            .map(|((chip, layout), (own, buses))| ChildChip::of(chip, *layout, own, buses))
            .collect();
        let commitments = commitments(&parameters, layouts);
        let seeds = seeds(&parameters, &chips, &commitments);
        Self {
            parameters,
            chips,
            commitments,
            folds: key.layout().folds().to_vec(),
            seeds,
            key: key.digest(),
            key_fields: key.fields().to_vec(),
            fixed_cap: key.root().map(cap_elements),
            buses,
        }
    }

    /// Base-2 logarithm of the largest height after blowup: bits of a query's index.
    pub fn log_tallest(&self) -> usize {
        self.commitments.iter().flatten().map(|m| m.log_height).max().unwrap_or(0)
    }

    /// Base-2 logarithm of the entries of the cap of a tree of this height.
    pub fn log_cap(&self, log_height: usize) -> usize {
        self.parameters.cap_height.min(log_height)
    }

    /// The groups of a commitment, tallest first.
    pub fn groups(&self, commitment: usize) -> Vec<Group> {
        groups(&self.commitments[commitment])
    }

    /// All opened values.
    pub fn opened(&self) -> usize {
        self.commitments.iter().flatten().map(|m| m.points * m.width).sum()
    }
}

impl ChildChip {
    fn of<A: Machine>(chip: &A, layout: ChipLayout, lookups: &[Lookup<F>], buses: Vec<usize>) -> Self {
        let gadget = LogUpGadget::new();
        let (base, extension) = get_symbolic_constraints(chip, AirLayout::from_air(chip), lookups, &gadget);
        Self { layout, public_values: chip.public_values(), base, extension, buses }
    }
}

/// The elements of a cap.
pub(crate) fn cap_elements(cap: &Cap) -> Vec<F> {
    cap.roots().as_flattened().to_vec()
}

/// Of each chip the bus of each lookup column, numbered by first use; how many there are and the width of the widest message.
fn buses(lookups: &[Lookups<F>]) -> (Vec<Vec<usize>>, (usize, usize)) {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut widest = 1;
    let mut number = |lookup: &Lookup<F>| {
        widest = lookup.elements.iter().map(Vec::len).fold(widest, usize::max);
        let Kind::Global(name) = &lookup.kind else { unreachable!("keys have no local lookups") };
        let next = known.len();
        *known.entry(name.clone()).or_insert(next)
    };
    let numbers = lookups.iter().map(|own| own.iter().map(&mut number).collect()).collect();
    (numbers, (known.len(), widest))
}

fn commitments(p: &Parameters, chips: &[ChipLayout]) -> Vec<Vec<Matrix>> {
    let matrix = |chip: usize, width: usize, next: bool| Matrix {
        chip,
        log_height: chips[chip].log_height + p.log_blowup,
        width,
        points: 1 + usize::from(next),
        opened: [0; 2],
        exponents: [0; 2],
    };
    let each = || chips.iter().enumerate();
    let main = each().map(|(i, c)| matrix(i, c.width, c.next)).collect();
    let quotient =
        each().flat_map(|(i, c)| (0..c.chunks).map(move |_| matrix(i, DIMENSION, false))).collect();
    let fixed: Vec<Matrix> = each()
        .filter(|(_, c)| c.fixed_width > 0)
        .map(|(i, c)| matrix(i, c.fixed_width, c.fixed_next))
        .collect();
    let lookups: Vec<Matrix> =
        each().filter(|(_, c)| c.lookups > 0).map(|(i, c)| matrix(i, c.auxiliary(), true)).collect();
    let mut all = vec![main, quotient];
    all.extend([fixed, lookups].into_iter().filter(|matrices| !matrices.is_empty()));
    place(&mut all);
    all
}

/// Numbers the opened values in the order of the transcript, and those of one height as the batching challenge takes them.
fn place(commitments: &mut [Vec<Matrix>]) {
    let mut opened = 0;
    let mut exponents: BTreeMap<usize, usize> = BTreeMap::new();
    for matrix in commitments.iter_mut().flatten() {
        let exponent = exponents.entry(matrix.log_height).or_insert(0);
        for point in 0..matrix.points {
            matrix.opened[point] = opened;
            matrix.exponents[point] = *exponent;
            opened += matrix.width;
            *exponent += matrix.width;
        }
    }
}

fn groups(matrices: &[Matrix]) -> Vec<Group> {
    let mut by_height: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (i, matrix) in matrices.iter().enumerate() {
        by_height.entry(matrix.log_height).or_default().push(i);
    }
    let group = |(log_height, numbers): (usize, Vec<usize>)| {
        let (mut width, mut segments) = (0, Vec::<Segment>::new());
        for matrix in numbers.iter().map(|i| &matrices[*i]) {
            let start = width;
            width += matrix.width;
            match segments.last_mut() {
                Some(last) if last.points == 1 && matrix.points == 1 => last.end = width,
                _ => segments.push(Segment {
                    start,
                    end: width,
                    points: matrix.points,
                    exponents: matrix.exponents,
                }),
            }
        }
        Group { log_height, matrices: numbers, width, segments }
    };
    by_height.into_iter().rev().map(group).collect()
}

fn seeds(p: &Parameters, chips: &[ChildChip], commitments: &[Vec<Matrix>]) -> [Vec<F>; 3] {
    let has_fixed = chips.iter().any(|c| c.layout.fixed_width > 0);
    let machine = BatchShape {
        trace_widths: chips.iter().map(|c| c.layout.width).collect(),
        public_value_counts: chips.iter().map(|c| c.public_values).collect(),
        preprocessed_widths: chips.iter().map(|c| c.layout.fixed_width).collect(),
        has_preprocessed_commitment: has_fixed,
        num_lookup_instances: chips.iter().filter(|c| c.layout.lookups > 0).count(),
        lookup_pow_bits: p.lookup_pow_bits,
        has_randomization_commitment: false,
        ood_pow_bits: p.ood_pow_bits,
    };
    let counts = |matrices: &Vec<Matrix>| matrices.iter().map(|m| vec![m.width; m.points]).collect();
    let openings = PcsShape {
        claimed_evaluation_counts: commitments.iter().map(counts).collect(),
        batch_pow_bits: p.batch_pow_bits,
    };
    let mut heights: Vec<usize> = commitments.iter().flatten().map(|m| m.log_height).collect();
    heights.sort_unstable_by(|a, b| b.cmp(a));
    heights.dedup();
    let folding = FriShape::new(&fri_parameters(p), &heights, heights.first().copied().unwrap_or(0));
    [
        seed(&machine.domain_separator::<F, Challenge>()),
        seed(&openings.domain_separator::<F, Challenge>()),
        seed(&folding.domain_separator::<F, Challenge>()),
    ]
}

/// What a transcript absorbs of a domain separator.
fn seed(separator: &DomainSeparator<FieldUnit<F>>) -> Vec<F> {
    struct Absorbed(Vec<F>);
    impl CanObserve<F> for Absorbed {
        fn observe(&mut self, value: F) {
            self.0.push(value);
        }
    }
    let mut absorbed = Absorbed(Vec::new());
    separator.seed(&mut absorbed);
    absorbed.0
}
