//! What every device can do, by operation. A device's own matrices are opaque: it stores them in the order that suits it.
//!
//! A call that fails leaves its inputs usable unless it says otherwise, and frees what it took.

use aludel_protocol::F;
use aludel_protocol::trees::{Cap, Node};
use p3_matrix::dense::RowMajorMatrix;

use crate::error::Error;
use crate::id::DeviceId;
use crate::memory::Usage;

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

/// A device with its memory.
pub trait Device {
    /// A matrix of field elements on it, `[height][width]`.
    type Matrix;

    /// Its name.
    fn id(&self) -> DeviceId;

    /// Its memory.
    fn usage(&self) -> Usage;

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

    /// Opens the tree at indices below the greatest height, in any order and as often as they occur.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where an index is too large; any of the device.
    fn open(&self, tree: &Self::Tree, indices: &[usize]) -> Result<Vec<Opening>, Error>;
}
