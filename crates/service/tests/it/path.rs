//! What happens where nothing fails.

use std::sync::Arc;

use aludel_proto::prover_v1::Receipt;
use aludel_scheduler::machine::Refusal;
use aludel_scheduler::{Answer, End, FailureClass, IdempotencyKey, Input, Phase, Target};
use prost::Message;

use crate::fakes::{CHAIN, World, files, root, shards};

#[tokio::test(flavor = "multi_thread")]
async fn jobs_end_with_proofs_of_their_batches() {
    let world = World::new(2);
    let service = world.start();
    let payloads = [5, 6, 7, 8, 9];
    let a = service.submit("a", Target::Shards, &payloads).await;
    let b = service.submit("b", Target::Root, &payloads).await;
    let a = service.ended(a).await;
    assert_eq!(service.proofs(&a), shards(&payloads));
    let id = b;
    let b = service.ended(b).await;
    assert_eq!(service.proofs(&b), [root(&payloads)]);
    let Some(End::Succeeded { receipt, .. }) = b.end() else { panic!("{:?}", b.end()) };
    let receipt =
        Receipt::decode(&*service.coordinator.artifact(*receipt).expect("is there")).expect("reads");
    assert_eq!(receipt.id, id.to_string());
    let names: Vec<_> = receipt.tasks.iter().map(|task| task.name.as_str()).collect();
    let expected = [
        "check-0", "prove-0", "prove-1", "prove-2", "prove-3", "prove-4", "lift-0", "lift-1", "lift-2",
        "lift-3", "lift-4", "join-0-2", "join-0-4", "join-0-5", "join-2-4", "root", "verify",
    ];
    assert_eq!(names, expected);
    assert!(
        receipt.tasks.iter().all(|task| task.bytes > 0 && task.sha256.len() == 32 && task.time.is_some())
    );
    service.end();
    // Five shards with their receipt, one root with its own.
    assert_eq!(files(&world), 6 + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_has_one_job_before_and_behind_its_end_and_a_restart() {
    let world = World::new(1);
    let mut service = world.start();
    for _ in 0..2 {
        let job = service.submit("a", Target::Root, &[1, 2]).await;
        service.ended(job).await;
        let (batches, pins) = service.batches(1, &[1, 3]);
        let request = service.request(Target::Root, batches, 1000);
        let answer = service.ask(Input::Submit { job, request }, pins).await;
        assert_eq!(answer, Ok(Answer::Refused(Refusal::KeyTaken)));
        service.end();
        service = world.start();
    }
    // What a refused submit brought is not kept.
    assert_eq!(files(&world), 2);
    service.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn shards_begin_while_input_comes() {
    let world = World::new(1);
    let service = world.start();
    let job = IdempotencyKey::new("a").expect("a key").job(CHAIN);
    let (batches, pins) = service.batches(1, &[5, 6]);
    let mut request = service.request(Target::Root, batches, 3_600_000);
    request.is_sealed = false;
    assert_eq!(service.ask(Input::Submit { job, request }, pins).await, Ok(Answer::Done));
    let _ = service.until(job, |job| job.phase() == Phase::WaitingInput).await;
    let (batches, pins) = service.batches(3, &[7]);
    assert_eq!(service.ask(Input::AddInput { job, segment: 1, batches }, pins).await, Ok(Answer::Done));
    assert_eq!(service.ask(Input::SealInput { job }, Vec::new()).await, Ok(Answer::Done));
    let job = service.ended(job).await;
    assert_eq!(service.proofs(&job), [root(&[5, 6, 7])]);
    service.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_a_rule_fails_once_and_says_so() {
    let world = World::new(1);
    let service = world.start();
    let job = service.submit("a", Target::Shards, &[5, u64::MAX]).await;
    let ended = service.ended(job).await;
    let Some(End::Failed(failure)) = ended.end() else { panic!("{:?}", ended.end()) };
    assert_eq!((failure.class, failure.sentence.as_str()), (FailureClass::Unsatisfied, "it breaks a rule"));
    service.end();
    assert_eq!(files(&world), 0, "an ended job without proofs keeps nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_submits_of_one_key_one_makes_the_job() {
    let world = World::new(1);
    let service = Arc::new(world.start());
    let ask = |_| {
        let service = Arc::clone(&service);
        tokio::spawn(async move {
            let job = IdempotencyKey::new("a").expect("a key").job(CHAIN);
            let (batches, pins) = service.batches(1, &[5, 6]);
            let request = service.request(Target::Root, batches, 3_600_000);
            (job, service.ask(Input::Submit { job, request }, pins).await.expect("is durable"))
        })
    };
    let asked: Vec<_> = (0..50).map(ask).collect();
    let mut made = 0;
    let mut all = Vec::new();
    for asked in asked {
        let (job, answer) = asked.await.expect("it did not panic");
        made += u32::from(answer == Answer::Done);
        assert!(matches!(answer, Answer::Done | Answer::Already), "{answer:?}");
        all.push(job);
    }
    assert_eq!(made, 1);
    assert_eq!(service.proofs(&service.ended(all[0]).await), [root(&[5, 6])]);
    assert_eq!(service.coordinator.list(None, 10).expect("lists").len(), 1);
    Arc::into_inner(service).expect("nobody has it").end();
    assert_eq!(files(&world), 2);
}
