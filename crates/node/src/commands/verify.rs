//! `aludel verify`: whether proofs hold, follow one another and say what was expected.

use aludel_protocol::fold::{Gap, fold};
use aludel_protocol::{ChainId, Statement};
use aludel_verifier::{Expectations, VerifyError, verify};

use crate::cli::Verify;
use crate::exit::{Failure, Kind};
use crate::files::Place;
use crate::{formats, render};

/// Runs the command.
pub fn run(args: &Verify) -> Result<(), Failure> {
    let expected =
        args.statement.as_ref().map(|place| formats::statement(place, &place.read()?)).transpose()?;
    let found = verify_all(args)?;
    if let Some(expected) = expected.filter(|expected| *expected != found) {
        return Err(other_statement(&expected, &found));
    }
    if args.json {
        return render::print(&found, true);
    }
    if expected_nothing(args) {
        eprintln!(
            "note: nothing says which chain or state these batches should begin with; \
             compare the statement, or pass --statement or --chain-id"
        );
    }
    let (prev, next) = (&found.prev, &found.next);
    Place::Stream.write(
        format!(
            "verified: chain {}, batches {} to {}, state {} to {}\n",
            found.chain_id,
            u64::from(prev.number.0) + 1,
            next.number,
            prev.state_root,
            next.state_root
        )
        .as_bytes(),
    )
}

/// A proof alone binds its own beginning and nobody else's.
const fn expected_nothing(args: &Verify) -> bool {
    args.statement.is_none() && args.chain_id.is_none()
}

fn verify_all(args: &Verify) -> Result<Statement, Failure> {
    let chain_id = args.chain_id.map(ChainId);
    let mut all: Option<Statement> = None;
    for place in &args.proofs {
        let one = verify_one(place, &place.read()?, chain_id)?;
        all = Some(match &all {
            None => one,
            Some(before) => fold(before, &one).map_err(|gap| does_not_follow(place, &gap))?,
        });
    }
    all.ok_or_else(|| Failure::new(Kind::Usage, "no proof was given"))
}

/// Verifies one proof against the built-in keys.
pub fn verify_one(place: &Place, bytes: &[u8], chain_id: Option<ChainId>) -> Result<Statement, Failure> {
    let expectations = Expectations { chain_id, statement: None };
    verify(bytes, &expectations).map_err(|e| Failure::new(kind(&e), format!("{place}: {e}")))
}

/// The exit code of a proof that is refused.
pub const fn kind(error: &VerifyError) -> Kind {
    match error {
        VerifyError::Decode(_)
        | VerifyError::UnknownShape { .. }
        | VerifyError::UnknownRole { .. }
        | VerifyError::TooLong { .. }
        | VerifyError::NotCanonical => Kind::Undecodable,
        VerifyError::Key(_) => Kind::Bug,
        _ => Kind::NotAccepted,
    }
}

fn does_not_follow(place: &Place, gap: &Gap) -> Failure {
    let Gap { field, expected, found } = gap;
    let reason = format!(
        "{place}: does not follow the proof before it: {field} is {found} where that one ends at \
         {expected}; give the proofs in the order of their batches, none missing"
    );
    Failure::new(Kind::NotAccepted, reason)
}

fn other_statement(expected: &Statement, found: &Statement) -> Failure {
    let reason = format!(
        "the proofs say something else: expected statement {}, found {}; compare them with --json",
        expected.digest(),
        found.digest()
    );
    Failure::new(Kind::NotAccepted, reason)
}
