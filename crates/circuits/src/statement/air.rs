//! Constraints of `statement`.

use aludel_protocol::F;
use aludel_protocol::hash::{DIGEST, Tag, iv};
use aludel_protocol::params::{PROTOCOL_VERSION, config_digest};
use aludel_protocol::statement::STATEMENT_FIELDS;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::columns::{CheckpointColumns, StatementColumns, StatementFixed};
use crate::builder::ChipBuilder;
use crate::bus::Bus;
use crate::chip::Chip;
use crate::columns::{Columns, names};

/// The chip.
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    /// Base-2 logarithm of its height.
    pub log_height: usize,
}

impl Chip for Statement {
    fn name(&self) -> &'static str {
        "statement"
    }

    fn width(&self) -> usize {
        <StatementColumns<u8> as Columns<u8>>::WIDTH
    }

    fn column_names(&self) -> Vec<String> {
        names::<StatementColumns<u8>>()
    }

    fn log_height(&self) -> usize {
        self.log_height
    }

    fn fixed(&self) -> Option<RowMajorMatrix<F>> {
        let first = (0..1 << self.log_height).map(|row| F::from_bool(row == 0)).collect();
        Some(RowMajorMatrix::new(first, self.fixed_width()))
    }

    fn fixed_width(&self) -> usize {
        <StatementFixed<u8> as Columns<u8>>::WIDTH
    }

    fn public_values(&self) -> usize {
        DIGEST
    }

    fn reads_next(&self) -> bool {
        false
    }

    fn constrain<B: ChipBuilder>(&self, b: &mut B) {
        let row: StatementColumns<B::Var> = b.local();
        let first = b.fixed::<StatementFixed<B::Var>>().first;
        b.when_eq("version", first, row.protocol_version, B::Expr::from_u32(PROTOCOL_VERSION));
        b.when_all_eq("config", first, row.config, config_digest().0.map(B::Expr::from));
        for limb in limbs(&row) {
            b.range16(limb, first);
        }
        digest(b, &row, first);
        boundaries(b, &row, first);
        let [prev, next] = [row.prev.state_root, row.next.state_root];
        let root = [0, 4, 0, 0, 0, 0].map(B::Expr::from_u8).into_iter();
        b.receive(Bus::Node, root.chain(prev.into_iter().chain(next).map(Into::into)).collect(), first);
    }
}

/// Every limb of an integer.
pub(super) fn limbs<T: Copy>(row: &StatementColumns<T>) -> Vec<T> {
    let (p, n) = (&row.prev, &row.next);
    [&row.chain_id[..], &p.number, &n.number, &p.queue_index, &n.queue_index].concat()
}

/// The fields in the order in which they are hashed.
fn fields<T: Copy>(row: &StatementColumns<T>) -> Vec<T> {
    let (p, n) = (&row.prev, &row.next);
    let chain = [&row.chain_id[..], &[row.protocol_version], &row.config, &p.number, &n.number].concat();
    let digests = [p.state_root, n.state_root, p.headers, n.headers].concat();
    let queue = [&p.queue[..], &p.queue_index, &n.queue, &n.queue_index].concat();
    [chain, digests, queue].concat()
}

/// The public values are the statement's digest: five calls, each beginning with the previous one's result.
fn digest<B: ChipBuilder>(b: &mut B, row: &StatementColumns<B::Var>, first: B::Var) {
    let mut state = iv(Tag::Statement, STATEMENT_FIELDS as u32).map(B::Expr::from);
    for (block, call) in fields(row).chunks(16).zip(row.call) {
        let output = call.digest.map(Into::<B::Expr>::into);
        let mut message = state.to_vec();
        message.extend(block.iter().map(|&x| x.into()));
        message.resize(24, B::Expr::ZERO);
        message.extend(output.clone());
        b.lookup(Bus::Hash24, message, first);
        state = output;
    }
    let public: [B::Expr; DIGEST] = core::array::from_fn(|i| b.public(i));
    b.when_all_eq("the public values are the digest", first, state, public);
}

/// Hands the chain's start to the ledger and takes its end.
fn boundaries<B: ChipBuilder>(b: &mut B, row: &StatementColumns<B::Var>, first: B::Var) {
    let message = |end: B::Expr, at: &CheckpointColumns<B::Var>| -> Vec<B::Expr> {
        let fields = [&row.chain_id[..], &at.number, &at.headers, &at.queue, &at.queue_index].concat();
        [end].into_iter().chain(fields.into_iter().map(Into::into)).collect()
    };
    b.send(Bus::Boundary, message(B::Expr::ZERO, &row.prev), first);
    b.receive(Bus::Boundary, message(B::Expr::ONE, &row.next), first);
}
