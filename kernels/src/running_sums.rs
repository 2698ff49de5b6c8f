//! Shapes of what running sums are made of.

use crate::error::Error;
use crate::fold::DEGREE;
use crate::id::DeviceId;
use crate::seam::MAX_LOG_HEIGHT;

/// Base-2 logarithm of a tile, which is a block's or a workgroup's: `LOG_SUM_TILE` of `running_sums.cu`, `LOG_TILE` of the WGSL.
pub(crate) const LOG_TILE: usize = 12;
const _: () = assert!(MAX_LOG_HEIGHT <= 2 * LOG_TILE, "sums of tiles are one tile");

/// Base-2 logarithm of the height of a matrix whose first columns are an element of the extension.
///
/// # Errors
/// [`Error::Unsupported`] where there are fewer columns, or the height is no power of two or too large.
pub(crate) fn log_height(device: DeviceId, (height, width): (usize, usize)) -> Result<usize, Error> {
    let log = height.trailing_zeros() as usize;
    if width >= DEGREE && height.is_power_of_two() && log <= MAX_LOG_HEIGHT {
        return Ok(log);
    }
    let what = format!(
        "running sums of {height} rows of {width} columns: rows are a power of two up to 2^{MAX_LOG_HEIGHT}, columns {DEGREE} at least"
    );
    Err(Error::Unsupported { device, what })
}
