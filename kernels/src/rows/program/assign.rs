//! Registers for what a program computes.

use std::collections::VecDeque;

use super::super::graph::{Graph, Node, Operation};
use super::code::Instruction;

/// Registers of one kind.
#[derive(Default)]
pub(super) struct File {
    free: Vec<u32>,
    pub peak: usize,
}

impl File {
    fn take(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.peak += 1;
            u32::try_from(self.peak - 1).expect("fewer than 2^32 values at once")
        })
    }

    fn in_use(&self) -> usize {
        self.peak - self.free.len()
    }
}

/// Gives nodes registers, in the order of the code.
pub(super) struct Assignment<'a> {
    graph: &'a Graph,
    /// Steps at which a node is read, those to come.
    uses: Vec<VecDeque<usize>>,
    at: Vec<Option<u32>>,
    /// Columns of the field in registers.
    loaded: Vec<Node>,
    pub base: File,
    pub extension: File,
    most: usize,
    pub code: Vec<Instruction<u32>>,
}

impl<'a> Assignment<'a> {
    pub fn new(graph: &'a Graph, code: &[Instruction<Node>], most: usize) -> Self {
        let mut uses = vec![VecDeque::new(); graph.len()];
        for (i, instruction) in code.iter().enumerate() {
            instruction.registers().1.iter().for_each(|(node, _)| uses[node.index()].push_back(i));
        }
        let at = vec![None; graph.len()];
        let (base, extension) = Default::default();
        Self { graph, uses, at, loaded: Vec::new(), base, extension, most, code: Vec::new() }
    }

    pub fn step(&mut self, i: usize, instruction: &Instruction<Node>) {
        let (written, read) = instruction.registers();
        for (node, five) in &read {
            if self.at[node.index()].is_none() {
                self.load(*node, *five, &read);
            }
        }
        let before: Vec<_> = read.iter().map(|(node, _)| (*node, self.at[node.index()])).collect();
        // What is read for the last time may be where the result goes: operands are read before it is written.
        for (node, five) in &read {
            let uses = &mut self.uses[node.index()];
            while uses.front() == Some(&i) {
                uses.pop_front();
            }
            if uses.is_empty() && written.is_none_or(|(to, _)| to != *node) {
                self.give_back(*node, *five);
            }
        }
        if let Some((to, five)) = written
            && self.at[to.index()].is_none()
        {
            let register = if five { self.extension.take() } else { self.take_base(&read) };
            self.at[to.index()] = Some(register);
        }
        let register = |node: Node| {
            let earlier = before.iter().find(|(read, _)| *read == node).and_then(|(_, at)| *at);
            earlier.or(self.at[node.index()]).expect("a register was given")
        };
        self.code.push(instruction.map(register));
    }

    fn load(&mut self, node: Node, five: bool, keep: &[(Node, bool)]) {
        let instruction = match *self.graph.operation(node) {
            Operation::Column(column) => {
                let to = self.take_base(keep);
                self.loaded.push(node);
                self.at[node.index()] = Some(to);
                Instruction::Load(to, column)
            }
            Operation::Columns(column) => {
                let to = self.extension.take();
                self.at[node.index()] = Some(to);
                Instruction::LoadFive(to, column)
            }
            Operation::Uniform(_) => unreachable!("uniform values are operands"),
            _ => unreachable!("computed before it is read: {five}"),
        };
        self.code.push(instruction);
    }

    /// A register of the field: a new one, or that of the column which is needed the latest.
    fn take_base(&mut self, keep: &[(Node, bool)]) -> u32 {
        if self.base.in_use() >= self.most {
            let spare = |node: &&Node| keep.iter().all(|(kept, _)| kept != *node);
            let latest =
                self.loaded.iter().filter(spare).max_by_key(|n| self.uses[n.index()].front().copied());
            if let Some(node) = latest.copied() {
                self.give_back(node, false);
            }
        }
        self.base.take()
    }

    fn give_back(&mut self, node: Node, five: bool) {
        let Some(register) = self.at[node.index()].take() else { return };
        if five {
            self.extension.free.push(register);
        } else {
            self.base.free.push(register);
            self.loaded.retain(|loaded| *loaded != node);
        }
    }
}
