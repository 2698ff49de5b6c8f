//! What happens to a proof, event by event, across broken connections.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use aludel_proto::prover_v1::WatchProofRequest;
use tokio::sync::mpsc;
use tokio_stream::Stream;

use crate::client::{Client, has_ended};
use crate::error::Error;
use crate::{Update, retries::Tries};

/// Updates that wait for one who does not ask for them.
const AHEAD: usize = 16;

/// The updates of a proof: each event once and in order, then nothing more when the proof has ended. An error is the last thing that comes. Who drops it
/// does not watch any more.
#[derive(Debug)]
pub struct Watch {
    updates: mpsc::Receiver<Result<Update, Error>>,
}

impl Stream for Watch {
    type Item = Result<Update, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.updates.poll_recv(context)
    }
}

impl Watch {
    /// The next update; nothing when the proof has ended.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn next(&mut self) -> Result<Option<Update>, Error> {
        self.updates.recv().await.transpose()
    }
}

impl Client {
    /// Tells everything that happens to a proof, from the event of this number on, until it has ended. When the connection breaks it is made anew and goes
    /// on behind the last event. Runs on the runtime that this is called on.
    pub fn watch(&self, id: &str, from_event: u32) -> Watch {
        let (sender, updates) = mpsc::channel(AHEAD);
        let watching =
            Watching { client: self.clone(), id: id.into(), next: from_event, tries: self.retries.begin() };
        tokio::spawn(async move {
            let closed = sender.clone();
            tokio::select! {
                done = watching.run(&sender) => if let Err(error) = done {
                    let _ = sender.send(Err(error)).await;
                },
                () = closed.closed() => {}
            }
        });
        Watch { updates }
    }
}

/// A stream that was open for so long worked.
const LASTED: Duration = Duration::from_secs(20);

struct Watching {
    client: Client,
    id: String,
    /// Number of the first event that has not come.
    next: u32,
    tries: Tries,
}

type Sender = mpsc::Sender<Result<Update, Error>>;

impl Watching {
    async fn run(mut self, sender: &Sender) -> Result<(), Error> {
        loop {
            match self.read(sender).await {
                Ok(()) => return Ok(()),
                Err(error) => self.tries.failed(error).await?,
            }
        }
    }

    /// One stream, until the proof has ended or the stream breaks.
    async fn read(&mut self, sender: &Sender) -> Result<(), Error> {
        let request = WatchProofRequest { id: self.id.clone(), from_event: self.next };
        let mut stream = self.client.prover.clone().watch_proof(request).await?.into_inner();
        let opened = Instant::now();
        loop {
            let update = match stream.message().await {
                Ok(Some(update)) => update,
                Ok(None) => break,
                Err(broken) => {
                    // Something between here and there ends streams on which nothing comes: that is no failure of the server.
                    if opened.elapsed() >= LASTED {
                        self.tries.succeeded();
                    }
                    return Err(broken.into());
                }
            };
            let number = update.event.as_ref().ok_or(Error::Answer { what: "event" })?.number;
            if number != self.next {
                return Err(Error::Answer { what: "event in order" });
            }
            self.next = number.saturating_add(1);
            self.tries.succeeded();
            let is_last = has_ended(update.state());
            if sender.send(Ok(update)).await.is_err() || is_last {
                return Ok(());
            }
        }
        // Nothing comes behind the end.
        let proof = self.client.get(&self.id).await?;
        match has_ended(proof.state()) && self.next >= proof.next_event {
            true => Ok(()),
            false => Err(Error::Ended { next: self.next }),
        }
    }
}
