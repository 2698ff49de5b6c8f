//! Each corruption and the constraint that names it; the attacks on the ledger as an adversary writes them.

mod history;
mod honest;
mod judge;
mod world;
