//! From outside: the rules of the machine one at a time, all of them under random faults, and machine, logs and artifacts together.

mod load;
mod machine;
mod model;
mod whole;
