//! Bits of soundness of a proof, computed for the real machines by `p3-security`.
//!
//! The error of a proof is the largest over its rounds (round-by-round soundness); a term below is one round.
//! *Proven* is the better of unique decoding and list decoding up to the Johnson bound (the multiplicity is
//! chosen by `p3-security` for the whole, not round by round). *Conjectured* is printed beside it and promised by nobody.
//!
//! List decoding rests on how many points of a line are exceptional: `p3-security` takes eprint 2026/2056 (theorem 5.12)
//! and its own extension to curves. It charges the list to the rounds of constraints and out-of-domain point, not to the
//! lookups', and no matrix that joins at a fold. The tests below charge all of it, by an older theorem, and have 101 bits.

use aludel_circuits::MachineChip;
use aludel_circuits::recursion::{Heights, RecursionChip};
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
use crate::parameters::Parameters;
use crate::role::Role;

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
    /// What is proven: at least 100 for every machine.
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

/// Extent of the machine of a role.
///
/// # Errors
/// The machine cannot be keyed.
pub fn extent(role: impl Into<Role>) -> Result<Extent, KeyError> {
    fn of<A: Machine>(role: Role, chips: &[A]) -> Result<Extent, KeyError> {
        Ok(Extent::of(chips, &lookups(role, chips)?))
    }
    match role.into() {
        role @ Role::Shard(shape) => of(role, &MachineChip::all(shape)),
        role @ (Role::Lift(_) | Role::Join) => of(role, &RecursionChip::all(&Heights::FOLDED)),
        role @ Role::Root => of(role, &RecursionChip::all(&Heights::ROOT)),
    }
}

/// Bits of soundness of the machine of a role.
///
/// # Errors
/// The machine cannot be keyed.
pub fn security(role: impl Into<Role>) -> Result<Security, KeyError> {
    let role = role.into();
    Ok(extent(role)?.security(role.parameters()))
}

#[cfg(test)]
mod tests {
    use aludel_circuits::{Chip, Shape};

    use super::*;
    use crate::machine::Symbolic;
    use crate::parameters::PARAMETERS;

    /// Every machine that has a key.
    fn roles() -> impl Iterator<Item = Role> {
        Shape::ALL.into_iter().map(Role::Shard).chain([Role::Join, Role::Root])
    }

    #[test]
    fn every_machine_has_a_hundred_proven_bits() {
        for role in roles() {
            let security = security(role).expect("keyed");
            println!("{role}: {:?} {security:?}", extent(role).expect("keyed"));
            assert!(security.proven_bits >= 100.0, "{role}: {security:?}");
            assert!(security.unique_decoding_bits <= security.proven_bits);
            let weakest = security.rounds.iter().min_by(|a, b| a.bits.total_cmp(&b.bits)).expect("rounds");
            assert_eq!((weakest.name, weakest.bits), (security.binding, security.proven_bits));
        }
    }

    /// The tables of `docs/soundness.md`, by rounds and by theorems: one column for the three smaller shapes, one for each other machine.
    #[test]
    fn the_page_shows_these_bits() {
        for role in roles() {
            let (security, extent) = (security(role).expect("keyed"), extent(role).expect("keyed"));
            for Round { name, bits } in security.rounds {
                shown(role, &format!("`{name}`"), 0, bits);
            }
            let p = role.parameters();
            shown(role, "eprint 2025/2055", 1, LINE_OF_2025.bits(&extent, p));
            shown(role, "eprint 2020/654", 1, LINE_OF_2020.bits(&extent, p));
            shown(role, "unique decoding", 1, security.unique_decoding_bits);
        }
    }

    /// That the page's row of this name shows these bits in the column of the machine; `missing` columns are not in its table.
    fn shown(role: Role, name: &str, missing: usize, bits: f64) {
        let page = include_str!("../../../docs/soundness.md").replace("**", "");
        let column = match role {
            Role::Shard(Shape::Tiny | Shape::Small | Shape::Medium) => 3,
            Role::Shard(Shape::Large) => 4,
            Role::Shard(Shape::Huge) => 5,
            Role::Lift(_) | Role::Join => 6,
            Role::Root => 7,
        };
        let row = page.lines().find(|line| line.starts_with(&format!("| {name} |")));
        let cells: Vec<_> =
            row.unwrap_or_else(|| panic!("no row {name}")).split('|').map(str::trim).collect();
        assert_eq!(cells[column - missing], format!("{bits:.1}"), "{role}: {name}");
    }

    /// The rounds once more, written down from the papers instead of asked of `p3-security`.
    struct Rounds {
        /// Exceptional points of a line, by multiplicity, length and rate.
        line: fn(f64, f64, f64) -> f64,
        /// Degree of a fold's curve.
        fold: f64,
        /// How often the list of codewords is charged to the lookup challenges and to the out-of-domain point.
        lists: [f64; 2],
    }

    impl Rounds {
        fn bits(&self, e: &Extent, p: &Parameters) -> f64 {
            (3..=1000).map(|m| self.bits_at(e, p, f64::from(m))).fold(0.0, f64::max)
        }

        fn bits_at(&self, e: &Extent, p: &Parameters, m: f64) -> f64 {
            let field = CHALLENGE_BITS as f64;
            let [rows, n] = [e.log_height, e.log_height + p.log_blowup].map(|log| 2_f64.powi(log as i32));
            let rate = rows / n;
            let list = (m + 0.5) / rate.sqrt();
            let line = (self.line)(m, n, rate);
            let [constraints, degree, openings] = [e.constraints, e.degree, e.openings].map(|x| x as f64);
            let lookups = (e.messages * (e.message_width + 2)) as f64 * rows;
            let rounds = [
                field - lookups.log2() - self.lists[0] * list.log2(),
                field - (constraints * list).log2(),
                field - ((degree + 1.0) * rows + degree - 1.0).log2() - self.lists[1] * list.log2(),
                field - ((openings - 1.0) * line).log2() + p.batch_pow_bits as f64,
                field - (self.fold * line).log2() + p.commit_pow_bits as f64,
                p.query_pow_bits as f64 - p.queries as f64 * ((1.0 + 0.5 / m) * rate.sqrt()).log2(),
                COLLISION_BITS as f64,
            ];
            rounds.into_iter().fold(f64::INFINITY, f64::min)
        }
    }

    /// What `p3-security` computes: the line of eprint 2026/2056 (theorem 5.12), which Plonky3 carries over to curves.
    #[test]
    fn the_proven_bits_can_be_computed_by_hand() {
        let line = |m: f64, n: f64, rate: f64| 8.0 * n * (m + 0.5).powi(3) / (3.0 * (rate - 1.0 / n));
        let fold = 2_f64.powi(PARAMETERS.max_log_arity as i32) - 1.0;
        for role in roles() {
            let (extent, p) = (extent(role).expect("keyed"), role.parameters());
            let (ours, theirs) =
                (Rounds { line, fold, lists: [0.0, 1.0] }.bits(&extent, p), extent.security(p).proven_bits);
            assert!((ours - theirs).abs() < 1e-6, "{role}: {ours} and {theirs}");
        }
    }

    /// Eprint 2025/2055 (theorem 4.2). Here everything is charged in full besides: a matrix that joins at a fold adds a term to its
    /// curve, and the lookup challenges and the out-of-domain point stand against the whole list of codewords, twice at that point
    /// (eprint 2024/1553).
    const LINE_OF_2025: Rounds = Rounds {
        line: |m, n, rate| {
            let (t, gap) = (m + 0.5, 1.0 - rate.sqrt() * (1.0 + 0.5 / m));
            (2.0 * t.powi(5) + 3.0 * t * gap * rate) * n / (3.0 * rate.powf(1.5)) + t / rate.sqrt()
        },
        ..IN_FULL
    };

    /// Eprint 2020/654 (theorem 1.5), charged in the same way.
    const LINE_OF_2020: Rounds =
        Rounds { line: |m, n, rate| (m + 0.5).powi(7) * n * n / (3.0 * rate.powf(1.5)), ..IN_FULL };

    const IN_FULL: Rounds =
        Rounds { line: |_, _, _| 0.0, fold: (1 << PARAMETERS.max_log_arity) as f64, lists: [1.0, 2.0] };

    /// For who does not trust the newest theorem yet.
    #[test]
    fn a_hundred_bits_rest_on_an_older_theorem_too() {
        for role in roles() {
            let (extent, p) = (extent(role).expect("keyed"), role.parameters());
            let [newer, older] = [LINE_OF_2025, LINE_OF_2020].map(|rounds| rounds.bits(&extent, p));
            println!("{role}: {newer:.2} and {older:.2}, {:.2}", extent.security(p).unique_decoding_bits);
            assert!(newer >= 101.0 && newer < extent.security(p).proven_bits, "{role}: {newer}");
            assert!(older < newer, "{role}: {older}");
        }
    }

    /// Room for the machine to grow: 5,000 columns, all opened twice, at the height of the largest shape.
    #[test]
    fn a_larger_machine_has_a_margin() {
        let extent = Extent {
            log_height: 18,
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

    /// Each part of an extent is charged, though today's are far from binding.
    #[test]
    fn every_part_of_an_extent_costs() {
        let good = extent(Shape::Large).expect("keyed");
        for costly in [
            Extent { constraints: 1 << 50, ..good },
            Extent { openings: 1 << 40, ..good },
            Extent { messages: 1 << 40, ..good },
            Extent { message_width: 1 << 50, ..good },
            Extent { log_height: 23, degree: 1 << 40, ..good },
        ] {
            assert!(costly.security(&PARAMETERS).proven_bits < 100.0, "{costly:?}");
        }
    }

    /// Counted another way: openings as a proof's layout has them, messages and constraints as the chips give them.
    #[test]
    fn an_extent_counts_every_chip() {
        let chips = MachineChip::all(Shape::Large);
        let packed = lookups(Shape::Large.into(), &chips).expect("keyed");
        let mut counted = [0; 3];
        for (chip, own) in chips.iter().zip(&packed) {
            let (_, degree) = constraints(chip, own);
            let layout = ChipLayout::of(chip, if degree > 2 { 2 } else { 1 }, own.len());
            let base = Symbolic::from_air(chip, AirLayout::from_air(chip)).base_constraints();
            // A fraction has a constraint, the sum of a chip's fractions three: first row, step, terminal.
            let sums = if own.is_empty() { 0 } else { own.len() + 3 };
            let messages = Lookups::from_air::<Challenge, MachineChip>(chip).len();
            counted = [counted[0] + layout.opened(), counted[1] + base.len() + sums, counted[2] + messages];
        }
        let extent = extent(Shape::Large).expect("keyed");
        assert_eq!(counted, [extent.openings, extent.constraints, extent.messages]);
        let tallest = chips.iter().map(Chip::log_height).max();
        assert_eq!((Some(extent.log_height), extent.log_height), (tallest, 17));
    }
}
