//! placeholder

pub mod keys;
pub mod xmss;
