//! Clocks of the wall that were wrong before a restart, or are behind it.

use std::time::{Duration, SystemTime};

use aludel_proto::prover_v1::prover_client::ProverClient;
use aludel_proto::prover_v1::{self as api, ProofSpec, SubmitProofRequest};
use aludel_scheduler::store::{DiskJobs, JobStore};
use aludel_scheduler::{Append, End, FailureClass, Head, Millis, Record, Stage, Target};

use tonic::transport::Endpoint;

use crate::fakes::{CHAIN, World, batch_bytes, root, shards};

const HOUR: i64 = 3_600_000;

/// What is on the disk as if the clock had shown so many milliseconds more when it was written.
fn shift(world: &World, by: i64) {
    let path = world.folder.path().join("jobs.redb");
    let before = DiskJobs::open(&path).expect("opens");
    let listed = before.list(None, 100).expect("lists");
    let logs: Vec<_> =
        listed.iter().map(|listed| (listed.job, before.log(listed.job, 0).expect("reads"))).collect();
    drop(before);
    std::fs::remove_file(&path).expect("is there");
    let after = DiskJobs::open(&path).expect("opens");
    for (job, mut records) in logs {
        records.iter_mut().for_each(|record| shift_record(record, by));
        let append = Append { job, expected: Head::default(), records };
        let _ = after.append(vec![append]).expect("writes");
    }
}

fn shift_record(record: &mut Record, by: i64) {
    let shifted = |at: &mut Millis| at.0 = at.0.checked_add_signed(by).expect("a time");
    match record {
        Record::Accepted { at, request } => {
            shifted(at);
            shifted(&mut request.deadline);
        }
        Record::InputAdded { at, .. }
        | Record::InputSealed { at }
        | Record::Leased { at, .. }
        | Record::Completed { at, .. }
        | Record::Released { at, .. }
        | Record::CancelRequested { at }
        | Record::Ended { at, .. } => shifted(at),
        Record::OutputLost { .. } => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_between_two_starts_loses_no_job() {
    for hours in [-30 * 24, -5, 5, 30 * 24] {
        let world = World::new(1);
        let service = world.start();
        let done = service.submit("done", Target::Shards, &[5]).await;
        let _ = service.ended(done).await;
        *world.devices[0].endless.lock().expect("whole") = Some(Stage::Prove);
        let at_work = service.submit_until("a", Target::Root, &[5, 6], 10 * HOUR as u64).await;
        service.at(at_work, Stage::Prove).await;
        let waits = service.submit_until("b", Target::Shards, &[6], 10 * HOUR as u64).await;
        let short = service.submit_until("c", Target::Shards, &[7], 60_000).await;
        service.end();
        shift(&world, hours * HOUR);
        *world.devices[0].endless.lock().expect("whole") = None;

        let service = world.start();
        assert_eq!(service.submit("done", Target::Shards, &[5]).await, done);
        assert_eq!(service.proofs(&service.job(done)), shards(&[5]));
        for (job, has_passed) in [(at_work, hours < -10), (waits, hours < -10), (short, hours < 0)] {
            let ended = service.ended(job).await;
            match ended.end() {
                Some(End::Succeeded { .. }) if !has_passed => {}
                Some(End::Expired(failure)) if has_passed => {
                    assert!(failure.sentence.contains("did not run"), "{hours}: {failure}");
                }
                other => panic!("{hours}: {other:?}"),
            }
            let times: Vec<_> =
                service.coordinator.log(job, 0).expect("reads").iter().filter_map(Record::at).collect();
            assert!(times.is_sorted(), "{hours}: {times:?}");
        }
        if hours > -10 {
            assert_eq!(service.proofs(&service.job(at_work)), [root(&[5, 6])]);
        }
        // A client's clock is right, whatever the logs say.
        let until = SystemTime::now() + Duration::from_secs(3600);
        let spec = Some(ProofSpec {
            chain_id: CHAIN.0,
            target: api::Target::Shards.into(),
            deadline: Some(until.into()),
            ..ProofSpec::default()
        });
        let batches = vec![batch_bytes(1, 9)];
        let request = SubmitProofRequest { spec, idempotency_key: "new".into(), batches, more_input: false };
        let port = service.listen().await;
        let endpoint = Endpoint::from_shared(port.endpoint.clone()).expect("an address");
        let mut client = ProverClient::new(endpoint.connect().await.expect("connects"));
        let proof = client.submit_proof(request).await.expect("is accepted").into_inner().proof;
        let new = proof.expect("a proof").id.parse().expect("an id");
        assert_eq!(service.proofs(&service.ended(new).await), shards(&[9]));
        let left = service.job(new).request().deadline.0 - service.coordinator.now().0;
        assert!((3_500_000..=3_600_000).contains(&left), "{hours}: {left} ms");
        port.close().await;
        // Time goes on from there: deadlines pass, and silence is noticed.
        *world.devices[0].endless.lock().expect("whole") = Some(Stage::Prove);
        let late = service.submit_until("late", Target::Shards, &[8], 2_000).await;
        let ended = tokio::time::timeout(Duration::from_secs(20), service.ended(late)).await.expect("passes");
        let Some(End::Expired(failure)) = ended.end() else { panic!("{hours}: {:?}", ended.end()) };
        assert_eq!(failure.class, FailureClass::Deadline);
        service.end();
    }
}
