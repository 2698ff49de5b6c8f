//! What the verifier leaves to Plonky3, tried on a machine of two chips; and the rules of keys.

mod frozen;
mod grinding;
mod openings;
mod rules;
mod toy;
