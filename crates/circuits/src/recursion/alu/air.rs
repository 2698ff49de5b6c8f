//! Constraints of `alu`.

use super::columns::{AluColumns, AluFixed};
use crate::builder::ChipBuilder;
use crate::bus::{Bus, CHALLENGE};
use crate::recursion::extension::product;
use crate::recursion::machine::message;

pub(in crate::recursion) fn constrain<B: ChipBuilder>(b: &mut B) {
    let row: AluColumns<B::Var> = b.local();
    let key: AluFixed<B::Var> = b.fixed();
    let mut before: Option<[B::Expr; CHALLENGE]> = None;
    for (lane, key) in row.lane.into_iter().zip(key.lane) {
        let [x, y, z] = [lane.a, lane.b, lane.c].map(|v| v.map(Into::<B::Expr>::into));
        let [q_ab, q_a, q_b, q_0, q_c, s] =
            [key.q_ab, key.q_a, key.q_b, key.q_0, key.q_c, key.s].map(Into::<B::Expr>::into);
        let product = product(&x, &y);
        for (i, xy) in product.into_iter().enumerate() {
            let mut sum = q_ab.clone() * xy + q_a.clone() * x[i].clone() + q_b.clone() * y[i].clone();
            if i == 0 {
                sum += q_0.clone();
            }
            if let Some(before) = &before {
                sum += q_c.clone() * before[i].clone();
            }
            b.assert_eq("an operation has its result", s.clone() * z[i].clone(), sum);
        }
        before = Some(z.clone());
        for ((value, address), count) in [x, y, z].into_iter().zip(key.address).zip(key.count) {
            b.port(Bus::Value, message(address, value), count);
        }
    }
}
