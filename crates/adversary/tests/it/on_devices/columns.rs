//! Columns of chips, extended and committed to.

use aludel_kernels::{Error, MerkleTree};
use aludel_protocol::F;
use aludel_verifier::config::Cap;
use p3_field::Field;

use super::{Stages, Task};

/// One kind of columns of all chips, of which some have none.
pub struct Columns<D: MerkleTree> {
    /// By chip, the rows of the trace in their order.
    pub rows: Vec<Option<D::Matrix>>,
    tree: Option<(Cap, D::Tree)>,
    /// Which chips have any.
    has: Vec<bool>,
}

impl<D: Stages> Columns<D> {
    /// Extends them to the coset of the field's generator, bit-reversed, and hashes the extensions into one tree.
    pub fn commit(device: &D, task: &Task<'_>, rows: Vec<Option<D::Matrix>>) -> Result<Self, Error> {
        let extend = |rows: &D::Matrix| device.coset_lde(rows, task.parameters.log_blowup, F::GENERATOR);
        let extended = rows.iter().flatten().map(extend).collect::<Result<Vec<_>, _>>()?;
        let some = (!extended.is_empty()).then_some(extended);
        let tree = some.map(|extended| device.commit(extended, task.parameters.cap_height)).transpose()?;
        let has = rows.iter().map(Option::is_some).collect();
        Ok(Self { rows, tree, has })
    }

    /// The top of the tree, if there is one.
    pub fn cap(&self) -> Option<Cap> {
        self.tree.as_ref().map(|(cap, _)| cap.clone())
    }

    /// The tree.
    pub fn tree(&self) -> Option<&D::Tree> {
        self.tree.as_ref().map(|(_, tree)| tree)
    }

    /// By chip, the extensions.
    pub fn extended(&self, device: &D) -> Vec<Option<&D::Matrix>> {
        let mut extended = self.tree().map(|tree| device.matrices(tree)).unwrap_or_default().into_iter();
        self.has.iter().map(|has| if *has { extended.next() } else { None }).collect()
    }

    /// Frees the memory of the rows: only the extensions are needed from here on.
    pub fn forget_rows(&mut self) {
        self.rows.clear();
    }
}
