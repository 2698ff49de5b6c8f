//! Random messages, and chips that take what others send.

use std::collections::BTreeMap;

use aludel_protocol::{F, fe};
use p3_field::PrimeCharacteristicRing;
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha12Rng;

use super::air::{Expression, Message, Random};
use super::columns::{Made, element};

/// Names of buses and how many fields their messages have.
const BUSES: [(&str, usize); 2] = [("one", 1), ("three", 3)];
/// The highest degree of a field.
const DEGREE: usize = 2;
/// How often a message is sent at most.
const MOST: u32 = 3;

/// What was sent on each bus, with how often.
#[derive(Default)]
pub struct Buses(BTreeMap<&'static str, Vec<(Vec<F>, F)>>);

impl Buses {
    /// Gives a chip something to say; nothing, sometimes.
    pub fn speak(&mut self, rng: &mut ChaCha12Rng, made: &mut Made) {
        for _ in 0..rng.random_range(0..4) {
            match rng.random_range(0..4) {
                0 => within(rng, made),
                1 => self.one_of_two(rng, made),
                _ => self.send(rng, made),
            }
        }
    }

    fn tuple(rng: &mut ChaCha12Rng, made: &Made, fields: usize) -> Vec<Expression> {
        (0..fields).map(|_| made.expression(rng, DEGREE, false)).collect()
    }

    fn record(&mut self, made: &Made, bus: &'static str, tuple: &[Expression], counts: &[F]) {
        let row = |row: usize| tuple.iter().map(|x| made.value(x, row)).collect();
        let sent = counts.iter().enumerate().filter(|(_, count)| **count != F::ZERO);
        self.0.entry(bus).or_default().extend(sent.map(|(at, count)| (row(at), *count)));
    }

    /// Messages of each row, up to three times.
    fn send(&mut self, rng: &mut ChaCha12Rng, made: &mut Made) {
        let (bus, fields) = BUSES[rng.random_range(0..BUSES.len())];
        let counts: Vec<F> = (0..made.height()).map(|_| fe(rng.random_range(0..=MOST))).collect();
        let tuple = Self::tuple(rng, made, fields);
        self.record(made, bus, &tuple, &counts);
        let count = Expression::column(made.add(counts));
        made.chip.messages.push(Message::Bus(bus.to_owned(), tuple, count, MOST));
    }

    /// One message or another of each row, or none.
    fn one_of_two(&mut self, rng: &mut ChaCha12Rng, made: &mut Made) {
        let (bus, fields) = BUSES[rng.random_range(0..BUSES.len())];
        let chosen: Vec<usize> = (0..made.height()).map(|_| rng.random_range(0..3)).collect();
        let mut branches = Vec::new();
        for branch in 0..2 {
            let tuple = Self::tuple(rng, made, fields);
            let flags: Vec<F> = chosen.iter().map(|chosen| F::from_bool(*chosen == branch)).collect();
            self.record(made, bus, &tuple, &flags);
            branches.push((Expression::column(made.add(flags)), tuple));
        }
        made.chip.messages.push(Message::Exclusive(bus.to_owned(), branches));
    }

    /// A chip for each bus that has what was sent in another order, and other rows that nobody asks for.
    pub fn pools(self, rng: &mut ChaCha12Rng, least_log_height: usize) -> Vec<Made> {
        let pool = |(bus, mut sent): (&'static str, Vec<(Vec<F>, F)>)| {
            let fields = BUSES.iter().find(|(name, _)| *name == bus).map_or(0, |(_, fields)| *fields);
            let height = sent.len().next_power_of_two().max(1 << least_log_height);
            sent.resize_with(height, || ((0..fields).map(|_| element(rng)).collect(), F::ZERO));
            sent.shuffle(rng);
            let mut columns: Vec<Vec<F>> =
                (0..fields).map(|field| sent.iter().map(|(tuple, _)| tuple[field]).collect()).collect();
            columns.push(sent.iter().map(|(_, count)| -*count).collect());
            let tuple = (0..fields).map(Expression::column).collect();
            let message = Message::Bus(bus.to_owned(), tuple, Expression::column(fields), 0);
            let chip =
                Random { log_height: height.ilog2() as usize, messages: vec![message], ..Random::default() };
            Made { chip, columns, public_values: Vec::new() }
        };
        self.0.into_iter().map(pool).collect()
    }
}

/// Pairs of elements, and the same pairs in another order: a lookup within the chip.
fn within(rng: &mut ChaCha12Rng, made: &mut Made) {
    let mut pairs: Vec<[F; 2]> = (0..made.height()).map(|_| [element(rng), element(rng)]).collect();
    let mut sides = Vec::new();
    for count in [1, -1] {
        let columns = [0, 1].map(|i| made.add(pairs.iter().map(|pair| pair[i]).collect()));
        sides.push((columns.map(Expression::column).to_vec(), count));
        pairs.shuffle(rng);
    }
    made.chip.messages.push(Message::Local(sides));
}
