//! The ledger from outside: its rules one by one, against a simple model, and its files.

mod batches;
mod encoding;
mod history;
mod model;
mod rules;
mod speed;
mod store;
mod stub;
