//! An outline has the places that postcard writes.

use serde::Serialize;

use super::*;

#[derive(Serialize)]
struct Example {
    head: [u8; 4],
    counts: Vec<u32>,
    rows: Vec<Vec<[u8; 4]>>,
    some: Option<u64>,
    none: Option<u64>,
    flag: u16,
}

fn example() -> Example {
    Example {
        head: [1, 2, 3, 4],
        counts: vec![5, 300],
        rows: vec![vec![[9; 4], [8; 4]], vec![]],
        some: Some(1 << 40),
        none: None,
        flag: 128,
    }
}

#[test]
fn places_are_those_of_the_bytes() {
    let found = outline(&example()).expect("nothing else in it");
    let place = |what, range| Place { what, range };
    let expected: Outline = [
        ("head", vec![place(What::Element, 0..4)]),
        ("counts", vec![place(What::Sequence(vec![5, 6, 8]), 4..8)]),
        ("counts.*", vec![place(What::Number(5), 5..6), place(What::Number(300), 6..8)]),
        ("rows", vec![place(What::Sequence(vec![9, 18, 19]), 8..19)]),
        (
            "rows.*",
            vec![place(What::Sequence(vec![10, 14, 18]), 9..18), place(What::Sequence(vec![19]), 18..19)],
        ),
        ("rows.*.*", vec![place(What::Element, 10..14), place(What::Element, 14..18)]),
        ("some", vec![place(What::Option, 19..26)]),
        ("some.some", vec![place(What::Number(1 << 40), 20..26)]),
        ("none", vec![place(What::Option, 26..27)]),
        ("flag", vec![place(What::Number(128), 27..29)]),
    ]
    .map(|(path, places)| (path.to_owned(), places))
    .into();
    assert_eq!(found, expected);
    assert_eq!(postcard::to_allocvec(&example()).expect("it serialises").len(), 29);
}

#[test]
fn what_no_proof_holds_is_refused() {
    assert!(outline(&"text").is_err() && outline(&vec![true]).is_err());
}
