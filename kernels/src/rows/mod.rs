//! Programs over the rows of matrices: what an AIR's constraints, and its lookups' fractions, compute from a row and its successor.
//!
//! Symbolic expressions become one graph with shared subexpressions ([`graph`]), in which whatever is the same for every row is
//! computed once, on the host ([`uniform`]). A graph becomes a list of instructions over a bounded number of words ([`program`]), which the processor runs
//! ([`run`]) and from which kernels are generated.

pub mod graph;
pub mod lower;
pub mod program;
pub mod run;
pub mod uniform;

pub use graph::{Column, Graph, Node};
pub use lower::Lowering;
pub use program::Program;
pub use run::Domain;
pub use uniform::{Given, Uniforms};
