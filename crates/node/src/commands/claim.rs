//! `aludel claim`: the claim of one withdrawal, from sealed batches or from published data and the L1 queue.

use aludel_ledger::batch::{Claims, Left};
use aludel_protocol::codec::{self, Kind as File};
use aludel_protocol::{ChainId, Withdrawal};

use super::rebuild::Public;
use crate::cli;
use crate::exit::{Failure, Kind, OrFail};
use crate::files::Place;
use crate::formats;

/// Runs the command.
pub fn run(args: &cli::Claim) -> Result<(), Failure> {
    args.output.check_writable()?;
    let wanted = |w: &Withdrawal| (w.number.0, w.index) == (args.batch, args.index);
    let mut claims = Claims::new(wanted);
    let mut public = None;
    for place in formats::in_order(&args.batches)? {
        let bytes = place.read()?;
        let left = match codec::kind_of(&bytes).or_fail(Kind::Undecodable, place)? {
            File::Pubdata => rebuilt(args, &mut public, place, &bytes)?,
            _ => formats::batch(place, &bytes)?.left().or_fail(Kind::Refused, place)?,
        };
        claims.batch(&left).or_fail(Kind::Usage, place)?;
    }
    let claim = claims.finish().pop().ok_or_else(|| nothing(args))?;
    args.output.write(&claim.to_bytes())
}

fn rebuilt(
    args: &cli::Claim,
    public: &mut Option<Public>,
    place: &Place,
    bytes: &[u8],
) -> Result<Left, Failure> {
    let public = match public {
        Some(public) => public,
        None => public.insert(begin(args)?),
    };
    Ok(public.next(place, bytes)?.into())
}

fn begin(args: &cli::Claim) -> Result<Public, Failure> {
    match (args.chain_id, &args.queue) {
        (Some(chain_id), Some(queue)) => Public::new(ChainId(chain_id), queue),
        _ => Err(Failure::new(
            Kind::Usage,
            "published data need --queue and --chain-id, sealed batches do not",
        )),
    }
}

fn nothing(args: &cli::Claim) -> Failure {
    let reason = format!(
        "no withdrawal {} of batch {} is in the files given; `aludel inspect` shows what a batch has",
        args.index, args.batch
    );
    Failure::new(Kind::Usage, reason)
}
