//! Programs: what each row of each chip does, before there is a witness.

use aludel_protocol::F;
use p3_field::PrimeCharacteristicRing;

use crate::bus::CHALLENGE;

/// An address of the memory: a challenge, or a base field element, that one row writes and others read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(pub(super) u32);

impl Value {
    /// The address as a field element.
    pub fn address(self) -> F {
        F::from_u32(self.0)
    }

    /// The address `i` further.
    pub const fn plus(self, i: u32) -> Self {
        Self(self.0 + i)
    }

    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A hash that a row of the sponge makes and a row of a path takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hashed(pub(super) u32);

impl Hashed {
    /// The number as a field element.
    pub fn address(self) -> F {
        F::from_u32(self.0)
    }
}

/// A Merkle cap, whose entries the memory holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tree(pub(super) u32);

impl Tree {
    /// The number as a field element, never 0.
    pub fn number(self) -> F {
        F::from_u32(self.0 + 1)
    }
}

/// What a row does with an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Port {
    /// Nothing.
    #[default]
    Unused,
    /// It reads the value.
    Read(Value),
    /// It writes the value.
    Write(Value),
}

impl Port {
    /// The value, if it is used.
    pub const fn value(self) -> Option<Value> {
        match self {
            Self::Unused => None,
            Self::Read(value) | Self::Write(value) => Some(value),
        }
    }
}

/// `s c = q_ab a b + q_a a + q_b b + q_0 + q_c before`, where `before` is the `c` of the lane before in the row.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lane {
    /// Operand, result or neither.
    pub ports: [Port; 3],
    /// `q_ab, q_a, q_b, q_0`.
    pub factors: [F; 4],
    /// Whether `q_c` is one, or else zero.
    pub carries: bool,
    /// Whether `s` is one, or else zero.
    pub computes: bool,
}

/// How a block of a hash gets its elements from the memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ports {
    /// Challenges at elements 0, 5, 10 and, beginning with the block's last element, 15.
    #[default]
    Whole,
    /// Challenges at 4, 9 and, beginning with the block's last two elements, 14.
    AfterFour,
    /// A challenge at 3.
    AfterThree,
    /// Of a [`hash_fields`](aludel_protocol::hash::hash_fields) call: challenges at 8, 13 and 18, a base field element at 23.
    Fields,
}

/// One block of a hash.
#[derive(Clone, Copy, Debug, Default)]
pub struct Block {
    /// Whether a hash begins here.
    pub begin: bool,
    /// Whether this is a call of `compress24` in a [`hash_fields`](aludel_protocol::hash::hash_fields) chain; its tag and length.
    pub fields: Option<(F, F)>,
    /// Elements that are absorbed.
    pub absorbed: usize,
    /// The element after which the sum so far is taken out.
    pub cut: Option<(usize, Value)>,
    /// Where the sum of the whole hash goes.
    pub sum: Option<Value>,
    /// The inverse of the batching challenge, where it is read.
    pub beta: Option<Value>,
    /// How the memory gives elements.
    pub kind: Ports,
    /// The values of those ports.
    pub ports: [Port; 4],
    /// Where the digest goes, in the last block.
    pub digest: Option<Hashed>,
}

/// One step of a Merkle path.
#[derive(Clone, Copy, Debug, Default)]
pub struct Node {
    /// The digest that is taken: the leaf at the beginning, rows of a lower matrix at an injection.
    pub digest: Option<Hashed>,
    /// The index of the leaf, where the path begins.
    pub index: Option<Value>,
    /// Whether rows of a lower matrix are compressed with the digest so far.
    pub inject: bool,
    /// The cap that the path ends at.
    pub end: Option<Tree>,
    /// Whether nothing is compressed: the leaf is an entry of the cap.
    pub bare: bool,
    /// Whether the path goes on in the next row.
    pub linked: bool,
}

/// One permutation of the challenger.
#[derive(Clone, Copy, Debug, Default)]
pub struct Duplex {
    /// Whether a transcript begins here.
    pub begin: bool,
    /// Elements absorbed; 0 where it is only squeezed.
    pub absorbed: usize,
    /// Elements before the permutation. Those of a short block beyond its length read a zero.
    pub absorb: [Port; 8],
    /// Elements after it.
    pub squeeze: [Port; 8],
}

/// Base field elements and the challenge of which they are the coefficients.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pack {
    /// Coefficients, least first.
    pub base: [Port; CHALLENGE],
    /// The challenge.
    pub whole: Port,
}

/// One bit of a drawn element, the most significant one first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bit {
    /// Its place: 30 for the first row of an element, 0 for the last.
    pub place: usize,
    /// Bits of the index.
    pub index_bits: usize,
    /// The element, in its last row.
    pub element: Option<Value>,
    /// Where the bit goes.
    pub bit: Option<Value>,
    /// Where the index of the bits so far goes.
    pub index: Option<Value>,
    /// Where the point of the bits so far goes.
    pub point: Option<Value>,
}

/// An entry of a cap.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The tree.
    pub tree: Tree,
    /// Its place in the cap.
    pub index: usize,
    /// The first of the eight elements.
    pub digest: Value,
}

/// Makes some values of a witness.
pub type Hint<W> = Box<dyn Fn(&W) -> Vec<F> + Send + Sync>;

/// What is done next, in the order of the circuit.
pub(super) enum Step<W> {
    /// Values that nothing computes, five coefficients each where they are challenges.
    Hint { first: Value, n: usize, whole: bool, hint: Hint<W> },
    /// Lanes in a row, each of which takes the one before; the last one writes its `c`.
    Compute(core::ops::Range<usize>),
    /// A lane whose `b` is the inverse of its `a`.
    Invert(usize),
    /// Lanes in a row, each of which takes the one before; the last one is zero.
    Assert(core::ops::Range<usize>),
    /// A hash: its blocks, and the elements that no port gives.
    Hash { blocks: core::ops::Range<usize>, elements: Option<Hint<W>> },
    /// A challenge among others: at `first + place`, where the bits, least first, are the place.
    Place { first: Value, own: Value, place: Vec<Value>, others: Hint<W> },
    /// A permutation of the challenger.
    Duplex(usize),
    /// A challenge of base field elements.
    Join(usize),
    /// Base field elements of a challenge.
    Split(usize),
    /// The bits of an element.
    Bits(core::ops::Range<usize>),
    /// The elements of a digest as values.
    Reveal { hashed: Hashed, first: Value },
    /// What follows belongs to this stage.
    Stage(&'static str),
}

/// Paths of one form in one tree, and the digests beside them that they do not give one another: level by level from the leaves, and
/// from left to right. Nothing is computed from a path, so paths are walked when all digests are known.
pub(super) struct Multiproof<W> {
    pub stage: &'static str,
    pub paths: Vec<core::ops::Range<usize>>,
    pub siblings: Hint<W>,
}

/// A program for witnesses of a sort `W`.
pub struct Program<W> {
    pub(super) rows: Rows,
    pub(super) steps: Vec<Step<W>>,
    pub(super) multiproofs: Vec<Multiproof<W>>,
    /// How often each address is read.
    pub(super) reads: Vec<u32>,
    pub(super) hashes: u32,
}

/// The rows of a program, by chip.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Of `alu`, a lane each.
    pub alu: Vec<Lane>,
    /// Of `bits`.
    pub bits: Vec<Bit>,
    /// Of `caps`.
    pub caps: Vec<Entry>,
    /// Of `pack`.
    pub pack: Vec<Pack>,
    /// Of `path`.
    pub path: Vec<Node>,
    /// Of `public`: the values that are public, in order.
    pub public: Vec<Value>,
    /// Of `sponge`.
    pub sponge: Vec<Block>,
    /// Of `transcript`.
    pub transcript: Vec<Duplex>,
}

impl<W> Program<W> {
    /// Its rows.
    pub const fn rows(&self) -> &Rows {
        &self.rows
    }

    /// Addresses of its memory.
    pub fn values(&self) -> usize {
        self.reads.len()
    }

    /// How often each address is read.
    pub fn reads(&self) -> &[u32] {
        &self.reads
    }
}

/// The preprocessed address and count of ports.
#[derive(Clone, Copy)]
pub(super) struct Counts<'a>(pub &'a [u32]);

impl Counts<'_> {
    /// Address and signed count.
    pub fn of(self, port: Port) -> (F, F) {
        match port {
            Port::Unused => (F::ZERO, F::ZERO),
            Port::Read(value) => (value.address(), -F::ONE),
            Port::Write(value) => (value.address(), self.written(value)),
        }
    }

    /// How often a value is read.
    pub fn written(self, value: Value) -> F {
        F::from_u32(self.0[value.index()])
    }

    /// Address and count of a value that is written, if any is.
    pub fn write(self, value: Option<Value>) -> (F, F) {
        self.of(value.map_or(Port::Unused, Port::Write))
    }
}
