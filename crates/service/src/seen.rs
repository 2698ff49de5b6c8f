//! What this process has verified need not be verified again: a job's results are verified when a worker gives them and before they are published, and a
//! thousand shards one after the other would take a minute the second time.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use aludel_circuits::Shape;
use aludel_protocol::{BatchNumber, ChainId, Digest};
use aludel_scheduler::plan::ShapeNumber;
use aludel_scheduler::{ArtifactId, Failure, Lapse, Task};

use crate::judge::{Checked, Judge, Work};

/// Proofs that are remembered, some ten megabytes.
const MOST: usize = 1 << 16;

/// A judge that remembers which proofs it found to hold, by the digest of all that the answer depends on. What does not hold is not remembered.
pub(crate) struct Remembering {
    judge: Arc<dyn Judge>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    questions: HashSet<ArtifactId>,
    /// Oldest first.
    order: VecDeque<ArtifactId>,
}

impl Remembering {
    pub fn new(judge: Arc<dyn Judge>) -> Self {
        Self { judge, seen: Mutex::default() }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Judge for Remembering {
    fn keys(&self) -> Digest {
        self.judge.keys()
    }

    fn batch(&self, bytes: &[u8]) -> Result<(ChainId, BatchNumber), Failure> {
        self.judge.batch(bytes)
    }

    fn check(&self, chain: ChainId, work: &Work<'_>) -> Result<Checked, Lapse> {
        self.judge.check(chain, work)
    }

    fn verify(
        &self,
        task: Task,
        shape: Option<ShapeNumber>,
        proof: &[u8],
        says: &[&[u8]],
    ) -> Result<(), String> {
        let question = borsh::to_vec(&(task, shape, ArtifactId::of(proof), says));
        let question = ArtifactId::of(&question.map_err(|error| error.to_string())?);
        if self.seen().questions.contains(&question) {
            return Ok(());
        }
        self.judge.verify(task, shape, proof, says)?;
        let mut seen = self.seen();
        if seen.questions.insert(question) {
            seen.order.push_back(question);
        }
        if seen.order.len() > MOST
            && let Some(oldest) = seen.order.pop_front()
        {
            seen.questions.remove(&oldest);
        }
        Ok(())
    }

    fn most(&self) -> Shape {
        self.judge.most()
    }

    fn fold(&self, says: &[&[u8]]) -> Result<Vec<u8>, Failure> {
        self.judge.fold(says)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Everything holds but what begins with 0.
    #[derive(Default)]
    struct Counting(AtomicUsize);

    impl Judge for Counting {
        fn keys(&self) -> Digest {
            Digest::ZERO
        }

        fn batch(&self, _: &[u8]) -> Result<(ChainId, BatchNumber), Failure> {
            unreachable!()
        }

        fn check(&self, _: ChainId, _: &Work<'_>) -> Result<Checked, Lapse> {
            unreachable!()
        }

        fn verify(&self, _: Task, _: Option<ShapeNumber>, proof: &[u8], _: &[&[u8]]) -> Result<(), String> {
            self.0.fetch_add(1, Ordering::Relaxed);
            if proof[0] == 0 { Err("it does not hold".into()) } else { Ok(()) }
        }

        fn fold(&self, _: &[&[u8]]) -> Result<Vec<u8>, Failure> {
            unreachable!()
        }
    }

    #[test]
    fn only_the_same_question_is_answered_from_memory() {
        let counting = Arc::new(Counting::default());
        let judge = Remembering::new(Arc::clone(&counting) as Arc<dyn Judge>);
        let asked = |task, shape, proof: &[u8], says: &[&[u8]]| {
            let before = counting.0.load(Ordering::Relaxed);
            let holds = judge.verify(task, shape, proof, says).is_ok();
            (holds, counting.0.load(Ordering::Relaxed) - before)
        };
        let (task, shape) = (Task::Prove { shard: 1 }, Some(ShapeNumber(0)));
        assert_eq!(asked(task, shape, &[1, 2], &[b"ab", b"c"]), (true, 1));
        assert_eq!(asked(task, shape, &[1, 2], &[b"ab", b"c"]), (true, 0));
        assert_eq!(asked(Task::Prove { shard: 2 }, shape, &[1, 2], &[b"ab", b"c"]), (true, 1));
        assert_eq!(asked(task, None, &[1, 2], &[b"ab", b"c"]), (true, 1));
        assert_eq!(asked(task, Some(ShapeNumber(1)), &[1, 2], &[b"ab", b"c"]), (true, 1));
        assert_eq!(asked(task, shape, &[1, 3], &[b"ab", b"c"]), (true, 1));
        assert_eq!(asked(task, shape, &[1, 2], &[b"a", b"bc"]), (true, 1));
        assert_eq!(asked(task, shape, &[1, 2], &[b"abc"]), (true, 1));
        assert_eq!(asked(task, shape, &[0], &[]), (false, 1));
        assert_eq!(asked(task, shape, &[0], &[]), (false, 1), "a refusal is not remembered");
        // Not without end.
        for n in 0..=MOST {
            assert_eq!(asked(task, shape, &[&[9][..], &n.to_le_bytes()].concat(), &[]), (true, 1));
        }
        assert_eq!(judge.seen().questions.len(), MOST);
        assert_eq!(asked(task, shape, &[1, 2], &[b"ab", b"c"]), (true, 1));
    }
}
