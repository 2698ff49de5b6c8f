//! The ledger from outside: its rules one by one, against a simple model, and its files.

mod batches;
mod encoding;
mod generate;
mod history;
mod model;
mod no_ops;
mod random;
mod rules;
mod small;
mod speed;
mod stub;
mod withdrawals;
