//! `aludel fetch`: proofs from a service, verified before they are written.

use std::path::Path;

use aludel_protocol::fold::fold;
use aludel_protocol::{ChainId, Statement};
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
        fetch(&client, &args.id, &args.output).await
    })
}

/// Fails now where a result could not be written later.
pub fn check_writable(output: &Path, is_folder: bool) -> Result<(), Failure> {
    if is_folder { make_folder(output) } else { Place::File(output.into()).check_writable() }
}

/// Fetches the proofs of a job, verifies each and that they follow one another, and writes them: a root to a file, shards to a folder.
pub async fn fetch(client: &Client, id: &str, output: &Path) -> Result<(), Failure> {
    let proof = client.get(id).await.map_err(|e| failure(&e, id))?;
    check_succeeded(&proof)?;
    let spec = proof.spec.clone().unwrap_or_default();
    let is_folder = spec.target() == Target::Shards;
    let chain_id = Some(ChainId(spec.chain_id));
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
    // All of them, or none.
    for (number, bytes) in verified.iter().enumerate() {
        let path = if is_folder { output.join(format!("shard-{number}.bin")) } else { output.to_owned() };
        Place::File(path).write(bytes)?;
    }
    let all = all.ok_or_else(|| Failure::new(Kind::Bug, format!("{id} ended without proofs")))?;
    let first = u64::from(all.prev.number.0) + 1;
    eprintln!(
        "verified: chain {}, batches {first} to {}, in {}",
        all.chain_id,
        all.next.number,
        output.display()
    );
    Ok(())
}
