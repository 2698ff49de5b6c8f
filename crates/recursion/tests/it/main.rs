//! Circuits that verify proofs, run over the frozen proofs of every shape.

mod frozen;
mod honest;
