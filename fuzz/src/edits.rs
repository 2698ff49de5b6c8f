//! Edits of an encoding by its [`Outline`], read from a fuzzer's bytes: inputs are small, and each byte means something.
//!
//! An edit is [`EDIT`] bytes: what to do, the class of the place, which place of it, and a number. Classes are equally likely,
//! so counts are hit as often as the digests that fill a proof.

use std::ops::Range;

use crate::outline::{Outline, Place, What};

/// Bytes of an edit.
pub const EDIT: usize = 8;

/// What to do that keeps most encodings decodable.
pub const DECODABLE: u8 = 1;

/// An encoding that is edited.
#[derive(Clone, Copy, Debug)]
pub struct Edited<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Its places.
    pub outline: &'a Outline,
}

/// Bytes that are replaced.
type Patch = (Range<usize>, Vec<u8>);

/// One edit, as numbers.
struct Edit {
    action: u8,
    class: u8,
    which: u16,
    number: u32,
}

impl Edit {
    fn read(bytes: &[u8; EDIT]) -> Self {
        let [action, class, w0, w1, n0, n1, n2, n3] = *bytes;
        let (which, number) = (u16::from_le_bytes([w0, w1]), u32::from_le_bytes([n0, n1, n2, n3]));
        Self { action, class, which, number }
    }
}

/// The encoding with every edit of `edits` applied, of those that meet only the first. Bytes that are no whole edit do nothing.
pub fn apply(edited: Edited<'_>, edits: &[u8]) -> Vec<u8> {
    let (edits, _) = edits.as_chunks::<EDIT>();
    let mut patches: Vec<Patch> = Vec::new();
    for edit in edits.iter().map(Edit::read) {
        let new = edited.patches(&edit);
        let meets = |(range, _): &Patch| {
            patches.iter().any(|(other, _)| range.start < other.end && other.start < range.end)
        };
        if !new.iter().any(meets) {
            patches.extend(new);
        }
    }
    patches.sort_by_key(|(range, _)| (range.start, range.end));
    let mut out = Vec::with_capacity(edited.bytes.len());
    let mut at = 0;
    for (range, bytes) in patches {
        out.extend_from_slice(&edited.bytes[at..range.start]);
        out.extend(bytes);
        at = range.end;
    }
    out.extend_from_slice(&edited.bytes[at..]);
    out
}

fn nth<T>(items: &[T], index: usize) -> &T {
    &items[index % items.len()]
}

/// An integer of seven bits a byte.
fn variable(mut number: u64) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            out.push(low);
            return out;
        }
        out.push(low | 0x80);
    }
}

/// The same integer in one byte more, which is not canonical.
fn padded(number: u64) -> Vec<u8> {
    let mut out = variable(number);
    *out.last_mut().expect("at least a byte") |= 0x80;
    out.push(0);
    out
}

impl Edited<'_> {
    fn patches(&self, edit: &Edit) -> Vec<Patch> {
        let class = self.outline.values().nth(usize::from(edit.class) % self.outline.len());
        let places = class.expect("an encoding has places");
        let place = nth(places, edit.which.into());
        let patch = match &place.what {
            What::Element => self.element(edit, place, nth(places, edit.number as usize)),
            What::Number(number) => number_of(edit, *number),
            What::Option => self.option(edit, place, places),
            What::Sequence(items) => return self.sequence(edit, place.range.start, items),
        };
        vec![(place.range.clone(), patch)]
    }

    fn element(&self, edit: &Edit, place: &Place, other: &Place) -> Vec<u8> {
        let old = u32::from_le_bytes(self.bytes[place.range.clone()].try_into().expect("four bytes"));
        let new = match edit.action % 4 {
            0 => edit.number,
            1 => (old + 1 + edit.number % 0x1000) % 0x7f00_0001,
            2 => return self.bytes[other.range.clone()].to_vec(),
            _ => [0, 1, 0x7f00_0000, 0x7f00_0001, u32::MAX][edit.number as usize % 5],
        };
        new.to_le_bytes().to_vec()
    }

    /// Present becomes absent; absent becomes present, with the content of another, of its class if there is one; or the byte becomes
    /// any other.
    fn option(&self, edit: &Edit, place: &Place, class: &[Place]) -> Vec<u8> {
        let own = &self.bytes[place.range.clone()];
        match (edit.action % 4, own.len()) {
            (0, _) => [&edit.number.to_le_bytes()[..1], &own[1..]].concat(),
            (_, 1) => {
                let from = present(class.iter(), edit.number)
                    .or_else(|| present(self.outline.values().flatten(), edit.number))
                    .unwrap_or(place);
                self.bytes[from.range.clone()].to_vec()
            }
            _ => vec![0],
        }
    }

    /// Items leave, are repeated, change places, come from elsewhere; or the count lies.
    fn sequence(&self, edit: &Edit, start: usize, items: &[usize]) -> Vec<Patch> {
        let count = items.len() - 1;
        let number = edit.number as usize;
        let counted = |count: usize| (start..items[0], variable(count as u64));
        if count == 0 {
            return vec![(start..items[0], vec![edit.number.to_le_bytes()[0]])];
        }
        let at = number % count;
        let other = (number >> 16) % count;
        let range = items[at]..items[at + 1];
        let item = |at: usize| self.bytes[items[at]..items[at + 1]].to_vec();
        match edit.action % 8 {
            0 => vec![(start..items[0], variable(edit.number.into()))],
            1 if at == other => Vec::new(),
            1 => vec![(range, item(other)), (items[other]..items[other + 1], item(at))],
            2 => vec![counted(count - 1), (range, Vec::new())],
            3 => vec![counted(count + 1), (items[at]..items[at], item(other))],
            4 => vec![counted(at), (items[at]..items[count], Vec::new())],
            5 => vec![counted(count + at)],
            6 => vec![(start..items[0], padded(count as u64))],
            _ => vec![(range, item(other))],
        }
    }
}

/// One of the options that hold something.
fn present<'a>(places: impl Iterator<Item = &'a Place>, index: u32) -> Option<&'a Place> {
    let places: Vec<_> = places.filter(|p| p.what == What::Option && p.range.len() > 1).collect();
    (!places.is_empty()).then(|| *nth(&places, index as usize))
}

fn number_of(edit: &Edit, old: u64) -> Vec<u8> {
    match edit.action % 5 {
        0 => variable(edit.number.into()),
        1 => variable(old.wrapping_add(1)),
        2 => variable(old.wrapping_sub(1)),
        3 => padded(old),
        _ => variable(u64::from(edit.number) << 32),
    }
}

#[cfg(test)]
mod tests;
