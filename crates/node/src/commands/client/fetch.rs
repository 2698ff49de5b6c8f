//! `aludel fetch`: proofs from a service, verified before they are written.

use std::path::Path;

use aludel_protocol::fold::fold;
use aludel_protocol::{BatchNumber, ChainId, Statement};
use aludel_sdk::{Client, Expectations, Target, verify};
use aludel_verifier::{Role, format};

use super::{block_on, check_succeeded, connect, failure};
use crate::cli::Fetch;
use crate::exit::{Failure, Kind, OrFail};
use crate::files::{Place, make_folder};

/// Runs the command.
pub fn run(args: &Fetch) -> Result<(), Failure> {
    block_on(async {
        let client = connect(&args.service).await?;
        let due = Due { chain: args.chain_id.map(ChainId), ..Due::default() };
        fetch(&client, &args.id, &args.output, due).await
    })
}

/// What a proof must be of, as far as whoever fetches it knows that by himself: of the rest the server is believed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Due {
    /// The rollup.
    pub chain: Option<ChainId>,
    /// What it ends with.
    pub target: Option<Target>,
    /// The first batch and the last.
    pub batches: Option<(BatchNumber, BatchNumber)>,
}

impl Due {
    /// Whether a proof that holds is of these batches of this chain.
    fn check(self, said: &Statement) -> Result<(), Failure> {
        let not = |what: String| Err(Failure::new(Kind::NotAccepted, what));
        if let Some(chain) = self.chain.filter(|chain| *chain != said.chain_id) {
            return not(format!("the proof is of chain {}, and chain {chain} is due", said.chain_id));
        }
        let (first, last) = batches(said);
        match self.batches {
            Some((BatchNumber(a), BatchNumber(b))) if (u64::from(a), u64::from(b)) != (first, last) => {
                not(format!("the proof is of batches {first} to {last}, and {a} to {b} are due"))
            }
            _ => Ok(()),
        }
    }
}

/// The first batch and the last that a statement is of.
fn batches(said: &Statement) -> (u64, u64) {
    (u64::from(said.prev.number.0) + 1, said.next.number.0.into())
}

/// Fails now where a result could not be written later.
pub fn check_writable(output: &Path, is_folder: bool) -> Result<(), Failure> {
    if is_folder { make_folder(output) } else { Place::File(output.into()).check_writable() }
}

/// Fetches the proofs of a job, verifies each and that they follow one another, and writes them: a root to a file, shards to a folder.
pub async fn fetch(client: &Client, id: &str, output: &Path, due: Due) -> Result<(), Failure> {
    let proof = client.get(id).await.map_err(|e| failure(&e, id))?;
    check_succeeded(&proof)?;
    let spec = proof.spec.clone().unwrap_or_default();
    let target = due.target.unwrap_or(spec.target());
    let is_folder = target == Target::Shards;
    let chain_id = Some(due.chain.unwrap_or(ChainId(spec.chain_id)));
    check_writable(output, is_folder)?;
    let mut all: Option<Statement> = None;
    let mut verified = Vec::with_capacity(proof.artifacts.len());
    for (number, artifact) in proof.artifacts.iter().enumerate() {
        let bytes = client.fetch(&artifact.id).await.map_err(|e| failure(&e, &artifact.id))?;
        let expected = Expectations { chain_id, statement: None };
        let place = format!("proof {number} of {id}");
        let one = verify(&bytes, &expected).or_fail(Kind::NotAccepted, &place)?;
        let role = format::claim(&bytes).or_fail(Kind::NotAccepted, &place)?.0.role;
        if matches!(role, Role::Shard(_)) != is_folder || !is_folder && role != Role::Root {
            return Err(Failure::new(
                Kind::NotAccepted,
                format!("{place} is a {}, which was not asked for", role.name()),
            ));
        }
        all = Some(match &all {
            None => one,
            Some(before) => fold(before, &one).map_err(|gap| {
                let what =
                    format!("{place} does not follow the one before it: {} is {}", gap.field, gap.found);
                Failure::new(Kind::NotAccepted, what)
            })?,
        });
        verified.push(bytes);
    }
    if !is_folder && verified.len() != 1 {
        return Err(Failure::new(
            Kind::NotAccepted,
            format!("{id} has {} roots, where one is due", verified.len()),
        ));
    }
    let all = all.ok_or_else(|| Failure::new(Kind::NotAccepted, format!("{id} ended without proofs")))?;
    due.check(&all)?;
    // All of them, or none.
    for (number, bytes) in verified.iter().enumerate() {
        let path = if is_folder { output.join(format!("shard-{number}.bin")) } else { output.to_owned() };
        Place::File(path).write(bytes)?;
    }
    let (first, last) = batches(&all);
    eprintln!("verified: chain {}, batches {first} to {last}, in {}", all.chain_id, output.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_that_holds_of_something_else_is_refused() {
        let frozen = concat!(env!("CARGO_MANIFEST_DIR"), "/../verifier/tests/frozen/root.proof");
        let proof = std::fs::read(frozen).expect("is there");
        let said = verify(&proof, &Expectations { chain_id: None, statement: None }).expect("holds");
        let (first, last) = (said.prev.number.0 + 1, said.next.number.0);
        assert!(first < last, "of more than one batch");
        let due = |chain: u64, a: u32, b: u32| Due {
            chain: Some(ChainId(chain)),
            target: None,
            batches: Some((BatchNumber(a), BatchNumber(b))),
        };
        due(161, first, last).check(&said).expect("is it");
        Due::default().check(&said).expect("nothing else is known");
        for (other, says) in [
            (due(162, first, last), "chain 162 is due"),
            (due(161, first + 1, last), "are due"),
            (due(161, first, last + 1), "are due"),
            (due(161, first, last - 1), "are due"),
        ] {
            let told = other.check(&said).expect_err("is another").to_string();
            assert!(told.contains(says), "{told}");
        }
    }
}
