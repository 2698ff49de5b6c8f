//! Transcripts.

use aludel_protocol::F;
use p3_field::PrimeCharacteristicRing;

use super::Circuit;
use crate::bus::CHALLENGE;
use crate::recursion::program::{Duplex, Step, Value};

/// Elements that a permutation of the challenger absorbs.
const DUPLEX: usize = 8;
/// A Fiat-Shamir transcript: `DuplexChallenger` of width 16 and rate 8.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    waiting: Vec<Value>,
    /// The row that was squeezed last and how many of its elements are left.
    drawn: Option<(usize, usize)>,
    /// Its last row.
    last: Option<usize>,
}

impl<W> Circuit<W> {
    /// Absorbs an element.
    pub fn observe(&mut self, transcript: &mut Transcript, value: Value) {
        transcript.drawn = None;
        transcript.waiting.push(value);
        if transcript.waiting.len() == DUPLEX {
            self.duplex(transcript);
        }
    }

    /// Absorbs elements.
    pub fn observe_all(&mut self, transcript: &mut Transcript, values: &[Value]) {
        values.iter().for_each(|value| self.observe(transcript, *value));
    }

    /// Draws an element.
    pub fn sample(&mut self, transcript: &mut Transcript) -> Value {
        if !transcript.waiting.is_empty() || transcript.drawn.is_none_or(|(_, left)| left == 0) {
            self.duplex(transcript);
        }
        let Some((row, left)) = &mut transcript.drawn else { unreachable!("a permutation was made") };
        *left -= 1;
        let (row, place) = (*row, *left);
        let value = self.fresh();
        self.program.rows.transcript[row].squeeze[place] = self.write(value);
        value
    }

    /// Draws a challenge.
    pub fn sample_challenge(&mut self, transcript: &mut Transcript) -> Value {
        let base: [Value; CHALLENGE] = core::array::from_fn(|_| self.sample(transcript));
        self.pack(&base)
    }

    fn duplex(&mut self, transcript: &mut Transcript) {
        let number = self.program.rows.transcript.len();
        let follows = transcript.last.is_none_or(|last| last + 1 == number);
        assert!(follows, "a transcript is run to its end before another begins");
        let waiting = core::mem::take(&mut transcript.waiting);
        let mut row =
            Duplex { begin: transcript.last.is_none(), absorbed: waiting.len(), ..Duplex::default() };
        if !waiting.is_empty() {
            let zero = self.constant(F::ZERO);
            for (i, port) in row.absorb.iter_mut().enumerate() {
                *port = self.take(waiting.get(i).copied().unwrap_or(zero));
            }
        }
        transcript.last = Some(number);
        transcript.drawn = Some((number, DUPLEX));
        self.program.steps.push(Step::Duplex(number));
        self.program.rows.transcript.push(row);
    }
}
