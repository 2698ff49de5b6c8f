//! What the file says of itself, and the changes that wait in its journal.

use aludel_protocol::ids::ChainId;
use aludel_protocol::statement::Checkpoint;
use borsh::BorshDeserialize;
use redb::{Database, ReadableDatabase, ReadableTable};

use super::format::{FORMAT, JOURNAL, META};
use super::guard::Guard;
use super::journal::decode;
use super::overlay::{Overlay, Sweep};
use crate::store::StoreError;

pub(super) struct Meta {
    pub chain_id: ChainId,
    pub checkpoint: Checkpoint,
    /// Written cells.
    pub cells: u64,
    /// Where the sweep over the changes that wait is.
    pub sweep: Sweep,
}

/// Reads it, of a file of this version.
pub(super) fn read(database: &Database, guard: &Guard) -> Result<Meta, StoreError> {
    let found = value(database, guard, "format")?;
    if found != FORMAT {
        return Err(StoreError::Version { path: guard.path.clone(), expected: FORMAT, found });
    }
    Ok(Meta {
        chain_id: value(database, guard, "chain_id")?,
        checkpoint: value(database, guard, "checkpoint")?,
        cells: value(database, guard, "cells")?,
        sweep: value(database, guard, "sweep")?,
    })
}

fn value<T: BorshDeserialize>(
    database: &Database,
    guard: &Guard,
    name: &'static str,
) -> Result<T, StoreError> {
    let row = guard.call(|| {
        let table = database.begin_read()?.open_table(META)?;
        Ok::<_, redb::Error>(ReadableTable::get(&table, name)?.map(|row| row.value().to_vec()))
    })?;
    let row = row.ok_or_else(|| guard.damaged(format!("it has no {name}")))?;
    borsh::from_slice(&row).map_err(|e| guard.damaged(format!("its {name} cannot be read: {e}")))
}

/// Adds the journal to an overlay without changes.
pub(super) fn read_journal(
    database: &Database,
    guard: &Guard,
    mut overlay: Overlay,
) -> Result<Overlay, StoreError> {
    let mut range = guard.call(|| {
        let table = database.begin_read()?.open_table(JOURNAL)?;
        Ok::<_, redb::Error>(table.range::<u64>(..)?)
    })?;
    let mut next = || {
        guard.call(|| {
            let row = range.next().transpose()?;
            Ok::<_, redb::Error>(row.map(|(key, part)| (key.value(), decode(part.value()))))
        })
    };
    while let Some((key, changes)) = next()? {
        let replay =
            changes.and_then(|(from, changes)| overlay.replay((key >> 16, key as u16), from, changes));
        replay.ok_or_else(|| guard.damaged(format!("row {key:#x} of its journal cannot be read")))?;
    }
    Ok(overlay)
}
