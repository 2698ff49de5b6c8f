//! The verifier as a circuit, stage by stage.

use aludel_circuits::recursion::{Circuit, Value};

use crate::child::Child;
use crate::transcript::listen;
use crate::witness::ChildWitness;
use crate::{constraints, folding, opening};

/// Where a circuit's witness has the proof that is verified.
pub type Source<W> = fn(&W) -> &ChildWitness;

/// The key that a proof is verified under, as values of the circuit.
#[derive(Clone, Debug)]
pub struct KeyValues {
    /// Its digest.
    pub digest: Vec<Value>,
    /// The cap of the preprocessed columns, each digest at addresses in a row; none where there are no such columns.
    pub fixed_cap: Vec<Value>,
}

impl KeyValues {
    /// The child's own key, as part of the program.
    pub fn wired<W>(c: &mut Circuit<W>, child: &Child) -> Self {
        Self {
            digest: c.constants_in_a_row(&child.key.0),
            fixed_cap: c.constants_in_a_row(child.fixed_cap.as_deref().unwrap_or_default()),
        }
    }
}

/// What a verified proof is of.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Its public values, all chips' in order.
    pub public_values: Vec<Value>,
}

/// Verifies a proof of a machine under a key.
pub fn verify<W: 'static>(c: &mut Circuit<W>, child: &Child, key: &KeyValues, source: Source<W>) -> Verified {
    let heard = listen(c, child, key, source);
    constraints::check(c, child, &heard);
    let reduced = opening::reduce(c, child, &heard, source);
    folding::check(c, child, &heard, reduced, source);
    Verified { public_values: heard.public_values }
}
