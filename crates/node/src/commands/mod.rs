//! One file a command.

pub mod aggregate;
pub mod bench;
pub mod claim;
pub mod client;
pub mod demo;
pub mod devices;
pub mod doctor;
pub mod execute;
pub mod inspect;
pub mod keygen;
pub mod keys;
pub mod params;
pub mod prove;
pub mod rebuild;
pub mod serve;
pub mod settings;
pub mod sign;
pub mod verify;
pub mod verify_claim;
pub mod worker;

/// Says so where this build proves six to eight times slower than it could.
pub fn warn_without_vectors() {
    if cfg!(target_arch = "x86_64") && !cfg!(target_feature = "avx2") {
        eprintln!(
            "warning: this build lacks AVX2 and proves six to eight times slower; build it with \
             RUSTFLAGS=\"-C target-cpu=x86-64-v3\""
        );
    }
}
