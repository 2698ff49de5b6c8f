//! Streams that break off go on.

use std::sync::Arc;
use std::time::Duration;

use aludel_sdk::{Error, Update};
use sha2::{Digest as _, Sha256};
use tokio_stream::StreamExt as _;
use tonic::{Code, Status};

use crate::script::{ID, Script, client, cutting, refusal, serve};

fn numbers(updates: &[Update]) -> Vec<u32> {
    updates.iter().map(|update| update.event.as_ref().expect("an event").number).collect()
}

#[tokio::test]
async fn a_watch_goes_on_behind_the_last_event() {
    let script = Arc::new(Script { events: 20, ..Script::default() });
    let client = client(serve(&script).await).await;
    script.breaks.lock().unwrap().extend([5, 0, 0, 7]);
    script.fail([Status::unavailable("not yet")]);
    let updates = client.watch(ID, 2).collect::<Result<Vec<_>, _>>().await.expect("no error");
    assert_eq!(numbers(&updates), (2..20).collect::<Vec<_>>());
    assert_eq!(*script.begins.lock().unwrap(), [2, 7, 7, 7, 14]);
    // Behind the end there is nothing.
    assert_eq!(client.watch(ID, 20).collect::<Vec<_>>().await.len(), 0);
}

#[tokio::test]
async fn a_watch_gives_up_when_nothing_new_comes() {
    let script = Arc::new(Script { events: 20, ..Script::default() });
    let client = client(serve(&script).await).await;
    script.breaks.lock().unwrap().extend([3, 0, 0, 0, 0, 0, 0]);
    let mut watch = client.watch(ID, 0);
    for number in 0..3 {
        assert_eq!(numbers(&[watch.next().await.expect("comes").expect("one")]), [number]);
    }
    let error = watch.next().await.expect_err("gives up");
    assert!(matches!(error, Error::Connection { code: Code::Unavailable, .. }), "{error:?}");
    assert!(watch.next().await.expect("has ended").is_none());
    // The stream of three events, and four that brought none, of which the first follows at once.
    assert_eq!(script.begins.lock().unwrap().len(), 4);
    script.breaks.lock().unwrap().clear();
    script.fail([refusal(Code::NotFound, false)]);
    let error = client.watch(ID, 0).next().await.expect_err("is refused");
    assert_eq!(error.refused().map(|refused| refused.number), Some(77));
}

#[tokio::test]
async fn connections_that_are_cut_cost_no_event() {
    let pause = Duration::from_millis(10);
    let script = Arc::new(Script { events: 60, pause, artifact: noise(5_000), ..Script::default() });
    let server = serve(&script).await;
    let client = client(cutting(server, Duration::from_millis(150)).await).await;
    let updates = client.watch(ID, 0).collect::<Result<Vec<_>, _>>().await.expect("no error");
    assert_eq!(numbers(&updates), (0..60).collect::<Vec<_>>());
    assert!(script.begins.lock().unwrap().len() > 2, "it was cut: {:?}", script.begins.lock().unwrap());
    script.begins.lock().unwrap().clear();
    assert_eq!(client.fetch(&name(&script.artifact)).await.expect("comes"), script.artifact);
    assert!(script.begins.lock().unwrap().len() > 2, "it was cut: {:?}", script.begins.lock().unwrap());
}

fn noise(count: u32) -> Vec<u8> {
    (0..count).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn name(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[tokio::test]
async fn an_artifact_comes_whole_or_not_at_all() {
    let script = Arc::new(Script { artifact: noise(1_050), ..Script::default() });
    let client = client(serve(&script).await).await;
    let id = name(&script.artifact);
    // Messages: the size, then pieces of 100 bytes.
    script.breaks.lock().unwrap().extend([4, 1, 0, 3]);
    assert_eq!(client.fetch(&id).await.expect("comes"), script.artifact);
    assert_eq!(*script.begins.lock().unwrap(), [0, 300, 300, 300, 500]);
    let other = name(b"other");
    let error = client.fetch(&other).await.expect_err("is another");
    assert!(
        matches!(&error, Error::Artifact { expected, found } if *expected == other && *found == id),
        "{error:?}"
    );
    script.breaks.lock().unwrap().extend([2, 0, 0, 0, 0]);
    let error = client.fetch(&id).await.expect_err("gives up");
    assert!(matches!(error, Error::Connection { .. }), "{error:?}");
}
