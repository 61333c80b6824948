//! The bounds of `{n}`, `{n,}` and `{n,m}`.

/// Go's upper limit of a repeat count.
const MAX_COUNT: u32 = 1000;

/// Bounds as written; `max` is `None` when unbounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) min: u32,
    pub(super) max: Option<u32>,
}

/// What a `{` starts.
pub(super) enum Braces {
    /// Nothing but a literal brace.
    Literal,
    /// A repetition of this many bytes, whose bounds are `None` if they are out of range or reversed.
    Repeat(Option<Bounds>, usize),
}

/// Reads the braces at the start of `text`, which begins with `{`.
pub(super) fn parse_braces(text: &str) -> Braces {
    read_braces(text).map_or(Braces::Literal, |(bounds, len)| {
        let valid =
            bounds.min <= MAX_COUNT && bounds.max.is_none_or(|max| max <= MAX_COUNT && bounds.min <= max);
        Braces::Repeat(valid.then_some(bounds), len)
    })
}

fn read_braces(text: &str) -> Option<(Bounds, usize)> {
    let (min, rest) = read_count(text.strip_prefix('{')?)?;
    let (max, rest) = match rest.strip_prefix(',') {
        None => (Some(min), rest),
        Some(rest) if rest.starts_with('}') => (None, rest),
        Some(rest) => {
            let (max, rest) = read_count(rest)?;
            (Some(max), rest)
        }
    };
    let rest = rest.strip_prefix('}')?;
    Some((Bounds { min, max }, text.len() - rest.len()))
}

/// A decimal count without leading zeros; counts too large for Go saturate.
fn read_count(text: &str) -> Option<(u32, &str)> {
    let len = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(len);
    if digits.is_empty() || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    Some((digits.parse().unwrap_or(u32::MAX), rest))
}
