//! Powers of a challenge.

use std::collections::HashMap;

use aludel_circuits::recursion::{Circuit, Value};
use aludel_protocol::F;
use p3_field::PrimeCharacteristicRing;

/// Powers of a value, each made once.
pub(crate) struct Powers {
    squares: Vec<Value>,
    list: Vec<Value>,
    known: HashMap<usize, Value>,
}

impl Powers {
    pub fn new(base: Value) -> Self {
        Self { squares: vec![base], list: Vec::new(), known: HashMap::new() }
    }

    /// `base^(2^log)`.
    pub fn square<W>(&mut self, c: &mut Circuit<W>, log: usize) -> Value {
        while self.squares.len() <= log {
            let last = self.squares[self.squares.len() - 1];
            self.squares.push(c.mul(last, last));
        }
        self.squares[log]
    }

    /// `base^0, .., base^(n - 1)`.
    pub fn list<W>(&mut self, c: &mut Circuit<W>, n: usize) -> Vec<Value> {
        let base = self.squares[0];
        while self.list.len() < n {
            let next = match self.list[..] {
                [] => c.constant(F::ONE),
                [_] => base,
                [.., last] => c.mul(last, base),
            };
            self.list.push(next);
        }
        self.list[..n].to_vec()
    }

    /// `base^exponent`.
    pub fn power<W>(&mut self, c: &mut Circuit<W>, exponent: usize) -> Value {
        if let Some(value) = self.known.get(&exponent) {
            return *value;
        }
        let mut product = None;
        for log in (0..usize::BITS as usize).filter(|log| exponent >> log & 1 == 1) {
            let square = self.square(c, log);
            product = Some(product.map_or(square, |p| c.mul(p, square)));
        }
        let value = product.unwrap_or_else(|| c.constant(F::ONE));
        self.known.insert(exponent, value);
        value
    }
}
