//! Many clients at once, through gRPC: each submits what is its share, then waits for every end.

use std::fmt;
use std::time::{Duration, Instant};

use aludel_proto::prover_v1::prover_client::ProverClient;
use aludel_proto::prover_v1::{Proof, State, SubmitProofRequest, WaitProofRequest};
use tonic::Request;
use tonic::transport::{Channel, Endpoint};

/// A call's answer is waited for so long: far longer than any takes.
const PATIENCE: Duration = Duration::from_secs(600);

/// What it took.
pub struct Report {
    /// Every job's proof, by the number of the job.
    pub proofs: Vec<Proof>,
    /// From a submit to its answer, shortest first.
    pub submits: Vec<Duration>,
    pub clients: usize,
    pub took: Duration,
}

/// Has so many jobs proven. Each client has a connection of its own and submits all of its jobs before it waits for any.
pub async fn drive(
    endpoint: &str,
    clients: usize,
    jobs: usize,
    request: impl Fn(usize) -> SubmitProofRequest,
) -> Report {
    let endpoint = Endpoint::from_shared(endpoint.to_owned()).expect("an address");
    let mut connected = Vec::new();
    for _ in 0..clients {
        let channel = endpoint.connect().await.expect("connects");
        connected.push(ProverClient::new(channel).max_decoding_message_size(1 << 26));
    }
    let began = Instant::now();
    let shares = connected.into_iter().enumerate().map(|(client, prover)| {
        tokio::spawn(share(prover, (client..jobs).step_by(clients).map(|n| (n, request(n))).collect()))
    });
    let (mut proofs, mut submits) = (Vec::new(), Vec::new());
    for share in shares.collect::<Vec<_>>() {
        for (n, proof, took) in share.await.expect("no client panics") {
            proofs.push((n, proof));
            submits.push(took);
        }
    }
    proofs.sort_by_key(|(n, _)| *n);
    submits.sort_unstable();
    let proofs: Vec<Proof> = proofs.into_iter().map(|(_, proof)| proof).collect();
    assert_eq!(proofs.len(), jobs);
    assert!(proofs.iter().all(|proof| proof.state() == State::Succeeded), "every job succeeds");
    Report { proofs, submits, clients, took: began.elapsed() }
}

async fn share(
    mut prover: ProverClient<Channel>,
    requests: Vec<(usize, SubmitProofRequest)>,
) -> Vec<(usize, Proof, Duration)> {
    let mut submitted = Vec::new();
    for (n, request) in requests {
        let asked = Instant::now();
        let answer = prover.submit_proof(request).await.unwrap_or_else(|status| panic!("job {n}: {status}"));
        let took = asked.elapsed();
        submitted.push((n, answer.into_inner().proof.expect("a proof").id, took));
    }
    let mut ended = Vec::new();
    for (n, id, took) in submitted {
        let proof = loop {
            let mut wait = Request::new(WaitProofRequest { id: id.clone(), timeout: None });
            wait.set_timeout(PATIENCE);
            let answer = prover.wait_proof(wait).await.unwrap_or_else(|status| panic!("job {n}: {status}"));
            let proof = answer.into_inner().proof.expect("a proof");
            if proof.state() as i32 >= State::Succeeded as i32 {
                break proof;
            }
        };
        ended.push((n, proof, took));
    }
    ended
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let jobs = self.proofs.len();
        let of = |hundredth: usize| self.submits[(jobs - 1) * hundredth / 100];
        write!(
            f,
            "{jobs} jobs of {} clients: {:.1?}, {:.2?} a job; submits: half in {:.1?}, 99 of 100 in {:.1?}, all in {:.1?}",
            self.clients,
            self.took,
            self.took / u32::try_from(jobs).unwrap_or(u32::MAX),
            of(50),
            of(99),
            of(100),
        )
    }
}

/// The most memory that a process has had so far, in bytes, as Linux says.
pub fn most_memory(process: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux says it");
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kib * 1024
}
