//! The stand-in's events and pinned memory: what the driver refuses it refuses, and what comes late it does late.
#![expect(unsafe_code, reason = "calls of the driver, as the crate itself makes them")]

use std::slice;

use aludel_stand_in::StandIn;
use cudarc::driver::{DriverError, result, sys};
use sys::CUevent_flags::{self, CU_EVENT_DEFAULT, CU_EVENT_DISABLE_TIMING};
use sys::cudaError_enum as Code;

use crate::cuda::{nothing_is_left, stand_in};

/// Does something with two streams of device 0, under each of some seeds, and with one of device 1.
fn under_seeds<T>(
    stand_in: &StandIn,
    check: impl Fn([sys::CUstream; 3]) -> Result<T, DriverError>,
) -> Vec<Result<T, DriverError>> {
    let under = |seed| {
        stand_in.seed(seed);
        result::init()?;
        // SAFETY: the stand-in is the driver; all that is taken is given back.
        unsafe {
            let devices = [result::device::get(0)?, result::device::get(1)?];
            let [first, other] =
                [result::primary_ctx::retain(devices[0])?, result::primary_ctx::retain(devices[1])?];
            let new = || result::stream::create(result::stream::StreamKind::NonBlocking);
            result::ctx::set_current(other)?;
            let theirs = new()?;
            result::ctx::set_current(first)?;
            let streams = [new()?, new()?, theirs];
            let found = check(streams);
            // A context that is broken gives back all the same.
            let _ = result::stream::destroy(streams[0]);
            let _ = result::stream::destroy(streams[1]);
            result::ctx::set_current(other)?;
            result::stream::destroy(theirs)?;
            devices.into_iter().try_for_each(|device| result::primary_ctx::release(device))?;
            found
        }
    };
    let found = (0..20).map(under).collect();
    nothing_is_left(stand_in);
    found
}

/// Two events, and what happens to them: the time between them, or the error.
fn between(
    flags: [CUevent_flags; 2],
    stream: sys::CUstream,
    record: usize,
    wait: bool,
) -> Result<f32, DriverError> {
    let events = [result::event::create(flags[0])?, result::event::create(flags[1])?];
    // SAFETY: events and stream live.
    unsafe {
        events[..record].iter().try_for_each(|event| result::event::record(*event, stream))?;
        if wait {
            result::event::synchronize(events[1])?;
        }
        let found = result::event::elapsed(events[0], events[1]);
        events.into_iter().try_for_each(|event| result::event::destroy(event))?;
        found
    }
}

#[test]
fn time_is_told_of_marks_that_were_passed() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let timed = [CU_EVENT_DEFAULT; 2];
    let error = |found: &Result<f32, DriverError>| found.as_ref().err().map(|error| error.0);
    let all = under_seeds(stand_in, |[one, ..]| between(timed, one, 2, true));
    assert!(all.iter().all(|found| found.as_ref().is_ok_and(|time| *time >= 0.0)), "{all:?}");
    for record in [0, 1] {
        let all = under_seeds(stand_in, |[one, ..]| between(timed, one, record, false));
        assert!(all.iter().all(|found| error(found) == Some(Code::CUDA_ERROR_INVALID_HANDLE)), "{all:?}");
    }
    for flags in [[CU_EVENT_DEFAULT, CU_EVENT_DISABLE_TIMING], [CU_EVENT_DISABLE_TIMING, CU_EVENT_DEFAULT]] {
        let all = under_seeds(stand_in, |[one, ..]| between(flags, one, 2, true));
        assert!(all.iter().all(|found| error(found) == Some(Code::CUDA_ERROR_INVALID_HANDLE)), "{all:?}");
    }
    // Nobody waited: chance alone may have moved the stream past both.
    let all = under_seeds(stand_in, |[one, ..]| between(timed, one, 2, false));
    let late = all.iter().filter(|found| error(found) == Some(Code::CUDA_ERROR_NOT_READY)).count();
    assert!(
        (1..20).contains(&late) && all.iter().filter(|found| found.is_ok()).count() == 20 - late,
        "{all:?}"
    );
}

#[test]
fn an_event_belongs_to_its_context() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let all = under_seeds(stand_in, |[_, _, theirs]| {
        let event = result::event::create(CU_EVENT_DEFAULT)?;
        // SAFETY: event and stream live.
        unsafe {
            let recorded = result::event::record(event, theirs);
            result::event::destroy(event)?;
            recorded
        }
    });
    for found in all {
        assert_eq!(found.expect_err("a stream of another device").0, Code::CUDA_ERROR_INVALID_HANDLE);
    }
}

const WORDS: usize = 64;

/// Copies ones to the device, and writes twos over them in the host's memory at once; or copies back and looks at once. What is read.
fn at_once(stream: sys::CUstream, pinned: bool, back: bool) -> Result<Vec<u32>, DriverError> {
    let mut pageable = vec![1u32; WORDS];
    // SAFETY: the driver gave the memory, and streams are waited for before it is given back.
    unsafe {
        let taken = result::malloc_host(WORDS * size_of::<u32>(), 0)?;
        let host = slice::from_raw_parts_mut(taken.cast::<u32>(), WORDS);
        let host = if pinned { host } else { &mut pageable[..] };
        host.fill(1);
        let device = result::malloc_sync(size_of_val(host))?;
        result::memcpy_htod_async(device, host, stream)?;
        if back {
            result::stream::synchronize(stream)?;
        }
        host.fill(2);
        let mut found = vec![0; WORDS];
        if back {
            result::memcpy_dtoh_async(host, device, stream)?;
            found.copy_from_slice(host);
            result::stream::synchronize(stream)?;
        } else {
            result::stream::synchronize(stream)?;
            result::memcpy_dtoh_sync(&mut found, device)?;
        }
        result::free_sync(device)?;
        result::free_host(taken)?;
        Ok(found)
    }
}

#[test]
fn pinned_memory_is_read_and_written_when_its_turn_comes() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    for back in [false, true] {
        let wrong = |pinned| {
            let all = under_seeds(stand_in, |[one, ..]| at_once(one, pinned, back));
            let found = all.into_iter().map(|found| found.expect("a copy"));
            found.filter(|found| *found != vec![1; WORDS]).count()
        };
        assert_eq!(wrong(false), 0, "back: {back}");
        assert!((5..20).contains(&wrong(true)), "back: {back}, {} are wrong", wrong(true));
    }
}

#[test]
fn pinned_memory_that_is_freed_too_early_is_missed() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let all = under_seeds(stand_in, |[one, two, _]| {
        // SAFETY: the driver gave the memory; that it is freed too early is the point, and the stand-in looks before it copies.
        unsafe {
            let taken = result::malloc_host(WORDS * size_of::<u32>(), 0)?;
            let device = result::malloc_sync(WORDS * size_of::<u32>())?;
            let host = slice::from_raw_parts_mut(taken.cast::<u32>(), WORDS);
            host.fill(1);
            result::memcpy_htod_async(device, host, one)?;
            result::free_host(taken)?;
            let done = result::stream::synchronize(one).and(result::stream::synchronize(two));
            let _ = result::free_sync(device);
            done
        }
    });
    let missed =
        all.iter().filter_map(|found| found.err()).filter(|e| e.0 == Code::CUDA_ERROR_ILLEGAL_ADDRESS);
    assert!((5..20).contains(&missed.count()), "{all:?}");
}
