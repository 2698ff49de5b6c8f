//! Asking for a proof, however large its input is.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aludel_proto::prover_v1::push_input_request::Part;
use aludel_proto::prover_v1::{
    InputBatch, InputBegin, Priority, Proof, ProofSpec, PushInputRequest, SubmitProofRequest, Target,
};
use sha2::{Digest as _, Sha256};

use crate::client::Client;
use crate::error::Error;

/// Bytes of batches that go with a request: every server takes such a message.
const INLINE: usize = 1 << 20;
/// Bytes of the pieces of a stream.
const PIECE: usize = 1 << 18;
/// How long a segment may take.
const PUSH: Duration = Duration::from_secs(1800);
/// Bytes of a segment, after which the next one begins: what is brought again when a stream breaks off.
const SEGMENT: usize = 32 << 20;

/// What is asked for, but for its batches.
#[derive(Clone, Debug, PartialEq)]
pub struct SubmitOptions {
    /// The rollup.
    pub chain: u64,
    /// What the proof ends with.
    pub target: Target,
    /// Your name for this proof, 1 to 128 bytes, the same whenever you ask for it: with it a submit can be repeated, by this process or by another after a
    /// crash, and is never proven twice.
    pub key: String,
    /// When the proof ends if nothing else has ended it; a day from now where there is none.
    pub deadline: Option<SystemTime>,
    /// What goes before what.
    pub priority: Priority,
    /// Root of the set of keys that the proof is to name, 32 bytes, where the prover is to be held to it: that of the verifier on L1.
    pub key_set: Option<[u8; 32]>,
}

impl SubmitOptions {
    /// With the server's deadline, and normal priority.
    pub fn new(chain: u64, target: Target, key: impl Into<String>) -> Self {
        let (deadline, priority, key_set) = (None, Priority::Normal, None);
        Self { chain, target, key: key.into(), deadline, priority, key_set }
    }
}

/// A proof that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Submitted {
    /// As it was when all of its input had arrived.
    pub proof: Proof,
    /// It was there already.
    pub existed: bool,
}

impl Client {
    /// Asks for a proof of sealed batches, in order, each the bytes of its file. What does not fit a message is brought by streams. After an error the same
    /// call goes on where it broke off.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn submit(&self, options: &SubmitOptions, batches: Vec<Vec<u8>>) -> Result<Submitted, Error> {
        let is_small = batches.iter().map(Vec::len).sum::<usize>() <= INLINE;
        let (inline, rest) = if is_small { (batches, Vec::new()) } else { (Vec::new(), batches) };
        let request = SubmitProofRequest {
            spec: Some(spec(options)),
            idempotency_key: options.key.clone(),
            batches: inline,
            more_input: !rest.is_empty(),
        };
        let call = || async { self.prover.clone().submit_proof(request.clone()).await };
        let answer = self.retries.call(call).await?;
        let mut proof = answer.proof.ok_or(Error::Answer { what: "proof" })?;
        let mut segments = segments(rest).into_iter().zip(0..).peekable();
        while let Some((batches, segment)) = segments.next() {
            let begin = InputBegin { id: proof.id.clone(), segment, seal: segments.peek().is_none() };
            let batches: Arc<[Vec<u8>]> = batches.into();
            let call = || async {
                let parts = parts(begin.clone(), Arc::clone(&batches));
                self.prover.clone().push_input(tokio_stream::iter(parts)).await
            };
            proof =
                self.retries.call_within(PUSH, call).await?.proof.ok_or(Error::Answer { what: "proof" })?;
        }
        Ok(Submitted { proof, existed: answer.existed })
    }
}

fn spec(options: &SubmitOptions) -> ProofSpec {
    ProofSpec {
        chain_id: options.chain,
        target: options.target.into(),
        key_set: options.key_set.map_or_else(Vec::new, |root| root.to_vec()),
        deadline: options.deadline.map(Into::into),
        priority: options.priority.into(),
    }
}

/// Batches in groups: the same batches, the same groups, so that a submit that is repeated brings the same segments.
fn segments(batches: Vec<Vec<u8>>) -> Vec<Vec<Vec<u8>>> {
    let mut segments: Vec<Vec<Vec<u8>>> = Vec::new();
    let mut bytes = SEGMENT;
    for batch in batches {
        if bytes >= SEGMENT {
            segments.push(Vec::new());
            bytes = 0;
        }
        bytes += batch.len();
        if let Some(segment) = segments.last_mut() {
            segment.push(batch);
        }
    }
    segments
}

/// The messages of a stream, each made when it is its turn.
fn parts(
    begin: InputBegin,
    batches: Arc<[Vec<u8>]>,
) -> impl Iterator<Item = PushInputRequest> + Send + 'static {
    let count = batches.len();
    let of_batch = move |number: usize| {
        let batches = Arc::clone(&batches);
        let size = batches[number].len();
        let sha256 = Sha256::digest(&batches[number]).to_vec();
        let head = Part::Batch(InputBatch { size: size as u64, sha256 });
        let piece = move |at: usize| Part::Data(batches[number][at..size.min(at + PIECE)].to_vec());
        std::iter::once(head).chain((0..size).step_by(PIECE).map(piece))
    };
    let parts = std::iter::once(Part::Begin(begin)).chain((0..count).flat_map(of_batch));
    parts.map(|part| PushInputRequest { part: Some(part) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_of_whole_batches_in_order() {
        let batches = |sizes: &[usize]| sizes.iter().map(|size| vec![1; *size]).collect::<Vec<_>>();
        let sizes = |segments: Vec<Vec<Vec<u8>>>| -> Vec<Vec<usize>> {
            segments.iter().map(|segment| segment.iter().map(Vec::len).collect()).collect()
        };
        assert!(segments(Vec::new()).is_empty());
        assert_eq!(sizes(segments(batches(&[5, 6]))), [[5, 6]]);
        let large = [SEGMENT + 1, 2, SEGMENT - 3, 1, 7];
        assert_eq!(sizes(segments(batches(&large))), [vec![SEGMENT + 1], vec![2, SEGMENT - 3, 1], vec![7]]);
    }

    #[test]
    fn streams_are_what_the_protocol_says() {
        let begin = InputBegin { id: "x".into(), segment: 3, seal: true };
        let batches: Arc<[Vec<u8>]> = vec![vec![1; PIECE + 1], Vec::new(), vec![2; 3]].into();
        let mut parts =
            parts(begin.clone(), Arc::clone(&batches)).map(|message| message.part.expect("a part"));
        assert_eq!(parts.next(), Some(Part::Begin(begin)));
        for batch in batches.iter() {
            let head = InputBatch { size: batch.len() as u64, sha256: Sha256::digest(batch).to_vec() };
            assert_eq!(parts.next(), Some(Part::Batch(head)));
            for piece in batch.chunks(PIECE) {
                assert_eq!(parts.next(), Some(Part::Data(piece.to_vec())));
            }
        }
        assert_eq!(parts.next(), None);
    }
}
