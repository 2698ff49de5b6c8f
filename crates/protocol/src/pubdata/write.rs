//! Published data to bytes.

use super::{PublishedBatch, PublishedEntry, PublishedTransaction, unit, varint};
use crate::codec::{Kind, header};
use crate::records::Action;

/// Kind of an entry: the lowest two bits of its head.
pub(super) mod kind {
    pub const QUEUE: u8 = 0;
    pub const TRANSFER: u8 = 1;
    pub const WITHDRAW: u8 = 2;
    pub const ROTATE: u8 = 3;
}

/// Where the other bits of a head begin.
pub(super) mod bit {
    pub const TOKEN: u8 = 2;
    pub const JUMP: u8 = 3;
    pub const FEE: u8 = 4;
    pub const AMOUNT: u8 = 6;
}

impl PublishedBatch {
    /// As a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = header(Kind::Pubdata).to_vec();
        let Self { number, operator, entries } = self;
        [u128::from(number.0), u128::from(operator.0), entries.len() as u128]
            .into_iter()
            .for_each(|x| varint::write(x, &mut out));
        entries.iter().for_each(|entry| entry.write(&mut out));
        out
    }

    /// Where an entry begins in the file; the file's length for what is not there.
    pub fn position(&self, entry: usize) -> usize {
        let mut out = Vec::new();
        let after = self.entries.iter().skip(entry);
        after.for_each(|entry| entry.write(&mut out));
        self.to_bytes().len() - out.len()
    }
}

impl PublishedEntry {
    /// Appends the entry's encoding.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Queue { items } => {
                out.push(kind::QUEUE);
                varint::write(u128::from(*items), out);
            }
            Self::Transaction(transaction) => transaction.write(out),
        }
    }
}

impl PublishedTransaction {
    fn write(&self, out: &mut Vec<u8>) {
        let (fee_unit, fee) = unit::split(u128::from(self.fee), &unit::FEE);
        let (amount_unit, amount) = unit::split(self.action.amount().0, &unit::AMOUNT);
        let optional = [
            (self.token.0 != 0, u128::from(self.token.0)),
            (self.fee != 0, fee),
            (self.epoch_jump != 0, u128::from(self.epoch_jump)),
        ];
        let fee_bits = if self.fee == 0 { 0 } else { fee_unit + 1 };
        out.push(
            self.kind()
                | u8::from(self.token.0 != 0) << bit::TOKEN
                | u8::from(self.epoch_jump != 0) << bit::JUMP
                | fee_bits << bit::FEE
                | amount_unit << bit::AMOUNT,
        );
        varint::write(u128::from(self.from.0), out);
        optional.into_iter().filter(|(present, _)| *present).for_each(|(_, x)| varint::write(x, out));
        self.write_action(amount, out);
    }

    const fn kind(&self) -> u8 {
        match self.action {
            Action::Transfer { .. } => kind::TRANSFER,
            Action::Withdraw { .. } => kind::WITHDRAW,
            Action::Rotate { .. } => kind::ROTATE,
        }
    }

    fn write_action(&self, amount: u128, out: &mut Vec<u8>) {
        match &self.action {
            Action::Transfer { to, .. } => {
                varint::write(u128::from(to.0), out);
                varint::write(amount, out);
            }
            Action::Withdraw { to, .. } => {
                varint::write(amount, out);
                out.extend(to.0);
            }
            Action::Rotate { key } => out.extend(key.to_bytes()),
        }
    }
}
