//! Commands that speak to a service.

pub mod cancel;
pub mod fetch;
pub mod status;
pub mod submit;
pub mod watch;

use std::future::Future;

use aludel_sdk::{Client, Error, Proof, Retries, State};
use tonic::Code;

use crate::cli::Endpoint;
use crate::config::{self, Config};
use crate::exit::{Failure, Kind, OrFail};

/// Runs a call to completion.
fn block_on<T>(call: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.or_fail(Kind::Usage, "threads")?.block_on(call)
}

/// The service of a command. It is waited for: a service that is started again is the same one.
async fn connect(service: &Endpoint) -> Result<Client, Failure> {
    let config = Config::load(None, &[(config::ENDPOINT, service.endpoint.clone())])?;
    let endpoint = config.value(config::ENDPOINT);
    // About five minutes, as the help says.
    let retries = Retries { tries: 84, ..Retries::default() };
    let named = |error: Error| failure(&error, &format!("{} ({})", endpoint.text, endpoint.origin));
    // That nobody is there is said at once: it is not a service that fails in the middle.
    let once = Retries { tries: 1, ..Retries::default() };
    Client::connect_with(endpoint.text.clone(), once).await.map_err(named)?;
    let client = Client::connect_with(endpoint.text.clone(), retries).await.map_err(named)?;
    Ok(client
        .on_retry(|error, failed| waiting(error, failed).into_iter().for_each(|line| eprintln!("{line}"))))
}

/// What is said when the service does not answer any more: once, however often it is tried.
fn waiting(error: &Error, failed: u32) -> Option<String> {
    (failed == 1).then(|| format!("waiting for the service, for about five minutes: {error}"))
}

/// What a caller can do about it.
fn failure(error: &Error, place: &str) -> Failure {
    let kind = match error {
        Error::Verify(_) | Error::Artifact { .. } => Kind::NotAccepted,
        Error::Refused(refused) => match refused.code {
            Code::InvalidArgument | Code::OutOfRange => Kind::Undecodable,
            Code::AlreadyExists | Code::FailedPrecondition | Code::ResourceExhausted => Kind::Refused,
            Code::Internal | Code::DataLoss => Kind::Bug,
            _ => Kind::Usage,
        },
        Error::Endpoint { .. } | Error::Connection { .. } | Error::Ended { .. } => Kind::Usage,
        Error::Answer { .. } => Kind::Bug,
    };
    Failure::new(kind, format!("{place}: {error}"))
}

/// The name of a state.
fn state(proof: &Proof) -> String {
    name(proof.state())
}

fn name(state: State) -> String {
    state.as_str_name().trim_start_matches("STATE_").to_lowercase()
}

/// Fails where a proof ended without a result.
fn check_succeeded(proof: &Proof) -> Result<(), Failure> {
    let kind = match proof.state() {
        State::Succeeded => return Ok(()),
        State::Failed => Kind::NotAccepted,
        _ => Kind::Refused,
    };
    let why = proof.failure.as_ref().map_or_else(String::new, |failure| format!(": {}", failure.message));
    Err(Failure::new(kind, format!("proof {} is {}{why}", proof.id, state(proof))))
}
