//! Group commit: callers that come while one is at work are served together by the next.
//!
//! No thread of its own: the first to come does the work of all who have come by then, while the others wait.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Callers that wait for one another.
#[derive(Debug)]
pub(crate) struct Group<T, R> {
    state: Mutex<State<T, R>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T, R> {
    /// Tickets with what is asked for, in order.
    queue: Vec<(u64, T)>,
    /// By ticket what came out.
    results: HashMap<u64, R>,
    next: u64,
    is_busy: bool,
}

impl<T, R> Group<T, R> {
    pub fn new() -> Self {
        let state = State { queue: Vec::new(), results: HashMap::new(), next: 0, is_busy: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Has `work` done for what is asked for, together with what others ask for: one result for each, in order. `None` where whoever did it panicked.
    pub fn ask(&self, what: T, work: impl FnOnce(Vec<T>) -> Vec<R>) -> Option<R> {
        let mut state = self.lock();
        let ticket = state.next;
        state.next += 1;
        state.queue.push((ticket, what));
        while state.is_busy {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            if let Some(result) = state.results.remove(&ticket) {
                return Some(result);
            }
        }
        // Whoever's ticket was lost in a panic finds it neither in the queue nor among the results, and gets nothing.
        state.is_busy = true;
        let (tickets, all): (Vec<_>, Vec<_>) = state.queue.drain(..).unzip();
        drop(state);
        let done = Done { group: self };
        let results = work(all);
        let mut state = self.lock();
        state.results.extend(tickets.into_iter().zip(results));
        let own = state.results.remove(&ticket);
        drop(state);
        drop(done);
        own
    }

    fn lock(&self) -> MutexGuard<'_, State<T, R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets the next one work, whatever became of this one.
struct Done<'a, T, R> {
    group: &'a Group<T, R>,
}

impl<T, R> Drop for Done<'_, T, R> {
    fn drop(&mut self) {
        self.group.lock().is_busy = false;
        self.group.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn everybody_gets_their_own_and_few_do_the_work() {
        let group: Group<usize, usize> = Group::new();
        let (works, at_once) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = |all: Vec<usize>| {
            assert_eq!(at_once.fetch_add(1, Ordering::SeqCst), 0, "one at a time");
            works.fetch_add(1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(2));
            at_once.fetch_sub(1, Ordering::SeqCst);
            all.into_iter().map(|x| x * x).collect()
        };
        let begin = Barrier::new(16);
        thread::scope(|scope| {
            for i in 0..16 {
                let (group, work, begin) = (&group, &work, &begin);
                scope.spawn(move || {
                    begin.wait();
                    for j in 0..20 {
                        let x = 100 * i + j;
                        assert_eq!(group.ask(x, work), Some(x * x));
                    }
                });
            }
        });
        let works = works.into_inner();
        assert!((20..160).contains(&works), "{works} times for 320 callers");
        let state = group.state.into_inner().expect("nobody panicked");
        assert!(state.queue.is_empty() && state.results.is_empty(), "nothing is left behind");
    }

    #[test]
    fn a_panic_is_of_those_whose_work_it_was() {
        let group: Group<usize, usize> = Group::new();
        let entered = Barrier::new(2);
        thread::scope(|scope| {
            let (group, entered) = (&group, &entered);
            // The first holds the others up until they wait, so that the next one works for two.
            let first = scope.spawn(move || {
                group.ask(1, |all| {
                    entered.wait();
                    while group.lock().queue.len() < 2 {
                        thread::yield_now();
                    }
                    all
                })
            });
            entered.wait();
            let panics = |all: Vec<usize>| if all.is_empty() { all } else { panic!("on purpose") };
            let others: Vec<_> =
                [2, 3].map(|x| scope.spawn(move || group.ask(x, panics))).into_iter().collect();
            assert_eq!(first.join().ok(), Some(Some(1)));
            let others: Vec<_> = others.into_iter().map(|other| other.join().ok().flatten()).collect();
            assert_eq!(others, [None, None]);
        });
        assert_eq!(group.ask(4, |all| all), Some(4), "it goes on");
    }
}
