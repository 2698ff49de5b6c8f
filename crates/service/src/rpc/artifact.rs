//! Artifacts as streams, and proofs verified.

use aludel_proto::prover_v1::verify_proof_request::Proof;
use aludel_proto::prover_v1::{GetArtifactResponse, Statement, VerifyProofRequest, VerifyProofResponse};
use aludel_protocol::ChainId;
use aludel_scheduler::ArtifactId;
use aludel_verifier::{Expectations, verify};

use super::proof::bytes_of;
use super::reason::{Reason, Refused};
use super::stream::{Messages, streamed};
use super::trace::Trace;
use super::{Service, blocking};

/// Bytes of an artifact in a message.
const PIECE: usize = 64 * 1024;

impl Service {
    /// Begins to send an artifact, all of which was compared with its name.
    pub(super) async fn send_artifact(
        &self,
        id: ArtifactId,
        offset: u64,
        trace: Trace,
    ) -> Result<Messages<GetArtifactResponse>, Refused> {
        let permit = self.stream()?;
        let bytes = self.artifact(id).await?;
        let size = bytes.len() as u64;
        let from = usize::try_from(offset).ok().filter(|from| *from <= bytes.len());
        let from = from.ok_or_else(|| {
            let message = format!("artifact {id} has {size} bytes, and byte {offset} is behind its end");
            Refused::new(Reason::OffsetBehindEnd, message)
        })?;
        let service = self.clone();
        let send = |outlet: super::stream::Outlet<GetArtifactResponse>| async move {
            outlet.put(GetArtifactResponse { size, data: Vec::new() }).await?;
            for piece in bytes.get(from..).unwrap_or_default().chunks(PIECE) {
                tokio::select! {
                    put = outlet.put(GetArtifactResponse { size, data: piece.to_vec() }) => put?,
                    () = service.closing() => {
                        return Err(Refused::new(Reason::Stopping, "the service is about to stop; go on from an offset"));
                    }
                }
            }
            Ok(())
        };
        Ok(streamed(trace, permit, self.limits.patience, send))
    }

    async fn artifact(&self, id: ArtifactId) -> Result<Vec<u8>, Refused> {
        let coordinator = self.coordinator.clone();
        blocking(move || Ok(coordinator.artifact(id)?)).await
    }

    pub(super) async fn verify(&self, request: VerifyProofRequest) -> Result<VerifyProofResponse, Refused> {
        let bytes = match request.proof {
            Some(Proof::Data(data)) => data,
            Some(Proof::ArtifactId(id)) => self.artifact(id.parse()?).await?,
            None => return Err(Refused::new(Reason::NothingToVerify, "there is no proof in the request")),
        };
        let chain_id = (request.chain_id != 0).then_some(ChainId(request.chain_id));
        // As many at a time as there are processors; the others wait.
        let _turn = self.verifying.acquire().await;
        blocking(move || {
            let expectations = Expectations { chain_id, statement: None };
            Ok(match verify(&bytes, &expectations) {
                Ok(statement) => VerifyProofResponse {
                    accepted: true,
                    statement: Some(said(&statement)),
                    ..Default::default()
                },
                Err(why) => VerifyProofResponse { reason: why.to_string(), ..Default::default() },
            })
        })
        .await
    }
}

fn said(statement: &aludel_protocol::Statement) -> Statement {
    Statement {
        chain_id: statement.chain_id.0,
        prev_batch: statement.prev.number.0,
        next_batch: statement.next.number.0,
        prev_state_root: bytes_of(&statement.prev.state_root),
        next_state_root: bytes_of(&statement.next.state_root),
        record: borsh::to_vec(statement).unwrap_or_default(),
    }
}
