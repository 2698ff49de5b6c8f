//! The one signature scheme so far, as the ledger asks for it.

use aludel_ledger::execute::Claim;
use aludel_ledger::xmss::{self, VerifyError};

/// Judges claims by XMSS, packed across signatures.
pub fn xmss(claims: &[Claim<'_>]) -> Vec<Result<(), VerifyError>> {
    let claim = |(key, message, epoch, signature): &Claim<'_>| xmss::Claim {
        key: *key,
        message: *message,
        epoch: *epoch,
        signature: *signature,
    };
    let claims: Vec<_> = claims.iter().map(claim).collect();
    xmss::verify_batch(&claims)
}
