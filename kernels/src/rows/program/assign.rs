//! Registers for what a program computes.

use std::collections::VecDeque;

use super::super::graph::{Graph, Node, Operation};
use super::code::Instruction;
use crate::fold::DEGREE;

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
    /// Columns in registers, and whether a register holds five.
    loaded: Vec<(Node, bool)>,
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
            self.at[to.index()] = Some(self.take(five, &read));
        }
        let register = |node: Node| {
            let earlier = before.iter().find(|(read, _)| *read == node).and_then(|(_, at)| *at);
            earlier.or(self.at[node.index()]).expect("a register was given")
        };
        self.code.push(instruction.map(register));
    }

    fn load(&mut self, node: Node, five: bool, keep: &[(Node, bool)]) {
        let to = self.take(five, keep);
        self.at[node.index()] = Some(to);
        self.loaded.push((node, five));
        self.code.push(match *self.graph.operation(node) {
            Operation::Column(column) => Instruction::Load(to, column),
            Operation::Columns(column) => Instruction::LoadFive(to, column),
            Operation::Uniform(_) => unreachable!("uniform values are operands"),
            _ => unreachable!("computed before it is read"),
        });
    }

    /// A register. Where that would be more than may be in use, columns that are needed the latest make room.
    fn take(&mut self, five: bool, keep: &[(Node, bool)]) -> u32 {
        let words = if five { DEGREE } else { 1 };
        while self.base.in_use() + DEGREE * self.extension.in_use() + words > self.most {
            let spare = |(node, _): &&(Node, bool)| keep.iter().all(|(kept, _)| kept != node);
            let latest =
                self.loaded.iter().filter(spare).max_by_key(|(n, _)| self.uses[n.index()].front().copied());
            let Some((node, five)) = latest.copied() else { break };
            self.give_back(node, five);
        }
        if five { self.extension.take() } else { self.base.take() }
    }

    fn give_back(&mut self, node: Node, five: bool) {
        let Some(register) = self.at[node.index()].take() else { return };
        let file = if five { &mut self.extension } else { &mut self.base };
        file.free.push(register);
        self.loaded.retain(|(loaded, _)| *loaded != node);
    }
}
