//! Batches on their way in: with a request, or by a stream.

use aludel_proto::prover_v1::push_input_request::Part;
use aludel_proto::prover_v1::{
    InputBatch, InputBegin, ProofSpec, PushInputRequest, PushInputResponse, SubmitProofRequest,
    SubmitProofResponse,
};
use aludel_protocol::ChainId;
use aludel_scheduler::artifacts::Pin;
use aludel_scheduler::{Answer, ArtifactId, Batch, IdempotencyKey, Input, JobId, Request};
use tokio::time::timeout;
use tonic::Streaming;

use super::proof::{self, Known, asked, judged, keep, no_proof};
use super::reason::{Reason, Refused};
use super::trace::Trace;
use super::{Service, blocking, units, unpanicked};
use crate::guard::guarded;

/// Batches of a submit that together are no larger are read at once, where they come.
const SMALL_BYTES: usize = 1 << 17;

/// Batches that are kept, and what keeps them until a record does.
#[derive(Default)]
struct Kept {
    batches: Vec<Batch>,
    pins: Vec<Pin>,
}

impl Service {
    pub(super) async fn submit(
        &self,
        request: SubmitProofRequest,
        trace: &Trace,
    ) -> Result<SubmitProofResponse, Refused> {
        let SubmitProofRequest { spec, idempotency_key, batches, more_input } = request;
        let spec: ProofSpec = spec.ok_or_else(|| Refused::new(Reason::NoSpec, "there is no spec"))?;
        let asked = asked(&spec, &self.coordinator)?;
        let id = IdempotencyKey::new(idempotency_key)?.job(asked.chain);
        self.check_count(batches.len())?;
        batches.iter().try_for_each(|batch| self.check_size(batch.len() as u64))?;
        let Kept { batches, pins } = self.keep_all(asked.chain, batches).await?;
        let request = Request {
            chain: asked.chain,
            target: asked.target,
            keys: self.coordinator.judge().keys(),
            deadline: asked.deadline,
            priority: asked.priority,
            trace: trace.bytes(),
            batches,
            is_sealed: !more_input,
        };
        let existed = match self.coordinator.ask(Input::Submit { job: id, request }, pins).await? {
            Answer::Refused(refusal) => return Err(refusal.into()),
            answer => answer == Answer::Already,
        };
        // What was just written is in memory: reading it waits for no disk.
        let known = if existed { self.known(id).await? } else { Known::read(&self.coordinator, id)? };
        Ok(SubmitProofResponse { proof: Some(known.proof()), existed })
    }

    /// Judges and keeps the batches of a submit: small ones without a thread of their own, which would take longer to wake than they take to be read.
    async fn keep_all(&self, chain: ChainId, batches: Vec<Vec<u8>>) -> Result<Kept, Refused> {
        let coordinator = self.coordinator.clone();
        if batches.iter().map(Vec::len).sum::<usize>() > SMALL_BYTES {
            return blocking(move || {
                let mut kept = Kept::default();
                for bytes in &batches {
                    let (batch, pin) = keep(&coordinator, chain, bytes)?;
                    kept.batches.push(batch);
                    kept.pins.push(pin);
                }
                Ok(kept)
            })
            .await;
        }
        let judge = || batches.iter().map(|bytes| judged(&coordinator, chain, bytes)).collect();
        let numbers: Vec<_> = unpanicked(guarded(judge))?;
        let pins = self.coordinator.keep_inputs(batches).await?;
        let batches = numbers.into_iter().zip(&pins).map(|(number, pin)| proof::kept(number, pin)).collect();
        Ok(Kept { batches, pins })
    }

    pub(super) async fn push(
        &self,
        mut stream: Streaming<PushInputRequest>,
    ) -> Result<PushInputResponse, Refused> {
        let _permit = self.stream()?;
        let begin = match self.part(&mut stream).await? {
            Some(Part::Begin(begin)) => begin,
            _ => return Err(Refused::new(Reason::StreamOrder, "the stream does not start with `begin`")),
        };
        let InputBegin { id, segment, seal } = begin;
        let id: JobId = id.parse()?;
        let chain = self.known(id).await?.job.request().chain;
        let mut kept = Kept::default();
        while let Some(part) = self.part(&mut stream).await? {
            let Part::Batch(batch) = part else {
                let message = "a part comes where `batch` must: data of no batch, or a second `begin`";
                return Err(Refused::new(Reason::StreamOrder, message));
            };
            self.check_count(kept.batches.len() + 1)?;
            let (batch, pin) = self.receive(&mut stream, chain, &batch).await?;
            kept.batches.push(batch);
            kept.pins.push(pin);
        }
        let existed = self.add(id, segment, seal, kept).await?;
        Ok(PushInputResponse { proof: Some(self.known(id).await?.proof()), existed })
    }

    /// The next part of a stream; nothing at its end.
    async fn part(&self, stream: &mut Streaming<PushInputRequest>) -> Result<Option<Part>, Refused> {
        let patience = self.limits.patience;
        let message = tokio::select! {
            message = timeout(patience, stream.message()) => message,
            () = self.closing() => return Err(Refused::new(Reason::Stopping, "the service is about to stop")),
        };
        let slow = || format!("the client sent nothing for {} s", patience.as_secs());
        let message = message.map_err(|_| Refused::new(Reason::TooSlow, slow()))?;
        match message.map_err(|status| Refused::of_transport(&status))? {
            None => Ok(None),
            Some(PushInputRequest { part: Some(part) }) => Ok(Some(part)),
            Some(PushInputRequest { part: None }) => Err(Refused::new(
                Reason::Malformed,
                "a message of the stream has no part that this version knows",
            )),
        }
    }

    /// The bytes of one batch; no more than it has lie in memory.
    async fn receive(
        &self,
        stream: &mut Streaming<PushInputRequest>,
        chain: ChainId,
        batch: &InputBatch,
    ) -> Result<(Batch, Pin), Refused> {
        self.check_size(batch.size)?;
        let bad = |_| Refused::new(Reason::Malformed, "the SHA-256 of a batch is not 32 bytes");
        let id = ArtifactId(<[u8; 32]>::try_from(batch.sha256.as_slice()).map_err(bad)?);
        let room = timeout(self.limits.patience, self.arriving.acquire_many(units(batch.size))).await;
        let _room = room.map_err(|_| {
            let message = "the batches that arrive at present take all of the memory that there is for them";
            Refused::new(Reason::TooManyStreams, message)
        })?;
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < batch.size {
            let have = bytes.len();
            let data = match self.part(stream).await? {
                Some(Part::Data(data)) => data,
                Some(_) => {
                    let message =
                        format!("a part comes where data must: {have} of {} bytes are there", batch.size);
                    return Err(Refused::new(Reason::StreamOrder, message));
                }
                None => {
                    let message =
                        format!("the stream ends after {have} of the {} bytes of a batch", batch.size);
                    return Err(Refused::new(Reason::StreamCut, message));
                }
            };
            if data.len() as u64 > batch.size - have as u64 {
                let message = format!("more data comes than the {} bytes of the batch", batch.size);
                return Err(Refused::new(Reason::StreamOrder, message));
            }
            bytes.extend_from_slice(&data);
        }
        let coordinator = self.coordinator.clone();
        blocking(move || {
            let found = ArtifactId::of(&bytes);
            if found != id {
                let message = format!("a batch has the SHA-256 {found}, not {id}");
                return Err(Refused::new(Reason::BatchDigest, message));
            }
            keep(&coordinator, chain, &bytes)
        })
        .await
    }

    /// Whether it was there already.
    async fn add(&self, id: JobId, segment: u32, seal: bool, kept: Kept) -> Result<bool, Refused> {
        let Kept { batches, pins } = kept;
        let mut existed = seal && batches.is_empty();
        if !existed {
            let input = Input::AddInput { job: id, segment, batches: batches.clone() };
            existed = match self.coordinator.ask(input, pins).await? {
                Answer::Refused(refusal) => return Err(refusal.into()),
                Answer::NotLive => self.was_added(id, segment, &batches).await?,
                answer => answer == Answer::Already,
            };
        }
        if seal {
            existed &= match self.coordinator.ask(Input::SealInput { job: id }, Vec::new()).await? {
                Answer::Refused(refusal) => return Err(refusal.into()),
                Answer::NotLive => self.was_sealed(id).await?,
                answer => answer == Answer::Already,
            };
        }
        Ok(existed)
    }

    /// Of a job that has ended: whether this segment was part of its input.
    async fn was_added(&self, id: JobId, segment: u32, batches: &[Batch]) -> Result<bool, Refused> {
        let known = self.known(id).await?;
        let there = known.job.segments().get(segment as usize);
        match there.is_some_and(|there| there.batches == batches) {
            true => Ok(true),
            false => Err(ended(&known)),
        }
    }

    async fn was_sealed(&self, id: JobId) -> Result<bool, Refused> {
        let known = self.known(id).await?;
        if known.job.is_sealed() { Ok(true) } else { Err(ended(&known)) }
    }

    fn check_size(&self, size: u64) -> Result<(), Refused> {
        let most = self.limits.batch_bytes;
        if size <= most {
            return Ok(());
        }
        let message = format!("a batch has {size} bytes, and this server takes {most}");
        Err(Refused::new(Reason::BatchTooLarge, message))
    }

    fn check_count(&self, count: usize) -> Result<(), Refused> {
        let most = self.coordinator.options().policy.most_batches;
        match count <= most {
            true => Ok(()),
            false => Err(aludel_scheduler::machine::Refusal::TooManyBatches { most }.into()),
        }
    }
}

/// Why an input is refused that came for a job that is not live.
fn ended(known: &Known) -> Refused {
    match known.job.end() {
        Some(_) => {
            Refused::new(Reason::Ended, format!("proof {} has ended and takes no more input", known.id))
        }
        // Between the answer and this look it cannot have come into being.
        None => no_proof(known.id),
    }
}
