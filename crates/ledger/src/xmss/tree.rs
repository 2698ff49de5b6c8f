//! Trees of one-time keys: a real subtree over the window, pseudo-random siblings above and around it.

use aludel_protocol::Digest;
use aludel_protocol::params::XMSS_DEPTH;
use aludel_protocol::xmss::{Parameter, node_input};

use super::lanes::{compress24_all, par_blocks};
use super::secret::Secret;
use super::window::Window;

/// The nodes of the window's subtree: leaves first, then level by level to the subtree's root.
pub(super) struct Subtree {
    nodes: Vec<Digest>,
    window: Window,
}

impl Subtree {
    /// Siblings on the way from the epoch's leaf to the root, leaf's first. The epoch lies in the window.
    pub fn path(&self, secret: &Secret, epoch: u32) -> [Digest; XMSS_DEPTH] {
        core::array::from_fn(|level| {
            let sibling = (epoch >> level) ^ 1;
            match level < self.window.log_size() {
                true => self.node(level, sibling),
                false => secret.padding(level, sibling),
            }
        })
    }

    /// The leaf of an epoch of the window.
    #[cfg(test)]
    pub fn leaf(&self, epoch: u32) -> Digest {
        self.node(0, epoch)
    }

    fn node(&self, level: usize, index: u32) -> Digest {
        let below = (2 << self.window.log_size()) - (2 << (self.window.log_size() - level));
        self.nodes[below + (index - (self.window.start().0 >> level)) as usize]
    }
}

/// The subtrees and roots of many keys with one window; `leaves` holds each key's leaves in turn. Every level of
/// all keys is hashed together, so that lanes are full however small the window.
pub(super) fn build(
    secrets: &[Secret],
    parameters: &[Parameter],
    window: Window,
    leaves: Vec<Digest>,
) -> Vec<(Subtree, Digest)> {
    let mut levels = vec![leaves];
    for level in 0..window.log_size() {
        levels.push(parents(parameters, window, level, &levels[level]));
    }
    let mut roots = levels[window.log_size()].clone();
    for level in window.log_size()..XMSS_DEPTH {
        roots = above_window(secrets, parameters, window, level, &roots);
    }
    let subtree = |key: usize| {
        let width = |level: usize| window.size() >> level;
        let part = |(level, all): (usize, &Vec<Digest>)| all[key * width(level)..][..width(level)].to_vec();
        Subtree { nodes: levels.iter().enumerate().flat_map(part).collect(), window }
    };
    roots.iter().enumerate().map(|(key, root)| (subtree(key), *root)).collect()
}

/// The nodes above `children`, which are every key's nodes at `level` within the window.
fn parents(parameters: &[Parameter], window: Window, level: usize, children: &[Digest]) -> Vec<Digest> {
    let log_width = window.log_size() - level - 1;
    let input = |i: usize| {
        let index = (window.start().0 >> (level + 1)) + (i & ((1 << log_width) - 1)) as u32;
        node_input(&parameters[i >> log_width], level, index, &children[2 * i], &children[2 * i + 1])
    };
    par_blocks(children.len() / 2, |first, count| compress24_all(count, |i| input(first + i)))
}

/// The node above each key's node at `level`, whose sibling is pseudo-random.
fn above_window(
    secrets: &[Secret],
    parameters: &[Parameter],
    window: Window,
    level: usize,
    nodes: &[Digest],
) -> Vec<Digest> {
    let index = window.start().0 >> level;
    par_blocks(nodes.len(), |first, count| {
        let padding = compress24_all(count, |i| secrets[first + i].padding_input(level, index ^ 1));
        compress24_all(count, |i| {
            let (own, other) = (&nodes[first + i], &padding[i]);
            let (left, right) = if index & 1 == 0 { (own, other) } else { (other, own) };
            node_input(&parameters[first + i], level, index >> 1, left, right)
        })
    })
}
