//! What left, batch by batch, and the claims to it.

use aludel_protocol::claim::Claim;
use aludel_protocol::hash::{Digest, roll};
use aludel_protocol::ids::BatchNumber;
use aludel_protocol::records::{Header, Withdrawal, WithdrawalTree};

use super::replay::trusting;
use super::{Rebuilt, ReplayError, SealedBatch, replay};

/// What left in one batch, and what ties it to the chain: the same from the sealed batch and from published data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Rolling digest of the headers before the batch.
    pub prev_headers: Digest,
    /// Its header.
    pub header: Header,
    /// Its withdrawals, in order of index.
    pub withdrawals: Vec<Withdrawal>,
}

impl From<Rebuilt> for Left {
    fn from(rebuilt: Rebuilt) -> Self {
        let Rebuilt { prev, header, withdrawals, .. } = rebuilt;
        Self { prev_headers: prev.headers, header, withdrawals }
    }
}

impl SealedBatch {
    /// What left in the batch, which is replayed for it, its signatures taken to be good.
    ///
    /// # Errors
    /// As [`replay`], signatures apart.
    pub fn left(&self) -> Result<Left, ReplayError> {
        let mut replayed = replay(self, &trusting)?;
        let withdrawals = replayed.withdrawals.pop().unwrap_or_default();
        Ok(Left { prev_headers: self.prev.headers, header: self.batch.header, withdrawals })
    }
}

/// A batch does not follow the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("batch {found} does not follow batch {last} of its chain; give the batches in order, without gaps")]
pub struct Gap {
    /// The last batch so far.
    pub last: BatchNumber,
    /// The one that was given.
    pub found: BatchNumber,
}

/// Makes claims from consecutive batches, which may begin anywhere. The claims hold under a statement whose last batch
/// is the last one given.
#[derive(Clone, Debug)]
pub struct Claims<W> {
    wanted: W,
    last: Option<(BatchNumber, Digest)>,
    /// Of each batch so far, in order.
    headers: Vec<Digest>,
    /// Each with how many of `headers` it is not to carry.
    claims: Vec<(usize, Claim)>,
}

impl<W: Fn(&Withdrawal) -> bool> Claims<W> {
    /// Claims to those withdrawals of which `wanted` says so.
    pub const fn new(wanted: W) -> Self {
        Self { wanted, last: None, headers: Vec::new(), claims: Vec::new() }
    }

    /// Takes the next batch.
    ///
    /// # Errors
    /// Where it does not follow the one before.
    pub fn batch(&mut self, left: &Left) -> Result<(), Gap> {
        let number = left.header.number;
        if let Some((last, headers)) = self.last
            && (u64::from(last.0) + 1 != u64::from(number.0) || headers != left.prev_headers)
        {
            return Err(Gap { last, found: number });
        }
        let digest = left.header.digest();
        self.last = Some((number, roll(left.prev_headers, digest)));
        self.headers.push(digest);
        self.take(left);
        Ok(())
    }

    fn take(&mut self, left: &Left) {
        let Left { prev_headers, header, withdrawals } = left;
        let wanted: Vec<_> = withdrawals.iter().filter(|w| (self.wanted)(w)).collect();
        if wanted.is_empty() {
            return;
        }
        let tree = WithdrawalTree::new(withdrawals.iter().map(Withdrawal::digest).collect());
        let count = self.headers.len();
        self.claims.extend(wanted.into_iter().map(|withdrawal| {
            let (withdrawal, path) = (*withdrawal, tree.path(withdrawal.index));
            let (header, prev_headers) = (*header, *prev_headers);
            (count, Claim { withdrawal, path, header, prev_headers, later: Vec::new() })
        }));
    }

    /// The claims, in order of batch and index.
    pub fn finish(self) -> Vec<Claim> {
        let Self { claims, headers, .. } = self;
        let later = |before: usize| headers.get(before..).unwrap_or_default().to_vec();
        claims.into_iter().map(|(before, claim)| Claim { later: later(before), ..claim }).collect()
    }
}
