//! A chip that says whatever it is told to.

use std::borrow::Cow;

use aludel_protocol::F;
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::Algebra;
use p3_lookup::{Count, InteractionBuilder};
use p3_matrix::dense::RowMajorMatrix;

/// What an expression reads.
#[derive(Clone, Copy, Debug)]
pub enum Leaf {
    /// A column, of the next row where `next`.
    Main { column: usize, next: bool },
    /// A preprocessed column.
    Fixed { column: usize, next: bool },
    /// A column that repeats.
    Periodic(usize),
    /// A public value.
    Public(usize),
}

/// A polynomial.
#[derive(Clone, Debug)]
pub enum Expression {
    Leaf(Leaf),
    Constant(F),
    Add(Box<[Self; 2]>),
    Sub(Box<[Self; 2]>),
    Mul(Box<[Self; 2]>),
}

impl Expression {
    /// A column of this row.
    pub const fn column(column: usize) -> Self {
        Self::Leaf(Leaf::Main { column, next: false })
    }

    /// Its value where leaves have these.
    pub fn value<E: Algebra<F>>(&self, leaf: &impl Fn(Leaf) -> E) -> E {
        match self {
            Self::Leaf(which) => leaf(*which),
            Self::Constant(constant) => E::from(*constant),
            Self::Add(parts) => parts[0].value(leaf) + parts[1].value(leaf),
            Self::Sub(parts) => parts[0].value(leaf) - parts[1].value(leaf),
            Self::Mul(parts) => parts[0].value(leaf) * parts[1].value(leaf),
        }
    }
}

/// A constraint.
#[derive(Clone, Debug)]
pub enum Rule {
    /// In every row the column is this.
    Is(usize, Expression),
    /// In every row but the first it is this of the row before.
    Steps(usize, Expression),
    /// In the first row it is the public value.
    First(usize, usize),
    /// In the last row it is the public value.
    Last(usize, usize),
}

/// What goes to buses, with how often.
#[derive(Clone, Debug)]
pub enum Message {
    /// To a bus, at most so often.
    Bus(String, Vec<Expression>, Expression, u32),
    /// Tuples that sum up to nothing within the chip.
    Local(Vec<(Vec<Expression>, i32)>),
    /// To a bus, once if its flag is one, of which at most one is.
    Exclusive(String, Vec<(Expression, Vec<Expression>)>),
}

/// The chip.
#[derive(Clone, Debug, Default)]
pub struct Random {
    pub log_height: usize,
    pub width: usize,
    pub fixed: Option<RowMajorMatrix<F>>,
    pub periodic: Vec<Vec<F>>,
    pub public_values: usize,
    pub reads_next: bool,
    pub rules: Vec<Rule>,
    pub messages: Vec<Message>,
}

impl BaseAir<F> for Random {
    fn width(&self) -> usize {
        self.width
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<F>> {
        self.fixed.clone()
    }

    fn preprocessed_width(&self) -> usize {
        self.fixed.as_ref().map_or(0, |fixed| fixed.width)
    }

    fn num_periodic_columns(&self) -> usize {
        self.periodic.len()
    }

    fn periodic_columns(&self) -> Cow<'_, [Vec<F>]> {
        Cow::Borrowed(&self.periodic)
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        if self.reads_next { (0..self.width).collect() } else { Vec::new() }
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        if self.reads_next { (0..self.preprocessed_width()).collect() } else { Vec::new() }
    }

    fn num_public_values(&self) -> usize {
        self.public_values
    }
}

/// Whatever an expression may read.
struct Row<E> {
    main: [Vec<E>; 2],
    fixed: [Vec<E>; 2],
    periodic: Vec<E>,
    public: Vec<E>,
}

impl<E: Clone> Row<E> {
    fn leaf(&self, leaf: Leaf) -> E {
        match leaf {
            Leaf::Main { column, next } => self.main[usize::from(next)][column].clone(),
            Leaf::Fixed { column, next } => self.fixed[usize::from(next)][column].clone(),
            Leaf::Periodic(column) => self.periodic[column].clone(),
            Leaf::Public(number) => self.public[number].clone(),
        }
    }
}

fn expressions<E, V: Into<E> + Clone>(cells: &[V]) -> Vec<E> {
    cells.iter().cloned().map(Into::into).collect()
}

impl<AB: InteractionBuilder<F = F>> Air<AB> for Random {
    fn eval(&self, b: &mut AB) {
        let main = b.main();
        let next = if self.reads_next { expressions(main.next_slice()) } else { Vec::new() };
        let main = [expressions(main.current_slice()), next];
        let fixed = if self.fixed.is_some() {
            let next = if self.reads_next { expressions(b.preprocessed().next_slice()) } else { Vec::new() };
            [expressions(b.preprocessed().current_slice()), next]
        } else {
            [Vec::new(), Vec::new()]
        };
        let row: Row<AB::Expr> = Row {
            main,
            fixed,
            periodic: expressions(b.periodic_values()),
            public: expressions(b.public_values()),
        };
        for rule in &self.rules {
            constrain(b, &row, rule);
        }
        for message in &self.messages {
            speak(b, &row, message);
        }
    }
}

fn constrain<AB: AirBuilder<F = F>>(b: &mut AB, row: &Row<AB::Expr>, rule: &Rule) {
    let leaf = |leaf| row.leaf(leaf);
    match rule {
        Rule::Is(column, is) => b.assert_eq(row.main[0][*column].clone(), is.value(&leaf)),
        Rule::Steps(column, to) => {
            b.when_transition().assert_eq(row.main[1][*column].clone(), to.value(&leaf));
        }
        Rule::First(column, public) => {
            b.when_first_row().assert_eq(row.main[0][*column].clone(), row.public[*public].clone());
        }
        Rule::Last(column, public) => {
            b.when_last_row().assert_eq(row.main[0][*column].clone(), row.public[*public].clone());
        }
    }
}

fn speak<AB: InteractionBuilder<F = F>>(b: &mut AB, row: &Row<AB::Expr>, message: &Message) {
    let leaf = |leaf| row.leaf(leaf);
    let values = |tuple: &[Expression]| tuple.iter().map(|x| x.value(&leaf)).collect::<Vec<AB::Expr>>();
    match message {
        Message::Bus(bus, tuple, count, most) => {
            b.push_interaction(bus, values(tuple), Count::bounded(count.value(&leaf), *most));
        }
        Message::Local(tuples) => {
            let tuples = tuples.iter().map(|(tuple, count)| (values(tuple), Count::from(*count)));
            b.push_local_interaction(tuples.collect::<Vec<_>>());
        }
        Message::Exclusive(bus, branches) => {
            let branches =
                branches.iter().map(|(flag, tuple)| (flag.value(&leaf), Count::from(1), values(tuple)));
            b.push_exclusive_interaction(bus, branches.collect::<Vec<_>>());
        }
    }
}
