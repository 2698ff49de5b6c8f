//! Verifying keys: what a proof is a proof *of*.
//!
//! Plonky3's transcript binds the widths of the chips and not their constraints, and takes heights from the
//! proof. So a key digests everything that decides what is proven, the transcript absorbs that digest before
//! anything else, and the rules on which the lookup argument's soundness rests are checked when a key is made.

use aludel_circuits::bus::{Discipline, MOST_READS};
use aludel_circuits::recursion::RecursionChip;
use aludel_circuits::{Bus, Chip, MachineChip, Shape};
use aludel_protocol::codec::Kind;
use aludel_protocol::params::PROTOCOL_VERSION;
use aludel_protocol::{Challenge, Digest, F, Statement};
use p3_batch_stark::common::{GlobalPreprocessed, PreprocessedInstanceMeta};
use p3_batch_stark::{CommonData, ProverData};
use p3_field::TwoAdicField;
use p3_lookup::{Kind as LookupKind, Lookup, Lookups, check_bus_widths, check_multiplicity_height_bound};
use p3_matrix::Matrix;

use crate::config::{Cap, Config, config};
use crate::error::KeyError;
use crate::fingerprint::{Fields, fingerprint};
use crate::layout::{ChipLayout, Layout};
use crate::machine::{Machine, WithoutFixed};
use crate::parameters::Parameters;
use crate::role::Role;
use crate::security::constraints;

/// What a proof system release adds to every key: its transcript and lookup argument are Plonky3's.
const PROOF_SYSTEM: &[u8] = b"plonky3 0.8.0 batch-stark koalabear quintic poseidon2";

/// Highest degree of a constraint: with blowup 2 a quotient has at most two chunks.
const MAX_DEGREE: usize = 3;

/// The key of one machine.
pub struct Key<A> {
    role: Role,
    chips: Vec<A>,
    common: CommonData<Config>,
    config: Config,
    digest: Digest,
    fields: Vec<F>,
    layout: Layout,
    set: Option<Digest>,
}

/// The key of the machine of a shape.
pub type ShardKey = Key<MachineChip>;

/// The key of a lift, a join or a root.
pub type FoldedKey = Key<RecursionChip>;

impl ShardKey {
    /// Makes the key of a shape from its chips, with a commitment to their preprocessed columns: seconds of work.
    /// Verifiers take [`ShardKey::pinned`].
    ///
    /// # Errors
    /// The machine breaks a rule that soundness rests on.
    pub fn derive(shape: Shape) -> Result<Self, KeyError> {
        Ok(Self::derive_for_prover(shape, MachineChip::all(shape))?.0)
    }
}

impl<A: Machine> Key<A> {
    /// Makes the key of a machine, with what a prover keeps of its preprocessed columns. A shape is the role of its shards.
    ///
    /// # Errors
    /// The machine breaks a rule that soundness rests on.
    pub fn derive_for_prover(
        role: impl Into<Role>,
        chips: Vec<A>,
    ) -> Result<(Self, ProverData<Config>), KeyError> {
        let role = role.into();
        lookups(role, &chips)?;
        chips.iter().try_for_each(check_fixed)?;
        let config = config(role.parameters(), Digest::ZERO);
        let data = ProverData::from_airs_and_degrees(&config, &chips, &log_heights(&chips))
            .map_err(|e| KeyError::Commit { reason: e.to_string() })?;
        let root = data.common.preprocessed.as_ref().map(|p| p.commitment.clone());
        Ok((Self::from_root(role, chips, root)?, data))
    }

    /// Makes the key of a machine from a trusted root of its preprocessed columns.
    ///
    /// # Errors
    /// The machine breaks a rule that soundness rests on, or the root does not fit it.
    pub fn from_root(role: impl Into<Role>, chips: Vec<A>, root: Option<Cap>) -> Result<Self, KeyError> {
        let role = role.into();
        let lookups = lookups(role, &chips)?;
        let layouts = chips.iter().zip(&lookups).map(|(chip, own)| check_constraints(chip, own));
        let layout = Layout::new(*role.parameters(), layouts.collect::<Result<_, _>>()?);
        let fields = fields(role, &chips, &lookups);
        let digest = digest(&fields, root.as_ref());
        let common = CommonData::new(preprocessed(&layout, root)?, lookups);
        let config = config(role.parameters(), digest);
        Ok(Self { role, chips, common, config, digest, fields: fields.list().to_vec(), layout, set: None })
    }
}

impl<A> Key<A> {
    /// What its proofs are of.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// With the root of the set of keys that its proofs must name. Without one they must name zero, to which no key's path leads: a
    /// lift may, a join cannot.
    #[must_use]
    pub fn with_set(self, set: Digest) -> Self {
        Self { set: Some(set), ..self }
    }

    /// What its digest absorbs before the number of roots and the roots.
    pub fn fields(&self) -> &[F] {
        &self.fields
    }

    /// The chips, in order.
    pub fn chips(&self) -> &[A] {
        &self.chips
    }

    /// The digest that the transcript of every proof begins with.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The proof system with that transcript.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Sizes of a proof.
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Lookups and preprocessed root in Plonky3's terms.
    pub const fn common(&self) -> &CommonData<Config> {
        &self.common
    }

    /// Root of the preprocessed columns, if there are any.
    pub fn root(&self) -> Option<&Cap> {
        self.common.preprocessed.as_ref().map(|p| &p.commitment)
    }
}

impl<A: Chip> Key<A> {
    /// The public values of each chip: the statement's digest where the chip has any, and the root of the set of keys of a folded proof.
    pub fn public_values(&self, statement: &Statement) -> Vec<Vec<F>> {
        let set = (self.role.file() == Kind::FoldedProof).then(|| self.set.unwrap_or(Digest::ZERO).0);
        let values: Vec<F> = statement.digest().0.into_iter().chain(set.into_iter().flatten()).collect();
        self.chips.iter().map(|chip| chip.given(&values).to_vec()).collect()
    }
}

fn log_heights<A: Chip>(chips: &[A]) -> Vec<usize> {
    chips.iter().map(Chip::log_height).collect()
}

fn chip_error<A: Chip>(chip: &A, reason: String) -> KeyError {
    KeyError::Chip { chip: chip.name(), reason }
}

fn machine_error(reason: impl ToString) -> KeyError {
    KeyError::Machine { reason: reason.to_string() }
}

/// Checks every rule of the lookup argument and returns each chip's lookups, those of one bus folded together
/// as Plonky3 does it.
pub(crate) fn lookups<A: Machine>(role: Role, chips: &[A]) -> Result<Vec<Lookups<F>>, KeyError> {
    check_public_values(role.public_values(), chips)?;
    chips.iter().try_for_each(|chip| check_shape(role.parameters(), chip))?;
    let raw: Vec<_> = chips.iter().map(Lookups::from_air::<Challenge, A>).collect();
    for (chip, own) in chips.iter().zip(&raw) {
        own.iter().try_for_each(|l| check_lookup(l).map_err(|reason| chip_error(chip, reason)))?;
    }
    check_providers(chips, &raw)?;
    check_bus_widths(&raw).map_err(machine_error)?;
    let heights = log_heights(chips);
    let rows: Vec<usize> = heights.iter().map(|h| 1 << h).collect();
    check_multiplicity_height_bound(&raw, &rows).map_err(machine_error)?;
    let bare: Vec<_> = chips.iter().map(WithoutFixed).collect();
    let config = config(role.parameters(), Digest::ZERO);
    let data = ProverData::from_airs_and_degrees(&config, &bare, &heights);
    Ok(data.map_err(machine_error)?.common.lookups)
}

/// The last chip, and no other, has public values.
fn check_public_values<A: Chip>(expected: usize, chips: &[A]) -> Result<(), KeyError> {
    let Some((last, others)) = chips.split_last() else {
        return Err(machine_error("it has no chip"));
    };
    if last.public_values() != expected {
        return Err(chip_error(last, format!("the last chip has {expected} public values")));
    }
    match others.iter().find(|c| c.public_values() != 0) {
        Some(chip) => Err(chip_error(chip, "only the last chip has public values".into())),
        None => Ok(()),
    }
}

fn check_shape<A: Machine>(p: &Parameters, chip: &A) -> Result<(), KeyError> {
    let (least, most) = (p.least_log_height(), F::TWO_ADICITY - p.log_blowup);
    if !(least..=most).contains(&chip.log_height()) {
        return Err(chip_error(chip, format!("its height is not in 2^{least} to 2^{most}")));
    }
    let widths = (Chip::width(chip), chip.fixed_width(), chip.public_values());
    if widths != (p3_air::BaseAir::width(chip), chip.preprocessed_width(), chip.num_public_values()) {
        return Err(chip_error(chip, "it tells the proof system other widths".into()));
    }
    let next = (!chip.main_next_row_columns().is_empty(), !chip.preprocessed_next_row_columns().is_empty());
    if next != (chip.reads_next(), chip.reads_next() && chip.fixed_width() > 0) {
        return Err(chip_error(chip, "it tells the proof system other rows than it reads".into()));
    }
    // Plonky3 has features that no chip of ours uses, and it panics on some of them.
    if !chip.public_boundary_io().is_empty() || chip.num_periodic_columns() != 0 {
        return Err(chip_error(chip, "boundary values and periodic columns are not supported".into()));
    }
    Ok(())
}

fn check_fixed<A: Chip>(chip: &A) -> Result<(), KeyError> {
    let (width, height) = chip.fixed().map_or((0, 1 << chip.log_height()), |m| (m.width(), m.height()));
    if (width, height) == (chip.fixed_width(), 1 << chip.log_height()) {
        return Ok(());
    }
    Err(chip_error(chip, format!("its preprocessed columns are [{height}][{width}]")))
}

/// A message goes over a bus of ours, is as wide as that bus, and its count is bounded as the bus demands: 1 on a
/// permutation, 1 for a lookup, 0 for what a table provides, [`MOST_READS`] for what may be written to a memory.
fn check_lookup(lookup: &Lookup<F>) -> Result<(), String> {
    let LookupKind::Global(name) = &lookup.kind else {
        return Err("a lookup without a bus".into());
    };
    let Some(bus) = Bus::ALL.into_iter().find(|b| b.name() == name) else {
        return Err(format!("no bus is called {name}"));
    };
    if lookup.flags.is_some() || lookup.elements.iter().any(|tuple| tuple.len() != bus.width()) {
        return Err(format!("a message on bus {name} has not {} fields", bus.width()));
    }
    match (bus.discipline(), lookup.count_weight) {
        (_, 1) | (Discipline::Table, 0) | (Discipline::Memory, MOST_READS) => Ok(()),
        (_, bound) => Err(format!("a message on bus {name} has bound {bound} on its count")),
    }
}

/// Free counts are for the one chip that makes a table's rows true: nobody else may have them on that bus.
fn check_providers<A: Chip>(chips: &[A], raw: &[Lookups<F>]) -> Result<(), KeyError> {
    let provides = |own: &Lookups<F>, bus: Bus| {
        let on_bus = |l: &&Lookup<F>| l.kind == LookupKind::Global(bus.name().to_owned());
        own.iter().filter(on_bus).any(|l| l.count_weight == 0)
    };
    for bus in Bus::ALL {
        let mut providers = chips.iter().zip(raw).filter(|(_, own)| provides(own, bus));
        if let (Some((first, _)), Some((second, _))) = (providers.next(), providers.next()) {
            let reason = format!("it and {} have free counts on bus {}", first.name(), bus.name());
            return Err(chip_error(second, reason));
        }
    }
    Ok(())
}

/// Degrees, and that a chip which reads the next row opens it: it would read zeros.
fn check_constraints<A: Machine>(chip: &A, own: &Lookups<F>) -> Result<ChipLayout, KeyError> {
    let (_, degree) = constraints(chip, own);
    if degree > MAX_DEGREE {
        return Err(chip_error(
            chip,
            format!("a constraint has degree {degree}, and {MAX_DEGREE} is the most"),
        ));
    }
    if fingerprint(chip, own).next_row && !chip.reads_next() {
        return Err(chip_error(chip, "it reads the next row and does not say so".into()));
    }
    let chunks = degree.max(2).saturating_sub(1).next_power_of_two();
    Ok(ChipLayout::of(chip, chunks, own.len()))
}

/// Format, role, proof system, protocol version, parameters and chips.
fn fields<A: Machine>(role: Role, chips: &[A], lookups: &[Lookups<F>]) -> Fields {
    let mut fields = Fields::default();
    role.fields(&mut fields);
    fields.text(PROOF_SYSTEM).number(usize::try_from(PROTOCOL_VERSION).unwrap_or(usize::MAX));
    fields.numbers(role.parameters().numbers()).number(chips.len());
    for (chip, own) in chips.iter().zip(lookups) {
        fields.digest(&fingerprint(chip, own).digest.0);
    }
    fields
}

/// `H(fields, roots)`.
fn digest(fields: &Fields, root: Option<&Cap>) -> Digest {
    let mut fields = fields.clone();
    let roots = root.map(Cap::roots).unwrap_or_default();
    fields.number(roots.len());
    for digest in roots {
        fields.digest(digest);
    }
    fields.hash()
}

/// The preprocessed part of a key in Plonky3's terms.
fn preprocessed(layout: &Layout, root: Option<Cap>) -> Result<Option<GlobalPreprocessed<Config>>, KeyError> {
    let expected = layout.fixed_cap();
    if expected != root.as_ref().map(Cap::num_roots) {
        return Err(machine_error(format!("the preprocessed root is not {expected:?} digests")));
    }
    let chips = layout.chips();
    let with_fixed: Vec<usize> =
        (0..).zip(chips).filter(|(_, c)| c.fixed_width > 0).map(|(i, _)| i).collect();
    let mut matrices = 0..;
    let instances = chips.iter().map(|c| {
        let matrix_index = (c.fixed_width > 0).then(|| matrices.next()).flatten()?;
        Some(PreprocessedInstanceMeta { matrix_index, width: c.fixed_width, degree_bits: c.log_height })
    });
    let instances = instances.collect();
    Ok(root.map(|commitment| GlobalPreprocessed { commitment, instances, matrix_to_instance: with_fixed }))
}

/// A cap as digests.
pub(crate) fn cap_digests(cap: Option<&Cap>) -> Vec<Digest> {
    cap.map(Cap::roots).unwrap_or_default().iter().copied().map(Digest).collect()
}

/// Digests as a cap; `None` where there are none. Their number is a power of two or this is an error.
pub(crate) fn cap_of(digests: &[Digest]) -> Result<Option<Cap>, String> {
    match digests.len() {
        0 => Ok(None),
        n if n.is_power_of_two() => Ok(Some(Cap::new(digests.iter().map(|d| d.0).collect()))),
        n => Err(format!("{n} digests of the preprocessed columns")),
    }
}

#[cfg(test)]
mod tests {
    use aludel_protocol::fe;
    use aludel_protocol::hash::{Tag, hash_fields};

    use super::*;

    /// Everything that a key's digest absorbs, in order, spelt out; tag and length are `hash_fields`'s.
    /// The same of a root's key, whose file is of another kind and whose parameters are others.
    #[test]
    fn the_digest_of_a_folded_proofs_key_absorbs_this_list() {
        let key = FoldedKey::pinned(Role::Root).expect("pinned");
        // A machine; the header "ALDL", kind 10, version 1; kind and shape.
        let mut list: Vec<u32> = vec![0, 8, 0x41, 0x4c, 0x44, 0x4c, 10, 0, 1, 0, 3, 0, 53];
        assert_eq!(list[Role::NUMBERS_AT..][..2], [3, 0]);
        list.extend(b"plonky3 0.8.0 batch-stark koalabear quintic poseidon2".map(u32::from));
        list.push(1);
        list.extend([10, 4, 41, 3, 3, 0, 0, 12, 0, 20, 4]);
        list.push(8);
        let mut fields: Vec<F> = list.into_iter().map(fe).collect();
        for (chip, own) in key.chips().iter().zip(&key.common().lookups) {
            fields.extend(fingerprint(chip, own).digest.0);
        }
        assert_eq!(key.fields(), fields);
        fields.push(fe(16));
        fields.extend(key.root().expect("it has preprocessed columns").roots().as_flattened());
        assert_eq!(key.digest(), hash_fields(Tag::VerifyingKey, &fields));
    }

    #[test]
    fn the_digest_absorbs_this_list() {
        let key = ShardKey::pinned(Shape::Small).expect("pinned");
        let mut list: Vec<u32> = vec![
            0, // a machine; the digest of a chip begins with 1
            8, 0x41, 0x4c, 0x44, 0x4c, 5, 0, 1, 0,  // how a proof's file begins: "ALDL", kind, version
            1,  // the shape's number
            53, // length of the next
        ];
        list.extend(b"plonky3 0.8.0 batch-stark koalabear quintic poseidon2".map(u32::from));
        list.push(1); // protocol version
        // Blowup, queries, last polynomial, folding; grinding at five places; Merkle caps.
        list.extend([10, 1, 166, 3, 3, 0, 0, 12, 0, 20, 4]);
        list.push(8); // chips
        let mut fields: Vec<F> = list.into_iter().map(fe).collect();
        for (chip, own) in key.chips().iter().zip(&key.common().lookups) {
            fields.extend(fingerprint(chip, own).digest.0);
        }
        let roots = key.root().expect("it has preprocessed columns").roots();
        fields.push(fe(16));
        assert_eq!(roots.len(), 16);
        fields.extend(roots.as_flattened());
        assert_eq!(key.digest(), hash_fields(Tag::VerifyingKey, &fields));
    }
}
