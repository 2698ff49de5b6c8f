//! Steps that wait for one another, on a bounded number of threads.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::plan::Step;

/// What the threads share.
struct State<T, E> {
    /// By step, whether somebody has taken it.
    begun: Vec<bool>,
    /// By step its result, until the one step that takes it.
    results: Vec<Option<T>>,
    /// Steps that nobody has finished.
    left: usize,
    failed: Option<E>,
    panicked: bool,
}

impl<T, E> State<T, E> {
    fn is_over(&self) -> bool {
        self.left == 0 || self.failed.is_some() || self.panicked
    }

    /// The first step that nobody has begun and whose inputs are there, with them.
    fn ready(&mut self, steps: &[Step]) -> Option<(usize, Vec<T>)> {
        let is_ready = |(i, step): &(usize, &Step)| {
            !self.begun[*i] && step.inputs().all(|input| self.results[input].is_some())
        };
        let (i, step) = steps.iter().enumerate().find(is_ready)?;
        self.begun[i] = true;
        Some((i, step.inputs().filter_map(|input| self.results[input].take()).collect()))
    }
}

/// Does every step with the results that it takes, `jobs` at a time (at least one), and returns the last one's; `None` where there are
/// no steps. Each result is for one step.
///
/// # Errors
/// The first step that fails; those that have begun are waited for, and no other begins.
///
/// # Panics
/// Where a step does, after those that have begun.
pub fn run<T: Send, E: Send>(
    steps: &[Step],
    jobs: usize,
    act: impl Fn(Step, Vec<T>) -> Result<T, E> + Sync,
) -> Result<Option<T>, E> {
    let state = Mutex::new(State {
        begun: vec![false; steps.len()],
        results: steps.iter().map(|_| None).collect(),
        left: steps.len(),
        failed: None,
        panicked: false,
    });
    let changed = Condvar::new();
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, steps.len().max(1)) {
            scope.spawn(|| work(steps, &state, &changed, &act));
        }
    });
    let state = state.into_inner().unwrap_or_else(PoisonError::into_inner);
    match state.failed {
        Some(error) => Err(error),
        None => Ok(state.results.into_iter().next_back().flatten()),
    }
}

/// Tells the others that this thread's step panics: they would wait for its result.
struct Tell<'a, T, E>(&'a Mutex<State<T, E>>, &'a Condvar);

impl<T, E> Drop for Tell<'_, T, E> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).panicked = true;
            self.1.notify_all();
        }
    }
}

fn work<T, E>(
    steps: &[Step],
    state: &Mutex<State<T, E>>,
    changed: &Condvar,
    act: &impl Fn(Step, Vec<T>) -> Result<T, E>,
) {
    let mut own: MutexGuard<'_, _> = state.lock().unwrap_or_else(PoisonError::into_inner);
    while !own.is_over() {
        let Some((i, inputs)) = own.ready(steps) else {
            own = changed.wait(own).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        drop(own);
        let result = {
            let _tell = Tell(state, changed);
            act(steps[i], inputs)
        };
        own = state.lock().unwrap_or_else(PoisonError::into_inner);
        own.left -= 1;
        match result {
            Ok(result) => own.results[i] = Some(result),
            Err(error) => own.failed = own.failed.take().or(Some(error)),
        }
        changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::super::plan::plan;
    use super::*;

    /// Each step's result is what it covers, in words.
    fn words(step: Step, inputs: Vec<String>) -> Result<String, String> {
        Ok(match step {
            Step::Lift { shard } => shard.to_string(),
            Step::Join { .. } => format!("({})", inputs.join(" ")),
            Step::Root { .. } => format!("root {}", inputs.concat()),
        })
    }

    #[test]
    fn results_are_those_of_the_plan_whatever_the_threads() {
        for jobs in [0, 1, 2, 7] {
            assert_eq!(run(&plan(5), jobs, words), Ok(Some("root (((0 1) 2) (3 4))".to_owned())));
            assert_eq!(run(&plan(1), jobs, words), Ok(Some("root 0".to_owned())));
            assert_eq!(run(&[], jobs, words), Ok(None));
        }
    }

    #[test]
    fn no_more_run_at_a_time_than_was_said_and_no_fewer() {
        for jobs in [1, 3] {
            let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let slow = |step, inputs| {
                most.fetch_max(1 + now.fetch_add(1, Ordering::SeqCst), Ordering::SeqCst);
                // Until as many are at work as may be, for the lifts, which wait for nothing.
                let all = || most.load(Ordering::SeqCst) >= jobs;
                while matches!(step, Step::Lift { .. }) && !all() {
                    thread::sleep(Duration::from_millis(1));
                }
                now.fetch_sub(1, Ordering::SeqCst);
                words(step, inputs)
            };
            assert!(run(&plan(8), jobs, slow).is_ok());
            assert_eq!(most.into_inner(), jobs);
        }
    }

    #[test]
    fn a_step_that_fails_ends_the_run() {
        for jobs in [1, 4] {
            let begun = AtomicUsize::new(0);
            let fails = |step, inputs| {
                begun.fetch_add(1, Ordering::SeqCst);
                if step == (Step::Lift { shard: 2 }) {
                    Err("the third".to_owned())
                } else {
                    words(step, inputs)
                }
            };
            assert_eq!(run(&plan(6), jobs, fails), Err("the third".to_owned()));
            // With one thread what comes before it, and itself: two lifts, a join, a lift. Of 12 steps 9 do not wait for it.
            assert!(jobs > 1 || begun.into_inner() == 4);
        }
    }

    /// The others do not wait for what will not come.
    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_step_that_panics_ends_the_run() {
        let panics = |step, inputs| {
            assert_ne!(step, Step::Lift { shard: 1 }, "the second");
            words(step, inputs)
        };
        let _ = run(&plan(2), 2, panics);
    }
}
