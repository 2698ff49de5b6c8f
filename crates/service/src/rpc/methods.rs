//! The methods, each in a line or two: what they do lies beside this.

use aludel_proto::prover_v1::prover_server::Prover;
use aludel_proto::prover_v1::{
    CancelProofRequest, CancelProofResponse, EstimateProofRequest, EstimateProofResponse, GetArtifactRequest,
    GetArtifactResponse, GetCapabilitiesRequest, GetCapabilitiesResponse, GetProofRequest, GetProofResponse,
    ListProofsRequest, ListProofsResponse, PushInputRequest, PushInputResponse, SubmitProofRequest,
    SubmitProofResponse, VerifyProofRequest, VerifyProofResponse, WaitProofRequest, WaitProofResponse,
    WatchProofRequest, WatchProofResponse,
};
use tonic::{Request, Response, Status, Streaming};

use super::reason::Refused;
use super::stream::Messages;
use super::trace::Trace;
use super::{MOST_WAIT, Service, proof};

type Answer<T> = Result<Response<T>, Status>;

/// Answers a request; a refusal is told with the call's trace.
async fn answer<Q, A, F>(request: Request<Q>, work: impl FnOnce(Q, Trace) -> F) -> Answer<A>
where
    F: Future<Output = Result<A, Refused>>,
{
    let trace = Trace::of(&request);
    let done = work(request.into_inner(), trace.clone()).await;
    done.map(Response::new).map_err(|refused| refused.status(&trace))
}

#[tonic::async_trait]
impl Prover for Service {
    type WatchProofStream = Messages<WatchProofResponse>;
    type GetArtifactStream = Messages<GetArtifactResponse>;

    async fn get_capabilities(
        &self,
        request: Request<GetCapabilitiesRequest>,
    ) -> Answer<GetCapabilitiesResponse> {
        answer(request, async |_, _| Ok(self.capabilities())).await
    }

    async fn estimate_proof(&self, request: Request<EstimateProofRequest>) -> Answer<EstimateProofResponse> {
        answer(request, async |request, _| self.estimate(&request)).await
    }

    async fn submit_proof(&self, request: Request<SubmitProofRequest>) -> Answer<SubmitProofResponse> {
        answer(request, async |request, trace| self.submit(request, &trace).await).await
    }

    async fn push_input(&self, request: Request<Streaming<PushInputRequest>>) -> Answer<PushInputResponse> {
        answer(request, |stream, _| self.push(stream)).await
    }

    async fn get_proof(&self, request: Request<GetProofRequest>) -> Answer<GetProofResponse> {
        let get = async |request: GetProofRequest, _| {
            let known = self.known(request.id.parse()?).await?;
            Ok(GetProofResponse { proof: Some(known.proof()) })
        };
        answer(request, get).await
    }

    async fn list_proofs(&self, request: Request<ListProofsRequest>) -> Answer<ListProofsResponse> {
        answer(request, |request, _| self.list(request)).await
    }

    async fn wait_proof(&self, request: Request<WaitProofRequest>) -> Answer<WaitProofResponse> {
        let wait = async |request: WaitProofRequest, _| {
            let most = request.timeout.as_ref().map_or(Ok(MOST_WAIT), proof::duration)?;
            let proof = self.wait_for(request.id.parse()?, most.min(MOST_WAIT)).await?;
            Ok(WaitProofResponse { proof: Some(proof) })
        };
        answer(request, wait).await
    }

    async fn watch_proof(&self, request: Request<WatchProofRequest>) -> Answer<Self::WatchProofStream> {
        let watch = async |request: WatchProofRequest, trace| {
            self.watch(request.id.parse()?, request.from_event, trace).await
        };
        answer(request, watch).await
    }

    async fn cancel_proof(&self, request: Request<CancelProofRequest>) -> Answer<CancelProofResponse> {
        let cancel = async |request: CancelProofRequest, _| {
            let proof = self.cancel(request.id.parse()?).await?;
            Ok(CancelProofResponse { proof: Some(proof) })
        };
        answer(request, cancel).await
    }

    async fn get_artifact(&self, request: Request<GetArtifactRequest>) -> Answer<Self::GetArtifactStream> {
        let get = async |request: GetArtifactRequest, trace| {
            self.send_artifact(request.id.parse()?, request.offset, trace).await
        };
        answer(request, get).await
    }

    async fn verify_proof(&self, request: Request<VerifyProofRequest>) -> Answer<VerifyProofResponse> {
        answer(request, |request, _| self.verify(request)).await
    }
}
