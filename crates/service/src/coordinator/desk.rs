//! What stands between a device's worker and the artifacts: a thread that reads what the worker takes, and verifies what it makes before anybody hears of it.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use aludel_scheduler::artifacts::{ArtifactError, Artifacts, Room};
use aludel_scheduler::{Failure, FailureClass, Input, Lapse, LeaseId, Output, WorkerId};

use super::message::{Assignment, Message};
use crate::guard::guarded;
use crate::judge::{Judge, is_full, unread};
use crate::worker::Hand;
use crate::worker::wire::{Order, ToWorker};

/// What a desk is told.
pub(super) enum Note {
    /// By the coordinator: to have a task done.
    Assign(Assignment),
    /// By the worker: an order is done.
    Done(u64, Vec<u8>),
    /// By the worker: it gives an order up.
    Failed(u64, Option<Failure>),
}

/// Where an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Where {
    /// Its inputs are read.
    Reading,
    /// Told to stop before the worker had it.
    Stopped,
    /// The worker has it.
    AtWork,
    /// The worker is done with it.
    Verifying,
}

/// Where the orders of a worker are.
#[derive(Debug, Default)]
pub(super) struct Orders(Mutex<BTreeMap<u64, Where>>);

impl Orders {
    fn at(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Where>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn begin(&self, number: u64) {
        self.at().insert(number, Where::Reading);
    }

    /// The worker has said that an order is done: from now on it is free. Whether it had that order.
    pub fn done(&self, number: u64) -> bool {
        match self.at().get_mut(&number) {
            Some(at @ Where::AtWork) => {
                *at = Where::Verifying;
                true
            }
            _ => false,
        }
    }

    /// Tells the worker to let go, if it has the order. Whether that is so already.
    pub fn stop(&self, number: u64, hand: &dyn Hand) -> bool {
        let mut orders = self.at();
        match orders.get_mut(&number) {
            Some(at @ Where::Reading) => *at = Where::Stopped,
            Some(Where::AtWork) => hand.send(ToWorker::Stop(number)),
            Some(Where::Verifying) => {
                orders.remove(&number);
                return true;
            }
            Some(Where::Stopped) | None => {}
        }
        false
    }

    /// Gives the worker its order, unless it was told to stop.
    fn give(&self, order: Order, hand: &dyn Hand) -> bool {
        let mut orders = self.at();
        match orders.get_mut(&order.number) {
            Some(at @ Where::Reading) => {
                *at = Where::AtWork;
                hand.send(ToWorker::Do(order));
                true
            }
            _ => false,
        }
    }

    fn end(&self, number: u64) {
        self.at().remove(&number);
    }
}

/// The desk of one worker.
pub(super) struct Desk {
    pub worker: WorkerId,
    pub hand: Arc<dyn Hand>,
    pub orders: Arc<Orders>,
    pub artifacts: Artifacts,
    pub judge: Arc<dyn Judge>,
    pub inbox: Sender<Message>,
}

impl Desk {
    /// Serves until nobody can tell it anything.
    pub fn run(self, notes: &Receiver<Note>) {
        let mut open: BTreeMap<u64, Assignment> = BTreeMap::new();
        for note in notes {
            match note {
                Note::Assign(assignment) => match self.begin(&assignment) {
                    Ok(()) => {
                        open.insert(assignment.number, assignment);
                    }
                    Err(why) => self.lapsed(&assignment, why),
                },
                Note::Done(number, result) => {
                    if let Some(assignment) = open.remove(&number) {
                        self.finish(&assignment, &result);
                    }
                }
                Note::Failed(number, why) => {
                    if let Some(assignment) = open.remove(&number) {
                        self.lapsed(&assignment, why.map_or(Lapse::Stopped, Lapse::Failed));
                    }
                }
            }
        }
    }

    fn begin(&self, assignment: &Assignment) -> Result<(), Lapse> {
        let read = |id| self.artifacts.read(id).map_err(unread);
        let inputs = assignment.inputs.iter().copied().map(read).collect::<Result<_, _>>()?;
        let Assignment { number, lease, shape, .. } = assignment;
        let order = Order { number: *number, task: lease.task, shape: *shape, inputs };
        if self.orders.give(order, self.hand.as_ref()) { Ok(()) } else { Err(Lapse::Stopped) }
    }

    fn finish(&self, assignment: &Assignment, result: &[u8]) {
        let says: Vec<&[u8]> = assignment.says.iter().map(Vec::as_slice).collect();
        let LeaseId { task, .. } = assignment.lease;
        let verified = guarded(|| self.judge.verify(task, assignment.shape, result, &says));
        match verified.unwrap_or_else(|panic| Err(format!("verification failed: {panic}"))) {
            Ok(()) => match keep(&self.artifacts, result) {
                Ok(pin) => {
                    self.orders.end(assignment.number);
                    let output = Output { artifact: pin.id(), bytes: pin.bytes(), cuts: Vec::new() };
                    let (worker, lease) = (self.worker, assignment.lease);
                    let input = Input::Completed { worker, lease, output };
                    let _ = self.inbox.send(Message::Tell { input, pins: vec![pin] });
                }
                Err(why) => self.lapsed(assignment, why),
            },
            Err(why) => self.lapsed(assignment, Lapse::Unverified(why)),
        }
    }

    fn lapsed(&self, assignment: &Assignment, why: Lapse) {
        self.orders.end(assignment.number);
        let input = Input::Lapsed { worker: self.worker, lease: assignment.lease, why };
        let _ = self.inbox.send(Message::Tell { input, pins: Vec::new() });
    }
}

/// Keeps a result.
pub(super) fn keep(artifacts: &Artifacts, result: &[u8]) -> Result<aludel_scheduler::artifacts::Pin, Lapse> {
    artifacts.put(result, Room::Result).map_err(unkept)
}

fn unkept(error: ArtifactError) -> Lapse {
    if is_full(&error) {
        return Lapse::NoRoom;
    }
    Lapse::Failed(Failure::new(FailureClass::Device, error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    #[test]
    fn what_has_no_room_waits_for_it() {
        let io = |kind| ArtifactError::Io { path: "x".into(), kind, reason: "no".into() };
        for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded, ErrorKind::FileTooLarge] {
            assert_eq!(unkept(io(kind)), Lapse::NoRoom, "{kind}");
        }
        let other = unkept(io(ErrorKind::PermissionDenied));
        assert!(
            matches!(&other, Lapse::Failed(failure) if failure.class == FailureClass::Device),
            "{other:?}"
        );
    }
}
