//! The Poseidon2 permutation as columns: one cell per S-box layer output, `x^3` needs no register.
//!
//! Not a chip: the chips that hash embed it. The inputs are expressions of the embedding chip, so constants and
//! linear inputs cost no column; what is committed is the state after each full round and the S-box output of
//! each partial round; of the last round the eight results that a digest takes (140 cells at width 16, 199 at
//! width 24), or the whole state where a sponge goes on with it (148 and 215 cells).

use aludel_protocol::F;
use aludel_protocol::hash::DIGEST;
use p3_field::PrimeCharacteristicRing;
use p3_koala_bear::{
    GenericPoseidon2LinearLayersKoalaBear as Linear, KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL,
    KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL, KOALABEAR_POSEIDON2_RC_16_INTERNAL,
    KOALABEAR_POSEIDON2_RC_24_EXTERNAL_FINAL, KOALABEAR_POSEIDON2_RC_24_EXTERNAL_INITIAL,
    KOALABEAR_POSEIDON2_RC_24_INTERNAL,
};
use p3_poseidon2::GenericPoseidon2LinearLayers;

use crate::builder::ChipBuilder;
use crate::columns;
use crate::columns::Columns;

/// Full rounds before, and again after, the partial ones.
const HALF_FULL: usize = 4;

columns! {
    /// The committed part of one width-16 permutation.
    pub struct Permutation16<T> {
        /// State after each of the first full rounds.
        beginning: [T; HALF_FULL * 16],
        /// S-box output of each partial round.
        partial: [T; 20],
        /// State after each of the last full rounds; of the very last only the eight elements of the digest.
        ending: [T; (HALF_FULL - 1) * 16 + DIGEST],
    }
}

columns! {
    /// The committed part of one width-24 permutation.
    pub struct Permutation24<T> {
        /// State after each of the first full rounds.
        beginning: [T; HALF_FULL * 24],
        /// S-box output of each partial round.
        partial: [T; 23],
        /// State after each of the last full rounds; of the very last only the eight elements of the digest.
        ending: [T; (HALF_FULL - 1) * 24 + DIGEST],
    }
}

columns! {
    /// The committed part of one width-16 permutation whose whole result is used.
    pub struct Sponge16<T> {
        /// State after each of the first full rounds.
        beginning: [T; HALF_FULL * 16],
        /// S-box output of each partial round.
        partial: [T; 20],
        /// State after each of the last full rounds.
        ending: [T; HALF_FULL * 16],
    }
}

columns! {
    /// The committed part of one width-24 permutation whose whole result is used.
    pub struct Sponge24<T> {
        /// State after each of the first full rounds.
        beginning: [T; HALF_FULL * 24],
        /// S-box output of each partial round.
        partial: [T; 23],
        /// State after each of the last full rounds.
        ending: [T; HALF_FULL * 24],
    }
}

/// Round constants of one width.
struct Constants<const W: usize, const P: usize> {
    initial: [[F; W]; HALF_FULL],
    internal: [F; P],
    terminal: [[F; W]; HALF_FULL],
}

const RC16: Constants<16, 20> = Constants {
    initial: KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL,
    internal: KOALABEAR_POSEIDON2_RC_16_INTERNAL,
    terminal: KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL,
};

const RC24: Constants<24, 23> = Constants {
    initial: KOALABEAR_POSEIDON2_RC_24_EXTERNAL_INITIAL,
    internal: KOALABEAR_POSEIDON2_RC_24_INTERNAL,
    terminal: KOALABEAR_POSEIDON2_RC_24_EXTERNAL_FINAL,
};

/// Runs the rounds. `commit` sees each S-box layer's result where it is committed and returns what the rounds
/// go on with: the committed cell when constraining, the value itself when generating a trace.
fn rounds<R, const W: usize, const P: usize>(
    rc: &Constants<W, P>,
    mut state: [R; W],
    mut commit: impl FnMut(Round, usize, R) -> R,
) -> [R; W]
where
    R: PrimeCharacteristicRing + p3_field::Algebra<F>,
    Linear: GenericPoseidon2LinearLayers<W>,
{
    let full = |state: &mut [R; W],
                which: Round,
                r: usize,
                rc: &[F; W],
                commit: &mut dyn FnMut(Round, usize, R) -> R| {
        for (x, c) in state.iter_mut().zip(rc) {
            *x = (x.clone() + *c).cube();
        }
        Linear::external_linear_layer(state);
        for (i, x) in state.iter_mut().enumerate() {
            *x = commit(which, r * W + i, x.clone());
        }
    };
    Linear::external_linear_layer(&mut state);
    for (r, c) in rc.initial.iter().enumerate() {
        full(&mut state, Round::Beginning, r, c, &mut commit);
    }
    for (r, c) in rc.internal.iter().enumerate() {
        state[0] = commit(Round::Partial, r, (state[0].clone() + *c).cube());
        Linear::internal_linear_layer(&mut state);
    }
    for (r, c) in rc.terminal.iter().enumerate() {
        full(&mut state, Round::Ending, r, c, &mut commit);
    }
    state
}

#[derive(Clone, Copy)]
enum Round {
    Beginning,
    Partial,
    Ending,
}

macro_rules! permutation {
    ($cols:ident, $w:literal, $rc:ident, $ending:expr) => {
        impl<T: Copy> $cols<T> {
            /// Constrains the cells to be the permutation of `x` and returns its result. Results that are not
            /// committed have degree 3.
            fn constrain<B: ChipBuilder<Var = T>>(
                &self,
                b: &mut B,
                name: &'static str,
                x: [B::Expr; $w],
            ) -> [B::Expr; $w] {
                rounds(&$rc, x, |round, i, value| {
                    let cell = match round {
                        Round::Beginning => Some(&self.beginning[i]),
                        Round::Partial => Some(&self.partial[i]),
                        Round::Ending => self.ending.get(i),
                    };
                    // Beyond the digest the last round's results go nowhere: no cell, no constraint.
                    let Some(&cell) = cell else { return value };
                    b.assert_eq(name, value, cell);
                    cell.into()
                })
            }
        }

        impl<R: PrimeCharacteristicRing + p3_field::Algebra<F> + Copy> $cols<R> {
            /// The cells for input `x`, scalar or packed, with the permutation's result.
            pub fn permute(x: [R; $w]) -> (Self, [R; $w]) {
                let mut cols = Self {
                    beginning: [R::ZERO; HALF_FULL * $w],
                    partial: [R::ZERO; $rc.internal.len()],
                    ending: [R::ZERO; $ending],
                };
                let out = rounds(&$rc, x, |round, i, value| {
                    let cell = match round {
                        Round::Beginning => Some(&mut cols.beginning[i]),
                        Round::Partial => Some(&mut cols.partial[i]),
                        Round::Ending => cols.ending.get_mut(i),
                    };
                    if let Some(cell) = cell {
                        *cell = value;
                    }
                    value
                });
                (cols, out)
            }
        }
    };
}

permutation!(Permutation16, 16, RC16, (HALF_FULL - 1) * 16 + DIGEST);
permutation!(Permutation24, 24, RC24, (HALF_FULL - 1) * 24 + DIGEST);
permutation!(Sponge16, 16, RC16, HALF_FULL * 16);
permutation!(Sponge24, 24, RC24, HALF_FULL * 24);

/// Permutations of which a digest is taken.
macro_rules! digest {
    ($cols:ident, $w:literal) => {
        impl<T: Copy> $cols<T> {
            /// Constrains the cells to be the permutation of `x` and returns its first eight results, of degree 1.
            pub fn truncate<B: ChipBuilder<Var = T>>(
                &self,
                b: &mut B,
                name: &'static str,
                x: [B::Expr; $w],
            ) -> [B::Expr; DIGEST] {
                let out = self.constrain(b, name, x);
                core::array::from_fn(|i| out[i].clone())
            }

            /// Constrains the cells to be the permutation of `x` and returns `compress(x)`: the first eight
            /// outputs plus the first eight inputs, of degree 1 where `x` is.
            pub fn compress<B: ChipBuilder<Var = T>>(
                &self,
                b: &mut B,
                name: &'static str,
                x: [B::Expr; $w],
            ) -> [B::Expr; DIGEST] {
                let out = self.truncate(b, name, x.clone());
                core::array::from_fn(|i| out[i].clone() + x[i].clone())
            }
        }

        impl<R: PrimeCharacteristicRing + p3_field::Algebra<F> + Copy> $cols<R> {
            /// The cells for input `x`, scalar or packed, with `compress(x)`.
            pub fn generate(x: [R; $w]) -> (Self, [R; DIGEST]) {
                let (cols, out) = Self::permute(x);
                (cols, core::array::from_fn(|i| out[i] + x[i]))
            }
        }
    };
}

digest!(Permutation16, 16);
digest!(Permutation24, 24);

/// Permutations that a sponge goes on from.
macro_rules! sponge {
    ($cols:ident, $w:literal) => {
        impl<T: Copy> $cols<T> {
            /// Constrains the cells to be the permutation of `x`.
            pub fn assert<B: ChipBuilder<Var = T>>(&self, b: &mut B, name: &'static str, x: [B::Expr; $w]) {
                self.constrain(b, name, x);
            }

            /// The cells of the result.
            pub fn output(&self) -> [T; $w] {
                core::array::from_fn(|i| self.ending[(HALF_FULL - 1) * $w + i])
            }
        }
    };
}

sponge!(Sponge16, 16);
sponge!(Sponge24, 24);

/// Cells of [`Permutation16`].
pub const WIDTH16: usize = <Permutation16<u8> as Columns<u8>>::WIDTH;
/// Cells of [`Permutation24`].
pub const WIDTH24: usize = <Permutation24<u8> as Columns<u8>>::WIDTH;

#[cfg(test)]
mod tests {
    use aludel_protocol::fe;
    use aludel_protocol::hash::{compress16, compress24, perm16, perm24};
    use p3_symmetric::Permutation;

    use super::*;

    #[test]
    fn generated_cells_end_in_the_hash() {
        let x16: [F; 16] = core::array::from_fn(|i| fe(1 << i));
        let x24: [F; 24] = core::array::from_fn(|i| fe(1 << i));
        assert_eq!(Permutation16::generate(x16).1, compress16(x16));
        assert_eq!(Permutation24::generate(x24).1, compress24(x24));
        assert_eq!((WIDTH16, WIDTH24), (140, 199));
    }

    #[test]
    fn sponges_commit_to_the_whole_state() {
        let x16: [F; 16] = core::array::from_fn(|i| fe(1 << i));
        let x24: [F; 24] = core::array::from_fn(|i| fe(1 << i));
        let (cols16, out16) = Sponge16::permute(x16);
        let (cols24, out24) = Sponge24::permute(x24);
        assert_eq!((out16, out24), (perm16().permute(x16), perm24().permute(x24)));
        assert_eq!((cols16.output(), cols24.output()), (out16, out24));
    }
}
