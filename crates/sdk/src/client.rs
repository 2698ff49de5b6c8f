//! A connection to a prover.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aludel_proto::prover_v1::prover_client::ProverClient;
use aludel_proto::prover_v1::{
    CancelProofRequest, GetCapabilitiesRequest, GetProofRequest, ListProofsRequest, Proof, State,
    WaitProofRequest,
};
use tonic::transport::{Channel, Endpoint};

use crate::Capabilities;
use crate::error::Error;
use crate::retries::{Retries, Trying};

/// Bytes of an answer at most.
const MOST_ANSWER: usize = 64 << 20;
/// How long a connection may take to come into being.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// How often a silent connection is asked whether it lives, and how long it may take to say so.
const KEEPALIVE: Duration = Duration::from_secs(20);
const KEEPALIVE_PATIENCE: Duration = Duration::from_secs(10);
/// A server waits at most a minute at a time.
const WAIT: Duration = Duration::from_secs(55);

/// A prover, over a connection that is made anew when it breaks. Copies share it.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) prover: ProverClient<Channel>,
    pub(crate) retries: Trying,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// In order of acceptance, without artifacts.
    pub proofs: Vec<Proof>,
    /// For the next page; `None` where there is none.
    pub next: Option<String>,
}

impl Client {
    /// Connects, to something like `http://127.0.0.1:7370`.
    ///
    /// # Errors
    /// [`Error::Endpoint`], or [`Error::Connection`] when nobody answers there.
    pub async fn connect(endpoint: impl Into<String>) -> Result<Self, Error> {
        Self::connect_with(endpoint, Retries::default()).await
    }

    /// The same, with other retries.
    ///
    /// # Errors
    /// As of [`Client::connect`].
    pub async fn connect_with(endpoint: impl Into<String>, retries: Retries) -> Result<Self, Error> {
        let text = endpoint.into();
        let wrong = |reason: String| Error::Endpoint { endpoint: text.clone(), reason };
        let endpoint = Endpoint::from_shared(text.clone()).map_err(|e| wrong(e.to_string()))?;
        if endpoint.uri().scheme_str() != Some("http") {
            return Err(wrong("its scheme is not http; put a proxy that ends TLS before the prover".into()));
        }
        let endpoint = endpoint
            .connect_timeout(CONNECT_WITHIN)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEPALIVE)
            .keep_alive_timeout(KEEPALIVE_PATIENCE);
        let retries = Trying::silent(retries);
        let mut tries = retries.begin();
        let channel = loop {
            match endpoint.connect().await {
                Ok(channel) => break channel,
                Err(error) => {
                    let message =
                        std::error::Error::source(&error).map_or(error.to_string(), ToString::to_string);
                    tries.failed(Error::Connection { code: tonic::Code::Unavailable, message }).await?;
                }
            }
        };
        let prover = ProverClient::new(channel)
            .max_decoding_message_size(MOST_ANSWER)
            .max_encoding_message_size(MOST_ANSWER);
        Ok(Self { prover, retries })
    }

    /// The same client, which says so whenever a try fails that it will repeat: why, and how many have failed one after the other. It waits between two
    /// tries, so nothing else tells for how long the prover has been gone.
    #[must_use]
    pub fn on_retry(mut self, tell: impl Fn(&Error, u32) + Send + Sync + 'static) -> Self {
        self.retries.on_retry = Some(Arc::new(tell));
        self
    }

    /// What the prover can do, and its bounds.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn capabilities(&self) -> Result<Capabilities, Error> {
        let call = || async { self.prover.clone().get_capabilities(GetCapabilitiesRequest {}).await };
        self.retries.call(call).await
    }

    /// Where a proof is.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get(&self, id: &str) -> Result<Proof, Error> {
        let call = || async { self.prover.clone().get_proof(GetProofRequest { id: id.into() }).await };
        self.retries.call(call).await?.proof.ok_or(Error::Answer { what: "proof" })
    }

    /// Proofs in order of acceptance: at most `size` of them (0: as many as the server likes), behind the page whose [`Page::next`] is given.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn list(&self, size: u32, next: Option<&str>) -> Result<Page, Error> {
        let request = ListProofsRequest { page_size: size, page_token: next.unwrap_or_default().into() };
        let call = || async { self.prover.clone().list_proofs(request.clone()).await };
        let page = self.retries.call(call).await?;
        let next = Some(page.next_page_token).filter(|token| !token.is_empty());
        Ok(Page { proofs: page.proofs, next })
    }

    /// The proof when it has ended, or as it is when the time is up. That it failed is no error: see its state.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn wait(&self, id: &str, most: Duration) -> Result<Proof, Error> {
        let since = Instant::now();
        loop {
            let left = most.saturating_sub(since.elapsed()).min(WAIT);
            let request =
                WaitProofRequest { id: id.into(), timeout: prost_types::Duration::try_from(left).ok() };
            let call = || async { self.prover.clone().wait_proof(request.clone()).await };
            let proof = self.retries.call(call).await?.proof.ok_or(Error::Answer { what: "proof" })?;
            if has_ended(proof.state()) || since.elapsed() >= most {
                return Ok(proof);
            }
        }
    }

    /// Ends a proof that is not wanted any more, and tells how it is now; what has ended already is not changed.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn cancel(&self, id: &str) -> Result<Proof, Error> {
        let call = || async { self.prover.clone().cancel_proof(CancelProofRequest { id: id.into() }).await };
        self.retries.call(call).await?.proof.ok_or(Error::Answer { what: "proof" })
    }
}

/// Whether a state never changes any more.
pub(crate) const fn has_ended(state: State) -> bool {
    matches!(state, State::Succeeded | State::Failed | State::Cancelled | State::Expired)
}
