//! What proofs are of: shards, lifts, joins, roots.

use core::fmt;

use aludel_circuits::Shape;
use aludel_circuits::recursion::Heights;
use aludel_protocol::codec::{self, Kind};
use aludel_protocol::hash::DIGEST;

use crate::fingerprint::Fields;
use crate::parameters::{FOLDED_PARAMETERS, PARAMETERS, Parameters, ROOT_PARAMETERS};

/// What a key's proofs are of. It decides their parameters and their public values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Shards of a shape. Public: the digest of the statement.
    Shard(Shape),
    /// A verified shard proof of a shape. Public: the digest of the statement, and the root of the set of accepted keys.
    Lift(Shape),
    /// Two verified proofs, each a lift or a join. Public as of a lift.
    Join,
    /// A verified proof of a lift or a join, made small. Public as of a lift.
    Root,
}

impl Role {
    /// Parameters of its proofs.
    pub const fn parameters(self) -> &'static Parameters {
        match self {
            Self::Shard(_) => &PARAMETERS,
            Self::Lift(_) | Self::Join => &FOLDED_PARAMETERS,
            Self::Root => &ROOT_PARAMETERS,
        }
    }

    /// Elements of the public values.
    pub const fn public_values(self) -> usize {
        match self {
            Self::Shard(_) => DIGEST,
            Self::Lift(_) | Self::Join | Self::Root => 2 * DIGEST,
        }
    }

    /// The shape of the shards, where there is one.
    pub const fn shape(self) -> Option<Shape> {
        match self {
            Self::Shard(shape) | Self::Lift(shape) => Some(shape),
            Self::Join | Self::Root => None,
        }
    }

    /// Heights of the chips of a folded proof; `None` of shards, whose shape has them.
    pub const fn heights(self) -> Option<Heights> {
        match self {
            Self::Shard(_) => None,
            Self::Lift(_) | Self::Join => Some(Heights::FOLDED),
            Self::Root => Some(Heights::ROOT),
        }
    }

    /// Every role of a folded proof: lifts by shape, the join, the root.
    pub fn folded() -> impl Iterator<Item = Self> {
        Shape::ALL.into_iter().map(Self::Lift).chain([Self::Join, Self::Root])
    }

    /// Its kind and its shape as numbers, as folded proofs and the leaves of a [`KeySet`](crate::key_set::KeySet) have them.
    pub fn numbers(self) -> [u8; 2] {
        let kind = match self {
            Self::Shard(_) => 0,
            Self::Lift(_) => Self::LIFT,
            Self::Join => Self::JOIN,
            Self::Root => Self::ROOT,
        };
        [kind, self.shape().map_or(0, Shape::number)]
    }

    /// The number of lifts among kinds.
    pub const LIFT: u8 = 1;
    /// The number of joins among kinds.
    pub const JOIN: u8 = 2;
    /// The number of roots among kinds.
    pub const ROOT: u8 = 3;

    /// Where the two numbers lie among the fields that a folded proof's key absorbs: see [`Key::fields`](crate::Key::fields).
    pub const NUMBERS_AT: usize = 10;

    /// Its name in the manifest of keys.
    pub fn name(self) -> String {
        match self {
            Self::Shard(shape) => format!("shard {shape}"),
            Self::Lift(shape) => format!("lift {shape}"),
            Self::Join => "join".to_owned(),
            Self::Root => "root".to_owned(),
        }
    }

    /// What its proofs are as files.
    pub const fn file(self) -> Kind {
        match self {
            Self::Shard(_) => Kind::ShardProof,
            Self::Lift(_) | Self::Join | Self::Root => Kind::FoldedProof,
        }
    }

    /// What a key's digest absorbs of it first.
    pub(crate) fn fields(self, fields: &mut Fields) {
        let [kind, shape] = self.numbers().map(usize::from);
        fields.number(0).text(&codec::header(self.file()));
        if self.file() == Kind::FoldedProof {
            fields.number(kind);
        }
        fields.number(shape);
    }
}

impl From<Shape> for Role {
    fn from(shape: Shape) -> Self {
        Self::Shard(shape)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shard(shape) => write!(f, "shape {shape}"),
            Self::Lift(shape) => write!(f, "a lift of shape {shape}"),
            Self::Join => f.write_str("a join"),
            Self::Root => f.write_str("a root"),
        }
    }
}
