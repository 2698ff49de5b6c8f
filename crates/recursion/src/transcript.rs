//! The transcript: what is absorbed, in the order of `aludel_verifier`'s, and what is drawn.

use aludel_circuits::recursion::circuit::{Bits, Transcript};
use aludel_circuits::recursion::program::Tree;
use aludel_circuits::recursion::{Circuit, Value};
use aludel_protocol::F;
use p3_field::PrimeCharacteristicRing;

use crate::child::Child;
use crate::verify::{KeyValues, Source};
use crate::witness::ChildWitness;

/// Coefficients of a challenge.
const DIMENSION: usize = 5;

/// Everything that the transcript absorbed and drew.
pub(crate) struct Heard {
    pub public_values: Vec<Value>,
    /// Caps by commitment: main, quotient, preprocessed if any, lookups if any.
    pub caps: Vec<Tree>,
    /// `alpha` and `beta` of the lookup argument, if there are lookups.
    pub lookup: Option<[Value; 2]>,
    /// Of each chip with lookups, in order.
    pub terminals: Vec<Value>,
    /// What combines constraints.
    pub alpha: Value,
    /// The out-of-domain point.
    pub zeta: Value,
    /// All opened values.
    pub opened: Vec<Value>,
    /// What batches openings.
    pub batch: Value,
    /// Of each folding step its cap and its challenge.
    pub folds: Vec<(Tree, Value)>,
    /// Coefficients of the last polynomial.
    pub last: Vec<Value>,
    /// Places of the queries.
    pub queries: Vec<Bits>,
}

/// A transcript of a proof.
struct Listener<'a, W> {
    c: &'a mut Circuit<W>,
    transcript: Transcript,
    source: Source<W>,
}

impl<W: 'static> Listener<'_, W> {
    fn constants(&mut self, numbers: &[F]) {
        for x in numbers {
            let value = self.c.constant(*x);
            self.c.observe(&mut self.transcript, value);
        }
    }

    fn values(&mut self, values: &[Value]) {
        self.c.observe_all(&mut self.transcript, values);
    }

    /// Elements of the proof.
    fn elements(
        &mut self,
        n: usize,
        of: impl Fn(&ChildWitness) -> &[F] + Send + Sync + 'static,
    ) -> Vec<Value> {
        let source = self.source;
        let values = self.c.hint(n, move |w: &W| of(source(w)).iter().copied().take(n).collect());
        self.values(&values);
        values
    }

    fn cap(&mut self, log: usize, of: impl Fn(&ChildWitness) -> &[F] + Send + Sync + 'static) -> Tree {
        let elements = self.elements(8 << log, of);
        self.c.cap(&elements)
    }

    /// Challenges of the proof.
    fn challenges(
        &mut self,
        n: usize,
        of: impl Fn(&ChildWitness) -> &[F] + Send + Sync + 'static,
    ) -> Vec<Value> {
        let elements = self.elements(DIMENSION * n, of);
        elements.chunks(DIMENSION).map(|five| self.c.pack(five)).collect()
    }

    fn draw(&mut self) -> Value {
        self.c.sample_challenge(&mut self.transcript)
    }

    /// A witness of grinding and the bits that it makes zero.
    fn ground(&mut self, bits: usize, of: impl Fn(&ChildWitness) -> &F + Send + Sync + 'static) {
        if bits > 0 {
            self.elements(1, move |w| core::slice::from_ref(of(w)));
            let drawn = self.place(bits);
            let index = self.c.index(&drawn, 0);
            self.c.assert_is(index, F::ZERO);
        }
    }

    fn place(&mut self, bits: usize) -> Bits {
        let element = self.c.sample(&mut self.transcript);
        self.c.bits(element, bits)
    }
}

/// Runs the transcript of a proof.
pub(crate) fn listen<W: 'static>(
    c: &mut Circuit<W>,
    child: &Child,
    key: &KeyValues,
    source: Source<W>,
) -> Heard {
    let p = &child.parameters;
    c.stage("transcript");
    let fixed_cap = (!key.fixed_cap.is_empty()).then(|| c.cap(&key.fixed_cap));
    let mut l = Listener { c, transcript: Transcript::default(), source };
    let log_cap = |commitment: usize| {
        let matrices = child.commitments.get(commitment).into_iter().flatten();
        child.log_cap(matrices.map(|m| m.log_height).max().unwrap_or(0))
    };

    l.values(&key.digest);
    l.constants(&child.seeds[0]);
    for chip in &child.chips {
        let height = F::from_usize(chip.layout.log_height);
        l.constants(&[height, F::ZERO, F::ZERO, F::ZERO, F::ZERO]);
    }
    let main = l.cap(log_cap(0), |w| &w.main);
    let public_values = l.elements(child.chips.iter().map(|c| c.public_values).sum(), |w| &w.public_values);
    l.values(&key.fixed_cap);
    let with_lookups = child.chips.iter().filter(|c| c.layout.lookups > 0).count();
    let (mut lookup, mut lookup_cap, mut terminals) = (None, None, Vec::new());
    if with_lookups > 0 {
        l.ground(p.lookup_pow_bits, |w| &w.grinding[0]);
        lookup = Some([l.draw(), l.draw()]);
        lookup_cap = Some(l.cap(log_cap(child.commitments.len() - 1), |w| &w.lookups));
        terminals = l.challenges(with_lookups, |w| &w.terminals);
    }
    let alpha = l.draw();
    let quotient = l.cap(log_cap(1), |w| &w.quotient);
    l.ground(p.ood_pow_bits, |w| &w.grinding[1]);
    let zeta = l.draw();

    l.constants(&child.seeds[1]);
    let opened = l.challenges(child.opened(), |w| &w.opened);
    l.ground(p.batch_pow_bits, |w| &w.grinding[2]);
    let batch = l.draw();

    l.constants(&child.seeds[2]);
    let folds = (0..child.folds.len())
        .map(|i| {
            let log_height = child.folds[i].1;
            let cap = l.cap(child.log_cap(log_height), move |w| w.folds.get(i).map_or(&[][..], |f| &f.cap));
            l.ground(p.commit_pow_bits, move |w| w.folds.get(i).map_or(&F::ZERO, |fold| &fold.grinding));
            (cap, l.draw())
        })
        .collect();
    let last = l.challenges(1 << p.log_final_poly_len, |w| &w.last);
    l.ground(p.query_pow_bits, |w| &w.grinding[3]);
    let log_tallest = child.log_tallest();
    let queries = (0..p.queries).map(|_| l.place(log_tallest)).collect();

    let caps = [Some(main), Some(quotient), fixed_cap, lookup_cap].into_iter().flatten().collect();
    Heard { public_values, caps, lookup, terminals, alpha, zeta, opened, batch, folds, last, queries }
}
