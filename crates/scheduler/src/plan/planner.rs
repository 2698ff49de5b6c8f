//! A plan that grows with what is known of the input: each step gives the tasks that come with it, and looks at nothing that came before.

use super::{Cut, Planned, Task, fold, results, taking_results};
use crate::request::Target;

/// How far a job is planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Planner {
    target: Target,
    /// Segments, and batches in them.
    segments: u32,
    batches: usize,
    /// Those whose shards are planned.
    cut_segments: u32,
    cut_batches: usize,
    shards: u32,
}

impl Planner {
    pub const fn new(target: Target) -> Self {
        Self { target, segments: 0, batches: 0, cut_segments: 0, cut_batches: 0, shards: 0 }
    }

    /// The number of the segment whose shards come next.
    pub const fn next_cut(&self) -> u32 {
        self.cut_segments
    }

    /// Whether the shards of every segment are planned, and there are some.
    pub const fn is_checked(&self) -> bool {
        self.cut_segments == self.segments && self.shards > 0
    }

    /// One more segment, of so many batches: its check.
    pub fn add_segment(&mut self, batches: usize) -> Planned {
        let task = Task::Check { segment: self.segments };
        let first = self.batches;
        self.segments += 1;
        self.batches += batches;
        Planned { task, after: Vec::new(), batches: first..self.batches, shape: None }
    }

    /// The shards of the first segment that has none: their tasks.
    pub fn add_shards(&mut self, cuts: &[Cut]) -> Vec<Planned> {
        let mut tasks = Vec::new();
        for cut in cuts {
            let (shard, first) = (self.shards, self.cut_batches);
            self.shards += 1;
            self.cut_batches += cut.batches as usize;
            let shape = Some(cut.shape);
            let prove = Task::Prove { shard };
            tasks.push(Planned { task: prove, after: Vec::new(), batches: first..self.cut_batches, shape });
            if self.target == Target::Root {
                let lift = Task::Lift { shard };
                tasks.push(Planned { task: lift, after: vec![prove], batches: 0..0, shape });
                tasks.extend(fold::complete(shard + 1).map(taking_results));
            }
        }
        self.cut_segments += 1;
        tasks
    }

    /// There is no more, and all of it is checked: what comes when the number of shards is known.
    pub fn finish(&self) -> Vec<Planned> {
        let mut tasks = Vec::new();
        if self.target == Target::Root {
            tasks.extend(fold::incomplete(self.shards).into_iter().map(taking_results));
            tasks.push(taking_results((Task::Root, vec![fold::run(0, self.shards)])));
        }
        let results = results(self.target, self.shards);
        let checks = (0..self.segments).map(|segment| Task::Check { segment });
        tasks.push(taking_results((Task::Verify, results.iter().copied().chain(checks).collect())));
        tasks.push(taking_results((Task::Publish, results.into_iter().chain([Task::Verify]).collect())));
        tasks
    }
}
