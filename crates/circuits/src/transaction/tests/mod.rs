//! Each corruption and the constraint that names it; the attacks on the ledger as an adversary writes them.

mod accounts;
mod amounts;
mod authorisation;
mod batches;
mod calls;
mod columns;
mod degrees;
mod excuses;
mod expiry;
mod forced;
mod free;
mod history;
mod honest;
mod judge;
mod memory;
mod outcomes;
mod queue;
mod rotation;
mod rules;
mod withdrawals;
mod world;
