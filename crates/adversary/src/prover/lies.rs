//! What a forger may lie about: one hook for each thing that a proof is made of, in the order in which a prover
//! settles them. A hook gets what is honest, given the lies before it, and leaves there whatever it likes; the rest
//! of the proof follows from that.

use aludel_protocol::{Challenge, Digest, F};
use aludel_verifier::config::Cap;
use aludel_verifier::parameters::Parameters;
use p3_commit::OpenedValues;
use p3_matrix::dense::RowMajorMatrix;

/// Main or preprocessed columns, `[height][width]`, row-major.
pub type Trace = RowMajorMatrix<F>;

/// What a tree commits to: columns over the coset of the field's generator, `[height << log_blowup][width]`, rows in
/// bit-reversed order.
pub type Word = RowMajorMatrix<F>;

/// The lookup argument's columns of a chip, `[height][1 + fractions]`: the accumulator, then the fractions. `None`
/// where the chip uses no bus.
pub type Auxiliary = Option<RowMajorMatrix<Challenge>>;

type Change<'a, T> = Box<dyn Fn(&mut T) + Send + Sync + 'a>;

/// A change of what is honest; none by default.
pub struct Hook<'a, T>(Option<Change<'a, T>>);

impl<T> Default for Hook<'_, T> {
    fn default() -> Self {
        Self(None)
    }
}

/// A lie.
pub fn lie<'a, T>(change: impl Fn(&mut T) + Send + Sync + 'a) -> Hook<'a, T> {
    Hook(Some(Box::new(change)))
}

impl<T> Hook<'_, T> {
    /// What is said where `honest` is true.
    pub(super) fn told(&self, mut honest: T) -> T {
        if let Some(change) = &self.0 {
            change(&mut honest);
        }
        honest
    }
}

/// How the constraints are divided by what vanishes on the trace's rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Division {
    /// As an honest prover: point by point outside of the rows, which interpolates *something* where a constraint
    /// does not hold.
    #[default]
    Pointwise,
    /// As polynomials, and the remainder is dropped.
    WithoutRemainder,
}

/// A layer of the low-degree test, before it is committed.
pub struct Fold {
    /// Its number, from 0.
    pub round: usize,
    /// Values in bit-reversed order: what is folded, and what queries are answered with.
    pub values: Vec<Challenge>,
    /// Values under the layer's root; `values`, where there are none.
    pub committed: Option<Vec<Challenge>>,
}

/// Places at which queries are answered.
pub struct Places {
    /// The places that the transcript drew, one a query: indices into the tallest word.
    pub drawn: Vec<usize>,
    /// Where the commitments are opened.
    pub inputs: Vec<usize>,
    /// Where the layers of the low-degree test are opened.
    pub layers: Vec<usize>,
}

/// Every lie of one proof; none by default.
pub struct Lies<'a, A> {
    /// The key's digest, with which the transcript begins.
    pub key: Hook<'a, Digest>,
    /// Parameters of the low-degree test and of grinding.
    pub parameters: Hook<'a, Parameters>,
    /// Grindings of so many bits are not done: the witness is 0.
    pub unground: Option<usize>,
    /// The chips whose constraints the quotient satisfies.
    pub chips: Hook<'a, Vec<A>>,
    /// Base-2 logarithms of the heights that the proof claims.
    pub heights: Hook<'a, Vec<usize>>,
    /// Public values by chip.
    pub public_values: Hook<'a, Vec<Vec<F>>>,
    /// The main words, one a chip.
    pub main: Hook<'a, Vec<Word>>,
    /// The root that is sent for the main words, which stay what they are.
    pub main_root: Hook<'a, Cap>,
    /// Preprocessed columns by chip.
    pub fixed: Hook<'a, Vec<Option<Trace>>>,
    /// The root of the preprocessed columns that the transcript absorbs.
    pub fixed_root: Hook<'a, Option<Cap>>,
    /// Main traces, `[height][width]` a chip, from which the lookup argument's columns and terminals are made in place
    /// of the committed ones'.
    pub looked_up: Option<Vec<Trace>>,
    /// Columns of the lookup argument by chip.
    pub auxiliary: Hook<'a, Vec<Auxiliary>>,
    /// What each chip's buses sum to; `None` where it uses none.
    pub terminals: Hook<'a, Vec<Option<Challenge>>>,
    /// Main traces, `[height][width]` a chip, from which the quotients are made in place of the committed ones.
    pub divided: Option<Vec<Trace>>,
    /// How quotients are made.
    pub division: Division,
    /// The quotients' words: by chip, then by chunk.
    pub quotients: Hook<'a, Vec<Word>>,
    /// Main traces of another witness, `[height][width]` a chip, whose terminals and openings are claimed in place of
    /// the committed ones': every equation between openings then holds.
    pub claimed: Option<Vec<Trace>>,
    /// Opened values by commitment (main, quotients, preprocessed, lookups), matrix and point.
    pub opened: Hook<'a, OpenedValues<Challenge>>,
    /// What the low-degree test is about: all openings, batched by height, tallest first.
    pub batched: Hook<'a, Vec<Vec<Challenge>>>,
    /// Each layer of the low-degree test. The next one is folded from what is left here.
    pub layers: Hook<'a, Fold>,
    /// The last polynomial's coefficients.
    pub last: Hook<'a, Vec<Challenge>>,
    /// Where queries are answered.
    pub places: Hook<'a, Places>,
}

impl<A> Default for Lies<'_, A> {
    fn default() -> Self {
        Self {
            key: Hook::default(),
            parameters: Hook::default(),
            unground: None,
            chips: Hook::default(),
            heights: Hook::default(),
            public_values: Hook::default(),
            main: Hook::default(),
            main_root: Hook::default(),
            fixed: Hook::default(),
            fixed_root: Hook::default(),
            looked_up: None,
            auxiliary: Hook::default(),
            terminals: Hook::default(),
            divided: None,
            division: Division::default(),
            quotients: Hook::default(),
            claimed: None,
            opened: Hook::default(),
            batched: Hook::default(),
            layers: Hook::default(),
            last: Hook::default(),
            places: Hook::default(),
        }
    }
}
