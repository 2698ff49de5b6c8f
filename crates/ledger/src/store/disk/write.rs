//! Writing: one durable transaction a batch.

use redb::{Database, Durability, ReadableTable, WriteTransaction};

use super::format::{FORMAT, JOURNAL, META, ROWS};
use super::guard::Guard;
use super::meta::Meta;
use super::overlay::Turn;
use super::row::Delta;
use super::rows::{merge, unreadable};
use crate::store::StoreError;

/// Makes the tables.
pub(super) fn begin(database: &Database, guard: &Guard, meta: &Meta) -> Result<(), StoreError> {
    guard.call(|| {
        let transaction = database.begin_write()?;
        transaction.open_table(META)?.insert("format", &FORMAT.to_le_bytes()[..])?;
        write_meta(&transaction, meta)?;
        transaction.open_table(ROWS)?;
        transaction.open_table(JOURNAL)?;
        Ok::<_, redb::Error>(transaction.commit()?)
    })
}

/// Writes a batch.
pub(super) fn commit(database: &Database, guard: &Guard, turn: &Turn, meta: &Meta) -> Result<(), StoreError> {
    let unfit = guard.call(|| {
        let mut transaction = database.begin_write()?;
        transaction.set_durability(Durability::Immediate).map_err(redb::Error::from)?;
        // Otherwise the next open after a crash would read the whole file.
        transaction.set_quick_repair(true);
        if let Some(key) = move_rows(&transaction, &turn.moved)? {
            transaction.abort()?;
            return Ok(Some(key));
        }
        write_journal(&transaction, turn)?;
        write_meta(&transaction, meta)?;
        transaction.commit()?;
        Ok::<_, redb::Error>(None)
    })?;
    unfit.map_or(Ok(()), |key| Err(unreadable(guard, key)))
}

/// Applies changes to their rows; returns the key of one that cannot be read.
fn move_rows(to: &WriteTransaction, changes: &[(u64, Delta)]) -> Result<Option<u64>, redb::Error> {
    let mut table = to.open_table(ROWS)?;
    for (key, delta) in changes {
        let old = match delta.changed {
            u16::MAX => None,
            _ => table.get(key)?.map(|row| row.value().to_vec()),
        };
        match merge(*key, old, Some(delta)) {
            Some(Some(row)) => table.insert(key, &row[..])?.map(drop),
            Some(None) => table.remove(key)?.map(drop),
            None => return Ok(Some(*key)),
        };
    }
    Ok(None)
}

fn write_journal(to: &WriteTransaction, turn: &Turn) -> Result<(), redb::Error> {
    let mut table = to.open_table(JOURNAL)?;
    for (key, part) in &turn.journal {
        table.insert(key, &part[..])?;
    }
    for key in &turn.gone {
        table.remove(key)?;
    }
    Ok(())
}

fn write_meta(to: &WriteTransaction, meta: &Meta) -> Result<(), redb::Error> {
    let mut table = to.open_table(META)?;
    table.insert("chain_id", &bytes(&meta.chain_id)[..])?;
    table.insert("checkpoint", &bytes(&meta.checkpoint)[..])?;
    table.insert("cells", &bytes(&meta.cells)[..])?;
    table.insert("sweep", &bytes(&meta.sweep)[..])?;
    Ok(())
}

fn bytes(value: &impl borsh::BorshSerialize) -> Vec<u8> {
    borsh::to_vec(value).expect("writing to a vector does not fail")
}
