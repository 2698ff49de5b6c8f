//! `aludel worker`: a process that proves for a service, over its standard input and output.

use std::io;

use aludel_service::worker::prove::OnProcessor;
use aludel_service::worker::serve::serve;

use tokio::signal::unix::{SignalKind, signal};

use crate::exit::{Failure, Kind, OrFail};

/// Runs the command. It ends when its input does, whatever it is doing then.
pub fn run() -> Result<(), Failure> {
    // A service manager tells every process of the service to end. The server decides when its workers do.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.or_fail(Kind::Usage, "signals")?;
    let _entered = runtime.enter();
    let _ignored = [SignalKind::terminate(), SignalKind::interrupt()]
        .map(signal)
        .into_iter()
        .collect::<Result<Vec<_>, _>>()
        .or_fail(Kind::Usage, "signals")?;
    let craft = OnProcessor::new().or_fail(Kind::Bug, "keys")?;
    serve(craft, io::stdin().lock(), io::stdout()).or_fail(Kind::Usage, "the service")?;
    // Threads that still prove end with the process.
    std::process::exit(0)
}
