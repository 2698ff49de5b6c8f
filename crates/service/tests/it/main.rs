//! A coordinator on a real disk, with a judge and workers that only seem to prove.

mod clock;
mod fakes;
mod faults;
mod load;
mod path;
