//! Floats against floats: loops over the steps of one pair of rows.
//!
//! Values are computed for every step, present or not, so that the loops have no branches and vectorise; presence
//! is settled by words of bits.

use super::{BinaryOp, Comparison};

/// The floats of one series: a value per step, and a bit per step that says whether the value counts.
#[derive(Debug, Clone, Copy)]
pub struct FloatRow<'a> {
    /// Values; those behind a bit that is off are ignored.
    pub values: &'a [f64],
    /// Bit `s % 64` of word `s / 64` is step `s`; bits behind the last step are off.
    pub valid: &'a [u64],
}

/// One side of an operator.
#[derive(Debug, Clone, Copy)]
pub enum FloatOperand<'a> {
    /// An element of a vector.
    Vector(FloatRow<'a>),
    /// A scalar: a number per step, always present.
    Scalar(&'a [f64]),
}

impl<'a> FloatOperand<'a> {
    fn values(self) -> &'a [f64] {
        match self {
            Self::Vector(row) => row.values,
            Self::Scalar(values) => values,
        }
    }
}

/// A trim operator between two scalars, which has no meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("operator {:?} not allowed for Scalar operations", .0.as_str())]
pub struct NotForScalars(pub BinaryOp);

/// Computes one row. Where an operand is absent so is the result; a filter lets pass the left operand's value,
/// or the vector element's against a scalar. Trim operators give no result for floats.
///
/// # Panics
/// When `op` is a set operator, or the slices do not have as many steps.
pub fn combine_floats(
    op: BinaryOp,
    comparison: Comparison,
    left: FloatOperand<'_>,
    right: FloatOperand<'_>,
    out: &mut [f64],
    out_valid: &mut [u64],
) {
    assert!(!op.is_set(), "invariant: set operators do not compute");
    intersect(left, right, out.len(), out_valid);
    let (l, r) = (left.values(), right.values());
    if op.is_trim() {
        out_valid.fill(0);
    } else if op.is_arithmetic() {
        arithmetic(op, l, r, out);
    } else if comparison == Comparison::Bool {
        compare(op, l, r, |i, holds| out[i] = f64::from(u8::from(holds)));
    } else {
        filter(op, l, r, out_valid);
        out.copy_from_slice(match (left, right) {
            (FloatOperand::Scalar(_), FloatOperand::Vector(row)) => row.values,
            _ => l,
        });
    }
}

/// Computes an operator between two scalars, step by step. Comparisons give 1 and 0.
///
/// # Errors
/// For trim operators.
///
/// # Panics
/// When `op` is a set operator.
pub fn combine_scalars(
    op: BinaryOp,
    left: &[f64],
    right: &[f64],
    out: &mut [f64],
) -> Result<(), NotForScalars> {
    assert!(!op.is_set(), "invariant: set operators do not compute");
    if op.is_trim() {
        return Err(NotForScalars(op));
    }
    if op.is_arithmetic() {
        arithmetic(op, left, right, out);
    } else {
        compare(op, left, right, |i, holds| out[i] = f64::from(u8::from(holds)));
    }
    Ok(())
}

/// Computes an operator between two numbers; `None` for operators that do not compute with numbers, and
/// comparisons give 1 and 0.
#[must_use]
pub fn combine_numbers(op: BinaryOp, left: f64, right: f64) -> Option<f64> {
    if op.is_set() {
        return None;
    }
    let mut out = [0.0];
    combine_scalars(op, &[left], &[right], &mut out).ok()?;
    Some(out[0])
}

/// Negates numbers in place.
pub fn negate(values: &mut [f64]) {
    values.iter_mut().for_each(|value| *value = -*value);
}

fn intersect(left: FloatOperand<'_>, right: FloatOperand<'_>, steps: usize, out: &mut [u64]) {
    match (left, right) {
        (FloatOperand::Vector(l), FloatOperand::Vector(r)) => {
            for ((out, l), r) in out.iter_mut().zip(l.valid).zip(r.valid) {
                *out = l & r;
            }
        }
        (FloatOperand::Vector(row), FloatOperand::Scalar(_))
        | (FloatOperand::Scalar(_), FloatOperand::Vector(row)) => {
            out.copy_from_slice(row.valid);
        }
        (FloatOperand::Scalar(_), FloatOperand::Scalar(_)) => {
            for (i, word) in out.iter_mut().enumerate() {
                let bits = steps - i * 64;
                *word = if bits >= 64 { u64::MAX } else { (1 << bits) - 1 };
            }
        }
    }
}

fn arithmetic(op: BinaryOp, l: &[f64], r: &[f64], out: &mut [f64]) {
    match op {
        BinaryOp::Add => zip(l, r, out, |a, b| a + b),
        BinaryOp::Sub => zip(l, r, out, |a, b| a - b),
        BinaryOp::Mul => zip(l, r, out, |a, b| a * b),
        BinaryOp::Div => zip(l, r, out, |a, b| a / b),
        BinaryOp::Mod => zip(l, r, out, |a, b| a % b),
        BinaryOp::Pow => zip(l, r, out, power),
        BinaryOp::Atan2 => zip(l, r, out, f64::atan2),
        _ => unreachable!("invariant: an arithmetic operator"),
    }
}

/// C's `pow`; the most common power is worth a branch.
fn power(a: f64, b: f64) -> f64 {
    if b == 2.0 { a * a } else { a.powf(b) }
}

#[inline(always)]
fn zip(l: &[f64], r: &[f64], out: &mut [f64], f: impl Fn(f64, f64) -> f64) {
    for ((out, &a), &b) in out.iter_mut().zip(l).zip(r) {
        *out = f(a, b);
    }
}

fn compare(op: BinaryOp, l: &[f64], r: &[f64], put: impl FnMut(usize, bool)) {
    match op {
        BinaryOp::Eq => each_pair(l, r, |a, b| a == b, put),
        BinaryOp::Ne => each_pair(l, r, |a, b| a != b, put),
        BinaryOp::Lt => each_pair(l, r, |a, b| a < b, put),
        BinaryOp::Gt => each_pair(l, r, |a, b| a > b, put),
        BinaryOp::Le => each_pair(l, r, |a, b| a <= b, put),
        BinaryOp::Ge => each_pair(l, r, |a, b| a >= b, put),
        _ => unreachable!("invariant: a comparison"),
    }
}

#[inline(always)]
fn each_pair(l: &[f64], r: &[f64], holds: impl Fn(f64, f64) -> bool, mut put: impl FnMut(usize, bool)) {
    for (i, (&a, &b)) in l.iter().zip(r).enumerate() {
        put(i, holds(a, b));
    }
}

fn filter(op: BinaryOp, l: &[f64], r: &[f64], valid: &mut [u64]) {
    match op {
        BinaryOp::Eq => keep(l, r, valid, |a, b| a == b),
        BinaryOp::Ne => keep(l, r, valid, |a, b| a != b),
        BinaryOp::Lt => keep(l, r, valid, |a, b| a < b),
        BinaryOp::Gt => keep(l, r, valid, |a, b| a > b),
        BinaryOp::Le => keep(l, r, valid, |a, b| a <= b),
        BinaryOp::Ge => keep(l, r, valid, |a, b| a >= b),
        _ => unreachable!("invariant: a comparison"),
    }
}

/// Switches off the bits of steps where `holds` does not.
#[inline(always)]
fn keep(l: &[f64], r: &[f64], valid: &mut [u64], holds: impl Fn(f64, f64) -> bool) {
    for ((word, l), r) in valid.iter_mut().zip(l.chunks(64)).zip(r.chunks(64)) {
        *word &= if l.len() == 64 { pack_64(l, r, &holds) } else { pack(l, r, &holds) };
    }
}

/// A bit per step, for the few steps of an instant query or at the end of a row.
#[inline(always)]
fn pack(l: &[f64], r: &[f64], holds: &impl Fn(f64, f64) -> bool) -> u64 {
    l.iter().zip(r).enumerate().fold(0, |bits, (i, (&a, &b))| bits | u64::from(holds(a, b)) << i)
}

/// A bit per step of 64: comparisons into bytes, then eight bytes at a time into bits, which vectorises where
/// building a word bit by bit would not.
#[inline(always)]
fn pack_64(l: &[f64], r: &[f64], holds: &impl Fn(f64, f64) -> bool) -> u64 {
    let mut bytes = [0_u8; 64];
    for ((byte, &a), &b) in bytes.iter_mut().zip(l).zip(r) {
        *byte = u8::from(holds(a, b));
    }
    let mut bits = 0;
    for (i, eight) in bytes.as_chunks::<8>().0.iter().enumerate() {
        // Bit 56 + k of the product is byte k: the factors move the lowest bits of the bytes side by side.
        let packed = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= packed << (i * 8);
    }
    bits
}
