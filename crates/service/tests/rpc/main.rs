//! The methods over a real connection.

mod artifacts;
mod edge;
mod fakes;
mod fuzz;
mod input;
mod proofs;
mod watch;
