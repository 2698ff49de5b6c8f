//! The engine of `aludel bench`, on the processor and on devices that fail.

mod counts;
mod faulty;
mod runs;
