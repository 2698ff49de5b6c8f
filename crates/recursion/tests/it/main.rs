//! Circuits that verify proofs, run over frozen proofs of every shape and over those of a toy machine.

mod children;
mod fields;
mod honest;
mod join;
mod lift;
mod mutations;
mod transcript;
