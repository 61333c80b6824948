//! Matches a sequence of texts and gaps without an automaton.

use memchr::memmem::Finder;

use super::enumerate::Atom;

/// One sequence of texts and gaps that spans a whole value.
#[derive(Debug)]
pub(super) enum Glob {
    /// All gaps have a fixed number of characters, as in `5..`.
    Fixed(Vec<Atom>),
    /// All gaps are unbounded, as in `a.*b.+c`.
    Open(OpenGlob),
}

/// Texts with unbounded gaps between them; the first and last text may be empty.
#[derive(Debug)]
pub(super) struct OpenGlob {
    prefix: String,
    /// Each with the least number of characters before it.
    middles: Vec<(u32, Finder<'static>)>,
    /// The least number of characters before the suffix.
    last_gap: u32,
    suffix: String,
}

impl Glob {
    /// `None` if fixed and unbounded gaps are mixed, which takes backtracking.
    pub(super) fn new(atoms: Vec<Atom>) -> Option<Self> {
        if !atoms.iter().any(|atom| matches!(atom, Atom::Gap { exact: false, .. })) {
            return Some(Self::Fixed(atoms));
        }
        let mut glob =
            OpenGlob { prefix: String::new(), middles: Vec::new(), last_gap: 0, suffix: String::new() };
        let last = atoms.len() - 1;
        let mut gap = 0;
        for (at, atom) in atoms.into_iter().enumerate() {
            match atom {
                Atom::Gap { exact: true, .. } => return None,
                Atom::Gap { min, exact: false } => gap = min,
                Atom::Text(text) if at == 0 => glob.prefix = text,
                Atom::Text(text) if at == last => glob.suffix = text,
                Atom::Text(text) => glob.middles.push((gap, Finder::new(text.as_bytes()).into_owned())),
            }
        }
        glob.last_gap = gap;
        Some(Self::Open(glob))
    }

    #[inline]
    pub(super) fn is_match(&self, value: &str) -> bool {
        match self {
            Self::Fixed(atoms) => is_fixed_match(atoms, value),
            Self::Open(glob) => glob.is_match(value),
        }
    }
}

impl OpenGlob {
    /// Takes each text where it first occurs: an earlier end leaves at least as many ways to go on.
    fn is_match(&self, value: &str) -> bool {
        let mut rest = value;
        // Comparing nothing is not free: the pointer of an empty string makes vector loads fault and recover.
        if !self.prefix.is_empty() {
            let Some(after) = rest.strip_prefix(self.prefix.as_str()) else { return false };
            rest = after;
        }
        if !self.suffix.is_empty() {
            let Some(before) = rest.strip_suffix(self.suffix.as_str()) else { return false };
            rest = before;
        }
        for (gap, text) in &self.middles {
            let Some(after_gap) = skip_chars(rest, *gap) else { return false };
            let Some(at) = text.find(after_gap.as_bytes()) else { return false };
            rest = &after_gap[at + text.needle().len()..];
        }
        skip_chars(rest, self.last_gap).is_some()
    }
}

fn is_fixed_match(atoms: &[Atom], value: &str) -> bool {
    let mut rest = value;
    for atom in atoms {
        let after = match atom {
            Atom::Text(text) => rest.strip_prefix(text.as_str()),
            Atom::Gap { min, .. } => skip_chars(rest, *min),
        };
        match after {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.is_empty()
}

/// The text after its first `count` characters, or `None` if it is shorter.
#[inline]
fn skip_chars(text: &str, count: u32) -> Option<&str> {
    let mut chars = text.chars();
    for _ in 0..count {
        chars.next()?;
    }
    Some(chars.as_str())
}
