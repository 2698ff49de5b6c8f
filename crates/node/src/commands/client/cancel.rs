//! `aludel cancel`: a proof that is not wanted any more.

use super::{block_on, connect, failure, state};
use crate::cli::Cancel;
use crate::exit::Failure;
use crate::files::Place;

/// Runs the command.
pub fn run(args: &Cancel) -> Result<(), Failure> {
    block_on(async {
        let client = connect(&args.service).await?;
        let proof = client.cancel(&args.id).await.map_err(|e| failure(&e, &args.id))?;
        Place::Stream.write(format!("{}\n", state(&proof)).as_bytes())
    })
}
