//! Spells out a pattern as a few sequences of texts and gaps, where that is possible.

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

/// Deeper trees are not spelled out.
const MAX_DEPTH: usize = 40;
/// As many sequences may come from any pattern; long alternations may yield as many as they spell out.
const MIN_SEQUENCES: usize = 256;
/// As many bytes may come from any pattern; beyond, texts may take a small multiple of the pattern.
const MIN_BYTES: usize = 16 << 10;

/// An element of a sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Atom {
    /// Exactly this text, not empty.
    Text(String),
    /// At least `min` characters of any kind, and no more if `exact`.
    Gap { min: u32, exact: bool },
}

/// Sequences with more elements are not spelled out.
const MAX_ATOMS: usize = 64;

/// The sequences whose union is what the expression matches as a whole, or `None` if there are too many or none fit.
pub(super) fn enumerate(hir: &Hir, pattern_len: usize) -> Option<Vec<Vec<Atom>>> {
    let limits = Limits {
        sequences: MIN_SEQUENCES.max(pattern_len),
        bytes: MIN_BYTES.max(pattern_len.saturating_mul(4)),
    };
    limits.expand(hir, Edges { start: true, end: true }, 0).map(|language| language.sequences)
}

/// A finite union of sequences.
#[derive(Clone)]
struct Language {
    sequences: Vec<Vec<Atom>>,
    /// Bytes of all texts, and one for each gap.
    bytes: usize,
}

impl Language {
    fn nothing() -> Self {
        Self { sequences: Vec::new(), bytes: 0 }
    }

    fn empty_text() -> Self {
        Self { sequences: vec![Vec::new()], bytes: 0 }
    }

    fn atom(atom: Atom) -> Self {
        Self { bytes: atom.bytes(), sequences: vec![vec![atom]] }
    }
}

impl Atom {
    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Gap { .. } => 1,
        }
    }
}

struct Limits {
    sequences: usize,
    bytes: usize,
}

/// Which ends of the value a part of the pattern touches for sure, where `^` and `$` hold anyway.
#[derive(Clone, Copy)]
struct Edges {
    start: bool,
    end: bool,
}

impl Limits {
    fn expand(&self, hir: &Hir, edges: Edges, depth: usize) -> Option<Language> {
        if depth > MAX_DEPTH {
            return None;
        }
        match hir.kind() {
            HirKind::Empty => Some(Language::empty_text()),
            HirKind::Literal(literal) => {
                let text = std::str::from_utf8(&literal.0).ok()?;
                Some(Language::atom(Atom::Text(text.to_owned())))
            }
            HirKind::Look(look) => {
                let holds = match look {
                    Look::Start | Look::StartLF => edges.start,
                    Look::End | Look::EndLF => edges.end,
                    _ => false,
                };
                holds.then(Language::empty_text)
            }
            HirKind::Class(class) => self.expand_class(class),
            HirKind::Capture(capture) => self.expand(&capture.sub, edges, depth + 1),
            HirKind::Alternation(subs) => {
                let mut all = Language::nothing();
                for sub in subs {
                    self.add(&mut all, self.expand(sub, edges, depth + 1)?)?;
                }
                Some(all)
            }
            HirKind::Concat(subs) => self.expand_concat(subs, edges, depth),
            HirKind::Repetition(repetition) => self.expand_repetition(repetition, depth),
        }
    }

    fn expand_concat(&self, subs: &[Hir], edges: Edges, depth: usize) -> Option<Language> {
        let is_look = |sub: &Hir| matches!(sub.kind(), HirKind::Look(_));
        let head = subs.iter().take_while(|sub| is_look(sub)).count();
        let tail = subs.len() - subs.iter().rev().take_while(|sub| is_look(sub)).count();
        let mut product = Language::empty_text();
        for (at, sub) in subs.iter().enumerate() {
            let here = Edges { start: edges.start && at <= head, end: edges.end && at + 1 >= tail };
            product = self.multiply(product, &self.expand(sub, here, depth + 1)?)?;
        }
        Some(product)
    }

    fn expand_repetition(&self, repetition: &Repetition, depth: usize) -> Option<Language> {
        let Repetition { min, max, sub, .. } = repetition;
        if is_any_char(sub) {
            return match max {
                None => Some(Language::atom(Atom::Gap { min: *min, exact: false })),
                Some(max) if max == min => Some(Language::atom(Atom::Gap { min: *min, exact: true })),
                Some(_) => None,
            };
        }
        let max = (*max)?;
        let once = self.expand(sub, Edges { start: false, end: false }, depth + 1)?;
        let mut power = Language::empty_text();
        let mut all = if *min == 0 { power.clone() } else { Language::nothing() };
        for count in 1..=max {
            power = self.multiply(power, &once)?;
            if count >= *min {
                self.add(&mut all, power.clone())?;
            }
        }
        Some(all)
    }

    fn expand_class(&self, class: &Class) -> Option<Language> {
        let class = match class {
            Class::Unicode(class) => class,
            // What can never match is written as an empty class of bytes.
            Class::Bytes(class) => return class.ranges().is_empty().then(Language::nothing),
        };
        if is_any_char_class(class) {
            return Some(Language::atom(Atom::Gap { min: 1, exact: true }));
        }
        let count = class.ranges().iter().map(|range| range.len()).sum::<usize>();
        if count > self.sequences {
            return None;
        }
        let mut all = Language::nothing();
        for c in class.ranges().iter().flat_map(|range| range.start()..=range.end()) {
            self.add(&mut all, Language::atom(Atom::Text(c.to_string())))?;
        }
        Some(all)
    }

    /// Adds the sequences of `more` to `all`.
    fn add(&self, all: &mut Language, more: Language) -> Option<()> {
        all.bytes += more.bytes;
        all.sequences.extend(more.sequences);
        (all.sequences.len() <= self.sequences && all.bytes <= self.bytes).then_some(())
    }

    /// Every sequence of `heads` followed by every one of `tails`.
    fn multiply(&self, mut heads: Language, tails: &Language) -> Option<Language> {
        let count = heads.sequences.len() * tails.sequences.len();
        let bytes = heads.bytes * tails.sequences.len() + tails.bytes * heads.sequences.len();
        if count > self.sequences || bytes > self.bytes {
            return None;
        }
        let sequences = match tails.sequences.as_slice() {
            [tail] if tail.is_empty() => return Some(heads),
            [tail] => {
                heads.sequences.iter_mut().for_each(|head| append(head, tail));
                heads.sequences
            }
            tails => {
                let joined = |head: &[Atom], tail| {
                    let mut sequence = head.to_vec();
                    append(&mut sequence, tail);
                    sequence
                };
                heads.sequences.iter().flat_map(|head| tails.iter().map(|tail| joined(head, tail))).collect()
            }
        };
        sequences.iter().all(|sequence| sequence.len() <= MAX_ATOMS).then_some(Language { sequences, bytes })
    }
}

fn append(sequence: &mut Vec<Atom>, tail: &[Atom]) {
    tail.iter().for_each(|atom| push_atom(sequence, atom));
}

/// Appends an atom, merging it with a neighbour of its kind.
fn push_atom(sequence: &mut Vec<Atom>, atom: &Atom) {
    match (sequence.last_mut(), atom) {
        (Some(Atom::Text(text)), Atom::Text(more)) => text.push_str(more),
        (Some(Atom::Gap { min, exact }), Atom::Gap { min: more, exact: also_exact }) => {
            *min = min.saturating_add(*more);
            *exact &= also_exact;
        }
        _ => sequence.push(atom.clone()),
    }
}

fn is_any_char(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => is_any_char_class(class),
        HirKind::Capture(capture) => {
            matches!(capture.sub.kind(), HirKind::Class(Class::Unicode(class)) if is_any_char_class(class))
        }
        _ => false,
    }
}

fn is_any_char_class(class: &regex_syntax::hir::ClassUnicode) -> bool {
    matches!(class.ranges(), [range] if range.start() == '\0' && range.end() == char::MAX)
}
