//! `aludel submit`: sealed batches to a service.

use std::time::SystemTime;

use aludel_protocol::{BatchNumber, ChainId};
use aludel_sdk::{Client, Priority, State, SubmitOptions, Submitted, Target};
use sha2::{Digest as _, Sha256};

use super::fetch::{self, Due};
use super::{block_on, connect, failure, state, watch};
use crate::cli;
use crate::config::Patience;
use crate::exit::{Failure, Kind, OrFail};
use crate::files::Place;
use crate::formats;

/// Runs the command.
pub fn run(args: &cli::Submit) -> Result<(), Failure> {
    if let Some(output) = &args.output {
        fetch::check_writable(output, args.target == cli::Target::Shards)?;
    }
    let Input { chain, first, last, batches } = read(&args.batches)?;
    let options = options(args, chain, &batches)?;
    // What is fetched must be of what was given, whatever the server says that it is.
    let due = Due { chain: Some(chain), target: Some(options.target), batches: Some((first, last)) };
    block_on(async {
        let client = connect(&args.service).await?;
        let submitted = client.submit(&options, batches).await;
        let Submitted { proof, existed } = submitted.map_err(|e| failure(&e, "submit"))?;
        if existed {
            eprintln!("note: it was asked for before, and is {}", state(&proof));
            if matches!(proof.state(), State::Failed | State::Cancelled | State::Expired) {
                let what =
                    format!("proof {} has ended without a result; name another --key to try again", proof.id);
                return Err(Failure::new(Kind::Refused, what));
            }
        }
        Place::Stream.write(format!("{}\n", proof.id).as_bytes())?;
        if args.wait { wait(&client, &proof.id, args, due).await } else { Ok(()) }
    })
}

async fn wait(client: &Client, id: &str, args: &cli::Submit, due: Due) -> Result<(), Failure> {
    watch::until_end(client, id).await?;
    match &args.output {
        Some(output) => fetch::fetch(client, id, output, due).await,
        None => Ok(()),
    }
}

fn options(args: &cli::Submit, chain: ChainId, batches: &[Vec<u8>]) -> Result<SubmitOptions, Failure> {
    let target = match args.target {
        cli::Target::Root => Target::Root,
        cli::Target::Shards => Target::Shards,
    };
    let key = args.key.clone().unwrap_or_else(|| key(args.target, batches));
    let mut options = SubmitOptions::new(chain.0, target, key);
    options.priority = match args.priority {
        cli::Priority::High => Priority::High,
        cli::Priority::Normal => Priority::Normal,
        cli::Priority::Low => Priority::Low,
    };
    if let Some(within) = &args.within {
        let Patience(within) = within.parse().or_fail(Kind::Usage, "--within")?;
        options.deadline = SystemTime::now().checked_add(within);
    }
    Ok(options)
}

/// The same batches are the same proof, whoever asks for them and however often.
fn key(target: cli::Target, batches: &[Vec<u8>]) -> String {
    let mut hash = Sha256::new_with_prefix(format!("aludel submit {target:?}"));
    for batch in batches {
        hash.update(Sha256::digest(batch));
    }
    hex::encode(hash.finalize())
}

/// Batches in order.
struct Input {
    chain: ChainId,
    first: BatchNumber,
    last: BatchNumber,
    batches: Vec<Vec<u8>>,
}

fn read(places: &[Place]) -> Result<Input, Failure> {
    let mut input: Option<Input> = None;
    for place in formats::in_order(places)? {
        let bytes = place.read()?;
        let batch = formats::batch(place, &bytes)?;
        let (found, number) = (batch.chain_id, batch.batch.header.number);
        let all = input.get_or_insert_with(|| Input {
            chain: found,
            first: number,
            last: number,
            batches: Vec::new(),
        });
        let expected = all.chain;
        if found != expected {
            let what = format!(
                "{place}: is of chain {found}, the batches before it of chain {expected}; submit each chain by itself"
            );
            return Err(Failure::new(Kind::Usage, what));
        }
        all.last = number;
        all.batches.push(bytes);
    }
    input.ok_or_else(|| Failure::new(Kind::Usage, "no batch was given"))
}
