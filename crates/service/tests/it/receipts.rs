//! What receipts say of restarts, failures and devices.

use std::time::Duration;

use aludel_proto::prover_v1::{AttemptEnd, Receipt, TaskCost};
use aludel_scheduler::{End, Job, Stage, Target};
use prost::Message;

use crate::fakes::{Service, Trick, World};

fn task(service: &Service, job: &Job, name: &str) -> TaskCost {
    let Some(End::Succeeded { receipt, .. }) = job.end() else { panic!("{:?}", job.end()) };
    let bytes = service.coordinator.artifact(*receipt).expect("is there");
    let mut tasks = Receipt::decode(&*bytes).expect("reads").tasks.into_iter();
    tasks.find(|task| task.name == name).expect("is in it")
}

fn ends(task: &TaskCost) -> Vec<(AttemptEnd, &str)> {
    task.attempts.iter().map(|attempt| (attempt.end(), attempt.device.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn time_without_a_process_is_nobodys() {
    let world = World::new(1);
    *world.devices[0].endless.lock().expect("whole") = Some(Stage::Prove);
    let service = world.start();
    let job = service.submit("a", Target::Root, &[1]).await;
    service.at(job, Stage::Prove).await;
    service.end();
    let down = Duration::from_millis(700);
    tokio::time::sleep(down).await;
    *world.devices[0].endless.lock().expect("whole") = None;
    let service = world.start();
    let ended = service.ended(job).await;
    let proven = task(&service, &ended, "prove-0");
    assert_eq!((proven.restarts, proven.infrastructure_failures, proven.logic_failures), (1, 0, 0));
    // What a worker of the last process was on is not written down.
    assert_eq!(ends(&proven), [(AttemptEnd::Restarted, ""), (AttemptEnd::Done, "fake")]);
    assert_eq!(proven.attempts[0].time, None);
    assert_eq!(proven.time, proven.attempts[1].time);
    assert_ne!(proven.attempts[0].worker, proven.attempts[1].worker);
    service.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_that_failed_are_named_with_their_workers() {
    let world = World::new(1);
    world.play(&[Trick::Dies, Trick::Garbage]);
    let service = world.start();
    let job = service.submit("a", Target::Shards, &[1]).await;
    let ended = service.ended(job).await;
    let proven = task(&service, &ended, "prove-0");
    let expected = [AttemptEnd::Infrastructure, AttemptEnd::Logic, AttemptEnd::Done].map(|end| (end, "fake"));
    assert_eq!(ends(&proven), expected);
    assert!(proven.attempts.iter().all(|attempt| attempt.time.is_some()));
    assert_eq!(proven.worker, proven.attempts[2].worker);
    assert!(proven.attempts[0].worker < proven.attempts[1].worker, "the first one died");
    // What the coordinator does itself is on no device.
    assert_eq!(ends(&task(&service, &ended, "check-0")), [(AttemptEnd::Done, "")]);
    service.end();
}
