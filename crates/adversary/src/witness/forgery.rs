//! The witness of a whole shard as an adversary edits it, and its traces.

use aludel_circuits::cell::trace::CellRow;
use aludel_circuits::chain::ChainWalk;
use aludel_circuits::check::Checker;
use aludel_circuits::columns::Columns;
use aludel_circuits::signature::SignatureRow;
use aludel_circuits::tamper::Traces;
use aludel_circuits::transaction::TransactionTrace;
use aludel_circuits::transaction::columns::TransactionColumns;
use aludel_circuits::{
    Bus, Chip, MachineChip, Shape, Tables, cell, chain, hash24, node, range16, signature, statement,
};
use aludel_ledger::State;
use aludel_ledger::xmss::{Claim, walk_batch};
use aludel_protocol::cell::NodeUpdate;
use aludel_protocol::hash::compress24;
use aludel_protocol::records::WithdrawalTree;
use aludel_protocol::{BatchNumber, Digest, F, SignedTransaction, Statement, fe};
use aludel_witness::signatures::{chain_walks, row};
use p3_field::PrimeField32;
use p3_matrix::dense::RowMajorMatrix;

/// What a shard's traces are made from, and the traces that forgers edit by hand.
#[derive(Clone)]
pub struct Forgery {
    pub says: Statement,
    pub cells: Vec<CellRow>,
    /// The nodes above the cells.
    pub nodes: Vec<NodeUpdate>,
    /// The leaves of the trees of withdrawals.
    pub trees: Vec<(BatchNumber, Vec<Digest>)>,
    pub transaction: RowMajorMatrix<F>,
    signed: Vec<SignedTransaction>,
    state: State,
}

impl Forgery {
    /// A consistent witness over the state before; the statement's next root follows from the cells.
    pub fn new(
        says: Statement,
        rows: TransactionTrace,
        signed: Vec<SignedTransaction>,
        state: State,
    ) -> Self {
        let TransactionTrace { main: transaction, cells, withdrawals: trees, .. } = rows;
        let mut forgery = Self { says, cells, nodes: Vec::new(), trees, transaction, signed, state };
        forgery.settle();
        forgery
    }

    /// Makes tree and next root those of the cells.
    pub fn settle(&mut self) {
        let proof = self.state.prove(self.cells.iter().map(|c| c.at));
        let mut opened = proof.open(self.says.prev.state_root).expect("the state before is honest");
        for cell in &self.cells {
            opened.set(&cell.at, cell.last).expect("the cell was opened");
        }
        let update = opened.update();
        self.nodes = update.nodes;
        self.says.next.state_root = update.new_root;
    }

    pub fn height(&self) -> usize {
        self.transaction.values.len() / self.transaction.width
    }

    pub fn row(&self, row: usize) -> TransactionColumns<F> {
        let width = self.transaction.width;
        TransactionColumns::read(&self.transaction.values[row * width..][..width])
    }

    pub fn edit(&mut self, row: usize, change: impl FnOnce(&mut TransactionColumns<F>)) {
        let mut columns = self.row(row);
        change(&mut columns);
        let width = self.transaction.width;
        self.transaction.values[row * width..][..width].copy_from_slice(&columns.to_row());
    }

    /// Every node: above the cells, and above the withdrawals.
    fn all_nodes(&self) -> Vec<NodeUpdate> {
        let leaving =
            self.trees.iter().flat_map(|(n, leaves)| WithdrawalTree::new(leaves.clone()).updates(*n));
        self.nodes.iter().copied().chain(leaving).collect()
    }

    /// The traces of all chips but the two tables.
    fn mains(&self) -> [RowMajorMatrix<F>; 6] {
        let heights = Shape::Tiny.log_heights();
        let unused = &mut Tables::default();
        let (rows, walks) = self.signatures();
        [
            chain::generate(heights.chain, &walks).expect("the walks fit"),
            signature::generate(heights.signature, &rows, unused).expect("the signatures decode"),
            node::generate(heights.node, &self.all_nodes()).expect("the nodes fit"),
            cell::generate(heights.cell, &self.cells, unused).expect("the cells fit"),
            self.transaction.clone(),
            statement::generate(heights.statement, &self.says, unused).expect("a statement is a row"),
        ]
    }

    /// Every trace. The tables answer whatever they can: their counts are free.
    pub fn traces(&self) -> Traces {
        let (heights, mains) = (Shape::Tiny.log_heights(), self.mains());
        let chips = MachineChip::all(Shape::Tiny);
        let public = self.says.digest().0;
        let mut checker = Checker::default();
        for (chip, main) in chips[2..].iter().zip(&mains) {
            checker.run(chip, main, chip.given(&public));
        }
        let tables = answers(&checker);
        let range16 = range16::generate(heights.range16, &tables).expect("it fits");
        let hash24 = hash24::generate(heights.hash24, &tables.hash24).expect("the calls fit");
        let mut traces = Traces::default();
        for (chip, main) in chips.into_iter().zip([range16, hash24].into_iter().chain(mains)) {
            let own = chip.given(&public);
            traces.chip(chip, main, own);
        }
        traces
    }

    fn signatures(&self) -> (Vec<SignatureRow>, Vec<ChainWalk>) {
        let claim = |s: &SignedTransaction| (s.transaction.digest(), s.transaction.epoch);
        let claims: Vec<_> = self.signed.iter().map(claim).collect();
        let claims: Vec<Claim> = (self.signed.iter().zip(claims))
            .map(|(s, (message, epoch))| Claim { key: Digest::ZERO, epoch, message, signature: &s.signature })
            .collect();
        let walks = walk_batch(&claims).into_iter().map(|w| w.expect("a signature of some key"));
        let rows: Vec<_> = claims.iter().zip(walks).map(|(claim, walk)| row(claim, walk)).collect();
        let walks =
            claims.iter().zip(&rows).flat_map(|(claim, row)| chain_walks(claim.signature, row)).collect();
        (rows, walks)
    }
}

fn answers(asked: &Checker) -> Tables {
    let mut tables = Tables::default();
    for (x, count) in asked.surplus(Bus::Range16) {
        if let Some(answered) = tables.range16.get_mut(x[0] as usize) {
            *answered = count.as_canonical_u32();
        }
    }
    for (message, count) in asked.surplus(Bus::Hash24) {
        let x: Vec<F> = message.into_iter().map(fe).collect();
        let input: [F; 24] = core::array::from_fn(|i| x[i]);
        if compress24(input)[..] == x[24..] {
            tables.hash24.extend((0..count.as_canonical_u32()).map(|_| input));
        }
    }
    tables
}
