//! Artifacts in pieces, and proofs verified.

use std::path::PathBuf;

use aludel_proto::prover_v1::verify_proof_request::Proof as Given;
use aludel_proto::prover_v1::{GetArtifactRequest, Receipt, Target, VerifyProofRequest};
use aludel_scheduler::Policy;
use aludel_service::rpc::Limits;
use aludel_service::rpc::reason::Reason;
use prost::Message as _;
use tokio_stream::StreamExt as _;
use tonic::Status;

use crate::fakes::{self, Server, limits, refused};

/// The size that is said, the bytes, and how many messages brought them.
async fn fetch(server: &mut Server, id: &str, offset: u64) -> Result<(u64, Vec<u8>, usize), Status> {
    let request = GetArtifactRequest { id: id.into(), offset };
    let mut stream = server.client.get_artifact(request).await?.into_inner();
    let size = stream.next().await.expect("a first message")?.size;
    let (mut bytes, mut messages) = (Vec::new(), 0);
    while let Some(message) = stream.next().await {
        let message = message?;
        assert!(!message.data.is_empty() && message.data.len() <= 65_536);
        bytes.extend(message.data);
        messages += 1;
    }
    Ok((size, bytes, messages))
}

#[tokio::test]
async fn artifacts_come_in_pieces_from_any_place_on() {
    let mut server = Server::start().await;
    let proof = server.prove("a", Target::Root, 3).await;
    let id = proof.artifacts[0].id.clone();
    let (whole, size) = (fakes::root(1, 3), fakes::PROOF_BYTES as u64);
    assert_eq!(fetch(&mut server, &id, 0).await.expect("is there"), (size, whole.clone(), 3));
    for offset in [1, 65_536, 149_999] {
        let (said, bytes, _) = fetch(&mut server, &id, offset).await.expect("is there");
        assert_eq!((said, &bytes[..]), (size, &whole[offset as usize..]));
    }
    assert_eq!(fetch(&mut server, &id, size).await.expect("is there"), (size, Vec::new(), 0));
    refused(fetch(&mut server, &id, size + 1).await, Reason::OffsetBehindEnd);
    refused(fetch(&mut server, &id, u64::MAX).await, Reason::OffsetBehindEnd);
    let shards = server.prove("b", Target::Shards, 2).await;
    for (artifact, number) in shards.artifacts.iter().zip(1..) {
        let (_, bytes, _) = fetch(&mut server, &artifact.id, 0).await.expect("is there");
        assert_eq!(bytes, fakes::shard(number));
    }
    let receipt = proof.receipt.expect("a receipt");
    let (size, bytes, _) = fetch(&mut server, &receipt.id, 0).await.expect("is there");
    assert_eq!(size, receipt.size);
    let receipt = Receipt::decode(bytes.as_slice()).expect("decodes");
    assert_eq!(receipt.id, proof.id);
    assert!(receipt.tasks.iter().any(|task| task.name == "prove-2"));
}

#[tokio::test]
async fn what_is_missing_or_damaged_is_said_to_be() {
    let mut server = Server::start().await;
    let proof = server.prove("a", Target::Root, 1).await;
    let id = proof.artifacts[0].id.clone();
    refused(fetch(&mut server, &"0".repeat(64), 0).await, Reason::NoArtifact);
    for bad in ["", "00", &id.to_uppercase(), &"g".repeat(64)] {
        refused(fetch(&mut server, bad, 0).await, Reason::BadId);
    }
    let file = server.folder.path().join("artifacts").join(&id);
    let mut bytes = std::fs::read(&file).expect("reads");
    bytes[100_000] ^= 1;
    std::fs::write(&file, bytes).expect("writes");
    refused(fetch(&mut server, &id, 0).await, Reason::DamagedArtifact);
    // It was removed.
    refused(fetch(&mut server, &id, 0).await, Reason::NoArtifact);
}

fn frozen(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../verifier/tests/frozen");
    std::fs::read(folder.join(name)).expect("is there")
}

#[tokio::test]
async fn proofs_are_verified() {
    let limits = Limits { message_bytes: 4 << 20, ..limits() };
    let mut server = Server::with(limits, Policy::default(), 1 << 30).await;
    let verify = |proof, chain_id| VerifyProofRequest { proof: Some(proof), chain_id };
    for name in ["root.proof", "tiny.proof"] {
        for chain in [0, 161] {
            let asked = verify(Given::Data(frozen(name)), chain);
            let answer = server.client.verify_proof(asked).await.expect("is verified").into_inner();
            let said = answer.statement.expect("a statement");
            assert_eq!((answer.accepted, answer.reason.as_str()), (true, ""));
            assert_eq!((said.chain_id, said.prev_batch, said.record.len()), (161, 0, 250));
            assert_eq!((said.prev_state_root.len(), said.next_state_root.len()), (32, 32));
        }
        let other = server.client.verify_proof(verify(Given::Data(frozen(name)), 162)).await;
        let other = other.expect("is an answer").into_inner();
        assert!(!other.accepted && other.statement.is_none() && other.reason.contains("162"), "{other:?}");
    }
    let mut damaged = frozen("root.proof");
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    for bytes in [damaged, Vec::new(), b"no proof".to_vec(), vec![0xff; 1000]] {
        let answer = server.client.verify_proof(verify(Given::Data(bytes), 0)).await.expect("is an answer");
        let answer = answer.into_inner();
        assert!(!answer.accepted && !answer.reason.is_empty() && answer.statement.is_none(), "{answer:?}");
    }
    // An artifact; the fake's proofs are none.
    let id = server.prove("a", Target::Root, 1).await.artifacts[0].id.clone();
    let answer = server.client.verify_proof(verify(Given::ArtifactId(id), 0)).await.expect("is an answer");
    assert!(!answer.into_inner().accepted);
    let missing = verify(Given::ArtifactId("0".repeat(64)), 0);
    refused(server.client.verify_proof(missing).await, Reason::NoArtifact);
    refused(server.client.verify_proof(verify(Given::ArtifactId("x".into()), 0)).await, Reason::BadId);
    refused(server.client.verify_proof(VerifyProofRequest::default()).await, Reason::NothingToVerify);
}
