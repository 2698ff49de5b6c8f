//! Who does what in the workload W2.

/// What one entry of the workload W2 does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// A transfer to another account.
    Transfer,
    /// A withdrawal to L1.
    Withdraw,
    /// A rotation to another key.
    Rotate,
    /// A deposit to an account that exists.
    TopUp,
    /// A deposit that opens an account.
    Open,
    /// A forced withdrawal.
    Force,
}

impl Share {
    /// What entry `i` does: of twenty entries fourteen are transfers, two deposits (of which one opens an account),
    /// two withdrawals, one is a forced withdrawal and one a rotation.
    pub fn of_w2(i: usize) -> Self {
        match i % 20 {
            2 => Self::TopUp,
            12 => Self::Open,
            5 | 15 => Self::Withdraw,
            8 => Self::Force,
            18 => Self::Rotate,
            _ => Self::Transfer,
        }
    }
}
