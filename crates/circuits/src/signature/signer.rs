//! Signatures for tests: random chain values and path siblings make a key for which any epoch can sign once.

use std::collections::BTreeSet;

use aludel_protocol::field::MODULUS;
use aludel_protocol::hash::{DIGEST, compress16, compress24};
use aludel_protocol::params::{XMSS_BASE, XMSS_CHAINS, XMSS_DEPTH};
use aludel_protocol::xmss::{self, Parameter};
use aludel_protocol::{Digest, F, fe};
use p3_field::PrimeField32;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Signature, SignatureRow, generate};
use crate::bus::Bus;
use crate::chain::{self, ChainWalk};
use crate::check::{Checker, Violation};
use crate::chip::Tables;

/// A signature, what its verification walks, and the key digest.
#[derive(Clone)]
pub(crate) struct Signed {
    pub row: SignatureRow,
    pub walks: Vec<ChainWalk>,
    pub key: Digest,
}

/// Signs a random message with a random key.
pub(crate) fn sign(seed: u64, epoch: u32) -> Signed {
    sign_if(seed, epoch, |hash| xmss::encode(hash).is_some())
}

/// Signs where the message hash is to the signer's liking.
pub(crate) fn sign_if(seed: u64, epoch: u32, accept: impl Fn(&[F; DIGEST]) -> bool) -> Signed {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut element = || fe(rng.random_range(0..MODULUS));
    let parameter = core::array::from_fn(|_| element());
    let message = Digest(core::array::from_fn(|_| element()));
    let path = core::array::from_fn(|_| Digest(core::array::from_fn(|_| element())));
    let ends = [Digest::ZERO; XMSS_CHAINS];
    loop {
        let randomness = core::array::from_fn(|_| element());
        let hash = compress24(xmss::message_input(&parameter, epoch, &message, &randomness));
        if let Some(digits) = xmss::digits(&hash).filter(|_| accept(&hash)) {
            return finish(SignatureRow { parameter, epoch, message, randomness, digits, ends, path });
        }
    }
}

/// Fresh chains for the digits, walked to their ends, and the key to which they lead.
pub(crate) fn finish(mut row: SignatureRow) -> Signed {
    let walk = |chain: usize| ChainWalk {
        parameter: row.parameter,
        epoch: row.epoch,
        chain: chain as u8,
        digit: row.digits[chain],
        start: Digest(core::array::from_fn(|i| fe((1000 * chain + i) as u32))),
    };
    let mut walks: Vec<ChainWalk> = (0..XMSS_CHAINS).map(walk).collect();
    row.ends = core::array::from_fn(|i| end(&walks[i]));
    walks.retain(|walk| walk.digit < 7);
    let key = key(&row);
    Signed { row, walks, key }
}

/// Where a walk ends.
pub(crate) fn end(walk: &ChainWalk) -> Digest {
    (usize::from(walk.digit)..XMSS_BASE - 1).fold(walk.start, |value, position| {
        let chain = usize::from(walk.chain);
        Digest(compress16(xmss::chain_input(&walk.parameter, walk.epoch, chain, position, &value)))
    })
}

/// The key digest to which ends and path lead.
pub(crate) fn key(row: &SignatureRow) -> Digest {
    let p: &Parameter = &row.parameter;
    let leaf = row.ends.chunks_exact(2).fold(xmss::leaf_prefix(p, row.epoch), |state, ends| {
        compress24(xmss::wide(state, ends[0].0, ends[1].0))
    });
    let root = (0..XMSS_DEPTH).fold(Digest(leaf), |node, level| {
        let (index, right) = (row.epoch >> (level + 1), (row.epoch >> level) & 1 == 1);
        let sibling = row.path[level];
        let (l, r) = if right { (sibling, node) } else { (node, sibling) };
        Digest(compress24(xmss::node_input(p, level, index, &l, &r)))
    });
    Digest(compress24(xmss::key_input(p, &root)))
}

/// The message by which a signature answers a transaction.
pub(crate) fn auth(signed: &Signed) -> Vec<F> {
    let row = &signed.row;
    [signed.key.0, row.message.0].concat().into_iter().chain([fe(row.epoch)]).collect()
}

/// Traces of both chips with the messages of the others: transactions that ask for signatures, and the range table.
#[derive(Clone)]
pub(crate) struct Case {
    pub chain: RowMajorMatrix<F>,
    pub signature: RowMajorMatrix<F>,
    pub asked: Vec<Vec<F>>,
}

impl Case {
    /// The least heights that hold one signature and one block of padding.
    pub(crate) const LOG_HEIGHTS: (usize, usize) = (5, 7);

    /// The honest traces of some signatures.
    pub(crate) fn honest((log_chain, log_signature): (usize, usize), signed: &[Signed]) -> Self {
        let walks: Vec<ChainWalk> = signed.iter().flat_map(|s| s.walks.clone()).collect();
        let rows: Vec<SignatureRow> = signed.iter().map(|s| s.row.clone()).collect();
        Self {
            chain: chain::generate(log_chain, &walks).expect("the walks fit"),
            signature: generate(log_signature, &rows, &mut Tables::default()).expect("the signatures fit"),
            asked: signed.iter().map(auth).collect(),
        }
    }

    /// Names of the constraints and buses that break.
    pub(crate) fn broken(&self) -> BTreeSet<&'static str> {
        let name = |violation: Violation| match violation {
            Violation::Constraint { name, .. } => name,
            Violation::Bus { bus, .. } => bus,
        };
        self.violations().into_iter().map(name).collect()
    }

    /// What breaks. The range table answers whatever it can: its counts are free.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let log = |m: &RowMajorMatrix<F>| m.height().trailing_zeros() as usize;
        let mut checker = Checker::default();
        checker.run(&chain::Chain { log_height: log(&self.chain) }, &self.chain, &[]);
        checker.run(&Signature { log_height: log(&self.signature) }, &self.signature, &[]);
        self.asked.iter().for_each(|fields| {
            checker.external(Bus::Auth, fields, 1);
        });
        for (fields, count) in checker.surplus(Bus::Range16).into_iter().filter(|(f, _)| f[0] < 1 << 16) {
            checker.external(Bus::Range16, &[fe(fields[0])], -(count.as_canonical_u32() as i32));
        }
        checker.finish()
    }
}
