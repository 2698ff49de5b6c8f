//! One lift, one join, one root.

use std::sync::OnceLock;
use std::time::Instant;

use aludel_circuits::Shape;
use aludel_circuits::recursion::machine::traces;
use aludel_circuits::recursion::{Program, RecursionChip, execute};
use aludel_protocol::codec::{DecodeError, Kind};
use aludel_protocol::fold::fold;
use aludel_protocol::{Digest, Statement};
use aludel_recursion::{
    Child, ChildWitness, JoinChild, KeyWitness, LiftWitness, RootWitness, join, lift, manifest, root,
};
use aludel_verifier::keys::FoldedKey;
use aludel_verifier::verify::{Expectations, verify, verify_with};
use aludel_verifier::{Key, KeyError, KeySet, Machine, Role, ShardKey, VerifyError, format};
use tracing::info_span;

use super::error::AggregateError;
use crate::prove::{Prover, Stats};

/// A verified proof of a shard. The only way to one is through the verifier.
#[derive(Clone, Debug)]
pub struct Shard {
    shape: Shape,
    statement: Statement,
    proof: ChildWitness,
}

impl Shard {
    /// Verifies the bytes of a proof against the built-in keys.
    ///
    /// # Errors
    /// They are refused, or are no shard's.
    pub fn open(bytes: &[u8], expected: &Expectations) -> Result<Self, AggregateError> {
        let (claim, rest) = format::claim(bytes)?;
        let Role::Shard(shape) = claim.role else {
            return Err(AggregateError::NoShard { role: claim.role });
        };
        let statement = verify(bytes, expected)?;
        Ok(Self { shape, statement, proof: taken(ShardKey::pinned(shape)?, &statement, rest)? })
    }

    /// What it proves.
    pub const fn statement(&self) -> &Statement {
        &self.statement
    }

    /// Its shape.
    pub const fn shape(&self) -> Shape {
        self.shape
    }
}

/// A verified proof of a lift, a join or a root. The only way to one is through the verifier.
#[derive(Clone, Debug)]
pub struct Folded {
    role: Role,
    statement: Statement,
    bytes: Vec<u8>,
    stats: Stats,
}

impl Folded {
    /// Verifies the bytes of a folded proof against the built-in keys.
    ///
    /// # Errors
    /// They are refused, or are a shard's.
    pub fn open(bytes: Vec<u8>, expected: &Expectations) -> Result<Self, AggregateError> {
        let (claim, _) = format::claim(&bytes)?;
        if let Role::Shard(_) = claim.role {
            let kinds = DecodeError::Kind { expected: Kind::FoldedProof, found: Kind::ShardProof };
            return Err(VerifyError::from(kinds).into());
        }
        let key = FoldedKey::pinned(claim.role)?;
        let statement = verify_with(key, &bytes, expected)?;
        Ok(Self { role: claim.role, statement, bytes, stats: Stats::default() })
    }

    /// What it is.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// What it proves.
    pub const fn statement(&self) -> &Statement {
        &self.statement
    }

    /// What verifiers read.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What it cost; nothing where it was opened from bytes.
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }
}

/// What a circuit reads of a verified proof.
fn taken<A: Machine>(
    key: &Key<A>,
    statement: &Statement,
    rest: &[u8],
) -> Result<ChildWitness, AggregateError> {
    let proof = format::proof(key, rest)?;
    Ok(ChildWitness::new(&proof, &key.public_values(statement)))
}

/// A program with its prover.
struct Works<W> {
    program: Program<W>,
    prover: Prover<RecursionChip>,
}

/// Works that are made on first use, by whoever asks first; others wait for them.
type Lazy<W> = OnceLock<Result<Works<W>, KeyError>>;

fn works<W>(
    lazy: &Lazy<W>,
    role: Role,
    program: impl FnOnce() -> Result<Program<W>, KeyError>,
) -> Result<&Works<W>, KeyError> {
    let make = || {
        let _span = info_span!("recursion key").entered();
        let program = program()?;
        let prover = Prover::folded(role, manifest::chips(role, &program)?)?;
        Ok(Works { program, prover })
    };
    lazy.get_or_init(make).as_ref().map_err(Clone::clone)
}

/// Lifts, joins and makes roots under the pinned keys. What a role needs is made when it is first asked for.
pub struct Folder {
    set: KeySet,
    lifts: [Lazy<LiftWitness>; Shape::ALL.len()],
    join: Lazy<[JoinChild; 2]>,
    root: Lazy<RootWitness>,
}

impl Folder {
    /// A folder that has made nothing yet.
    ///
    /// # Errors
    /// The manifest of keys is broken: a fault of this build.
    pub fn new() -> Result<Self, KeyError> {
        let set = KeySet::pinned()?;
        Ok(Self { set, lifts: [const { Lazy::new() }; _], join: Lazy::new(), root: Lazy::new() })
    }

    /// A shard's proof as a proof of the one layout that can be joined.
    ///
    /// # Errors
    /// A fault of this build or of the machine: the shard has been verified.
    pub fn lift(&self, shard: Shard) -> Result<Folded, AggregateError> {
        let Shard { shape, statement, proof } = shard;
        let role = Role::Lift(shape);
        let none = || KeyError::Manifest { role, reason: "its number is out of range".into() };
        let slot = self.lifts.get(usize::from(shape.number())).ok_or_else(none)?;
        let works = works(slot, role, || Ok(lift(&Child::of(ShardKey::pinned(shape)?))))?;
        made(works, &LiftWitness { proof, root: self.set.root() }, statement)
    }

    /// One proof of two runs, the second right after the first.
    ///
    /// # Errors
    /// One of them is a root, or they do not follow one another; else a fault of this build or of the machine.
    pub fn join(&self, first: &Folded, second: &Folded) -> Result<Folded, AggregateError> {
        let statement = fold(&first.statement, &second.statement)
            .map_err(|gap| AggregateError::gap(&first.statement, &second.statement, gap))?;
        let child = |run: &Folded| {
            let (proof, key) = self.member(run)?;
            Ok::<_, AggregateError>(JoinChild { proof, key, statement: run.statement.fields().to_vec() })
        };
        let children = [child(first)?, child(second)?];
        made(works(&self.join, Role::Join, || Ok(join(&of_set()?)))?, &children, statement)
    }

    /// The small last proof of a run.
    ///
    /// # Errors
    /// It is one already; else a fault of this build or of the machine.
    pub fn root(&self, run: &Folded) -> Result<Folded, AggregateError> {
        let (proof, key) = self.member(run)?;
        let works = works(&self.root, Role::Root, || Ok(root(&of_set()?)))?;
        made(works, &RootWitness { proof, key }, run.statement)
    }

    /// The root of the set of keys that proofs name.
    pub fn set(&self) -> Digest {
        self.set.root()
    }

    /// What a circuit is told of a proof under a key of the set.
    fn member(&self, run: &Folded) -> Result<(ChildWitness, KeyWitness), AggregateError> {
        let role = run.role;
        let path = self.set.path(role).ok_or(AggregateError::NotJoined { role })?;
        let key = FoldedKey::pinned(role)?;
        let (_, rest) = format::claim(&run.bytes)?;
        let cap = key.root().map(|cap| cap.roots().as_flattened().to_vec()).unwrap_or_default();
        Ok((taken(key, &run.statement, rest)?, KeyWitness::new(role, cap, &path)))
    }
}

/// What joins and roots verify: the machine is that of any lift.
fn of_set() -> Result<Child, KeyError> {
    Ok(Child::of(FoldedKey::pinned(Role::Join)?))
}

/// Runs a program, proves that it ran, and verifies the proof.
fn made<W>(works: &Works<W>, witness: &W, statement: Statement) -> Result<Folded, AggregateError> {
    let key = works.prover.key();
    let role = key.role();
    let _span = info_span!("fold").entered();
    let start = Instant::now();
    let main = {
        let e = info_span!("execute").in_scope(|| execute(&works.program, witness));
        e.check().map_err(|unsatisfied| AggregateError::Unsatisfied { role, unsatisfied })?;
        let heights = role.heights().ok_or(AggregateError::Plan)?;
        traces(&e, &heights).map_err(|error| AggregateError::Trace { role, error })?
    };
    let proof = works.prover.prove(&main, &statement)?;
    let verifying = proof.stats.verifying;
    let stats = Stats { proving: start.elapsed().saturating_sub(verifying), verifying };
    Ok(Folded { role, statement, bytes: proof.bytes, stats })
}
