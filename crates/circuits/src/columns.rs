//! Rows as structs, without unsafe casts.
//!
//! [`columns!`](crate::columns!) declares a struct of columns, generic over the cell; [`Columns`] reads it from
//! a row, writes it to one and names every cell, so that tests can enumerate them.

/// Cells laid out one after another.
pub trait Columns<T>: Sized {
    /// How many.
    const WIDTH: usize;

    /// Reads the cells in order from the front of an iterator.
    fn take(cells: &mut impl Iterator<Item = T>) -> Self;

    /// Appends the cells in order.
    fn put(self, row: &mut Vec<T>);

    /// Appends a dotted name for every cell.
    fn names(prefix: &str, out: &mut Vec<String>);

    /// Reads a whole row.
    fn read(row: &[T]) -> Self
    where
        T: Copy,
    {
        debug_assert_eq!(row.len(), Self::WIDTH);
        Self::take(&mut row.iter().copied())
    }

    /// The cells as a row.
    fn to_row(self) -> Vec<T> {
        let mut row = Vec::with_capacity(Self::WIDTH);
        self.put(&mut row);
        row
    }
}

/// Declares a struct of columns.
///
/// A field is one of `name: T` (a cell), `name: [T; N]` (cells), `name: {Layout}` (a nested struct of columns),
/// `name: {Layout; N}` (an array of them). Doc comments carry over.
#[macro_export]
macro_rules! columns {
    ($(#[$meta:meta])* $vis:vis struct $name:ident<T> { $($body:tt)* }) => {
        $crate::columns!(@fields [$(#[$meta])*] [$vis] $name [] $($body)*);
    };
    (@fields [$($meta:tt)*] [$vis:vis] $name:ident [$($done:tt)*] $(#[$fm:meta])* $f:ident : T $(, $($rest:tt)*)?) => {
        $crate::columns!(@fields [$($meta)*] [$vis] $name [$($done)* {[$(#[$fm])*] $f (T) cell}] $($($rest)*)?);
    };
    (@fields [$($meta:tt)*] [$vis:vis] $name:ident [$($done:tt)*] $(#[$fm:meta])* $f:ident : [T; $n:expr] $(, $($rest:tt)*)?) => {
        $crate::columns!(@fields [$($meta)*] [$vis] $name [$($done)* {[$(#[$fm])*] $f ([T; $n]) cells [$n]}] $($($rest)*)?);
    };
    (@fields [$($meta:tt)*] [$vis:vis] $name:ident [$($done:tt)*] $(#[$fm:meta])* $f:ident : {$inner:ident} $(, $($rest:tt)*)?) => {
        $crate::columns!(@fields [$($meta)*] [$vis] $name [$($done)* {[$(#[$fm])*] $f ($inner<T>) one [$inner]}] $($($rest)*)?);
    };
    (@fields [$($meta:tt)*] [$vis:vis] $name:ident [$($done:tt)*] $(#[$fm:meta])* $f:ident : {$inner:ident; $n:expr} $(, $($rest:tt)*)?) => {
        $crate::columns!(@fields [$($meta)*] [$vis] $name [$($done)* {[$(#[$fm])*] $f ([$inner<T>; $n]) many [$inner] [$n]}] $($($rest)*)?);
    };
    (@fields [$($meta:tt)*] [$vis:vis] $name:ident [$({[$($fm:tt)*] $f:ident ($($ty:tt)*) $($kind:tt)*})*]) => {
        $($meta)*
        #[derive(Clone, Copy, Debug)]
        $vis struct $name<T> {
            $($($fm)* pub $f: $($ty)*,)*
        }

        impl<T> $crate::columns::Columns<T> for $name<T> {
            const WIDTH: usize = 0 $(+ $crate::columns!(@width $($kind)*))*;

            fn take(cells: &mut impl Iterator<Item = T>) -> Self {
                Self { $($f: $crate::columns!(@take cells $($kind)*),)* }
            }

            fn put(self, row: &mut Vec<T>) {
                $($crate::columns!(@put row (self.$f) $($kind)*);)*
            }

            fn names(prefix: &str, out: &mut Vec<String>) {
                $($crate::columns!(@names (format!("{prefix}{}", stringify!($f))) out $($kind)*);)*
            }
        }
    };
    (@width cell) => { 1 };
    (@width cells [$n:expr]) => { $n };
    (@width one [$inner:ident]) => { <$inner<T> as $crate::columns::Columns<T>>::WIDTH };
    (@width many [$inner:ident] [$n:expr]) => { ($n) * <$inner<T> as $crate::columns::Columns<T>>::WIDTH };
    (@take $cells:ident cell) => { $cells.next().expect("a row has its chip's width") };
    (@take $cells:ident cells [$n:expr]) => { $crate::columns::take_cells($cells) };
    (@take $cells:ident one [$inner:ident]) => { $crate::columns::Columns::take($cells) };
    (@take $cells:ident many [$inner:ident] [$n:expr]) => { $crate::columns::take_each($cells) };
    (@put $row:ident ($x:expr) cell) => { $row.push($x) };
    (@put $row:ident ($x:expr) cells [$n:expr]) => { $row.extend($x) };
    (@put $row:ident ($x:expr) one [$inner:ident]) => { $crate::columns::Columns::put($x, $row) };
    (@put $row:ident ($x:expr) many [$inner:ident] [$n:expr]) => {
        $x.into_iter().for_each(|c| $crate::columns::Columns::put(c, $row))
    };
    (@names ($p:expr) $out:ident cell) => { $out.push($p) };
    (@names ($p:expr) $out:ident cells [$n:expr]) => { (0..$n).for_each(|i| $out.push(format!("{}[{i}]", $p))) };
    (@names ($p:expr) $out:ident one [$inner:ident]) => {
        <$inner<T> as $crate::columns::Columns<T>>::names(&format!("{}.", $p), $out)
    };
    (@names ($p:expr) $out:ident many [$inner:ident] [$n:expr]) => {
        (0..$n).for_each(|i| <$inner<T> as $crate::columns::Columns<T>>::names(&format!("{}[{i}].", $p), $out))
    };
}

/// Reads an array of single cells.
pub fn take_cells<T, const N: usize>(cells: &mut impl Iterator<Item = T>) -> [T; N] {
    core::array::from_fn(|_| cells.next().expect("a row has its chip's width"))
}

/// Reads an array of nested layouts.
pub fn take_each<T, C: Columns<T>, const N: usize>(cells: &mut impl Iterator<Item = T>) -> [C; N] {
    core::array::from_fn(|_| C::take(cells))
}

/// The names of a layout's cells, in order.
pub fn names<C: Columns<u8>>() -> Vec<String> {
    let mut out = Vec::with_capacity(C::WIDTH);
    C::names("", &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    columns! {
        /// Inner.
        struct Inner<T> { a: T, b: [T; 2] }
    }

    columns! {
        /// Outer.
        struct Outer<T> {
            /// First.
            x: T,
            one: {Inner},
            many: {Inner; 2},
        }
    }

    #[test]
    fn rows_round_trip_and_names_follow() {
        let row: Vec<u8> = (0..10).collect();
        let cols = Outer::read(&row);
        assert_eq!((cols.x, cols.one.b[1], cols.many[1].a), (0, 3, 7));
        assert_eq!(cols.to_row(), row);
        assert_eq!(names::<Outer<u8>>()[8], "many[1].b[0]");
        assert_eq!(<Outer<u8> as Columns<u8>>::WIDTH, 10);
    }
}
