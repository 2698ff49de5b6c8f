//! The transcript of a proof: what a verifier's sponge absorbs, in order, and where challenges are drawn; as Plonky3's verifier is heard
//! to ask for it, and as a list made from the parts of the proof, each with its name.
//!
//! Of a proof only Merkle openings do not appear: they are held to roots that do. The key's digest comes before all of it
//! ([`SmallestWitness::new`](aludel_verifier::challenger::SmallestWitness::new)) and is in neither.

mod list;
mod recording;

use aludel_protocol::{Challenge, F};
use aludel_verifier::config::Cap;
use p3_field::BasedVectorSpace;

pub use list::{Part, list};
pub use recording::{Heard, Recorded, heard};

/// Something that the sponge is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// An element is absorbed.
    Absorb(F),
    /// An element of a challenge is drawn.
    Draw,
    /// So many bits of an element are drawn: of a query's place, or those that grinding made zero.
    Bits(usize),
}

fn of_cap(cap: &Cap) -> Vec<Event> {
    cap.roots().as_flattened().iter().copied().map(Event::Absorb).collect()
}

fn of_values(values: &[Challenge]) -> Vec<Event> {
    let coefficients = |x: &Challenge| x.as_basis_coefficients_slice().to_vec();
    values.iter().flat_map(coefficients).map(Event::Absorb).collect()
}
