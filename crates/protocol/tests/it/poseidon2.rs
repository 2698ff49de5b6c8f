//! The permutations against vectors that Plonky3 did not make: leanEthereum/leanSpec, a specification in plain
//! Python, `tests/lean_spec/subspecs/poseidon2/test_permutation.py`.

use aludel_protocol::hash::{compress16, perm16, perm24};
use aludel_protocol::{F, PackedF, fe};
use p3_field::PackedValue;
use p3_symmetric::Permutation;

const INPUT_16: [u32; 16] = [
    894848333, 1437655012, 1200606629, 1690012884, 71131202, 1749206695, 1717947831, 120589055, 19776022,
    42382981, 1831865506, 724844064, 171220207, 1299207443, 227047920, 1783754913,
];
const OUTPUT_16: [u32; 16] = [
    1934285469, 604889435, 133449501, 1026180808, 1830659359, 176667110, 1391183747, 351743874, 1238264085,
    1292768839, 2023573270, 1201586780, 1360691759, 1230682461, 748270449, 651545025,
];
const INPUT_24: [u32; 24] = [
    886409618, 1327899896, 1902407911, 591953491, 648428576, 1844789031, 1198336108, 355597330, 1799586834,
    59617783, 790334801, 1968791836, 559272107, 31054313, 1042221543, 474748436, 135686258, 263665994,
    1962340735, 1741539604, 2026927696, 449439011, 1131357108, 50869465,
];
const OUTPUT_24: [u32; 24] = [
    382801106, 82839311, 1503190615, 1987418517, 854076995, 1862291425, 262755189, 1050814217, 722724562,
    741265943, 1026879332, 754316749, 1966025564, 1518878196, 502200188, 1368172258, 845459257, 1711434837,
    724453836, 171032289, 655223446, 1098636135, 407832555, 1707498914,
];

#[test]
fn width_16_agrees_with_lean_spec() {
    assert_eq!(perm16().permute(INPUT_16.map(fe)), OUTPUT_16.map(fe));
}

#[test]
fn width_24_agrees_with_lean_spec() {
    assert_eq!(perm24().permute(INPUT_24.map(fe)), OUTPUT_24.map(fe));
}

#[test]
fn packed_lanes_agree_with_scalars() {
    let lane = |l: usize, i: usize| fe(INPUT_16[i]) + fe(l as u32);
    let packed: [PackedF; 16] = core::array::from_fn(|i| PackedF::from_fn(|l| lane(l, i)));
    let got = compress16(packed);
    for l in 0..PackedF::WIDTH {
        let scalar: [F; 16] = core::array::from_fn(|i| lane(l, i));
        assert_eq!(got.map(|x| x.as_slice()[l]), compress16(scalar), "lane {l}");
    }
}
