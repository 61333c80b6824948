//! `# HELP`, `# TYPE` and `# UNIT` lines.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use promqlite_storage::{Metadata, MetricKind};

use crate::error::LineError;
use crate::text::series::{metric_name_len, skip_blanks, unescape};

/// The label whose value is re-rendered as a float below the current `# TYPE` line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum BoundLabel {
    /// No label.
    #[default]
    None,
    /// `le`, in a histogram.
    Le,
    /// `quantile`, in a summary.
    Quantile,
}

impl BoundLabel {
    /// The label's name.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Le => Some("le"),
            Self::Quantile => Some("quantile"),
        }
    }
}

/// What kind of comment a line was.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Comment {
    /// `# TYPE`: from here on this label is re-rendered.
    Type(BoundLabel),
    /// `# HELP` or `# UNIT`.
    Described,
    /// `# EOF`
    Eof,
    /// Any other.
    Plain,
}

/// What a file has told about its metric families so far.
#[derive(Debug, Default)]
pub(crate) struct MetadataTable {
    families: Vec<Metadata>,
    index: HashMap<String, usize, RandomState>,
}

impl MetadataTable {
    /// All families in the order of their first mention.
    pub(crate) fn into_families(self) -> Vec<Metadata> {
        self.families
    }

    /// Parses a line that starts with `#`. `openmetrics` decides what is unescaped in help texts.
    pub(crate) fn parse(&mut self, line: &[u8], openmetrics: bool) -> Result<Comment, LineError> {
        let word = skip_blanks(line, 1);
        let word_end = word + line[word..].iter().take_while(|b| b.is_ascii_uppercase()).count();
        let keyword = &line[word..word_end];
        if keyword == b"EOF" && skip_blanks(line, word_end) == line.len() {
            return Ok(Comment::Eof);
        }
        // `#TYPE` without a blank and `# TYPEWRITER` are comments.
        if word == 1 || word_end == line.len() || !matches!(line[word_end], b' ' | b'\t') {
            return Ok(Comment::Plain);
        }
        if !matches!(keyword, b"HELP" | b"TYPE" | b"UNIT") {
            return Ok(Comment::Plain);
        }
        let start = skip_blanks(line, word_end);
        let (name, name_end) = family_name(line, start)?;
        let at = skip_blanks(line, name_end);
        let rest = line[at..].trim_ascii_end();
        match keyword {
            b"TYPE" => {
                let kind = kind_of(rest).ok_or_else(|| LineError::expected(at, "a metric type"))?;
                self.family(&name).kind = kind;
                Ok(Comment::Type(match kind {
                    MetricKind::Histogram => BoundLabel::Le,
                    MetricKind::Summary => BoundLabel::Quantile,
                    _ => BoundLabel::None,
                }))
            }
            b"UNIT" => {
                self.family(&name).unit = utf8(rest, at)?.to_owned();
                Ok(Comment::Described)
            }
            _ => {
                let mut help = Vec::with_capacity(rest.len());
                unescape(rest, openmetrics, &mut help);
                let help = String::from_utf8(help).map_err(|_| LineError::new(at, "not valid UTF-8"))?;
                self.family(&name).help = help;
                Ok(Comment::Described)
            }
        }
    }

    fn family(&mut self, name: &str) -> &mut Metadata {
        let index = match self.index.get(name) {
            Some(&index) => index,
            None => {
                self.families.push(Metadata { family: name.to_owned(), ..Metadata::default() });
                self.index.insert(name.to_owned(), self.families.len() - 1);
                self.families.len() - 1
            }
        };
        &mut self.families[index]
    }
}

/// A bare or quoted family name at `start`, and where it ends.
fn family_name(line: &[u8], start: usize) -> Result<(String, usize), LineError> {
    if line.get(start) != Some(&b'"') {
        let end = start + metric_name_len(&line[start..]);
        if end == start {
            return Err(LineError::expected(start, "a metric name"));
        }
        return Ok((utf8(&line[start..end], start)?.to_owned(), end));
    }
    let mut at = start + 1;
    loop {
        match line.get(at) {
            None => return Err(LineError::new(start, "a quoted string without an end")),
            Some(b'\\') => at += 2,
            Some(b'"') => break,
            Some(_) => at += 1,
        }
    }
    let mut name = Vec::new();
    unescape(&line[start + 1..at], true, &mut name);
    let name = String::from_utf8(name).map_err(|_| LineError::new(start, "not valid UTF-8"))?;
    Ok((name, at + 1))
}

fn utf8(bytes: &[u8], at: usize) -> Result<&str, LineError> {
    std::str::from_utf8(bytes).map_err(|_| LineError::new(at, "not valid UTF-8"))
}

/// The types of both dialects: some exporters mix them up, and nothing is lost by reading them anyway.
fn kind_of(word: &[u8]) -> Option<MetricKind> {
    Some(match word {
        b"counter" => MetricKind::Counter,
        b"gauge" => MetricKind::Gauge,
        b"histogram" => MetricKind::Histogram,
        b"gaugehistogram" => MetricKind::GaugeHistogram,
        b"summary" => MetricKind::Summary,
        b"info" => MetricKind::Info,
        b"stateset" => MetricKind::StateSet,
        b"unknown" | b"untyped" => MetricKind::Unknown,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_what_they_tell() {
        let mut table = MetadataTable::default();
        let mut parse = |line: &str| table.parse(line.as_bytes(), true);
        assert_eq!(parse("# TYPE a histogram").unwrap(), Comment::Type(BoundLabel::Le));
        assert_eq!(parse("#  TYPE\tb summary ").unwrap(), Comment::Type(BoundLabel::Quantile));
        assert_eq!(parse("# TYPE a gauge").unwrap(), Comment::Type(BoundLabel::None));
        assert_eq!(parse(r#"# HELP a say \"hi\"\n\x \\"#).unwrap(), Comment::Described);
        assert_eq!(parse("# UNIT a seconds").unwrap(), Comment::Described);
        assert_eq!(parse(r#"# TYPE "my.metric" counter"#).unwrap(), Comment::Type(BoundLabel::None));
        assert_eq!(parse("# HELP b").unwrap(), Comment::Described);
        assert_eq!(parse("# EOF").unwrap(), Comment::Eof);
        for plain in ["#", "# ", "# hello", "#TYPE a gauge", "# TYPEa gauge", "# HELPER x"] {
            assert_eq!(parse(plain).unwrap(), Comment::Plain, "{plain}");
        }
        for broken in ["# TYPE a", "# TYPE a blob", "# TYPE 1a gauge", "# TYPE \"a gauge", "# TYPE \"a\\"] {
            assert!(parse(broken).is_err(), "{broken}");
        }
        let families = table.into_families();
        assert_eq!(families.iter().map(|f| &*f.family).collect::<Vec<_>>(), ["a", "b", "my.metric"]);
        assert_eq!(families[0].help, "say \"hi\"\n\\x \\");
        assert_eq!((families[0].kind, &*families[0].unit), (MetricKind::Gauge, "seconds"));
    }
}
