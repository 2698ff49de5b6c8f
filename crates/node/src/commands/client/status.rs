//! `aludel status`: where a proof is, or all of them.

use std::fmt::Write;
use std::time::SystemTime;

use aludel_sdk::{Client, Proof};
use serde_json::{Value, json};

use super::{block_on, connect, failure, state};
use crate::cli::Status;
use crate::exit::Failure;
use crate::files::Place;
use crate::render;

/// Proofs of a page.
const PAGE: u32 = 1000;

/// Runs the command.
pub fn run(args: &Status) -> Result<(), Failure> {
    let proofs = block_on(async {
        let client = connect(&args.service).await?;
        match &args.id {
            Some(id) => Ok(vec![client.get(id).await.map_err(|e| failure(&e, id))?]),
            None => all(&client).await,
        }
    })?;
    if args.json {
        let shown: Vec<Value> = proofs.iter().map(describe).collect();
        let one = shown.first().filter(|_| args.id.is_some());
        return render::print(one.unwrap_or(&json!({ "proofs": shown })), true);
    }
    let mut text = String::new();
    for proof in &proofs {
        let _ = writeln!(text, "{}", line(proof));
    }
    Place::Stream.write(text.as_bytes())
}

async fn all(client: &Client) -> Result<Vec<Proof>, Failure> {
    let (mut proofs, mut next) = (Vec::new(), None);
    loop {
        let page = client.list(PAGE, next.as_deref()).await.map_err(|e| failure(&e, "list"))?;
        proofs.extend(page.proofs);
        next = page.next;
        if next.is_none() {
            return Ok(proofs);
        }
    }
}

fn line(proof: &Proof) -> String {
    let progress = proof.progress.as_ref().map_or_else(String::new, |progress| {
        let stage = progress.stage().as_str_name().trim_start_matches("STAGE_").to_lowercase();
        format!(" {stage} {}/{}", progress.done, progress.total)
    });
    let why = proof.failure.as_ref().map_or_else(String::new, |failure| format!(": {}", failure.message));
    format!("{} {}{progress}, {} batches{}{why}", proof.id, state(proof), proof.batches, took(proof))
}

fn took(proof: &Proof) -> String {
    let time = |at: &Option<_>| at.and_then(|at| SystemTime::try_from(at).ok());
    let (Some(began), ended) = (time(&proof.accept_time), time(&proof.end_time)) else {
        return String::new();
    };
    let took = ended.unwrap_or_else(SystemTime::now).duration_since(began).unwrap_or_default();
    format!(", {:.1} s", took.as_secs_f64())
}

fn describe(proof: &Proof) -> Value {
    let artifact = |artifact: &aludel_sdk::Artifact| json!({ "id": artifact.id, "bytes": artifact.size });
    json!({
        "id": proof.id,
        "chain_id": proof.spec.as_ref().map(|spec| spec.chain_id),
        "state": state(proof),
        "progress": proof.progress.as_ref().map(|progress| json!({
            "stage": progress.stage().as_str_name().trim_start_matches("STAGE_").to_lowercase(),
            "done": progress.done,
            "total": progress.total,
        })),
        "batches": proof.batches,
        "input_sealed": proof.input_sealed,
        "failure": proof.failure.as_ref().map(|failure| json!({
            "class": failure.class().as_str_name().trim_start_matches("FAILURE_CLASS_").to_lowercase(),
            "retryable": failure.retryable,
            "message": failure.message,
            "trace_id": failure.trace_id,
        })),
        "artifacts": proof.artifacts.iter().map(artifact).collect::<Vec<_>>(),
        "receipt": proof.receipt.as_ref().map(artifact),
    })
}
