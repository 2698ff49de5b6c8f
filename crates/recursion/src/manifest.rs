//! What the manifest of keys should hold: every key, derived from the code alone.

use aludel_circuits::Shape;
use aludel_circuits::recursion::{Program, RecursionChip};
use aludel_verifier::keys::FoldedKey;
use aludel_verifier::manifest::PinnedKey;
use aludel_verifier::{Key, KeyError, Role, ShardKey};

use crate::child::Child;
use crate::programs::{join, lift, root};

/// Every key that this build should pin, in the manifest's order: shards and lifts by shape, the join, the root. A quarter of a minute of work.
///
/// # Errors
/// A machine breaks a rule that soundness rests on, or does not hold its program.
pub fn derive() -> Result<Vec<PinnedKey>, KeyError> {
    let shards = Shape::ALL.map(ShardKey::derive).into_iter().collect::<Result<Vec<_>, _>>()?;
    let lifts = Shape::ALL
        .iter()
        .zip(&shards)
        .map(|(shape, key)| derived(Role::Lift(*shape), &lift(&Child::of(key))));
    let lifts = lifts.collect::<Result<Vec<_>, _>>()?;
    let of_lifts = lifts.first().map(Child::of).ok_or_else(|| machine_error("no shape has a lift"))?;
    let join = derived(Role::Join, &join(&of_lifts))?;
    let root = derived(Role::Root, &root(&of_lifts))?;
    Ok(shards
        .iter()
        .map(PinnedKey::of)
        .chain(lifts.iter().chain([&join, &root]).map(PinnedKey::of))
        .collect())
}

fn derived<W>(role: Role, program: &Program<W>) -> Result<FoldedKey, KeyError> {
    Ok(Key::derive_for_prover(role, chips(role, program)?)?.0)
}

/// The chips of a role's machine with the columns of its program.
///
/// # Errors
/// The program has more rows than the machine, or the role is a shard's.
pub fn chips<W>(role: Role, program: &Program<W>) -> Result<Vec<RecursionChip>, KeyError> {
    let heights = role.heights().ok_or_else(|| machine_error(format!("{role} runs no program")))?;
    RecursionChip::of(program, &heights).map_err(|e| machine_error(format!("the program of {role}: {e}")))
}

fn machine_error(reason: impl ToString) -> KeyError {
    KeyError::Machine { reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use aludel_verifier::error::REWRITE_KEYS;
    use aludel_verifier::manifest;

    use super::*;

    #[test]
    fn the_manifest_is_what_the_code_gives() {
        let pinned = manifest::all().expect("the manifest parses");
        let derived = derive().expect("every role has a key");
        assert!(
            pinned == derived,
            "keys changed: if that is meant, run `{REWRITE_KEYS}` and commit keys.json"
        );
    }
}
