//! A ledger that executes whatever it is told, and the witness that its operator writes: what an adversary has who
//! keeps no rule but is consistent in everything else.

use std::collections::BTreeMap;

use aludel_bench::{OPERATOR, Scenario, account};
use aludel_circuits::cell::trace::CellRow;
use aludel_circuits::chain::ChainWalk;
use aludel_circuits::check::Checker;
use aludel_circuits::columns::Columns;
use aludel_circuits::signature::SignatureRow;
use aludel_circuits::tamper::Traces;
use aludel_circuits::transaction::columns::TransactionColumns;
use aludel_circuits::transaction::{Action, ExecutedBatch, ExecutedEntry};
use aludel_circuits::{
    Bus, Chip, MachineChip, Shape, Tables, cell, chain, hash24, node, range16, signature, statement,
    transaction,
};
use aludel_ledger::State;
use aludel_ledger::xmss::{Claim, Walk, walk_batch};
use aludel_protocol::cell::{Access, NodeUpdate};
use aludel_protocol::field::Limbs;
use aludel_protocol::hash::{Tag, compress24, hash_fields, roll, rolling_start};
use aludel_protocol::params::{XMSS_BASE, XMSS_CHAINS};
use aludel_protocol::records::transfer_version;
use aludel_protocol::{
    AccountId, Amount, BatchNumber, CellAddress, ChainId, Checkpoint, Deposit, Digest, Epoch, F, Header,
    Payload, QueueItem, Sequence, SignedTransfer, Statement, TokenId, Transfer, fe,
};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_matrix::dense::RowMajorMatrix;

/// A chain with three funded wallets, of which every rule may be broken from the second batch on.
pub struct Lawless {
    pub scenario: Scenario,
    /// For which chain the transfers are executed.
    pub chain_id: ChainId,
    pub prev: Checkpoint,
    state: State,
    cells: BTreeMap<CellAddress, Payload>,
    batches: Vec<ExecutedBatch>,
    /// The signatures that the shard verifies.
    pub signed: Vec<SignedTransfer>,
}

impl Lawless {
    pub fn new() -> Self {
        let mut scenario = Scenario::new(3, 3);
        let openings = scenario.openings();
        scenario.seal(openings);
        let (prev, state) = (scenario.chain.checkpoint, scenario.chain.state.clone());
        let (cells, batches, signed) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { chain_id: aludel_bench::CHAIN, scenario, prev, state, cells, batches, signed }
    }

    /// A native transfer with the first sequence of its sender's account, not yet signed.
    pub fn draft(&self, from: usize, to: usize, amount: u128) -> Transfer {
        Transfer {
            chain_id: aludel_bench::CHAIN,
            protocol_version: transfer_version(),
            from: account(from),
            to: account(to),
            token: TokenId(0),
            amount: Amount(amount),
            fee: 1,
            sequence: Sequence(0),
            epoch: Epoch(0),
            expiry: BatchNumber(9),
        }
    }

    /// Signs with a wallet, at its next epoch, and has the shard verify the signature.
    pub fn sign(&mut self, wallet: usize, transfer: Transfer) -> Transfer {
        let signed = self.scenario.wallets[wallet].sign(transfer).expect("the window has an epoch left");
        let transfer = signed.transfer;
        self.signed.push(signed);
        transfer
    }

    fn payload(&self, at: CellAddress) -> Payload {
        self.cells.get(&at).copied().unwrap_or_else(|| self.state.get(&at))
    }

    fn touch(&mut self, at: CellAddress, change: impl FnOnce(&mut Payload)) -> Option<Access> {
        let old = self.payload(at);
        let mut new = old;
        change(&mut new);
        self.cells.insert(at, new);
        Some(Access { at, old, new })
    }

    /// Executes, with amounts that wrap and without a glance at signature, sequence, epoch or expiry.
    pub fn transfer(&mut self, t: Transfer) -> ExecutedEntry {
        let (amount, fee, native) = (t.amount.0, u128::from(t.fee), t.token.0 == 0);
        let gains = [0u128.wrapping_sub(amount).wrapping_sub(fee), amount, fee];
        let mut accesses = [None; 6];
        for (role, party) in [t.from, t.to, OPERATOR].into_iter().enumerate() {
            accesses[role] = self.touch(CellAddress::account(party), |p| {
                if role == 0 {
                    use_up(p, t.epoch);
                }
                if native {
                    gain(p, gains[role]);
                }
            });
        }
        for (role, party) in [t.from, t.to, OPERATOR].into_iter().enumerate().filter(|_| !native) {
            accesses[3 + role] = self.touch(CellAddress::slot(party, t.token.0), |p| gain(p, gains[role]));
        }
        ExecutedEntry { action: Action::Transfer(t), accesses }
    }

    /// Credits an account with a queue item in the native token.
    pub fn deposit(&mut self, item: QueueItem) -> ExecutedEntry {
        let Deposit::ToAccount { account } = item.deposit else { panic!("deposits here are to accounts") };
        let mut accesses = [None; 6];
        accesses[1] = self.touch(CellAddress::account(account), |p| gain(p, item.amount.0));
        ExecutedEntry { action: Action::Queue(item), accesses }
    }

    /// Has the last access of a role, which nobody followed, write more than it should.
    pub fn mint(&mut self, entry: &mut ExecutedEntry, role: usize, amount: u128) {
        let access = entry.accesses[role].as_mut().expect("the role has an access");
        gain(&mut access.new, amount);
        self.cells.insert(access.at, access.new);
    }

    pub fn seal(&mut self, entries: Vec<ExecutedEntry>) {
        let digest = |e: &ExecutedEntry| match &e.action {
            Action::Transfer(t) => t.digest(),
            Action::Queue(item) => item.digest(),
        };
        let transfers = entries.iter().filter(|e| matches!(e.action, Action::Transfer(_))).count() as u16;
        let header = Header {
            number: BatchNumber(self.prev.number.0 + 1 + self.batches.len() as u32),
            operator: OPERATOR,
            transfers,
            queue_items: entries.len() as u16 - transfers,
            body: entries.iter().fold(rolling_start(Tag::Body), |state, e| roll(state, digest(e))),
        };
        self.batches.push(ExecutedBatch { header, entries });
    }

    /// The witness so far, to be forged further.
    pub fn write(&self) -> Forgery {
        let heights = Shape::Tiny.log_heights();
        let batches: Vec<ExecutedBatch> = self.batches.iter().map(|b| self.as_rolled(b)).collect();
        let tables = &mut Tables::default();
        let trace = transaction::generate(heights.transaction, self.chain_id, &self.prev, &batches, tables)
            .expect("the accesses fit their entries");
        let next = Checkpoint {
            number: trace.next.number,
            state_root: Digest::ZERO,
            headers: trace.next.headers,
            queue: trace.next.queue,
            queue_index: trace.next.queue_index,
        };
        let says = Statement::new(self.chain_id, self.prev, next);
        let (cells, signed, state) = (trace.cells, self.signed.clone(), self.state.clone());
        let mut forgery = Forgery { says, cells, nodes: Vec::new(), transaction: trace.main, signed, state };
        forgery.settle();
        forgery
    }

    /// Bodies as the rows roll them: over the chain's id and the sequence that the sender's account holds.
    fn as_rolled(&self, batch: &ExecutedBatch) -> ExecutedBatch {
        let rolled = |e: &ExecutedEntry| match (&e.action, &e.accesses[0]) {
            (Action::Transfer(t), Some(sender)) => {
                let [lo, hi] = [8, 9].map(|i| sender.old.0[i].as_canonical_u32());
                Transfer { chain_id: self.chain_id, sequence: Sequence(hi << 16 | lo), ..*t }.digest()
            }
            (Action::Transfer(t), None) => t.digest(),
            (Action::Queue(item), _) => item.digest(),
        };
        let body = batch.entries.iter().fold(rolling_start(Tag::Body), |state, e| roll(state, rolled(e)));
        ExecutedBatch { header: Header { body, ..batch.header }, entries: batch.entries.clone() }
    }
}

fn use_up(p: &mut Payload, epoch: Epoch) {
    let [lo, hi] = [8, 9].map(|i| p.0[i].as_canonical_u32());
    p.0[Payload::SEQUENCE..Payload::NEXT_EPOCH].copy_from_slice(&((hi << 16) | lo).wrapping_add(1).limbs());
    p.0[Payload::NEXT_EPOCH] = fe(epoch.0 + 1);
}

fn gain(p: &mut Payload, amount: u128) {
    let limbs = p.0[Payload::BALANCE..].iter().rev();
    let balance = limbs.fold(0u128, |acc, x| acc << 16 | u128::from(x.as_canonical_u32()));
    p.0[Payload::BALANCE..].copy_from_slice(&balance.wrapping_add(amount).limbs());
    p.0[Payload::EXISTS] = F::ONE;
}

/// A deposit of the native token to a wallet's account.
pub fn deposit(to: usize, amount: u128) -> QueueItem {
    let deposit = Deposit::ToAccount { account: AccountId(OPERATOR.0 + to as u32) };
    QueueItem { token: TokenId(0), amount: Amount(amount), deposit }
}

/// What a shard's traces are made from, and the traces that forgers edit by hand.
pub struct Forgery {
    pub says: Statement,
    pub cells: Vec<CellRow>,
    nodes: Vec<NodeUpdate>,
    pub transaction: RowMajorMatrix<F>,
    signed: Vec<SignedTransfer>,
    state: State,
}

impl Forgery {
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

    /// Hashes the headers again, through every row to the statement.
    pub fn reseal(&mut self) {
        let mut headers = Digest(self.row(0).state.headers);
        for row in 0..self.transaction.values.len() / self.transaction.width {
            self.edit(row, |r| {
                r.state.headers = headers.0;
                if r.seal == F::ONE {
                    let s = &r.state;
                    let fields =
                        [&r.number[..], &s.operator, &[s.transfers, s.queue_items], &s.body].concat();
                    r.inner = hash_fields(Tag::Header, &fields).0;
                    headers = roll(headers, Digest(r.inner));
                    r.digest = headers.0;
                }
            });
        }
        self.says.next.headers = headers;
    }

    /// Every trace. The tables answer whatever they can: their counts are free.
    pub fn traces(&self) -> Traces {
        let heights = Shape::Tiny.log_heights();
        let unused = &mut Tables::default();
        let (rows, walks) = self.signatures();
        let mains = [
            chain::generate(heights.chain, &walks).expect("the walks fit"),
            signature::generate(heights.signature, &rows, unused).expect("the signatures decode"),
            node::generate(heights.node, &self.nodes).expect("the nodes fit"),
            cell::generate(heights.cell, &self.cells, unused).expect("the cells fit"),
            self.transaction.clone(),
            statement::generate(heights.statement, &self.says, unused).expect("a statement is a row"),
        ];
        let chips = MachineChip::all(Shape::Tiny);
        let public = self.says.digest().0;
        let public = |chip: &MachineChip| if chip.public_values() > 0 { &public[..] } else { &[] };
        let mut checker = Checker::default();
        for (chip, main) in chips[2..].iter().zip(&mains) {
            checker.run(chip, main, public(chip));
        }
        let tables = answers(&checker);
        let range16 = range16::generate(heights.range16, &tables).expect("it fits");
        let hash24 = hash24::generate(heights.hash24, &tables.hash24).expect("the calls fit");
        let mut traces = Traces::default();
        for (chip, main) in chips.into_iter().zip([range16, hash24].into_iter().chain(mains)) {
            let public = public(&chip);
            traces.chip(chip, main, public);
        }
        traces
    }

    fn signatures(&self) -> (Vec<SignatureRow>, Vec<ChainWalk>) {
        let claim = |s: &SignedTransfer| (s.transfer.digest(), s.transfer.epoch);
        let claims: Vec<_> = self.signed.iter().map(claim).collect();
        let claims: Vec<Claim> = (self.signed.iter().zip(claims))
            .map(|(s, (message, epoch))| Claim { key: Digest::ZERO, epoch, message, signature: &s.signature })
            .collect();
        let walks = walk_batch(&claims).into_iter().map(|w| w.expect("a signature of some key"));
        let rows: Vec<_> = claims.iter().zip(walks).map(|(claim, walk)| row(claim, walk)).collect();
        let walks = claims.iter().zip(&rows).flat_map(|(claim, row)| chain_walks(claim, row)).collect();
        (rows, walks)
    }
}

fn row(claim: &Claim, walk: Walk) -> SignatureRow {
    SignatureRow {
        parameter: claim.signature.parameter,
        epoch: claim.epoch.0,
        message: claim.message,
        randomness: claim.signature.randomness,
        digits: walk.digits,
        ends: walk.ends,
        path: claim.signature.path,
    }
}

fn chain_walks(claim: &Claim, row: &SignatureRow) -> Vec<ChainWalk> {
    let due = (0..XMSS_CHAINS).filter(|&i| usize::from(row.digits[i]) < XMSS_BASE - 1);
    due.map(|i| ChainWalk {
        parameter: row.parameter,
        epoch: row.epoch,
        chain: i as u8,
        digit: row.digits[i],
        start: claim.signature.chains[i],
    })
    .collect()
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
