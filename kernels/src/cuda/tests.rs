//! What cannot be seen through the seam: copies longer than pinned memory, and how much of it there is.

use std::sync::{Mutex, PoisonError};
use std::thread;

use aludel_stand_in::{Fault, Kind, StandIn};

use super::staging::MOST_WORDS;
use super::*;
use crate::error::Error;
use crate::id::DeviceId;

/// Does something on a device of the stand-in, under each of some seeds, and sees that nothing is left. Skipped, with the reason printed,
/// where it could not be built and not all tests are asked for.
fn on_the_stand_in(check: impl Fn(&StandIn, Cuda, u32)) {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let stand_in = match StandIn::open() {
        Ok(stand_in) => stand_in,
        Err(missing) if std::env::var_os("ALUDEL_TEST_ALL").is_none_or(|all| all != "1") => {
            return println!("skipped: {missing}");
        }
        Err(missing) => panic!("{missing}"),
    };
    for seed in 0..6 {
        println!("seed {seed}");
        stand_in.seed(seed.into());
        check(stand_in, Cuda::open(0, u64::MAX).expect("a device of the stand-in"), seed);
        assert_eq!((stand_in.bytes(), stand_in.handles()), (0, 0), "bytes and handles are left");
    }
}

/// Different words, of different lengths.
fn some_words(count: usize, salt: u32) -> Vec<u32> {
    (0..count as u32).map(|i| i.wrapping_mul(0x9e37_79b9) ^ salt).collect()
}

/// There and back, from a place within.
fn there_and_back(device: &Cuda, count: usize, salt: u32) {
    let (stream, words) = (&device.stream, some_words(count, salt));
    let mut buffer = device.buffer(count).expect("it fits");
    stream.copy_in(&words, &mut buffer).expect("a copy");
    let first = count / 7;
    let mut found = vec![0; count - first];
    stream.copy_out(&buffer, first, &mut found).expect("a copy");
    assert!(found == words[first..], "{count} words");
}

/// A piece of pinned memory is not used again before the copy from it, or to it, is done.
#[test]
fn copies_longer_than_pinned_memory_are_whole() {
    on_the_stand_in(|_, device, seed| {
        for count in [1, 1000, MOST_WORDS, 4 * MOST_WORDS + 12345, 77, 3 * MOST_WORDS] {
            there_and_back(&device, count, seed);
        }
    });
}

#[test]
fn copies_through_one_queue_by_two_threads_are_whole() {
    on_the_stand_in(|_, device, seed| {
        thread::scope(|scope| {
            for salt in [seed, !seed] {
                let device = &device;
                scope.spawn(move || (1..5).for_each(|n| there_and_back(device, n * 100_000, salt)));
            }
        });
    });
}

/// A queue that is dropped while copies are under way waits for them before it frees their memory.
#[test]
fn a_queue_may_be_dropped_while_it_copies() {
    on_the_stand_in(|_, device, seed| {
        let words = some_words(5000, seed);
        let mut buffer = device.buffer(words.len()).expect("it fits");
        device.stream.copy_in(&words, &mut buffer).expect("a copy");
        drop(buffer);
        let other = device.queue().expect("another queue");
        drop(device);
        other.synchronize().expect("the context is whole");
    });
}

#[test]
fn pinned_memory_is_as_much_as_is_of_use() {
    on_the_stand_in(|stand_in, device, _| {
        for (count, expected) in [(10, 1 << 17), (20_000, 1 << 18), (10, 1 << 18), (5 * MOST_WORDS, 1 << 23)]
        {
            there_and_back(&device, count, 1);
            device.synchronize().expect("all is freed");
            assert_eq!(stand_in.bytes(), expected, "after {count} words");
            assert_eq!(device.usage().used, 0, "it stands outside the budget");
        }
    });
}

/// It is the host that has none; the queue goes on when it has.
#[test]
fn pinned_memory_that_the_host_does_not_have_is_said() {
    on_the_stand_in(|stand_in, device, seed| {
        let mut buffer = device.buffer(100).expect("it fits");
        for after in [0, 1] {
            stand_in.fail(Kind::Allocate, after, Fault::OutOfMemory);
            let said = device.stream.copy_in(&[1; 100], &mut buffer).expect_err("no memory");
            let expected = Error::OutOfMemory { device: DeviceId::Cpu, requested: 1 << 16, free: 0 };
            assert_eq!(said, expected);
        }
        drop(buffer);
        there_and_back(&device, 100, seed);
    });
}
