//! Which bytes of a postcard encoding hold what: found by serialising the value once more, into places instead of bytes.
//!
//! For edits of a large value that hit its structure: in a proof nearly all bytes are field elements, and few are counts.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::de::value::Error;
use serde::ser::{
    Impossible, Serialize, SerializeSeq, SerializeStruct, SerializeTuple, SerializeTupleStruct, Serializer,
};

/// What a place holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A field element: four bytes.
    Element,
    /// An integer of variable length.
    Number(u64),
    /// A byte that says whether a value follows, and that value.
    Option,
    /// A count and as many items: where each of them begins, and where the last one ends.
    Sequence(Vec<usize>),
}

/// A part of an encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What it holds.
    pub what: What,
    /// Its bytes.
    pub range: Range<usize>,
}

/// The places of an encoding by their path: names of fields, and `*` for every item of a sequence. So a field of every query
/// is one class, as a field of the whole is.
pub type Outline = BTreeMap<String, Vec<Place>>;

/// The outline of what postcard writes of a value.
///
/// # Errors
/// The value holds what no proof of ours does: an enum, a map, text.
pub fn outline(value: &impl Serialize) -> Result<Outline, Error> {
    let mut recorder = Recorder::default();
    value.serialize(&mut recorder)?;
    Ok(recorder.outline)
}

#[derive(Default)]
struct Recorder {
    /// Bytes before what comes next.
    at: usize,
    path: Vec<&'static str>,
    outline: Outline,
}

/// Bytes of an integer of seven bits a byte.
const fn bytes_of(number: u64) -> usize {
    (64 - (number | 1).leading_zeros() as usize).div_ceil(7)
}

impl Recorder {
    fn record(&mut self, start: usize, what: What) {
        let place = Place { what, range: start..self.at };
        self.outline.entry(self.path.join(".")).or_default().push(place);
    }

    fn inside(&mut self, step: &'static str, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        self.path.push(step);
        let outcome = value.serialize(&mut *self);
        self.path.pop();
        outcome
    }

    fn list(&mut self, kind: List) -> Inside<'_> {
        Inside { start: self.at, items: Vec::new(), kind, recorder: self }
    }

    fn number(&mut self, number: u64) -> Result<(), Error> {
        let start = self.at;
        self.at += bytes_of(number);
        self.record(start, What::Number(number));
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    Counted,
    Tuple,
}

/// A sequence, tuple or structure that is being recorded.
struct Inside<'a> {
    recorder: &'a mut Recorder,
    start: usize,
    items: Vec<usize>,
    kind: List,
}

impl Inside<'_> {
    fn item(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        self.items.push(self.recorder.at);
        self.recorder.inside("*", value)
    }

    fn finish(mut self) -> Result<(), Error> {
        let at = self.recorder.at;
        if self.kind == List::Counted {
            self.items.push(at);
            self.recorder.record(self.start, What::Sequence(self.items));
        } else if at - self.start == 4 && self.items.len() == 4 {
            self.recorder.record(self.start, What::Element);
        }
        Ok(())
    }
}

impl SerializeSeq for Inside<'_> {
    type Ok = ();
    type Error = Error;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.item(value)
    }
    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

impl SerializeTuple for Inside<'_> {
    type Ok = ();
    type Error = Error;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.item(value)
    }
    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

impl SerializeTupleStruct for Inside<'_> {
    type Ok = ();
    type Error = Error;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.item(value)
    }
    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

impl SerializeStruct for Inside<'_> {
    type Ok = ();
    type Error = Error;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        self.recorder.inside(name, value)
    }
    fn end(self) -> Result<(), Error> {
        Ok(())
    }
}

fn unknown<T>() -> Result<T, Error> {
    Err(serde::ser::Error::custom("an outline knows elements, numbers, options, lists and structures"))
}

/// What no proof holds.
macro_rules! refuse {
    ($($name:ident: $value:ty),* $(,)?) => {
        $(fn $name(self, _: $value) -> Result<(), Error> { unknown() })*
    };
}

/// Integers of variable length.
macro_rules! numbers {
    ($($name:ident: $value:ty),* $(,)?) => {
        $(fn $name(self, value: $value) -> Result<(), Error> { self.number(value.into()) })*
    };
}

impl<'a> Serializer for &'a mut Recorder {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Inside<'a>;
    type SerializeTuple = Inside<'a>;
    type SerializeTupleStruct = Inside<'a>;
    type SerializeStruct = Inside<'a>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Impossible<(), Error>;
    type SerializeStructVariant = Impossible<(), Error>;

    numbers!(serialize_u16: u16, serialize_u32: u32, serialize_u64: u64);
    refuse!(
        serialize_bool: bool, serialize_char: char, serialize_str: &str, serialize_bytes: &[u8],
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_f32: f32, serialize_f64: f64,
    );

    fn is_human_readable(&self) -> bool {
        false
    }
    fn serialize_u8(self, _: u8) -> Result<(), Error> {
        self.at += 1;
        Ok(())
    }
    fn serialize_unit(self) -> Result<(), Error> {
        Ok(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        Ok(())
    }
    fn serialize_none(self) -> Result<(), Error> {
        self.at += 1;
        self.record(self.at - 1, What::Option);
        Ok(())
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        let start = self.at;
        self.at += 1;
        self.inside("some", value)?;
        self.record(start, What::Option);
        Ok(())
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }
    fn serialize_seq(self, count: Option<usize>) -> Result<Inside<'a>, Error> {
        let Some(count) = count else { return unknown() };
        let list = self.list(List::Counted);
        list.recorder.at += bytes_of(count as u64);
        Ok(list)
    }
    fn serialize_tuple(self, _: usize) -> Result<Inside<'a>, Error> {
        Ok(self.list(List::Tuple))
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Inside<'a>, Error> {
        Ok(self.list(List::Tuple))
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Inside<'a>, Error> {
        Ok(self.list(List::Tuple))
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Error> {
        unknown()
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        unknown()
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        unknown()
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Error> {
        unknown()
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        unknown()
    }
}

#[cfg(test)]
mod tests;
