//! Calls with one answer.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aludel_sdk::{Client, Error, FailureClass, Priority, Retries, State, SubmitOptions, Target};
use tonic::{Code, Status};

use crate::script::{ID, Script, client, refusal, serve};

#[tokio::test]
async fn what_passes_is_tried_again_within_bounds() {
    let script = Arc::new(Script::default());
    let client = client(serve(&script).await).await;
    script.fail([Status::unavailable("a"), refusal(Code::Unavailable, true), Status::unknown("b")]);
    assert_eq!(client.get(ID).await.expect("the fourth try").id, ID);
    assert_eq!(script.calls.lock().unwrap().len(), 4);
    script.fail((0..4).map(|_| refusal(Code::Unavailable, true)));
    let error = client.get(ID).await.expect_err("four were refused");
    assert_eq!(error.refused().map(|refused| refused.code), Some(Code::Unavailable));
    assert_eq!(script.calls.lock().unwrap().len(), 8);
    script.fail((0..4).map(|_| Status::unavailable("c")));
    let error = client.cancel(ID).await.expect_err("four broke off");
    assert!(
        matches!(&error, Error::Connection { code: Code::Unavailable, message } if message == "c"),
        "{error:?}"
    );
    assert!(error.is_retryable());
}

#[tokio::test]
async fn refusals_are_typed_and_not_repeated() {
    let script = Arc::new(Script::default());
    let client = client(serve(&script).await).await;
    for (code, is_retryable) in
        [(Code::ResourceExhausted, true), (Code::InvalidArgument, false), (Code::Unavailable, false)]
    {
        script.calls.lock().unwrap().clear();
        script.fail([refusal(code, is_retryable)]);
        let error = client.capabilities().await.expect_err("is refused");
        assert_eq!(error.is_retryable(), is_retryable);
        let text = error.to_string();
        let refused = error.refused().expect("a refusal");
        assert_eq!((refused.code, refused.number, refused.class), (code, 77, FailureClass::Capacity));
        assert_eq!((refused.message.as_str(), refused.remedy.as_str()), ("no", "do that"));
        assert_eq!(refused.trace_id, "ab".repeat(16));
        assert!(
            text.contains("77") && text.contains("do that") && text.contains(&refused.trace_id),
            "{text}"
        );
        assert_eq!(script.calls.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn endpoints_are_looked_at() {
    let retries = Retries { tries: 2, first: Duration::from_millis(1), ..Retries::default() };
    for bad in ["", "127.0.0.1:7370", "https://127.0.0.1:7370", "http://", "not an endpoint"] {
        let error = Client::connect_with(bad, retries).await.expect_err(bad);
        assert!(matches!(error, Error::Endpoint { .. }), "{bad}: {error:?}");
    }
    // A port on which nobody listens any more.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("is bound");
    drop(listener);
    let error =
        Client::connect_with(format!("http://{address}"), retries).await.expect_err("nobody is there");
    assert!(matches!(error, Error::Connection { .. }), "{error:?}");
}

#[tokio::test]
async fn a_small_input_goes_with_its_request() {
    let script = Arc::new(Script::default());
    let client = client(serve(&script).await).await;
    let options = SubmitOptions {
        deadline: Some(SystemTime::UNIX_EPOCH + Duration::from_millis(12_500)),
        priority: Priority::High,
        key_set: Some([3; 32]),
        ..SubmitOptions::new(9, Target::Shards, "key")
    };
    script.fail([Status::unavailable("lost")]);
    let submitted = client.submit(&options, vec![vec![1; 10], vec![2; 20]]).await.expect("is taken");
    assert_eq!((submitted.proof.id.as_str(), submitted.existed), (ID, false));
    let requests = script.submitted.lock().unwrap();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0], requests[1]);
    let request = &requests[0];
    let spec = request.spec.clone().expect("a spec");
    assert_eq!((spec.chain_id, spec.target(), spec.priority()), (9, Target::Shards, Priority::High));
    assert_eq!(spec.deadline, Some(prost_types::Timestamp { seconds: 12, nanos: 500_000_000 }));
    assert_eq!((request.idempotency_key.as_str(), spec.key_set), ("key", vec![3; 32]));
    assert_eq!((&request.batches, request.more_input), (&vec![vec![1; 10], vec![2; 20]], false));
    assert!(script.pushed.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_large_input_goes_in_segments() {
    let script = Arc::new(Script::default());
    let client = client(serve(&script).await).await;
    let batches = vec![vec![1; 30 << 20], vec![2; 3 << 20], vec![3; 100]];
    let options = SubmitOptions::new(9, Target::Root, "key");
    // The request, then the first segment twice.
    script.fail([Status::unavailable("lost"), Status::unavailable("lost"), Status::unknown("lost")]);
    client.submit(&options, batches.clone()).await.expect("is taken");
    let submitted = script.submitted.lock().unwrap();
    let request = submitted.last().expect("one");
    assert_eq!((request.batches.len(), request.more_input), (0, true));
    let pushed = script.pushed.lock().unwrap();
    let segments: Vec<(u32, bool, Vec<usize>)> = pushed
        .iter()
        .map(|(begin, batches)| (begin.segment, begin.seal, batches.iter().map(Vec::len).collect()))
        .collect();
    assert_eq!(segments, [(0, false, vec![30 << 20, 3 << 20]), (1, true, vec![100])]);
    assert!(pushed.iter().flat_map(|(_, batches)| batches).eq(&batches));
}

#[tokio::test]
async fn waits_go_on_and_lists_have_pages() {
    let script = Arc::new(Script { events: 1, ..Script::default() });
    let client = client(serve(&script).await).await;
    // The first two answers say that it runs.
    let proof = client.wait(ID, Duration::from_secs(60)).await.expect("ends");
    assert_eq!((proof.state(), script.calls.lock().unwrap().len()), (State::Succeeded, 3));
    script.calls.lock().unwrap().clear();
    assert_eq!(client.wait(ID, Duration::ZERO).await.expect("answers").state(), State::Running);
    let page = client.list(5, None).await.expect("lists");
    assert_eq!((page.proofs.len(), page.next.as_deref()), (1, Some("more")));
    let last = client.list(5, page.next.as_deref()).await.expect("lists");
    assert_eq!(last.next, None);
}
