//! Proving and verifying, end to end: on a small machine, and on the real one.

mod attacks;
mod entries;
mod forgeries;
mod forgery;
mod keys;
mod lawless;
mod machine;
mod payload;
mod rehash;
mod round_trip;
mod slice;
mod tamper;
mod toy;
mod transcript;
