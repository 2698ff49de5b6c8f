//! Bits of soundness of a shard proof, computed for the real machine by `p3-security`.
//!
//! The error of a proof is the largest over its rounds (round-by-round soundness); a term below is one round.
//! *Proven* is the better of unique decoding and list decoding up to the Johnson bound (the multiplicity is
//! chosen by `p3-security` for the whole, not round by round). *Conjectured* is printed beside it and promised by nobody.

use aludel_circuits::{MachineChip, Shape};
use aludel_protocol::{Challenge, F};
use p3_air::symbolic::AirLayout;
use p3_batch_stark::num_batched_openings;
use p3_batch_stark::symbolic::get_symbolic_constraints;
use p3_field::BasedVectorSpace;
use p3_lookup::{LogUpGadget, Lookup, Lookups};
use p3_security::fri::FriRegime;
use p3_security::logup::{self, LogUpAir};
use p3_security::stark::{conjectured_security_report, proven_security_report};
use p3_security::{GrindingSites, InstanceShape, RegimeReport, SecurityReport, StarkAirParams};
use p3_uni_stark::OpeningShape;

use crate::error::KeyError;
use crate::keys::lookups;
use crate::layout::ChipLayout;
use crate::machine::Machine;
use crate::parameters::{PARAMETERS, Parameters};

/// `log2` of the challenge field's order, rounded down: `5 log2(p) = 154.94`.
const CHALLENGE_BITS: usize = 154;

/// Collision resistance of an eight-element digest, rounded down: `8 log2(p) / 2 = 123.95`.
const COLLISION_BITS: usize = 123;

/// Rows at which a constraint looks: this one and the next.
const ROWS: usize = 2;

/// A round of the proof, with the grinding before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Round {
    /// As `p3-security` calls it.
    pub name: &'static str,
    /// Minus the base-2 logarithm of its error.
    pub bits: f64,
}

/// Bits of soundness, each a lower bound by its argument.
#[derive(Clone, Debug, PartialEq)]
pub struct Security {
    /// What is proven: at least 100 for every shape.
    pub proven_bits: f64,
    /// The round that limits `proven_bits`.
    pub binding: &'static str,
    /// Every round under the argument of `proven_bits`.
    pub rounds: Vec<Round>,
    /// Proven without list decoding.
    pub unique_decoding_bits: f64,
    /// Under the conjecture of eprint 2025/2010, section 1.5.
    pub conjectured_bits: f64,
}

/// What decides the soundness of a machine: sums and maxima over its chips.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Base-2 logarithm of the tallest chip's height.
    pub log_height: usize,
    /// Constraints of all chips, those of the lookups included.
    pub constraints: usize,
    /// Highest degree of a constraint.
    pub degree: usize,
    /// Most quotient chunks of a chip.
    pub chunks: usize,
    /// Openings that one challenge batches: columns times points.
    pub openings: usize,
    /// Bus messages of one row of every chip.
    pub messages: usize,
    /// Fields of the widest message.
    pub message_width: usize,
}

impl Extent {
    /// Of a machine's chips, with the lookups that [`crate::keys`] derives from them.
    pub(crate) fn of<A: Machine>(chips: &[A], lookups: &[Lookups<F>]) -> Self {
        chips.iter().zip(lookups).fold(Self::default(), |all, (chip, own)| {
            let one = Self::of_chip(chip, own);
            Self {
                log_height: all.log_height.max(one.log_height),
                constraints: all.constraints + one.constraints,
                degree: all.degree.max(one.degree),
                chunks: all.chunks.max(one.chunks),
                openings: all.openings + one.openings,
                messages: all.messages + one.messages,
                message_width: all.message_width.max(one.message_width),
            }
        })
    }

    fn of_chip<A: Machine>(chip: &A, lookups: &[Lookup<F>]) -> Self {
        let (constraints, degree) = constraints(chip, lookups);
        let chunks = degree.max(2).saturating_sub(1).next_power_of_two();
        let layout = ChipLayout::of(chip, chunks, lookups.len());
        let tuples = || lookups.iter().flat_map(|l| &l.elements);
        Self {
            log_height: layout.log_height,
            constraints,
            degree,
            chunks,
            openings: num_batched_openings(
                layout.width,
                layout.next,
                layout.fixed_width,
                layout.fixed_next,
                chunks,
                lookups.len(),
                <Challenge as BasedVectorSpace<F>>::DIMENSION,
                OpeningShape::TwoAdic,
            ),
            messages: tuples().count(),
            message_width: tuples().map(Vec::len).max().unwrap_or(0),
        }
    }

    /// Bits of soundness of a machine of this extent.
    pub fn security(&self, p: &Parameters) -> Security {
        let regime = FriRegime {
            log_blowup: p.log_blowup,
            num_queries: p.queries,
            log_final_poly_len: p.log_final_poly_len,
            max_log_arity: p.max_log_arity,
            commit_pow_bits: p.commit_pow_bits,
            query_pow_bits: p.query_pow_bits,
        };
        let grinding = GrindingSites {
            out_of_domain: p.ood_pow_bits,
            batch_combination: p.batch_pow_bits,
            lookup_challenge: p.lookup_pow_bits,
        };
        let air = StarkAirParams {
            num_constraints: self.constraints.max(1),
            max_constraint_degree: self.degree.max(1),
            num_quotient_chunks: self.chunks.max(1),
            max_combo: ROWS,
        };
        let shape = InstanceShape {
            log_trace_length: self.log_height,
            modulus_bits: CHALLENGE_BITS,
            collision_resistance: COLLISION_BITS,
            num_batched_functions: self.openings,
        };
        let messages = LogUpAir { num_interactions: self.messages, max_message_width: self.message_width };
        let extras: Vec<_> = logup::security_term(&messages, &shape, &grinding).into_iter().collect();
        let proven = proven_security_report(&regime, &air, &shape, &extras, &grinding);
        let conjectured = conjectured_security_report(&regime, &air, &shape, &extras, &grinding);
        Security {
            proven_bits: proven.security_bits(),
            binding: proven.binding().1.label,
            rounds: rounds(&proven),
            unique_decoding_bits: proven.udr.security_bits(),
            conjectured_bits: RegimeReport::security_bits(&conjectured),
        }
    }
}

/// The rounds under the better argument of the two.
fn rounds(proven: &SecurityReport) -> Vec<Round> {
    let bits = proven.security_bits();
    let johnson = proven.ldr.as_ref().filter(|ldr| ldr.security_bits() >= bits);
    let terms = johnson.unwrap_or(&proven.udr).terms();
    terms.iter().map(|term| Round { name: term.label, bits: term.bits.bits() }).collect()
}

/// Number and highest degree of a chip's constraints, those of its lookups included.
pub(crate) fn constraints<A: Machine>(chip: &A, lookups: &[Lookup<F>]) -> (usize, usize) {
    let gadget = LogUpGadget::new();
    let (base, extension) = get_symbolic_constraints(chip, AirLayout::from_air(chip), lookups, &gadget);
    let degrees = base.iter().map(|c| c.degree_multiple());
    let degree = degrees.chain(extension.iter().map(|c| c.degree_multiple())).max().unwrap_or(0);
    (base.len() + extension.len(), degree)
}

/// Extent of the machine of a shape.
///
/// # Errors
/// The machine cannot be keyed.
pub fn extent(shape: Shape) -> Result<Extent, KeyError> {
    let chips = MachineChip::all(shape);
    Ok(Extent::of(&chips, &lookups(&chips)?))
}

/// Bits of soundness of the machine of a shape.
///
/// # Errors
/// The machine cannot be keyed.
pub fn security(shape: Shape) -> Result<Security, KeyError> {
    Ok(extent(shape)?.security(&PARAMETERS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_has_a_hundred_proven_bits() {
        for shape in Shape::ALL {
            let security = security(shape).expect("keyed");
            println!("{shape}: {:?} {security:?}", extent(shape).expect("keyed"));
            assert!(security.proven_bits >= 100.0, "{shape}: {security:?}");
            assert!(security.unique_decoding_bits <= security.proven_bits);
            let weakest = security.rounds.iter().min_by(|a, b| a.bits.total_cmp(&b.bits)).expect("rounds");
            assert_eq!((weakest.name, weakest.bits), (security.binding, security.proven_bits));
        }
    }

    /// The table of rounds in `docs/soundness.md`: one column for the three smaller shapes, one for the largest.
    #[test]
    fn the_page_shows_these_bits() {
        let page = include_str!("../../../docs/soundness.md").replace("**", "");
        for shape in Shape::ALL {
            for Round { name, bits } in security(shape).expect("keyed").rounds {
                let row =
                    page.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).expect("a row");
                let cells: Vec<_> = row.split('|').map(str::trim).collect();
                let shown = if shape == Shape::Large { cells[4] } else { cells[3] };
                assert_eq!(shown, format!("{bits:.1}"), "{shape}: {name}");
            }
        }
    }

    /// Room for the machine to grow: 5,000 columns, all opened twice, at the height of the largest shape.
    #[test]
    fn a_larger_machine_has_a_margin() {
        let extent = Extent {
            log_height: 17,
            constraints: 20_000,
            degree: 3,
            chunks: 2,
            openings: 13_000,
            messages: 400,
            message_width: 33,
        };
        let security = extent.security(&PARAMETERS);
        println!("{security:?}");
        assert!(security.proven_bits >= 102.0, "{security:?}");
        let weaker = Parameters { queries: PARAMETERS.queries - 20, ..PARAMETERS };
        assert!(extent.security(&weaker).proven_bits < 100.0, "the queries do not bind");
    }
}
