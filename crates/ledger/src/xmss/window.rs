//! Which of a key's one-time keys exist.

use std::io::{self, Read};
use std::ops::Range;

use aludel_protocol::Epoch;
use aludel_protocol::params::{XMSS_DEPTH, XMSS_LIFETIME};
use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

/// An aligned run of `2^log_size` epochs: the leaves that a key computes. The rest of its tree is
/// pseudo-random nodes, below which nobody knows a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, Serialize, Deserialize)]
#[serde(try_from = "Bounds", into = "Bounds")]
pub struct Window {
    start: u32,
    log_size: u8,
}

/// A window as it is written, before it is checked.
#[derive(BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounds {
    start: u32,
    log_size: u8,
}

/// Why two numbers are not a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// More epochs than a key has.
    #[error(
        "a window of 2^{log_size} epochs is larger than a key's 2^{XMSS_DEPTH}; choose at most {XMSS_DEPTH}"
    )]
    Size {
        /// What was asked for.
        log_size: u8,
    },
    /// The window would not be one subtree of the key's tree.
    #[error(
        "a window of 2^{log_size} epochs begins at a multiple of that below {XMSS_LIFETIME}, not at {start}"
    )]
    Start {
        /// What was asked for.
        start: u32,
        /// What was asked for.
        log_size: u8,
    },
}

impl Window {
    /// Epochs `start .. start + 2^log_size`.
    ///
    /// # Errors
    /// When the size exceeds a key's lifetime, or the start is not a multiple of the size within it.
    pub const fn new(start: Epoch, log_size: u8) -> Result<Self, WindowError> {
        if log_size as usize > XMSS_DEPTH {
            return Err(WindowError::Size { log_size });
        }
        if !start.0.is_multiple_of(1 << log_size) || start.0 >= XMSS_LIFETIME {
            return Err(WindowError::Start { start: start.0, log_size });
        }
        Ok(Self { start: start.0, log_size })
    }

    /// The first epoch.
    pub const fn start(&self) -> Epoch {
        Epoch(self.start)
    }

    /// Base-2 logarithm of the number of epochs.
    pub const fn log_size(&self) -> usize {
        self.log_size as usize
    }

    /// The number of epochs.
    pub const fn size(&self) -> usize {
        1 << self.log_size
    }

    /// The last epoch.
    pub const fn last(&self) -> Epoch {
        Epoch(self.start + ((1 << self.log_size) - 1))
    }

    /// Every epoch.
    pub const fn epochs(&self) -> Range<u32> {
        self.start..self.start + (1 << self.log_size)
    }

    /// Whether the epoch lies in the window.
    pub const fn contains(&self, epoch: Epoch) -> bool {
        epoch.0 >> self.log_size == self.start >> self.log_size
    }
}

impl TryFrom<Bounds> for Window {
    type Error = WindowError;

    fn try_from(bounds: Bounds) -> Result<Self, WindowError> {
        Self::new(Epoch(bounds.start), bounds.log_size)
    }
}

impl From<Window> for Bounds {
    fn from(window: Window) -> Self {
        Self { start: window.start, log_size: window.log_size }
    }
}

impl BorshDeserialize for Window {
    fn deserialize_reader<R: Read>(r: &mut R) -> io::Result<Self> {
        let bounds = Bounds::deserialize_reader(r)?;
        bounds.try_into().map_err(|e: WindowError| io::Error::new(io::ErrorKind::InvalidData, e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_aligned_windows_inside_the_lifetime_exist() {
        let last = Window::new(Epoch(XMSS_LIFETIME - 4), 2).expect("aligned");
        assert_eq!((last.last(), last.size()), (Epoch(XMSS_LIFETIME - 1), 4));
        assert!(last.contains(Epoch(XMSS_LIFETIME - 4)) && !last.contains(Epoch(XMSS_LIFETIME - 5)));
        assert!(!last.contains(Epoch(XMSS_LIFETIME)));
        assert_eq!(
            Window::new(Epoch(XMSS_LIFETIME), 2),
            Err(WindowError::Start { start: XMSS_LIFETIME, log_size: 2 })
        );
        assert_eq!(Window::new(Epoch(6), 2), Err(WindowError::Start { start: 6, log_size: 2 }));
        assert_eq!(Window::new(Epoch(0), 21), Err(WindowError::Size { log_size: 21 }));
        assert_eq!(Window::new(Epoch(0), 20).expect("whole").epochs(), 0..XMSS_LIFETIME);
    }

    #[test]
    fn what_is_no_window_does_not_decode() {
        assert_eq!(serde_json::from_str::<Window>(r#"{"start":8,"log_size":3}"#).expect("aligned").size(), 8);
        let refused = serde_json::from_str::<Window>(r#"{"start":4,"log_size":3}"#).expect_err("not aligned");
        assert!(refused.to_string().contains("not at 4"), "{refused}");
        assert!(borsh::from_slice::<Window>(&[4, 0, 0, 0, 3]).is_err());
        assert!(borsh::from_slice::<Window>(&[4, 0, 0, 0, 2]).is_ok());
        assert!(borsh::from_slice::<Window>(&[0, 0, 0, 0, 255]).is_err());
    }
}
