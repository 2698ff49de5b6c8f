//! The methods over a real connection.

mod artifacts;
mod edge;
mod estimates;
mod fakes;
mod fuzz;
mod input;
mod proofs;
mod quota;
mod watch;
