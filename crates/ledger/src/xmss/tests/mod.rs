//! Honest signatures verify, everything else is refused, and both verifiers say the same.

mod forgery;
mod honest;

use aludel_protocol::hash::{Tag, compress16, compress24, hash_fields};
use aludel_protocol::params::{XMSS_CHAINS, XMSS_DEPTH, XMSS_PARAMETER};
use aludel_protocol::xmss::chain_input;
use aludel_protocol::{ChainId, Digest, Epoch, F, Signature, fe};

use super::*;

/// Field elements of a signature.
const ELEMENTS: usize = XMSS_PARAMETER + 8 + 8 * XMSS_CHAINS + 8 * XMSS_DEPTH;

fn derivation(counter: u64) -> Derivation {
    Derivation { seed: [7; 32], chain_id: ChainId(5), counter }
}

fn window(start: u32, log_size: u8) -> Window {
    Window::new(Epoch(start), log_size).expect("aligned")
}

fn message(n: u32) -> Digest {
    hash_fields(Tag::Transfer, &[fe(n)])
}

fn honest() -> (SecretKey, Epoch, Digest, Signature) {
    let (key, epoch, message) = (SecretKey::generate(&derivation(1), window(8, 2)), Epoch(10), message(1));
    let signature = key.sign(epoch, &message).expect("in the window");
    (key, epoch, message, signature)
}

/// The element at a position: parameter, randomness, chains, path.
fn element(s: &mut Signature, at: usize) -> &mut F {
    let chains = XMSS_PARAMETER + 8;
    let path = chains + 8 * XMSS_CHAINS;
    match at {
        _ if at < XMSS_PARAMETER => &mut s.parameter[at],
        _ if at < chains => &mut s.randomness[at - XMSS_PARAMETER],
        _ if at < path => &mut s.chains[(at - chains) / 8].0[(at - chains) % 8],
        _ => &mut s.path[(at - path) / 8].0[(at - path) % 8],
    }
}

/// The verdict on which both verifiers agree.
fn verdict(key: &Digest, epoch: Epoch, message: &Digest, signature: &Signature) -> Result<(), VerifyError> {
    let one = verify(key, epoch, message, signature);
    let many = verify_batch(&[Claim { key: *key, epoch, message: *message, signature }]);
    assert_eq!(many, [one]);
    one
}

/// The value of a key's chain at a position.
fn chain_value(key: &SecretKey, epoch: Epoch, chain: usize, position: usize) -> Digest {
    let start = Digest(compress24(key.secret.start_input(epoch.0, chain)));
    (0..position).fold(start, |value, at| {
        Digest(compress16(chain_input(&key.public_key().parameter, epoch.0, chain, at, &value)))
    })
}
