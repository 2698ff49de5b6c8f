//! Published data from bytes that nobody vouches for: entry by entry, nothing allocated.

use super::error::{Field, Problem, PubdataError, WORD};
use super::write::{bit, kind};
use super::{PublishedBatch, PublishedEntry, PublishedTransaction, unit, varint};
use crate::codec::{HEADER_BYTES, Kind, body};
use crate::hash::Digest;
use crate::ids::{AccountId, Amount, BatchNumber, Fee, L1Address, TokenId};
use crate::records::Action;

/// Published data of one batch, read entry by entry. After an error there is nothing more.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    number: BatchNumber,
    operator: AccountId,
    entry: usize,
    left: u32,
    after_run: bool,
    ended: bool,
}

impl<'a> Reader<'a> {
    /// Reads what precedes the entries of a file.
    ///
    /// # Errors
    /// Where the file is of another kind, or does not begin as published data do.
    pub fn new(bytes: &'a [u8]) -> Result<Self, PubdataError> {
        body(Kind::Pubdata, bytes)?;
        let (number, operator) = (BatchNumber(0), AccountId(0));
        let position = HEADER_BYTES;
        let (after_run, ended) = (false, false);
        let mut new = Self { bytes, position, number, operator, entry: 0, left: 0, after_run, ended };
        new.start().map_err(|problem| new.error(problem))?;
        Ok(new)
    }

    fn start(&mut self) -> Result<(), Problem> {
        self.number = BatchNumber(self.small(Field::Number)?);
        self.operator = AccountId(self.small(Field::Operator)?);
        self.left = self.small(Field::Entries)?;
        Ok(())
    }

    /// The batch.
    pub const fn number(&self) -> BatchNumber {
        self.number
    }

    /// The account that received its fees.
    pub const fn operator(&self) -> AccountId {
        self.operator
    }

    /// Where in the file the next entry begins; after an error, the field that is wrong.
    pub const fn position(&self) -> usize {
        self.position
    }

    /// The next entry, from 0.
    pub const fn entry(&self) -> usize {
        self.entry
    }

    const fn error(&self, problem: Problem) -> PubdataError {
        PubdataError::Body { position: self.position, entry: self.entry, problem }
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }

    fn varint(&mut self, field: Field, max: u128) -> Result<u128, Problem> {
        let (value, used) = varint::read(self.rest(), max, field)?;
        self.position += used;
        Ok(value)
    }

    /// An integer of 32 bits.
    fn small(&mut self, field: Field) -> Result<u32, Problem> {
        let value = self.varint(field, WORD)?;
        u32::try_from(value).map_err(|_| Problem::TooLarge { field, max: WORD })
    }

    fn array<const N: usize>(&mut self, field: Field) -> Result<[u8; N], Problem> {
        let bytes = self.rest().first_chunk::<N>().ok_or(Problem::Ends { field })?;
        self.position += N;
        Ok(*bytes)
    }

    /// What the head announces is not zero; `at` is where it began.
    fn not_zero<T: Default + PartialEq>(&mut self, field: Field, at: usize, x: T) -> Result<T, Problem> {
        if x == T::default() {
            self.position = at;
            return Err(Problem::Zero { field });
        }
        Ok(x)
    }

    fn read_entry(&mut self) -> Result<PublishedEntry, Problem> {
        let at = self.position;
        let [head] = self.array(Field::Head)?;
        let (kind, amount_unit) = (head & 3, head >> bit::AMOUNT);
        let bad = match kind {
            kind::QUEUE => head != kind::QUEUE,
            kind::ROTATE => amount_unit != 0,
            _ => false,
        };
        if bad {
            self.position = at;
            return Err(Problem::Head { found: head });
        }
        match kind {
            kind::QUEUE => self.run(at),
            _ => self.transaction(head).map(PublishedEntry::Transaction),
        }
    }

    fn run(&mut self, head_at: usize) -> Result<PublishedEntry, Problem> {
        if self.after_run {
            self.position = head_at;
            return Err(Problem::Run);
        }
        let at = self.position;
        let items = self.small(Field::Items)?;
        Ok(PublishedEntry::Queue { items: self.not_zero(Field::Items, at, items)? })
    }

    fn transaction(&mut self, head: u8) -> Result<PublishedTransaction, Problem> {
        Ok(PublishedTransaction {
            from: AccountId(self.small(Field::From)?),
            token: self.token(head)?,
            fee: self.fee(head >> bit::FEE & 3)?,
            epoch_jump: self.jump(head)?,
            action: self.action(head & 3, head >> bit::AMOUNT)?,
        })
    }

    fn token(&mut self, head: u8) -> Result<TokenId, Problem> {
        if head >> bit::TOKEN & 1 == 0 {
            return Ok(TokenId(0));
        }
        let (field, at, max) = (Field::Token, self.position, u128::from(u16::MAX));
        let token = self.varint(field, max)?;
        let token = u16::try_from(token).map_err(|_| Problem::TooLarge { field, max })?;
        self.not_zero(field, at, token).map(TokenId)
    }

    fn jump(&mut self, head: u8) -> Result<u32, Problem> {
        if head >> bit::JUMP & 1 == 0 {
            return Ok(0);
        }
        let at = self.position;
        let jump = self.small(Field::Jump)?;
        self.not_zero(Field::Jump, at, jump)
    }

    fn fee(&mut self, bits: u8) -> Result<Fee, Problem> {
        let Some(position) = bits.checked_sub(1) else { return Ok(0) };
        let (field, at, max) = (Field::Fee, self.position, u128::from(Fee::MAX));
        let fee = self.scaled(field, position, &unit::FEE, max)?;
        let fee = Fee::try_from(fee).map_err(|_| Problem::TooLarge { field, max })?;
        self.not_zero(field, at, fee)
    }

    /// A value in units; on an error the position is the value's.
    fn scaled(&mut self, field: Field, found: u8, exponents: &[u32], max: u128) -> Result<u128, Problem> {
        let at = self.position;
        let mantissa = self.varint(field, max)?;
        let value = unit::join(found, mantissa, exponents).filter(|value| *value <= max);
        let checked = value.ok_or(Problem::TooLarge { field, max }).and_then(|value| {
            let (expected, _) = unit::split(value, exponents);
            if expected == found { Ok(value) } else { Err(Problem::Unit { field, expected, found }) }
        });
        checked.inspect_err(|_| self.position = at)
    }

    fn amount(&mut self, unit: u8) -> Result<Amount, Problem> {
        self.scaled(Field::Amount, unit, &unit::AMOUNT, u128::MAX).map(Amount)
    }

    fn action(&mut self, kind: u8, unit: u8) -> Result<Action, Problem> {
        match kind {
            kind::TRANSFER => {
                Ok(Action::Transfer { to: AccountId(self.small(Field::To)?), amount: self.amount(unit)? })
            }
            kind::WITHDRAW => {
                let amount = self.amount(unit)?;
                Ok(Action::Withdraw { to: L1Address(self.array(Field::L1)?), amount })
            }
            _ => {
                let at = self.position;
                let key = Digest::from_bytes(&self.array(Field::Key)?).ok_or(Problem::Key);
                key.map(|key| Action::Rotate { key }).inspect_err(|_| self.position = at)
            }
        }
    }

    fn advance(&mut self) -> Result<Option<PublishedEntry>, Problem> {
        let Some(left) = self.left.checked_sub(1) else {
            return match self.rest().len() {
                0 => Ok(None),
                bytes => Err(Problem::Trailing { bytes }),
            };
        };
        let entry = self.read_entry()?;
        self.left = left;
        self.after_run = matches!(entry, PublishedEntry::Queue { .. });
        self.entry += 1;
        Ok(Some(entry))
    }
}

impl Iterator for Reader<'_> {
    type Item = Result<PublishedEntry, PubdataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.advance().map_err(|problem| self.error(problem)).transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

impl PublishedBatch {
    /// From a file.
    ///
    /// # Errors
    /// Where the bytes are not exactly those of published data.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PubdataError> {
        let mut reader = Reader::new(bytes)?;
        let mut batch = Self::new(reader.number, reader.operator);
        reader.try_for_each(|entry| entry.map(|entry| batch.entries.push(entry)))?;
        Ok(batch)
    }
}
