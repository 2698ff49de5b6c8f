//! What every device can do, by operation. A device's own matrices are opaque: it stores them in the order that suits it.
//!
//! A call that fails leaves its inputs usable unless it says otherwise, and frees what it took.

mod openings;
mod rows;

use core::ops::Range;
use core::time::Duration;

use aludel_protocol::grinding::Puzzle;
use aludel_protocol::hash::DIGEST;
use aludel_protocol::trees::{Cap, Node};
use aludel_protocol::{Challenge, F};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use crate::error::Error;
use crate::id::DeviceId;
use crate::limits::Operation;
use crate::memory::{Budget, Usage};

pub use openings::{Claims, Openings};
pub use rows::{Quotients, Rows, RunningSums};

/// Base-2 logarithm of the greatest height of a transform: KoalaBear's two-adicity.
pub const MAX_LOG_HEIGHT: usize = 24;

/// Base-2 logarithm of a height that can be transformed to one `2^added_bits` times as large.
///
/// # Errors
/// [`Error::Unsupported`] where it is no power of two, or the other height is too large.
pub(crate) fn log_height(device: DeviceId, height: usize, added_bits: usize) -> Result<usize, Error> {
    let log =
        height.checked_ilog2().filter(|_| height.is_power_of_two()).and_then(|log| usize::try_from(log).ok());
    let fits = |log: &usize| log.checked_add(added_bits).is_some_and(|sum| sum <= MAX_LOG_HEIGHT);
    log.filter(fits).ok_or_else(|| Error::Unsupported {
        device,
        what: format!(
            "a transform of {height} rows to 2^{added_bits} times as many: heights are powers of two up to 2^{MAX_LOG_HEIGHT}"
        ),
    })
}

/// As [`log_height`], of a transform to a coset.
///
/// # Errors
/// [`Error::Unsupported`], also where the shift is zero.
pub(crate) fn coset_log_height(
    device: DeviceId,
    height: usize,
    added_bits: usize,
    shift: F,
) -> Result<usize, Error> {
    if shift == F::ZERO {
        return Err(Error::Unsupported { device, what: "a coset shifted by zero".to_owned() });
    }
    log_height(device, height, added_bits)
}

/// Base-2 logarithm of the greatest of the heights of a tree's matrices.
///
/// # Errors
/// [`Error::Unsupported`] where there is none, or one is no power of two.
pub(crate) fn log_tallest(
    device: DeviceId,
    heights: impl IntoIterator<Item = usize>,
) -> Result<usize, Error> {
    let log = |height: usize| height.is_power_of_two().then_some(height.trailing_zeros() as usize);
    let logs: Option<Vec<usize>> = heights.into_iter().map(log).collect();
    logs.and_then(|logs| logs.into_iter().max()).ok_or_else(|| {
        let what = "a tree without matrices, or of heights that are no powers of two".to_owned();
        Error::Unsupported { device, what }
    })
}

/// Words of the nodes of a tree of `2^log_height` rows, all layers together.
pub(crate) const fn node_words(log_height: usize) -> usize {
    ((2 << log_height) - 1) * DIGEST
}

/// That a tree of `2^log_height` rows has these.
///
/// # Errors
/// [`Error::Unsupported`] where it has not.
pub(crate) fn has_rows(device: DeviceId, log_height: usize, indices: &[usize]) -> Result<(), Error> {
    match indices.iter().find(|index| **index >= 1 << log_height) {
        Some(index) => {
            Err(Error::Unsupported { device, what: format!("row {index} of a tree of 2^{log_height}") })
        }
        None => Ok(()),
    }
}

/// A device with its memory.
pub trait Device {
    /// A matrix of field elements on it, `[height][width]`.
    type Matrix;

    /// Its name.
    fn id(&self) -> DeviceId;

    /// Its memory.
    fn usage(&self) -> Usage {
        self.budget().usage()
    }

    /// What counts it.
    fn budget(&self) -> &Budget;

    /// Height and width of a matrix.
    fn shape(&self, matrix: &Self::Matrix) -> (usize, usize);

    /// Brings a matrix to the device.
    ///
    /// # Errors
    /// Any [`Error`] of the device.
    fn upload(&self, rows: &RowMajorMatrix<F>) -> Result<Self::Matrix, Error>;

    /// Brings a matrix back.
    ///
    /// # Errors
    /// Any [`Error`] of the device.
    fn download(&self, matrix: &Self::Matrix) -> Result<RowMajorMatrix<F>, Error>;
}

/// Devices that take matrices from another. Where they have no way of their own, matrices go through the host.
pub trait Peer<Source: Device>: Device {
    /// A copy, here, of a matrix that lies on another device or was brought there by another opening. Work that was ordered for it comes
    /// first, and the matrix may be dropped when the call returns.
    ///
    /// # Errors
    /// Any of either device, under its name: a copy that is still on its way when the source is lost fails here, at a later call.
    fn copy_from(&self, source: &Source, matrix: &Source::Matrix) -> Result<Self::Matrix, Error> {
        self.upload(&source.download(matrix)?)
    }
}

/// Whose time a [`Timer`] tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The device's: what passed between two marks among its commands.
    Device,
    /// The host's: also what it takes to give commands and to learn of their end.
    Wall,
}

impl core::fmt::Display for Clock {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Device => "device",
            Self::Wall => "wall",
        })
    }
}

/// How long work takes.
pub trait Timer: Device {
    /// By which clock.
    fn clock(&self) -> Clock;

    /// Does some work and waits for its end. How long the device took from its first command to its last; what it did before
    /// is not counted.
    ///
    /// # Errors
    /// Those of the work; any of the device.
    fn timed<T>(&self, work: impl FnOnce() -> Result<T, Error>) -> Result<(T, Duration), Error>;
}

/// What a device can do at most, in parts that a caller puts together and [`Timer::timed`] measures. Contents are bare words, as no
/// matrix has them.
pub trait Limits: Timer {
    /// Words of the device's memory.
    type Words;

    /// Memory for a multiple of four words. It holds anything.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for another number; any of the device.
    fn words(&self, count: usize) -> Result<Self::Words, Error>;

    /// Copies as many words as there are from the host.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the lengths differ; any of the device.
    fn send(&self, from: &[u32], to: &mut Self::Words) -> Result<(), Error>;

    /// Copies them to the host.
    ///
    /// # Errors
    /// As of [`Limits::send`].
    fn fetch(&self, from: &Self::Words, to: &mut [u32]) -> Result<(), Error>;

    /// Copies them within the device's memory, by a kernel.
    ///
    /// # Errors
    /// As of [`Limits::send`].
    fn copy(&self, from: &Self::Words, to: &mut Self::Words) -> Result<(), Error>;

    /// Goes on with the chains of as many threads as have states in the words, [`WORDS`](crate::limits::WORDS) each, for so many rounds.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the device has no such operation, or the words are of no whole number of threads; any of the device.
    fn multiply(
        &self,
        operation: Operation,
        factor: u32,
        rounds: u32,
        chains: &mut Self::Words,
    ) -> Result<(), Error>;
}

/// Why words are not what a call of [`Limits`] takes.
pub(crate) fn unequal(device: DeviceId, one: usize, other: usize) -> Result<(), Error> {
    if one == other {
        return Ok(());
    }
    Err(Error::Unsupported { device, what: format!("a copy of {one} words to {other}") })
}

/// How many threads have their states in so many words.
pub(crate) fn threads(device: DeviceId, words: usize) -> Result<usize, Error> {
    if words.is_multiple_of(crate::limits::WORDS) {
        return Ok(words / crate::limits::WORDS);
    }
    let what = format!("{words} words as states of threads that have {} each", crate::limits::WORDS);
    Err(Error::Unsupported { device, what })
}

/// That a number of words is a multiple of four.
pub(crate) fn quads(device: DeviceId, words: usize) -> Result<(), Error> {
    if words.is_multiple_of(4) {
        return Ok(());
    }
    Err(Error::Unsupported { device, what: format!("{words} words: they are taken by fours") })
}

/// Number-theoretic transforms of each column. Heights are powers of two, `2^0` to `2^24`.
pub trait Ntt: Device {
    /// Coefficients, row `i` being that of `x^i`, to values: row `i` is at `w^r(i)`, where `r` reverses bits and `w` generates the subgroup.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the height is no power of two or too large; any of the device.
    fn ntt(&self, coefficients: Self::Matrix) -> Result<Self::Matrix, Error>;

    /// Values at `w^i` in row `i` to coefficients: row `i` is that of `x^r(i)`.
    ///
    /// # Errors
    /// As of [`Ntt::ntt`].
    fn inverse_ntt(&self, values: Self::Matrix) -> Result<Self::Matrix, Error>;

    /// Values at `w^i` in row `i` to values of the same polynomials on a coset `2^added_bits` times as large: row `i` is at
    /// `shift v^r(i)`, where `v` generates the larger subgroup.
    ///
    /// # Errors
    /// As of [`Ntt::ntt`]; the shift is zero.
    fn coset_lde(&self, values: &Self::Matrix, added_bits: usize, shift: F) -> Result<Self::Matrix, Error>;
}

/// The permutations, a state in each row.
pub trait Poseidon2: Device {
    /// Permutes every row, of 16 elements or of 24.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for another width; any of the device.
    fn permute(&self, states: Self::Matrix) -> Result<Self::Matrix, Error>;
}

/// The rounds of FRI's commit phase (eprint 2022/1216).
///
/// A codeword of `n` elements of the extension, bit-reversed, is a matrix of `n / 2^a` rows of `2^a` elements, five columns each.
pub trait Fold: Device {
    /// Each row to one element, by `challenge`: the polynomial whose coefficient of `x^i` is the sum of those of `x^(i 2^a + j)` times
    /// `challenge^j`, bit-reversed on the smaller subgroup. Where a codeword is `joined`, it is added times `challenge^(2^a)`. The result has `2^log_next`
    /// elements a row, and `joined` too.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for rows of other than 2, 4 or 8 elements, and where shapes do not fit; any of the device.
    fn fold(
        &self,
        codeword: &Self::Matrix,
        challenge: Challenge,
        joined: Option<&Self::Matrix>,
        log_next: usize,
    ) -> Result<Self::Matrix, Error>;
}

/// Searching for witnesses.
pub trait Grinding: Device {
    /// The smallest of these candidates that solves the puzzle.
    ///
    /// # Errors
    /// Any of the device.
    fn smallest_witness(&self, puzzle: &Puzzle, candidates: Range<u32>) -> Result<Option<F>, Error>;
}

/// The rows of all matrices of a tree that an index reaches, and the way up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// A row of each matrix, in the order of the commitment: of a matrix that is `2^k` times lower than the tallest, row `index >> k`.
    pub rows: Vec<Vec<F>>,
    /// Siblings from the leaf up to below the cap.
    pub path: Vec<Node>,
}

/// Merkle trees over matrices of different heights: Plonky3's `MerkleTreeMmcs`.
pub trait MerkleTree: Device {
    /// A tree with its matrices.
    type Tree;

    /// Hashes matrices into one tree. Heights are powers of two.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where there is no matrix or a height is no power of two; any of the device.
    fn commit(&self, matrices: Vec<Self::Matrix>, cap_height: usize) -> Result<(Cap, Self::Tree), Error>;

    /// The matrices of a tree, in the order of the commitment.
    fn matrices<'a>(&self, tree: &'a Self::Tree) -> Vec<&'a Self::Matrix>;

    /// Opens the tree at indices below the greatest height, in any order and as often as they occur.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where an index is too large; any of the device.
    fn open(&self, tree: &Self::Tree, indices: &[usize]) -> Result<Vec<Opening>, Error>;
}
