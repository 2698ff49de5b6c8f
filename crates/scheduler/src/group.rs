//! Group commit: callers that come while one is at work are served together by the next.
//!
//! No thread of its own: the first to come does the work of all who have come by then, while the others wait.

use std::mem;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Callers that wait for one another.
#[derive(Debug)]
pub(crate) struct Group<T, R>(Mutex<State<T, R>>);

#[derive(Debug)]
struct State<T, R> {
    /// What is asked for and who waits for it, in order.
    queue: Vec<(T, SyncSender<Word<R>>)>,
    is_busy: bool,
}

/// What one who waits is told. Each is woken for itself: two hundred woken at once for one result would take longer than the work.
#[derive(Debug)]
enum Word<R> {
    /// It was done.
    Result(R),
    /// To work for all who wait.
    Work,
}

impl<T, R> Group<T, R> {
    pub fn new() -> Self {
        Self(Mutex::new(State { queue: Vec::new(), is_busy: false }))
    }

    /// Has `work` done for what is asked for, together with what others ask for: one result for each, in order. `None` where whoever did it panicked.
    pub fn ask(&self, what: T, work: impl FnOnce(Vec<T>) -> Vec<R>) -> Option<R> {
        // Room for both words that can come, so that nobody waits to be heard.
        let (word, hear) = sync_channel(2);
        let mut state = self.lock();
        state.queue.push((what, word));
        if state.is_busy {
            drop(state);
            match hear.recv() {
                Ok(Word::Result(result)) => return Some(result),
                Ok(Word::Work) => state = self.lock(),
                Err(_) => return None,
            }
        }
        state.is_busy = true;
        let (all, waiting): (Vec<_>, Vec<_>) = mem::take(&mut state.queue).into_iter().unzip();
        drop(state);
        let done = Done(self);
        let results = work(all);
        for (waiting, result) in waiting.into_iter().zip(results) {
            let _ = waiting.send(Word::Result(result));
        }
        drop(done);
        match hear.try_recv() {
            Ok(Word::Result(result)) => Some(result),
            _ => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T, R>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets the next one work, whatever became of this one.
struct Done<'a, T, R>(&'a Group<T, R>);

impl<T, R> Drop for Done<'_, T, R> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_busy = match state.queue.first() {
            Some((_, next)) => next.send(Word::Work).is_ok(),
            None => false,
        };
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
        let state = group.0.into_inner().expect("nobody panicked");
        assert!(state.queue.is_empty() && !state.is_busy, "nothing is left behind");
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
