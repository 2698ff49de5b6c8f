//! From bytes to a statement.

use aludel_protocol::params::{PROTOCOL_VERSION, config_digest};
use aludel_protocol::{ChainId, Statement};

use crate::error::VerifyError;
use crate::format::{self, Claim};
use crate::keys::{FoldedKey, Key, ShardKey};
use crate::machine::Machine;
use crate::role::Role;

/// What the caller knows about the statement beforehand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expectations {
    /// The rollup that the proof must be for.
    pub chain_id: Option<ChainId>,
    /// The statement that it must make.
    pub statement: Option<Statement>,
}

/// Verifies a proof of any role against the built-in keys and returns what it proves: of a shard, or of all shards that a folded proof
/// covers.
///
/// # Errors
/// Every reason to refuse the bytes, typed; see [`VerifyError`].
pub fn verify(bytes: &[u8], expectations: &Expectations) -> Result<Statement, VerifyError> {
    let (claim, _) = format::claim(bytes)?;
    match claim.role {
        Role::Shard(shape) => verify_with(ShardKey::pinned(shape)?, bytes, expectations),
        role => verify_with(FoldedKey::pinned(role)?, bytes, expectations),
    }
}

/// Verifies a proof against a given key and returns what it proves.
///
/// # Errors
/// Every reason to refuse the bytes, typed; see [`VerifyError`].
pub fn verify_with<A: Machine>(
    key: &Key<A>,
    bytes: &[u8],
    expectations: &Expectations,
) -> Result<Statement, VerifyError> {
    let (Claim { role, statement }, rest) = format::claim(bytes)?;
    if key.role() != role {
        return Err(VerifyError::OtherRole { expected: key.role(), found: role });
    }
    check_statement(&statement)?;
    expectations.check(&statement)?;
    let proof = format::proof(key, rest)?;
    key.layout().check(&proof)?;
    let public_values = key.public_values(&statement);
    A::verify_batch(key.config(), key.chips(), &proof, &public_values, key.common())
        .map_err(|reason| VerifyError::Refused { reason })?;
    Ok(statement)
}

/// What every statement of this build satisfies. Its integers are canonical by their types.
///
/// # Errors
/// Another version or configuration, or an end that is not after the beginning.
pub fn check_statement(statement: &Statement) -> Result<(), VerifyError> {
    let found = statement.protocol_version;
    if u32::from(found) != PROTOCOL_VERSION {
        return Err(VerifyError::ProtocolVersion { expected: PROTOCOL_VERSION, found });
    }
    let (expected, found) = (config_digest(), statement.config);
    if expected != found {
        return Err(VerifyError::Configuration { expected, found });
    }
    let (prev, next) = (statement.prev.number.0, statement.next.number.0);
    if next <= prev {
        return Err(VerifyError::Order { prev, next });
    }
    Ok(())
}

impl Expectations {
    fn check(&self, found: &Statement) -> Result<(), VerifyError> {
        if let Some(expected) = self.chain_id.filter(|id| *id != found.chain_id) {
            return Err(VerifyError::Chain { expected, found: found.chain_id });
        }
        match self.statement.filter(|s| s != found) {
            Some(s) => Err(VerifyError::Statement { expected: s.digest(), found: found.digest() }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use aludel_protocol::{BatchNumber, Checkpoint, Digest};

    use super::*;

    fn statement() -> Statement {
        let prev = Checkpoint::genesis(Digest::ZERO);
        Statement::new(ChainId(1), prev, Checkpoint { number: BatchNumber(1), ..prev })
    }

    #[test]
    fn statements_of_other_rules_are_refused() {
        let good = statement();
        assert_eq!(check_statement(&good), Ok(()));
        let version = check_statement(&Statement { protocol_version: 2, ..good });
        assert_eq!(version, Err(VerifyError::ProtocolVersion { expected: 1, found: 2 }));
        let config = check_statement(&Statement { config: Digest::ZERO, ..good });
        assert!(matches!(config, Err(VerifyError::Configuration { .. })));
        let empty = check_statement(&Statement { next: good.prev, ..good });
        assert_eq!(empty, Err(VerifyError::Order { prev: 0, next: 0 }));
    }

    #[test]
    fn another_chain_or_statement_is_refused() {
        let good = statement();
        let chain = Expectations { chain_id: Some(ChainId(2)), ..Default::default() };
        assert!(matches!(chain.check(&good), Err(VerifyError::Chain { .. })));
        let other = Statement { chain_id: ChainId(2), ..good };
        let wants = Expectations { chain_id: None, statement: Some(other) };
        assert!(matches!(wants.check(&good), Err(VerifyError::Statement { .. })));
        let right = Expectations { chain_id: Some(ChainId(1)), statement: Some(good) };
        assert_eq!(right.check(&good), Ok(()));
    }
}
