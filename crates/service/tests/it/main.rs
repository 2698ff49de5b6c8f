//! A coordinator on a real disk, with a judge and workers that only seem to prove.

mod bounds;
mod clock;
#[path = "../drive/mod.rs"]
mod drive;
mod fakes;
mod faults;
mod load;
mod path;
mod receipts;
