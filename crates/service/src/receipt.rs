//! What a proof cost, from the log of its job.

use std::collections::BTreeMap;

use aludel_proto::prover_v1::{Receipt, TaskCost};
use aludel_protocol::{Digest, params::PROTOCOL_VERSION};
use aludel_scheduler::failure::Counts;
use aludel_scheduler::{JobId, Millis, Record, Task};
use prost::Message;

/// The bytes of the receipt of a job whose results are verified. The same log gives the same bytes.
pub fn of(id: JobId, log: &[Record], keys: Digest) -> Vec<u8> {
    let mut tasks: BTreeMap<Task, (TaskCost, Millis)> = BTreeMap::new();
    for record in log {
        match record {
            Record::Leased { task, worker, at, .. } => {
                let (cost, since) = tasks.entry(*task).or_default();
                (cost.name, cost.worker, *since) = (task.to_string(), worker.0, *at);
            }
            Record::Released { task, at, why, .. } => {
                let (cost, since) = tasks.entry(*task).or_default();
                add(cost, *since, *at);
                match why.counts(task.side()) {
                    Counts::Nothing => {}
                    Counts::Infrastructure => cost.infrastructure_failures += 1,
                    Counts::Logic | Counts::Final => cost.logic_failures += 1,
                }
            }
            Record::Completed { task, at, output, .. } => {
                let (cost, since) = tasks.entry(*task).or_default();
                add(cost, *since, *at);
                (cost.bytes, cost.sha256) = (output.bytes, output.artifact.0.to_vec());
            }
            _ => {}
        }
    }
    // What writes the receipt is not in it.
    tasks.remove(&Task::Publish);
    let receipt = Receipt {
        id: id.to_string(),
        tasks: tasks.into_values().map(|(cost, _)| cost).collect(),
        program_version: env!("CARGO_PKG_VERSION").into(),
        protocol_version: PROTOCOL_VERSION,
        key_set: borsh::to_vec(&keys).unwrap_or_default(),
    };
    receipt.encode_to_vec()
}

fn add(cost: &mut TaskCost, since: Millis, at: Millis) {
    let took = std::time::Duration::from_millis(at.0.saturating_sub(since.0));
    let before = cost.time.take().unwrap_or_default();
    let before = std::time::Duration::try_from(before).unwrap_or_default();
    cost.time = prost_types::Duration::try_from(before + took).ok();
}
