//! Hashes, reduced as they are absorbed.

use aludel_protocol::F;
use aludel_protocol::hash::{DIGEST, perm24};
use p3_field::PrimeCharacteristicRing;
use p3_symmetric::Permutation;

use super::Execution;
use crate::bus::CHALLENGE;
use crate::recursion::program::{Block, Port, Ports};
use crate::recursion::sponge::columns::RATE;
use crate::recursion::sponge::trace::SpongeStep;

impl Execution<'_> {
    pub(super) fn hash(&mut self, blocks: &[Block], elements: Option<Vec<F>>) {
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
}
