//! Keeping what clients bring, on one thread for all: who comes while others are written is written with the next, and nobody's thread waits.

use std::sync::mpsc::{self, Sender};
use std::thread;

use aludel_scheduler::artifacts::{ArtifactError, Artifacts, Pin, Room};
use tokio::sync::oneshot;

use crate::guard::guarded;

/// Bytes that are written together, but for what comes last.
const MOST_BYTES: usize = 1 << 23;

type Kept = Result<Vec<Pin>, ArtifactError>;

struct Asked {
    all: Vec<Vec<u8>>,
    reply: oneshot::Sender<Kept>,
}

/// Where small inputs are brought. Its thread ends with it.
pub(super) struct Keeper(Sender<Asked>);

impl Keeper {
    pub fn start(artifacts: Artifacts) -> std::io::Result<Self> {
        let (sender, asked) = mpsc::channel::<Asked>();
        thread::Builder::new().name("keeper".into()).spawn(move || {
            while let Ok(first) = asked.recv() {
                let mut bytes = first.all.iter().map(Vec::len).sum::<usize>();
                let mut round = vec![first];
                while bytes < MOST_BYTES
                    && let Ok(next) = asked.try_recv()
                {
                    bytes += next.all.iter().map(Vec::len).sum::<usize>();
                    round.push(next);
                }
                // After a panic those of this round are told that there is no answer, and the next go on.
                let _ = guarded(|| keep(&artifacts, round));
            }
        })?;
        Ok(Self(sender))
    }

    /// Keeps all of these, or none.
    pub async fn keep(&self, all: Vec<Vec<u8>>) -> Option<Kept> {
        let (reply, kept) = oneshot::channel();
        self.0.send(Asked { all, reply }).ok()?;
        kept.await.ok()
    }
}

fn keep(artifacts: &Artifacts, round: Vec<Asked>) {
    let mut all = Vec::new();
    let mut replies = Vec::new();
    for Asked { all: more, reply } in round {
        replies.push((more.len(), reply));
        all.extend(more);
    }
    let mut kept = artifacts.put_all(&all, Room::Input).into_iter();
    for (count, reply) in replies {
        let _ = reply.send(kept.by_ref().take(count).collect());
    }
    artifacts.tidy();
}
