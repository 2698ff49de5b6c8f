//! What a client asks for.

use aludel_protocol::{BatchNumber, ChainId, Digest};
use borsh::{BorshDeserialize, BorshSerialize};
use sha2::{Digest as _, Sha256};

use crate::ids::{ArtifactId, JobId, Millis};

/// What a job ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Target {
    /// A proof of each shard, in order.
    Shards = 1,
    /// One proof of all of them.
    Root = 2,
}

/// What goes before what. Within a class the earliest deadline does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Priority {
    /// Before all others.
    High = 1,
    /// What nobody said anything of.
    Normal = 2,
    /// What may wait for as long as its deadline lets it.
    Low = 3,
}

/// A sealed batch, whose bytes are an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Batch {
    /// Its number in the chain.
    pub number: BatchNumber,
    /// Its bytes.
    pub artifact: ArtifactId,
    /// How many those are.
    pub bytes: u64,
}

/// A job as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Request {
    /// The rollup.
    pub chain: ChainId,
    /// What is wanted.
    pub target: Target,
    /// Root of the set of keys that the proofs are to name.
    pub keys: Digest,
    /// When the job ends if nothing else has ended it.
    pub deadline: Millis,
    /// Its class.
    pub priority: Priority,
    /// The first batches, in order; perhaps none, if others follow.
    pub batches: Vec<Batch>,
    /// Whether these are all batches.
    pub is_sealed: bool,
    /// By which logs, failures and traces of other services tell of it; zeros where there is none.
    pub trace: [u8; 16],
}

impl Request {
    /// Digest of what is to be proven. Two submits of one key with one digest are of one job: deadline, class and trace may differ, for a client that tries
    /// again makes them anew.
    pub fn digest(&self) -> [u8; 32] {
        let Self { chain, target, keys, batches, is_sealed, deadline: _, priority: _, trace: _ } = self;
        let said = borsh::to_vec(&(chain, target, keys, batches, is_sealed));
        let said = said.expect("writing to a vector does not fail");
        Sha256::new_with_prefix("aludel request 1").chain_update(said).finalize().into()
    }
}

/// A client's name for a job: 1 to 128 bytes, the same whenever it asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// A key that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key has 1 to 128 bytes, not {found}; a random UUID is a good one")]
pub struct BadKey {
    /// Bytes that were given.
    pub found: usize,
}

impl IdempotencyKey {
    /// Takes a client's text.
    ///
    /// # Errors
    /// It is empty or too long.
    pub fn new(text: impl Into<String>) -> Result<Self, BadKey> {
        let text = text.into();
        match text.len() {
            1..=128 => Ok(Self(text)),
            found => Err(BadKey { found }),
        }
    }

    /// The job of this key: every store has one place for it, so that of two submits one comes second.
    pub fn job(&self, chain: ChainId) -> JobId {
        let hash = Sha256::new_with_prefix("aludel job 1").chain_update(chain.0.to_le_bytes());
        let hash: [u8; 32] = hash.chain_update(&self.0).finalize().into();
        JobId(core::array::from_fn(|i| hash[i]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        let batch = |n: u32| Batch { number: BatchNumber(n), artifact: ArtifactId([n as u8; 32]), bytes: 10 };
        Request {
            chain: ChainId(7),
            target: Target::Root,
            keys: Digest::ZERO,
            deadline: Millis(5),
            priority: Priority::Normal,
            batches: vec![batch(1), batch(2)],
            is_sealed: true,
            trace: [0; 16],
        }
    }

    #[test]
    fn a_digest_is_of_what_is_proven() {
        let own = request();
        let with = |change: fn(&mut Request)| {
            let mut other = request();
            change(&mut other);
            other.digest()
        };
        assert_eq!(with(|r| r.deadline = Millis(9)), own.digest());
        assert_eq!(with(|r| r.priority = Priority::High), own.digest());
        assert_eq!(with(|r| r.trace = [1; 16]), own.digest());
        let others = [
            with(|r| r.chain = ChainId(8)),
            with(|r| r.target = Target::Shards),
            with(|r| r.keys = Digest([aludel_protocol::fe(1); 8])),
            with(|r| r.is_sealed = false),
            with(|r| r.batches.truncate(1)),
            with(|r| r.batches[1].number = BatchNumber(3)),
            with(|r| r.batches[1].artifact = ArtifactId([9; 32])),
        ];
        let mut all = others.to_vec();
        all.push(own.digest());
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), others.len() + 1);
    }

    #[test]
    fn a_key_names_one_job_of_a_chain() {
        let key = |text: &str| IdempotencyKey::new(text).expect("is one");
        let job = key("a").job(ChainId(1));
        assert_eq!(key("a").job(ChainId(1)), job);
        assert_ne!(key("b").job(ChainId(1)), job);
        assert_ne!(key("a").job(ChainId(2)), job);
        assert_eq!(IdempotencyKey::new(""), Err(BadKey { found: 0 }));
        assert_eq!(IdempotencyKey::new("x".repeat(129)), Err(BadKey { found: 129 }));
        assert!(IdempotencyKey::new("x".repeat(128)).is_ok());
    }
}
