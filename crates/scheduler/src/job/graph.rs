//! The tasks of a job as far as they are known, and which of them can be leased. What a record changes is found without a look at the others: each task knows
//! how many of those that it takes are not done, and who takes it.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Planned, Side, Stage, Task};

/// Places in the plan of tasks that can be leased and could not, or the other way round.
pub(crate) type Changed = Vec<usize>;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Graph {
    plan: Vec<Planned>,
    /// As the plan.
    nodes: Vec<Node>,
    /// By task its place in the plan.
    places: BTreeMap<Task, usize>,
    /// Places of what can be leased, by who does it.
    ready: [BTreeSet<usize>; 2],
    /// Places of what is not done.
    undone: BTreeSet<usize>,
    /// By stage, how many tasks are done and how many there are.
    stages: [(u32, u32); 7],
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Node {
    /// How many of the tasks that it takes are not done.
    missing: usize,
    /// Places of those that take it.
    takers: Vec<usize>,
    is_done: bool,
    is_leased: bool,
}

impl Graph {
    /// One more task, behind those that it takes.
    pub fn add(&mut self, planned: Planned, changed: &mut Changed) {
        let place = self.plan.len();
        let mut node = Node::default();
        for before in &planned.after {
            let before = self.places.get(before).and_then(|before| self.nodes.get_mut(*before));
            node.missing += usize::from(before.as_ref().is_none_or(|before| !before.is_done));
            before.into_iter().for_each(|before| before.takers.push(place));
        }
        self.places.insert(planned.task, place);
        self.stages[planned.task.stage() as usize].1 += 1;
        self.undone.insert(place);
        self.plan.push(planned);
        self.nodes.push(node);
        self.refresh(place, changed);
    }

    pub fn lease(&mut self, task: Task, changed: &mut Changed) {
        self.set_leased(task, true, changed);
    }

    pub fn release(&mut self, task: Task, changed: &mut Changed) {
        self.set_leased(task, false, changed);
    }

    fn set_leased(&mut self, task: Task, is_leased: bool, changed: &mut Changed) {
        let Some(place) = self.place(task) else { return };
        self.nodes[place].is_leased = is_leased;
        self.refresh(place, changed);
    }

    /// A task that is leased has its result, and is not leased any more.
    pub fn complete(&mut self, task: Task, changed: &mut Changed) {
        let Some(place) = self.place(task) else { return };
        self.nodes[place].is_leased = false;
        self.set_done(place, true, changed);
    }

    /// The result of a task is there no more; nothing, if none was.
    pub fn lose(&mut self, task: Task, changed: &mut Changed) {
        if let Some(place) = self.place(task) {
            self.set_done(place, false, changed);
        }
    }

    fn set_done(&mut self, place: usize, is_done: bool, changed: &mut Changed) {
        if self.nodes[place].is_done == is_done {
            return;
        }
        self.nodes[place].is_done = is_done;
        let (done, _) = &mut self.stages[self.plan[place].task.stage() as usize];
        if is_done {
            *done += 1;
            self.undone.remove(&place);
        } else {
            *done -= 1;
            self.undone.insert(place);
        }
        self.refresh(place, changed);
        for i in 0..self.nodes[place].takers.len() {
            let taker = self.nodes[place].takers[i];
            let missing = &mut self.nodes[taker].missing;
            *missing = if is_done { *missing - 1 } else { *missing + 1 };
            self.refresh(taker, changed);
        }
    }

    /// Says anew whether a task can be leased.
    fn refresh(&mut self, place: usize, changed: &mut Changed) {
        let node = &self.nodes[place];
        let can = node.missing == 0 && !node.is_done && !node.is_leased;
        let ready = &mut self.ready[self.plan[place].task.side() as usize];
        if if can { ready.insert(place) } else { ready.remove(&place) } {
            changed.push(place);
        }
    }

    pub fn plan(&self) -> &[Planned] {
        &self.plan
    }

    pub fn place(&self, task: Task) -> Option<usize> {
        self.places.get(&task).copied()
    }

    pub const fn ready(&self, side: Side) -> &BTreeSet<usize> {
        &self.ready[side as usize]
    }

    /// Whether the task takes the other's result.
    pub fn takes(&self, task: Task, other: Task) -> bool {
        let (Some(task), Some(other)) = (self.place(task), self.place(other)) else { return false };
        self.nodes[other].takers.contains(&task)
    }

    /// The stage of the first task that is not done, checks before all others.
    pub fn first_stage(&self) -> Option<Stage> {
        let first = self.plan[*self.undone.first()?].task.stage();
        let (done, total) = self.stage(Stage::Check);
        Some(if done < total { Stage::Check } else { first })
    }

    /// How many tasks of a stage are done, and how many there are.
    pub const fn stage(&self, stage: Stage) -> (u32, u32) {
        self.stages[stage as usize]
    }
}
