//! A parsed piece of a pattern with what the limits need to know about it.

use regex_syntax::hir::{Capture, Class, ClassUnicode, Dot, Hir, Look, Repetition};

use super::repeat::Bounds;

/// Estimated bytes that one state of a compiled automaton takes.
const STATE_BYTES: u64 = 64;
/// Estimated bytes of the states that one range beyond ASCII takes, forwards or backwards.
const UNICODE_RANGE_BYTES: u64 = 2048;

/// The shape of a node, as far as Go's measure of height depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// A string, which neighbours of the same case sensitivity extend.
    Literal { chars: u64, fold_case: bool },
    /// One character out of a set.
    Class,
    /// A concatenation, which dissolves in an outer one.
    Concat,
    /// An alternation, which dissolves in an outer one.
    Alternation,
    /// Anything else.
    Other,
}

/// A subexpression.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) hir: Hir,
    shape: Shape,
    /// The height of the tree, by Go's count.
    pub(super) height: u32,
    /// Go's estimate of instructions.
    pub(super) size: u64,
    /// The largest product of nested repeat counts.
    pub(super) repeats: u64,
    /// An upper estimate of the bytes that the compiled automaton takes.
    pub(super) cost_bytes: u64,
}

impl Node {
    fn leaf(hir: Hir, shape: Shape, size: u64, cost_bytes: u64) -> Self {
        Self { hir, shape, height: 1, size, repeats: 1, cost_bytes }
    }

    pub(super) fn literal(text: &str) -> Self {
        let chars = text.chars().count() as u64;
        let shape = Shape::Literal { chars, fold_case: false };
        Self::leaf(Hir::literal(text.as_bytes()), shape, chars.max(1), text.len() as u64 * STATE_BYTES)
    }

    pub(super) fn empty() -> Self {
        Self::leaf(Hir::empty(), Shape::Other, 1, STATE_BYTES)
    }

    /// A character under the `i` flag, as the class of its cases.
    pub(super) fn folded_char(class: ClassUnicode) -> Self {
        let mut node = Self::class(class);
        node.shape = Shape::Literal { chars: 1, fold_case: true };
        node
    }

    pub(super) fn class(class: ClassUnicode) -> Self {
        let range_bytes = |end: char| if end.is_ascii() { STATE_BYTES } else { UNICODE_RANGE_BYTES };
        let cost = class.ranges().iter().map(|range| range_bytes(range.end())).sum::<u64>();
        Self::leaf(Hir::class(Class::Unicode(class)), Shape::Class, 1, cost + STATE_BYTES)
    }

    pub(super) fn dot(matches_newline: bool) -> Self {
        let dot = if matches_newline { Dot::AnyChar } else { Dot::AnyCharExceptLF };
        Self::leaf(Hir::dot(dot), Shape::Class, 1, 2 * UNICODE_RANGE_BYTES)
    }

    pub(super) fn look(look: Look) -> Self {
        Self::leaf(Hir::look(look), Shape::Other, 1, STATE_BYTES)
    }

    pub(super) fn capture(sub: Node, index: u32) -> Self {
        let capture = Capture { index, name: None, sub: Box::new(sub.hir) };
        Self {
            hir: Hir::capture(capture),
            shape: Shape::Other,
            height: sub.height + 1,
            size: sub.size.saturating_add(2),
            repeats: sub.repeats,
            cost_bytes: sub.cost_bytes.saturating_add(2 * STATE_BYTES),
        }
    }

    pub(super) fn repeat(sub: Node, operator: Operator, greedy: bool) -> Self {
        let Bounds { min, max } = operator.bounds();
        let (low, high) = (u64::from(min), max.map(u64::from));
        let size = match (operator, high) {
            (Operator::Star, _) => sub.size.saturating_add(2),
            (Operator::Plus | Operator::Quest, _) => sub.size.saturating_add(1),
            (Operator::Braces(_), None) if low == 0 => sub.size.saturating_add(2),
            (Operator::Braces(_), None) => sub.size.saturating_mul(low).saturating_add(1),
            (Operator::Braces(_), Some(high)) => sub.size.saturating_mul(high).saturating_add(high - low),
        };
        let copies = high.unwrap_or(low + 1).max(1);
        let repeats = match operator {
            Operator::Braces(Bounds { max: Some(0), .. }) => 1,
            Operator::Braces(_) => high.unwrap_or(low).max(1).saturating_mul(sub.repeats),
            _ => sub.repeats,
        };
        Self {
            hir: Hir::repetition(Repetition { min, max, greedy, sub: Box::new(sub.hir) }),
            shape: Shape::Other,
            height: sub.height + 1,
            size: size.max(1),
            repeats,
            cost_bytes: sub.cost_bytes.saturating_add(2 * STATE_BYTES).saturating_mul(copies),
        }
    }

    pub(super) fn concat(mut subs: Vec<Node>) -> Self {
        match subs.len() {
            0 => return Self::empty(),
            1 => return subs.swap_remove(0),
            _ => {}
        }
        let shape = joined_literal(&subs).unwrap_or(Shape::Concat);
        let height = match shape {
            Shape::Literal { .. } => 1,
            _ => 1 + subs.iter().map(|sub| sub.height_within(Shape::Concat)).max().unwrap_or(0),
        };
        Self::join(subs, shape, height, Hir::concat)
    }

    pub(super) fn alternation(mut subs: Vec<Node>) -> Self {
        if subs.len() == 1 {
            return subs.swap_remove(0);
        }
        let one_char =
            |sub: &Node| matches!(sub.shape, Shape::Class | Shape::Literal { chars: 1, fold_case: _ });
        let (shape, height) = if subs.iter().all(one_char) {
            (Shape::Class, 1)
        } else {
            let height = subs.iter().map(|sub| sub.height_within(Shape::Alternation)).max().unwrap_or(0);
            (Shape::Alternation, 1 + height)
        };
        Self::join(subs, shape, height, Hir::alternation)
    }

    fn join(subs: Vec<Node>, shape: Shape, height: u32, join: fn(Vec<Hir>) -> Hir) -> Self {
        let sum = |of: fn(&Node) -> u64| subs.iter().map(of).fold(0, u64::saturating_add);
        let branches = if shape == Shape::Alternation { subs.len() as u64 - 1 } else { 0 };
        let size = if shape == Shape::Class { 1 } else { sum(|sub| sub.size).saturating_add(branches) };
        let cost_bytes = sum(|sub| sub.cost_bytes).saturating_add(STATE_BYTES * (1 + branches));
        let repeats = subs.iter().map(|sub| sub.repeats).max().unwrap_or(1);
        let hir = join(subs.into_iter().map(|sub| sub.hir).collect());
        Self { hir, shape, height, size, repeats, cost_bytes }
    }

    /// The height that this node adds to a parent of the given shape, in which it dissolves if it has the same.
    fn height_within(&self, parent: Shape) -> u32 {
        if self.shape == parent { self.height - 1 } else { self.height }
    }
}

fn joined_literal(subs: &[Node]) -> Option<Shape> {
    let Shape::Literal { fold_case, .. } = subs[0].shape else { return None };
    let mut total = 0;
    for sub in subs {
        match sub.shape {
            Shape::Literal { chars, fold_case: other } if other == fold_case => total += chars,
            _ => return None,
        }
    }
    Some(Shape::Literal { chars: total, fold_case })
}

/// A repetition operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    /// `*`
    Star,
    /// `+`
    Plus,
    /// `?`
    Quest,
    /// `{n,m}`
    Braces(Bounds),
}

impl Operator {
    fn bounds(self) -> Bounds {
        match self {
            Self::Star => Bounds { min: 0, max: None },
            Self::Plus => Bounds { min: 1, max: None },
            Self::Quest => Bounds { min: 0, max: Some(1) },
            Self::Braces(bounds) => bounds,
        }
    }

    /// Whether the operator multiplies what it applies to, so that the product of counts must be checked.
    pub(super) fn multiplies(self) -> bool {
        matches!(self, Self::Braces(bounds) if bounds.min >= 2 || bounds.max.is_some_and(|max| max >= 2))
    }
}
