//! The row of `statement`.

use aludel_protocol::hash::{Tag, hash_fields_calls};
use aludel_protocol::{Checkpoint, F, Limbs, Statement, fe};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::air::limbs;
use super::columns::{CallColumns, CheckpointColumns, StatementColumns};
use crate::chip::{Tables, TraceError};
use crate::columns::Columns;

/// The trace `[2^log_height][row width]`, with the lookups of its first row; the others are zero.
pub fn generate(
    log_height: usize,
    statement: &Statement,
    tables: &mut Tables,
) -> Result<RowMajorMatrix<F>, TraceError> {
    let (calls, _) = hash_fields_calls(Tag::Statement, &statement.fields());
    let digests: Vec<_> = calls.into_iter().map(|x| CallColumns { digest: tables.hash24(x).0 }).collect();
    let row = StatementColumns {
        chain_id: statement.chain_id.0.limbs(),
        protocol_version: fe(u32::from(statement.protocol_version)),
        config: statement.config.0,
        prev: checkpoint(&statement.prev),
        next: checkpoint(&statement.next),
        call: digests.try_into().map_err(|calls: Vec<_>| TraceError::Inconsistent {
            chip: "statement",
            reason: format!("its digest takes {} hash calls", calls.len()),
        })?,
    };
    limbs(&row).into_iter().for_each(|limb| tables.range16(limb));
    let width = <StatementColumns<F> as Columns<F>>::WIDTH;
    let mut trace = row.to_row();
    trace.resize(width << log_height, F::ZERO);
    Ok(RowMajorMatrix::new(trace, width))
}

fn checkpoint(at: &Checkpoint) -> CheckpointColumns<F> {
    CheckpointColumns {
        number: at.number.0.limbs(),
        state_root: at.state_root.0,
        headers: at.headers.0,
        queue: at.queue.0,
        queue_index: at.queue_index.0.limbs(),
    }
}
