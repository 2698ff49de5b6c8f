//! Devices and the workers on them: who is hired, and when a new one is after one has died.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use aludel_protocol::Digest;
use aludel_scheduler::artifacts::Artifacts;
use aludel_scheduler::{Failure, Input, LeaseId, WorkerId};

use super::desk::{Desk, Note, Orders};
use super::message::{Assignment, Message};
use super::names::Names;
use crate::judge::Judge;
use crate::metrics;
use crate::worker::{Ear, Hand, Launch};

/// A worker that says nothing for so long after it was started will not begin.
const BEGINS_WITHIN: Duration = Duration::from_secs(120);
/// How long a device rests after its worker died; doubled each time, at most a minute.
const FIRST_REST: Duration = Duration::from_millis(100);
const MOST_REST: Duration = Duration::from_secs(60);

/// What people are told of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceStatus {
    /// Its name.
    pub name: String,
    /// Bytes that a task on it may take.
    pub memory_bytes: u64,
    /// Why it has no worker; `None` where it has one.
    pub missing: Option<String>,
}

/// All devices.
pub(super) struct Crew {
    pub artifacts: Artifacts,
    pub judge: Arc<dyn Judge>,
    pub inbox: Sender<Message>,
    names: Arc<Names>,
    places: Vec<Place>,
    /// By worker its place.
    hired: BTreeMap<WorkerId, usize>,
}

struct Place {
    device: Arc<dyn Launch>,
    worker: Option<Hired>,
    deaths: u32,
    rests_until: Instant,
    why: String,
}

struct Hired {
    id: WorkerId,
    hand: Arc<dyn Hand>,
    desk: Sender<Note>,
    orders: Arc<Orders>,
    leases: BTreeMap<u64, LeaseId>,
    since: Instant,
    has_begun: bool,
}

impl Crew {
    pub fn new(
        devices: Vec<Arc<dyn Launch>>,
        artifacts: Artifacts,
        judge: Arc<dyn Judge>,
        inbox: Sender<Message>,
        names: Arc<Names>,
    ) -> Self {
        let place = |device| Place {
            device,
            worker: None,
            deaths: 0,
            rests_until: Instant::now(),
            why: "its worker is being started".into(),
        };
        let places = devices.into_iter().map(place).collect();
        Self { artifacts, judge, inbox, names, places, hired: BTreeMap::new() }
    }

    /// Hires for every device that has rested, and gives up workers that do not begin.
    pub fn hire(&mut self, mut next: impl FnMut() -> WorkerId) {
        let now = Instant::now();
        let late = self.places.iter().filter_map(|place| place.worker.as_ref());
        let late = late.filter(|hired| !hired.has_begun && now > hired.since + BEGINS_WITHIN);
        let late: Vec<WorkerId> = late.map(|hired| hired.id).collect();
        for worker in late {
            self.kill(worker, "its worker did not begin");
        }
        for i in 0..self.places.len() {
            // One after the other: the machine takes workers in the order of their numbers.
            if self.is_starting() {
                return;
            }
            if self.places[i].worker.is_none() && self.places[i].rests_until <= now {
                self.start(i, next());
            }
        }
    }

    fn is_starting(&self) -> bool {
        self.places.iter().any(|place| place.worker.as_ref().is_some_and(|hired| !hired.has_begun))
    }

    /// When [`Crew::hire`] will next have something to do.
    pub fn next_wakeup(&self) -> Option<Instant> {
        let is_starting = self.is_starting();
        let wakeup = |place: &Place| match &place.worker {
            Some(hired) => (!hired.has_begun).then(|| hired.since + BEGINS_WITHIN),
            None => (!is_starting).then_some(place.rests_until),
        };
        self.places.iter().filter_map(wakeup).min()
    }

    fn start(&mut self, place: usize, id: WorkerId) {
        let (desk, notes) = mpsc::channel();
        let orders = Arc::new(Orders::default());
        let ear = Voice {
            worker: id,
            inbox: self.inbox.clone(),
            desk: Mutex::new(desk.clone()),
            orders: Arc::clone(&orders),
        };
        let started = self.places[place].device.launch(Arc::new(ear)).and_then(|hand| {
            let desk = Desk {
                worker: id,
                hand: Arc::clone(&hand),
                orders: Arc::clone(&orders),
                artifacts: self.artifacts.clone(),
                judge: Arc::clone(&self.judge),
                inbox: self.inbox.clone(),
            };
            let begun = thread::Builder::new().name("desk".into()).spawn(move || desk.run(&notes));
            begun.inspect_err(|_| hand.kill())?;
            Ok(hand)
        });
        match started {
            Ok(hand) => {
                let (since, leases) = (Instant::now(), BTreeMap::new());
                self.places[place].worker =
                    Some(Hired { id, hand, desk, orders, leases, since, has_begun: false });
                self.names.note(id, self.places[place].device.name());
                self.hired.insert(id, place);
            }
            Err(e) => {
                let why = format!("its worker cannot be started: {e}");
                tracing::warn!(device = self.places[place].device.name(), "{why}");
                self.places[place].rest(why);
            }
        }
    }

    fn of(&mut self, worker: WorkerId) -> Option<&mut Hired> {
        self.places.get_mut(*self.hired.get(&worker)?)?.worker.as_mut()
    }

    /// A worker has said which build it is; with the memory of its device if it is this one.
    pub fn begin(&mut self, worker: WorkerId, version: &str, keys: Digest) -> Option<u64> {
        if self.has_begun(worker) {
            return None;
        }
        let expected = (env!("CARGO_PKG_VERSION"), self.judge.keys());
        if (version, keys) != expected {
            let why = format!(
                "its worker is of version {version:.20}, the service of {}, or their keys differ; install one build",
                expected.0
            );
            self.kill(worker, &why);
            return None;
        }
        self.of(worker)?.has_begun = true;
        let place = self.places.get(*self.hired.get(&worker)?)?;
        Some(place.device.memory_bytes())
    }

    /// Whether a worker has said which build it is.
    pub fn has_begun(&mut self, worker: WorkerId) -> bool {
        self.of(worker).is_some_and(|hired| hired.has_begun)
    }

    /// Gives a worker a task. Whether there is such a worker.
    pub fn assign(&mut self, worker: WorkerId, assignment: Assignment) -> bool {
        let Some(hired) = self.of(worker) else { return false };
        hired.orders.begin(assignment.number);
        hired.leases.insert(assignment.number, assignment.lease);
        hired.desk.send(Note::Assign(assignment)).is_ok()
    }

    /// Tells a worker to let go of a lease. Whether it has done so already.
    pub fn stop(&mut self, worker: WorkerId, lease: &LeaseId) -> bool {
        let Some(hired) = self.of(worker) else { return false };
        let number = hired.leases.iter().find(|(_, own)| *own == lease).map(|(number, _)| *number);
        number.is_some_and(|number| hired.orders.stop(number, hired.hand.as_ref()))
    }

    /// Which lease an order is of.
    pub fn lease(&mut self, worker: WorkerId, order: u64) -> Option<LeaseId> {
        self.of(worker)?.leases.get(&order).copied()
    }

    /// What was said of a lease: it is over, if it says so.
    pub fn note(&mut self, input: &Input) {
        let (Input::Completed { worker, lease, .. } | Input::Lapsed { worker, lease, .. }) = input else {
            return;
        };
        if let Some(hired) = self.of(*worker) {
            hired.leases.retain(|_, own| own != lease);
        }
        if let (Input::Completed { .. }, Some(place)) = (input, self.hired.get(worker)) {
            self.places[*place].deaths = 0;
        }
    }

    /// Ends a worker's process.
    pub fn kill(&mut self, worker: WorkerId, why: &str) {
        let Some(place) = self.hired.remove(&worker) else { return };
        if let Some(hired) = self.places[place].worker.take() {
            hired.hand.kill();
        }
        tracing::warn!(device = self.places[place].device.name(), worker = worker.0, "worker killed: {why}");
        self.places[place].rest(why.into());
        metrics::death();
    }

    /// A worker's process has ended. Whether it was one of ours.
    pub fn gone(&mut self, worker: WorkerId, why: &str) -> bool {
        let Some(place) = self.hired.remove(&worker) else { return false };
        self.places[place].worker = None;
        tracing::warn!(device = self.places[place].device.name(), worker = worker.0, "worker gone: {why}");
        self.places[place].rest(format!("its worker is gone: {why}"));
        metrics::death();
        true
    }

    /// Ends all.
    pub fn kill_all(&mut self, why: &str) {
        let all: Vec<WorkerId> = self.hired.keys().copied().collect();
        all.into_iter().for_each(|worker| self.kill(worker, why));
    }

    /// What people are told.
    pub fn status(&self) -> Vec<DeviceStatus> {
        let status = |place: &Place| DeviceStatus {
            name: place.device.name(),
            memory_bytes: place.device.memory_bytes(),
            missing: match &place.worker {
                Some(hired) if hired.has_begun => None,
                _ => Some(place.why.clone()),
            },
        };
        self.places.iter().map(status).collect()
    }
}

impl Place {
    fn rest(&mut self, why: String) {
        let rest = FIRST_REST.saturating_mul(1 << self.deaths.min(20)).min(MOST_REST);
        self.deaths += 1;
        self.rests_until = Instant::now() + rest;
        self.why = why;
    }
}

/// What is heard of a worker goes to the coordinator's thread, what it makes to its desk.
struct Voice {
    worker: WorkerId,
    inbox: Sender<Message>,
    desk: Mutex<Sender<Note>>,
    orders: Arc<Orders>,
}

impl Voice {
    fn tell(&self, message: Message) {
        let _ = self.inbox.send(message);
    }

    fn note(&self, note: Note) {
        let _ = self.desk.lock().unwrap_or_else(PoisonError::into_inner).send(note);
    }
}

impl Ear for Voice {
    fn hello(&self, version: String, keys: Digest) {
        self.tell(Message::Hello { worker: self.worker, version, keys });
    }

    fn heartbeat(&self) {
        self.tell(Message::Heartbeat { worker: self.worker });
    }

    fn progress(&self, order: u64) {
        self.tell(Message::Progress { worker: self.worker, number: order });
    }

    fn done(&self, order: u64, result: Vec<u8>) {
        // Whatever else it says is dropped: nothing piles up before the desk.
        if self.orders.done(order) {
            self.note(Note::Done(order, result));
        }
    }

    fn failed(&self, order: u64, why: Option<Failure>) {
        self.note(Note::Failed(order, why));
    }

    fn gone(&self, why: String) {
        self.tell(Message::Gone { worker: self.worker, why });
    }
}
