//! `aludel verify-claim`: whether a claim holds under a statement.

use aludel_protocol::Withdrawal;
use aludel_verifier::verify::check_statement;

use crate::cli::VerifyClaim;
use crate::exit::{Failure, Kind, OrFail};
use crate::files::Place;
use crate::formats;

/// Runs the command.
pub fn run(args: &VerifyClaim) -> Result<(), Failure> {
    let claim = formats::claim(&args.claim, &args.claim.read()?)?;
    let statement = formats::statement(&args.statement, &args.statement.read()?)?;
    check_statement(&statement).or_fail(Kind::NotAccepted, &args.statement)?;
    claim.verify(&statement).or_fail(Kind::NotAccepted, &args.claim)?;
    eprintln!("note: that the statement is proven, `aludel verify` says");
    let (own, begins) = (claim.header.number, statement.prev.number);
    if own <= begins {
        eprintln!(
            "note: batch {own} is none of those that the statement is of, which come after batch {begins}: the claim \
             rests on the statement's beginning; make sure that a proven statement of your chain ends there"
        );
    }
    let Withdrawal { number, index, token, amount, to } = claim.withdrawal;
    let chain = statement.chain_id;
    let text = format!(
        "holds: withdrawal {index} of batch {number} of chain {chain} pays {amount} of token {token} to {to}\n"
    );
    Place::Stream.write(text.as_bytes())
}
