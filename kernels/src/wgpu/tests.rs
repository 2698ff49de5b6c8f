//! What cannot be seen through the seam: the field's operations, and a device that is lost.

use ::wgpu::BufferUsages;
use aludel_protocol::{Challenge, F};
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, PrimeField32};
use p3_matrix::dense::RowMajorMatrix;

use super::*;

fn device(narrow_words: bool) -> Option<Wgpu> {
    let options = Options { narrow_words, ..Options::new(1 << 24) };
    match Wgpu::open(0, options) {
        Ok(device) => Some(device),
        Err(why) if std::env::var_os("ALUDEL_TEST_ALL").is_none_or(|v| v != "1") => {
            println!("skipped: {why}");
            None
        }
        Err(why) => panic!("ALUDEL_TEST_ALL is set: {why}"),
    }
}

#[test]
fn a_lost_device_stays_lost_and_says_so() {
    let Some(device) = device(false) else { return };
    let rows = RowMajorMatrix::new(vec![F::ONE; 64], 4);
    let matrix = device.upload(&rows).expect("it fits");
    device.device.destroy();
    for _ in 0..2 {
        let lost =
            |error: Option<Error>| assert!(matches!(error, Some(Error::DeviceLost { .. })), "{error:?}");
        lost(device.upload(&rows).err());
        lost(device.download(&matrix).err());
        lost(crate::Ntt::coset_lde(&device, &matrix, 1, F::GENERATOR).err());
    }
    drop(matrix);
    assert_eq!(device.usage().used, 0);
}
