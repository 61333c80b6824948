//! From text to [`Script`].

mod eval;
mod load;
mod start_times;

use std::sync::LazyLock;

use promqlite::syntax::series::Metric;
use promqlite::{LabelSet, Millis};
use regex_automata::meta::Regex;

use crate::error::ScriptError;
use crate::script::{Command, Script};

impl Script {
    /// Parses a whole script. Every query in it is parsed and checked, too.
    ///
    /// # Errors
    /// The first thing that is wrong, in Prometheus' words.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        let mut lines = Lines::new(text);
        let mut commands = Vec::new();
        while let Some((number, line)) = lines.next_command() {
            let word = line.split_ascii_whitespace().next().unwrap_or("").to_lowercase();
            commands.push(match word.as_str() {
                "clear" => Command::Clear,
                word if word.starts_with("load") => Command::Load(load::parse(number, line, &mut lines)?),
                word if word.starts_with("eval") => {
                    Command::Eval(Box::new(eval::parse(number, line, &mut lines)?))
                }
                _ => return Err(ScriptError::command(number, format!("invalid command {line:?}"))),
            });
        }
        Ok(Self { commands })
    }
}

/// The lines of a script: trimmed, comment lines emptied, numbered from 1.
struct Lines<'a> {
    lines: Vec<&'a str>,
    next: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let clean = |line: &'a str| match line.trim() {
            comment if comment.starts_with('#') => "",
            line => line,
        };
        Self { lines: text.split('\n').map(clean).collect(), next: 0 }
    }

    /// The next line that is not empty.
    fn next_command(&mut self) -> Option<(usize, &'a str)> {
        while self.lines.get(self.next)?.is_empty() {
            self.next += 1;
        }
        self.next_in_block()
    }

    /// The next line, unless it is empty and so ends the block.
    fn next_in_block(&mut self) -> Option<(usize, &'a str)> {
        let line = self.lines.get(self.next).filter(|line| !line.is_empty())?;
        self.next += 1;
        Some((self.next, line))
    }
}

/// A pattern of the script language, compiled once.
type Pattern = LazyLock<Regex>;

fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("invariant: the patterns of the script language compile")
}

/// The groups of `pattern` in `line`; groups that took no part are `None`.
fn groups<'a, const N: usize>(pattern: &Regex, line: &'a str) -> Option<[Option<&'a str>; N]> {
    let mut captures = pattern.create_captures();
    pattern.captures(line, &mut captures);
    captures
        .is_match()
        .then(|| std::array::from_fn(|i| captures.get_group(i + 1).map(|span| &line[span.range()])))
}

/// A duration of the script language in ms. What is finer than a millisecond cannot be written.
fn duration(text: &str) -> Result<Millis, String> {
    promqlite::syntax::parse_duration(text)
        .map(|ns| Millis(ns / 1_000_000))
        .map_err(|error| error.to_string())
}

/// The labels of a parsed metric.
fn labels(metric: &Metric) -> LabelSet {
    let pairs: Vec<_> =
        metric.labels.iter().map(|l| (l.name.to_string_lossy(), l.value.to_string_lossy())).collect();
    LabelSet::from_pairs(pairs.iter().map(|(name, value)| (&**name, &**value)))
}
