//! What is measured: families of kernels at shapes.

use aludel_kernels::limits::{Operation, WORDS};

/// A family of kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Products of the base field, each with a sum.
    FieldBase,
    /// Products of the extension of degree five.
    FieldQuintic,
    /// Coefficients to values.
    Ntt,
    /// Values to coefficients.
    InverseNtt,
    /// Values to values on a coset twice as large.
    CosetLde,
    /// The permutation of 16 elements.
    Poseidon2Of16,
    /// The permutation of 24 elements.
    Poseidon2Of24,
    /// A tree over one matrix.
    MerkleCommit,
    /// Openings of such a tree.
    MerkleOpen,
    /// Rows of a codeword to one element each, in rows of as many.
    Fold,
    /// Candidates for a witness, of which none is likely to pass.
    Grinding,
    /// Running sums of elements of the extension.
    RunningSums,
    /// Selectors of a trace on a coset twice as large.
    Selectors,
    /// Values on a coset in two parts.
    Chunks,
    /// Values of a matrix's polynomials at two points, from their values on a coset twice as large.
    Openings,
    /// Claims of a matrix's values at two points to a codeword, in rows of four elements.
    Reduced,
    /// The quotient of a chip of the shard machine, on a coset twice as large as its trace.
    Quotient,
    /// The fractions of such a chip's lookups, and their sum.
    Lookups,
}

/// Rows of a tree that a bench opens: more than the queries of a proof.
pub const OPENED: usize = 256;

/// Base-2 logarithm of the parts to which values are split, and of how much larger a coset of selectors is than its trace.
pub const LOG_STEP: usize = 1;

/// Points at which polynomials are opened: a row's and its successor's.
pub const POINTS: usize = 2;

/// Base-2 logarithm of the elements of a row of a codeword of claims.
pub const LOG_CLAIMS: usize = 2;

/// Columns that are read: of `hash24` its own, those of its lookups and selectors; of `transaction` its own and fixed ones.
const QUOTIENT_COLUMNS: usize = 238;
const LOOKUPS_COLUMNS: usize = 331;

/// Rounds of the chains of a bench of the field.
pub const FIELD_ROUNDS: u32 = 64;

impl Family {
    /// All, in the order in which they run.
    pub const ALL: [Self; 18] = [
        Self::FieldBase,
        Self::FieldQuintic,
        Self::Ntt,
        Self::InverseNtt,
        Self::CosetLde,
        Self::Poseidon2Of16,
        Self::Poseidon2Of24,
        Self::MerkleCommit,
        Self::MerkleOpen,
        Self::Fold,
        Self::Grinding,
        Self::RunningSums,
        Self::Selectors,
        Self::Chunks,
        Self::Openings,
        Self::Reduced,
        Self::Quotient,
        Self::Lookups,
    ];

    /// Its name, by which runs are compared.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FieldBase => "field-base",
            Self::FieldQuintic => "field-quintic",
            Self::Ntt => "ntt",
            Self::InverseNtt => "inverse-ntt",
            Self::CosetLde => "coset-lde",
            Self::Poseidon2Of16 => "poseidon2-16",
            Self::Poseidon2Of24 => "poseidon2-24",
            Self::MerkleCommit => "merkle-commit",
            Self::MerkleOpen => "merkle-open",
            Self::Fold => "fold",
            Self::Grinding => "grinding",
            Self::RunningSums => "running-sums",
            Self::Selectors => "selectors",
            Self::Chunks => "chunks",
            Self::Openings => "openings",
            Self::Reduced => "reduced",
            Self::Quotient => "quotient",
            Self::Lookups => "lookups",
        }
    }

    /// The chains that a bench of the field runs.
    pub const fn operation(self) -> Option<Operation> {
        match self {
            Self::FieldBase => Some(Operation::Base),
            Self::FieldQuintic => Some(Operation::Quintic),
            _ => None,
        }
    }

    /// Base-2 logarithm of height, and width, on a GPU and on a processor.
    const fn default_shape(self, is_processor: bool) -> (usize, usize) {
        match (self, is_processor) {
            (Self::FieldBase | Self::FieldQuintic, false) => (20, WORDS),
            (Self::FieldBase | Self::FieldQuintic, true) => (12, WORDS),
            (Self::Ntt | Self::InverseNtt, false) => (24, 64),
            // The field has no subgroup of 2^25: what is extended is half as high as what is transformed.
            (Self::CosetLde, false) => (23, 64),
            (Self::Ntt | Self::InverseNtt, true) => (16, 16),
            (Self::CosetLde, true) => (15, 16),
            (Self::Poseidon2Of16, false) => (26, 16),
            (Self::Poseidon2Of24, false) => (26, 24),
            (Self::Poseidon2Of16, true) => (16, 16),
            (Self::Poseidon2Of24, true) => (16, 24),
            (Self::MerkleCommit | Self::MerkleOpen, false) => (25, 64),
            (Self::MerkleCommit | Self::MerkleOpen, true) => (14, 64),
            // Rows of eight elements.
            (Self::Fold, false) => (21, 40),
            (Self::Fold, true) => (13, 40),
            (Self::Grinding, false) => (24, 1),
            (Self::Grinding, true) => (18, 1),
            (Self::RunningSums | Self::Chunks, false) => (24, 5),
            (Self::RunningSums | Self::Chunks, true) => (18, 5),
            (Self::Selectors, false) => (24, 4),
            (Self::Selectors, true) => (18, 4),
            (Self::Openings | Self::Reduced, false) => (24, 64),
            (Self::Openings | Self::Reduced, true) => (16, 16),
            // Columns are those that the chip's program reads.
            (Self::Quotient, false) => (20, QUOTIENT_COLUMNS),
            (Self::Quotient, true) => (14, QUOTIENT_COLUMNS),
            (Self::Lookups, false) => (20, LOOKUPS_COLUMNS),
            (Self::Lookups, true) => (14, LOOKUPS_COLUMNS),
        }
    }
}

/// A family at a shape, `[2^log_height][width]`. Of a bench of the field rows are threads, of one of grinding candidates; of selectors the shape is
/// that of what is made, and of programs columns are those of all matrices that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// Which.
    pub family: Family,
    /// Base-2 logarithm of the height.
    pub log_height: usize,
    /// Columns.
    pub width: usize,
}

impl Case {
    /// Elements of the input.
    pub const fn elements(&self) -> u64 {
        (self.width as u64) << self.log_height
    }

    /// Bytes that lie on a device at once, at most: input, result, and what is staged on the way.
    pub const fn bytes(&self) -> u64 {
        let input = 4 * self.elements();
        // Nodes of 32 bytes, twice as many as leaves; a table of columns; the staging of an upload.
        let more = match self.family {
            Family::CosetLde => 2 * input,
            Family::MerkleCommit | Family::MerkleOpen => 64 << self.log_height,
            Family::Fold | Family::Chunks | Family::Lookups => input,
            Family::Quotient => 20 << self.log_height,
            // The processor has the points of the coset, and three elements of the extension for each of them or of half as many.
            Family::Openings => 32 << self.log_height,
            Family::Reduced => (20 + 64) << self.log_height,
            Family::Grinding => return 1 << 16,
            _ => 0,
        };
        let staged = if input < 64 << 20 { input } else { 64 << 20 };
        let more = if more > staged { more } else { staged };
        input + more + (1 << 16)
    }

    /// As `2^20 x 16`.
    pub fn shape(&self) -> String {
        match self.family {
            Family::CosetLde => {
                format!("2^{} x {} to 2^{}", self.log_height, self.width, self.log_height + 1)
            }
            Family::MerkleOpen => format!("{OPENED} of 2^{} x {}", self.log_height, self.width),
            Family::FieldBase | Family::FieldQuintic => format!("2^{} threads", self.log_height),
            Family::Grinding => format!("2^{} candidates", self.log_height),
            Family::Openings | Family::Reduced => {
                format!("2^{} x {} at {POINTS} points", self.log_height, self.width)
            }
            _ => format!("2^{} x {}", self.log_height, self.width),
        }
    }

    /// The same, so much smaller that the processor's answer is had at once. A transform still takes two passes, and sums of rows several tiles.
    #[must_use]
    pub fn small(&self) -> Self {
        let most = if matches!(self.family, Family::RunningSums | Family::Openings) { 14 } else { 11 };
        Self { log_height: self.log_height.min(most), width: self.smallest_width(), ..*self }
    }

    /// Of a fold the base-2 logarithm of the elements of a row.
    pub const fn log_arity(&self) -> usize {
        (self.width / 5).trailing_zeros() as usize
    }

    fn smallest_width(&self) -> usize {
        match self.family {
            Family::Ntt | Family::InverseNtt | Family::CosetLde => self.width.min(3),
            _ => self.width,
        }
    }
}

/// Every family whose name contains one of `only`, or every one where that is empty: at the sizes of a GPU or a processor, halved until they fit
/// `limit` bytes.
pub fn defaults(is_processor: bool, limit: u64, only: &[String]) -> Vec<Case> {
    let wanted =
        |family: &Family| only.is_empty() || only.iter().any(|part| family.name().contains(part.as_str()));
    let fit = |family: Family| {
        let (log_height, width) = family.default_shape(is_processor);
        let mut case = Case { family, log_height, width };
        while case.log_height > 10 && case.bytes() > limit {
            case.log_height -= 1;
        }
        case
    };
    Family::ALL.into_iter().filter(wanted).map(fit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_fit_and_are_the_sizes_that_are_promised() {
        let all = defaults(false, 140 << 30, &[]);
        assert_eq!(all.len(), Family::ALL.len());
        assert!(all.iter().any(|case| case.family == Family::Ntt && case.shape() == "2^24 x 64"));
        assert!(all.iter().any(|case| case.family == Family::MerkleCommit && case.shape() == "2^25 x 64"));
        for limit in [1 << 30, 1 << 26] {
            let fitted = defaults(false, limit, &[]);
            assert!(fitted.iter().all(|case| case.bytes() <= limit), "{fitted:?}");
            assert_ne!(fitted, all);
        }
        // What fits nowhere is tried all the same, and says so in its row.
        assert!(defaults(true, 0, &[]).iter().all(|case| case.log_height == 10));
    }

    #[test]
    fn names_choose() {
        let named = |only: &[&str]| {
            let only: Vec<_> = only.iter().map(ToString::to_string).collect();
            defaults(true, u64::MAX, &only).iter().map(|case| case.family).collect::<Vec<_>>()
        };
        assert_eq!(named(&["ntt"]), [Family::Ntt, Family::InverseNtt]);
        assert_eq!(named(&["16", "-open"]), [Family::Poseidon2Of16, Family::MerkleOpen]);
        assert!(named(&["nothing"]).is_empty());
    }
}
