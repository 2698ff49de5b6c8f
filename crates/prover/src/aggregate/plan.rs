//! Which proofs are folded into which: a pure function of how many there are.

/// A step of a plan. Numbers are of shards, or of earlier steps whose results it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A shard's proof becomes a lift.
    Lift {
        /// The shard.
        shard: usize,
    },
    /// Two runs, the second right after the first, become one.
    Join {
        /// The step that made the earlier run.
        first: usize,
        /// The step that made the later run.
        second: usize,
    },
    /// The whole run becomes a root.
    Root {
        /// The step that made the run.
        run: usize,
    },
}

impl Step {
    /// The steps whose results it takes.
    pub fn inputs(self) -> impl Iterator<Item = usize> {
        let (a, b) = match self {
            Self::Lift { .. } => (None, None),
            Self::Join { first, second } => (Some(first), Some(second)),
            Self::Root { run } => (Some(run), None),
        };
        a.into_iter().chain(b)
    }
}

/// The steps from `shards` contiguous shards to their root, `2 shards` of them, each after those that it takes; none for no shard.
///
/// Runs are halved, so that `log2(shards)` joins at most follow one another; a run is joined as soon as both halves are
/// there, so that few results wait.
pub fn plan(shards: usize) -> Vec<Step> {
    let mut steps = Vec::with_capacity(2 * shards);
    if shards > 0 {
        let run = fold(0, shards, &mut steps);
        steps.push(Step::Root { run });
    }
    steps
}

/// Appends the steps that fold `n` shards from `first` on and returns the last one's number.
fn fold(first: usize, n: usize, steps: &mut Vec<Step>) -> usize {
    let step = if n == 1 {
        Step::Lift { shard: first }
    } else {
        let half = n.div_ceil(2);
        let earlier = fold(first, half, steps);
        let later = fold(first + half, n - half, steps);
        Step::Join { first: earlier, second: later }
    };
    steps.push(step);
    steps.len() - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each step covers, as a range of shards, if runs follow one another.
    fn covered(steps: &[Step]) -> Vec<(usize, usize)> {
        let mut covers: Vec<(usize, usize)> = Vec::new();
        for step in steps {
            covers.push(match *step {
                Step::Lift { shard } => (shard, shard + 1),
                Step::Join { first, second } => {
                    assert_eq!(covers[first].1, covers[second].0, "{steps:?}");
                    (covers[first].0, covers[second].1)
                }
                Step::Root { run } => covers[run],
            });
        }
        covers
    }

    #[test]
    fn every_shard_is_covered_once_and_every_result_taken_once() {
        for n in 1..=70 {
            let steps = plan(n);
            assert_eq!(steps.len(), 2 * n);
            assert_eq!(covered(&steps).last(), Some(&(0, n)));
            let mut taken = vec![0; steps.len()];
            steps.iter().flat_map(|step| step.inputs()).for_each(|i| taken[i] += 1);
            assert_eq!(taken.pop(), Some(0));
            assert!(taken.iter().all(|times| *times == 1), "{n}");
            let roots = steps.iter().filter(|step| matches!(step, Step::Root { .. })).count();
            assert_eq!(roots, 1);
        }
        assert_eq!(plan(0), []);
    }

    #[test]
    fn joins_are_no_deeper_than_they_must() {
        for n in 1..=70_usize {
            let mut depths: Vec<u32> = Vec::new();
            for step in plan(n) {
                let below = step.inputs().map(|i| depths[i]).max().unwrap_or(0);
                depths.push(below + u32::from(matches!(step, Step::Join { .. })));
            }
            assert_eq!(depths.last(), Some(&n.next_power_of_two().ilog2()), "{n}");
        }
    }
}
