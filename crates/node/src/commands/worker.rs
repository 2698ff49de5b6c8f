//! `aludel worker`: a process that proves for a service, over its standard input and output.

use std::io;

use aludel_service::worker::prove::OnProcessor;
use aludel_service::worker::serve::serve;

use crate::exit::{Failure, Kind, OrFail};

/// Runs the command. It ends when its input does, whatever it is doing then.
pub fn run() -> Result<(), Failure> {
    let craft = OnProcessor::new().or_fail(Kind::Bug, "keys")?;
    serve(craft, io::stdin().lock(), io::stdout()).or_fail(Kind::Usage, "the service")?;
    // Threads that still prove end with the process.
    std::process::exit(0)
}
