//! The machine from outside: its rules one at a time, and all of them under random faults.

mod load;
mod machine;
mod model;
