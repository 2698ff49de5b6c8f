//! Programs over the rows of matrices: what an AIR's constraints, and its lookups' fractions, compute from a row and its successor.
//!
//! Symbolic expressions become one graph with shared subexpressions ([`graph`]), in which whatever is the same for every row is
//! computed once, on the host ([`uniform`]), and linear parts become sums where that takes less (`linear`). A graph becomes a list of instructions over few words ([`program`]), which the processor runs
//! and from which kernels are generated ([`Rows`](crate::seam::Rows)).

pub mod domain;
pub(crate) mod encoding;
pub mod graph;
mod linear;
pub mod lower;
pub(crate) mod needs;
pub mod program;
pub(crate) mod text;
pub mod uniform;

pub use domain::Domain;
pub use graph::{Column, Graph, Node};
pub use lower::Lowering;
pub use program::Program;
pub use uniform::{Given, Uniforms};
