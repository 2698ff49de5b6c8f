//! Each corruption and the constraint that names it; the attacks on the ledger as an adversary would write them.

mod attacks;
mod columns;
mod degrees;
mod guards;
mod history;
mod honest;
mod judge;
mod memory;
mod queue;
mod world;
