//! Runs a program over a witness.

use std::collections::BTreeMap;
use std::ops::Range;

use aludel_protocol::F;
use aludel_protocol::hash::{DIGEST, perm16, perm24};
use p3_field::{Field, PrimeCharacteristicRing, PrimeField32};
use p3_symmetric::Permutation;

use super::bits;
use super::bits::columns::BitsColumns;
use super::extension::{challenge, coefficients, product};
use super::path::trace::PathStep;
use super::program::{Bit, Block, Lane, Node, Port, Ports, Program, Rows, Step, Tree, Value};
use super::sponge::columns::RATE;
use super::sponge::trace::SpongeStep;
use crate::bus::CHALLENGE;

/// The witness does not satisfy the program: the proof that it verifies is not good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{stage}: {reason}")]
pub struct Unsatisfied {
    /// The stage of the circuit.
    pub stage: &'static str,
    /// What does not hold.
    pub reason: String,
}

/// A program's run: what the main columns are made from.
pub struct Execution<'p> {
    pub(super) rows: &'p Rows,
    /// The memory, by address.
    memory: Vec<[F; CHALLENGE]>,
    digests: Vec<[F; DIGEST]>,
    pub(super) bits: Vec<BitsColumns<F>>,
    pub(super) blocks: Vec<SpongeStep>,
    pub(super) nodes: Vec<PathStep>,
    /// States before each permutation of the challenger.
    pub(super) duplexes: Vec<[F; 16]>,
    /// How many paths end at each entry of a cap.
    pub(super) ends: Vec<u32>,
    unsatisfied: Vec<Unsatisfied>,
    stage: &'static str,
}

/// Runs a program. A witness that does not satisfy it is run to the end all the same, so that a forger's traces are as
/// complete as an honest prover's; [`Execution::check`] tells.
pub fn execute<'p, W>(program: &'p Program<W>, witness: &W) -> Execution<'p> {
    let rows = program.rows();
    let mut e = Execution {
        rows,
        memory: vec![[F::ZERO; CHALLENGE]; program.values()],
        digests: vec![[F::ZERO; DIGEST]; program.hashes as usize],
        bits: Vec::with_capacity(rows.bits.len()),
        blocks: Vec::with_capacity(rows.sponge.len()),
        nodes: vec![PathStep::default(); rows.path.len()],
        duplexes: Vec::with_capacity(rows.transcript.len()),
        ends: vec![0; rows.caps.len()],
        unsatisfied: Vec::new(),
        stage: "beginning",
    };
    program.steps.iter().for_each(|step| e.step(step, witness));
    for multiproof in &program.multiproofs {
        e.stage = multiproof.stage;
        e.walk(&multiproof.paths, &(multiproof.siblings)(witness));
    }
    e
}

impl<'p> Execution<'p> {
    /// Whether the witness satisfies the program.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn check(&self) -> Result<(), Unsatisfied> {
        self.unsatisfied.first().map_or(Ok(()), |u| Err(u.clone()))
    }

    /// The public values.
    pub fn public(&self) -> Vec<F> {
        self.rows.public.iter().map(|value| self.base(*value)).collect()
    }

    /// A value of the memory.
    pub fn value(&self, value: Value) -> [F; CHALLENGE] {
        self.memory[value.index()]
    }

    fn base(&self, value: Value) -> F {
        self.value(value)[0]
    }

    pub(super) fn port(&self, port: Port) -> [F; CHALLENGE] {
        port.value().map_or([F::ZERO; CHALLENGE], |value| self.value(value))
    }

    pub(super) fn digest_at(&self, first: Value) -> [F; DIGEST] {
        core::array::from_fn(|i| self.base(first.plus(i as u32)))
    }

    fn set(&mut self, port: Port, x: [F; CHALLENGE]) {
        if let Port::Write(value) = port {
            self.memory[value.index()] = x;
        }
    }

    fn set_base(&mut self, port: Port, x: F) {
        self.set(port, [x, F::ZERO, F::ZERO, F::ZERO, F::ZERO]);
    }

    fn fail(&mut self, reason: impl Into<String>) {
        self.unsatisfied.push(Unsatisfied { stage: self.stage, reason: reason.into() });
    }

    fn step<W>(&mut self, step: &Step<W>, witness: &W) {
        let rows = self.rows;
        match step {
            Step::Stage(name) => self.stage = name,
            Step::Hint { first, whole, hint } => self.hint(*first, *whole, &hint(witness)),
            Step::Compute(run) => {
                let run = &rows.alu[run.clone()];
                let sum = self.sum(run);
                run.iter().for_each(|lane| self.set(lane.ports[2], sum));
            }
            Step::Invert(lane) => self.invert(&rows.alu[*lane]),
            Step::Assert(run) => {
                if self.sum(&rows.alu[run.clone()]) != [F::ZERO; CHALLENGE] {
                    self.fail("two values that must be equal differ");
                }
            }
            Step::Hash { blocks, elements } => {
                let elements = elements.as_ref().map(|hint| hint(witness));
                self.hash(&rows.sponge[blocks.clone()], elements);
            }
            Step::Place { first, own, place, others } => {
                let place = (0..).zip(place).map(|(i, bit)| self.base(*bit).as_canonical_u32() << i).sum();
                self.place(*first, self.value(*own), place, &others(witness));
            }
            Step::Duplex(row) => self.duplex(*row),
            Step::Join(row) => {
                let row = &rows.pack[*row];
                let x = row.base.map(|port| self.port(port)[0]);
                self.set(row.whole, x);
            }
            Step::Split(row) => {
                let row = &rows.pack[*row];
                let x = self.port(row.whole);
                row.base.into_iter().zip(x).for_each(|(port, x)| self.set_base(port, x));
            }
            Step::Bits(range) => self.take_apart(&rows.bits[range.clone()]),
            Step::Reveal { hashed, first } => {
                let digest = self.digests[hashed.0 as usize];
                for (i, x) in (0..).zip(digest) {
                    self.set_base(Port::Write(first.plus(i)), x);
                }
            }
        }
    }

    fn hint(&mut self, first: Value, whole: bool, x: &[F]) {
        let n = if whole { CHALLENGE } else { 1 };
        for (i, x) in (0..).zip(x.chunks(n)) {
            let mut value = [F::ZERO; CHALLENGE];
            value[..x.len()].copy_from_slice(x);
            self.set(Port::Write(first.plus(i)), value);
        }
    }

    /// The sum of lanes.
    fn sum(&self, run: &[Lane]) -> [F; CHALLENGE] {
        run.iter().fold([F::ZERO; CHALLENGE], |sum, lane| self.lane(lane, sum))
    }

    /// `q_ab a b + q_a a + q_b b + q_0 + q_c before`.
    pub(super) fn lane(&self, lane: &Lane, before: [F; CHALLENGE]) -> [F; CHALLENGE] {
        let [a, b, _] = lane.ports.map(|port| self.port(port));
        let [q_ab, q_a, q_b, q_0] = lane.factors;
        let ab = product(&a, &b);
        let carried = F::from_bool(lane.carries);
        let mut sum = core::array::from_fn(|i| q_ab * ab[i] + q_a * a[i] + q_b * b[i] + carried * before[i]);
        sum[0] += q_0;
        sum
    }

    fn invert(&mut self, lane: &Lane) {
        let a = challenge(self.port(lane.ports[0]));
        match a.try_inverse() {
            Some(b) => self.set(lane.ports[1], coefficients(b)),
            None => self.fail("a divisor is zero"),
        }
    }

    fn hash(&mut self, blocks: &[Block], elements: Option<Vec<F>>) {
        let mut elements = elements.unwrap_or_else(|| self.leaf(blocks)).into_iter();
        let mut state = [F::ZERO; 24];
        let mut sum = [F::ZERO; CHALLENGE];
        for (i, block) in blocks.iter().enumerate() {
            match block.fields {
                Some((tag, length)) => {
                    if i == 0 {
                        [state[0], state[1]] = [tag, length];
                    }
                    state[8..].copy_from_slice(&self.chain_elements(block));
                }
                None => {
                    let rate = state.iter_mut().take(block.absorbed);
                    rate.for_each(|x| *x = elements.next().unwrap_or_default());
                }
            }
            let beta = match block.beta {
                Some(beta) => self.value(beta),
                None => self.blocks.last().map_or([F::ZERO; CHALLENGE], |block| block.power[0]),
            };
            let step = SpongeStep::new(block, state, beta, sum);
            sum = step.sum[3];
            if let Some((_, cut)) = block.cut {
                self.set(Port::Write(cut), step.cut);
            }
            if let Some(end) = block.sum {
                self.set(Port::Write(end), sum);
            }
            self.blocks.push(step);
            let out = perm24().permute(state);
            let mut digest: [F; DIGEST] = core::array::from_fn(|i| out[i]);
            if block.fields.is_some() {
                digest.iter_mut().zip(state).for_each(|(x, y)| *x += y);
                state[..DIGEST].copy_from_slice(&digest);
            } else {
                state = out;
            }
            if let Some(hashed) = block.digest {
                self.digests[hashed.0 as usize] = digest;
            }
        }
    }

    /// The 16 elements of a call in a chain.
    fn chain_elements(&self, block: &Block) -> [F; RATE] {
        let [a, b, c, last] = block.ports.map(|port| self.port(port));
        let elements = [&a[..], &b, &c, &last[..1]].concat();
        core::array::from_fn(|i| elements[i])
    }

    /// The elements of all challenges that blocks take from the memory.
    fn leaf(&self, blocks: &[Block]) -> Vec<F> {
        let ports = blocks.iter().filter(|b| b.kind != Ports::Fields).flat_map(|block| block.ports);
        ports.filter(|port| *port != Port::Unused).flat_map(|port| self.port(port)).collect()
    }

    fn place(&mut self, first: Value, own: [F; CHALLENGE], place: u32, others: &[F]) {
        let mut all: Vec<F> = others.to_vec();
        let at = all.len().min(place as usize * CHALLENGE);
        all.splice(at..at, own);
        self.hint(first, true, &all);
    }

    /// Walks paths of one form step by step side by side, so that each gives the others what is beside them.
    fn walk(&mut self, paths: &[Range<usize>], siblings: &[F]) {
        let digests = |chunk: &[F]| chunk.try_into().unwrap_or_default();
        let mut siblings = siblings.chunks(DIGEST).map(digests);
        let rows = self.rows;
        let mut walkers: Vec<Walker> = paths.iter().map(|path| self.start(&rows.path[path.start])).collect();
        for step in 0..paths.first().map_or(0, ExactSizeIterator::len) {
            let node = &rows.path[paths[0].start + step];
            let beside =
                if node.bare || node.inject { BTreeMap::new() } else { beside(&walkers, &mut siblings) };
            for (path, walker) in paths.iter().zip(&mut walkers) {
                let row = path.start + step;
                self.nodes[row] = self.node(&rows.path[row], walker, &beside);
                if let Some(tree) = rows.path[row].end {
                    self.end(tree, walker.index, walker.digest);
                }
            }
        }
    }

    fn start(&self, node: &Node) -> Walker {
        let digest = node.digest.map_or([F::ZERO; DIGEST], |hashed| self.digests[hashed.0 as usize]);
        let index = node.index.map_or(0, |value| self.base(value).as_canonical_u32());
        Walker { digest, index }
    }

    fn node(&self, node: &Node, walker: &mut Walker, beside: &BTreeMap<u32, [F; DIGEST]>) -> PathStep {
        let digest = walker.digest;
        let (pair, bit) = if node.bare {
            (children([F::ZERO; DIGEST], digest), false)
        } else if node.inject {
            let injected = node.digest.map(|hashed| self.digests[hashed.0 as usize]);
            (children(digest, injected.unwrap_or_default()), false)
        } else {
            let sibling = beside.get(&(walker.index ^ 1)).copied().unwrap_or_default();
            let right = walker.index & 1 == 1;
            walker.index >>= 1;
            let pair = if right { children(sibling, digest) } else { children(digest, sibling) };
            (pair, right != node.index.is_some())
        };
        if !node.bare {
            let out = perm16().permute(pair);
            walker.digest = core::array::from_fn(|i| out[i]);
        }
        PathStep { children: pair, bit: F::from_bool(bit), index: F::from_u32(walker.index) }
    }

    fn end(&mut self, tree: Tree, index: u32, digest: [F; DIGEST]) {
        let mut entries = (0..).zip(&self.rows.caps);
        let entry = entries.find(|(_, e): &(usize, _)| e.tree == tree && e.index == index as usize);
        let Some((row, entry)) = entry else {
            return self.fail(format!("a path ends at entry {index}, which its cap has not"));
        };
        if self.digest_at(entry.digest) != digest {
            self.fail(format!("a path does not end at entry {index} of its cap"));
        }
        self.ends[row] += 1;
    }

    fn duplex(&mut self, row: usize) {
        let row = &self.rows.transcript[row];
        let mut state = match self.duplexes.last() {
            Some(last) if !row.begin => perm16().permute(*last),
            _ => [F::ZERO; 16],
        };
        if row.absorbed > 0 {
            for (x, port) in state.iter_mut().zip(row.absorb) {
                *x = self.port(port)[0];
            }
            state[8] += F::from_usize(row.absorbed);
        }
        self.duplexes.push(state);
        let out = perm16().permute(state);
        row.squeeze.into_iter().zip(out).for_each(|(port, x)| self.set_base(port, x));
    }

    fn take_apart(&mut self, rows: &[Bit]) {
        let element = rows.last().and_then(|row| row.element).map_or(F::ZERO, |value| self.base(value));
        let columns = bits::trace::element(rows, element);
        for (row, columns) in rows.iter().zip(&columns) {
            let outputs = [(row.bit, columns.bit), (row.index, columns.index), (row.point, columns.point)];
            for (value, x) in outputs {
                self.set_base(value.map_or(Port::Unused, Port::Write), x);
            }
        }
        self.bits.extend(columns);
    }
}

/// Where a path is.
struct Walker {
    digest: [F; DIGEST],
    index: u32,
}

/// The nodes of a level by index: those that are walked, and beside them those that are given.
fn beside(walkers: &[Walker], given: &mut impl Iterator<Item = [F; DIGEST]>) -> BTreeMap<u32, [F; DIGEST]> {
    let mut level: BTreeMap<u32, [F; DIGEST]> = walkers.iter().map(|w| (w.index, w.digest)).collect();
    let missing: Vec<u32> = level.keys().map(|i| i ^ 1).filter(|i| !level.contains_key(i)).collect();
    for index in missing {
        level.insert(index, given.next().unwrap_or_default());
    }
    level
}

/// Two children as one input.
fn children(left: [F; DIGEST], right: [F; DIGEST]) -> [F; 2 * DIGEST] {
    core::array::from_fn(|i| if i < DIGEST { left[i] } else { right[i - DIGEST] })
}
