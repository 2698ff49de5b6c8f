//! Witnesses as adversaries write them: a ledger that executes whatever it is told, the rows that it leaves, and the
//! tools to edit those by hand.

mod entries;
mod forgery;
mod lawless;
mod payload;
mod rehash;

pub use forgery::Forgery;
pub use lawless::{Lawless, fresh_key};
pub use payload::{advance, balance, gain, set_balance};
