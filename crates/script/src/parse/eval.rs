//! `eval` blocks.

use promqlite::syntax::{Features, unquote};
use promqlite::{Engine, EngineOptions, Millis, QueryError, Timestamp};

use super::load::series_line;
use super::{Lines, Pattern, compiled, duration, groups};
use crate::error::ScriptError;
use crate::matching::{AnnotationRule, TextMatch};
use crate::script::{Eval, Expected, ExpectedSeries, Mode, RangeVectorTimes};

static INSTANT: Pattern =
    Pattern::new(|| compiled(r"^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(.+?))?\s+(.+)$"));
static RANGE: Pattern = Pattern::new(|| {
    compiled(r"^eval(?:_(fail|warn|info))?\s+range\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+?)\s+(.+)$")
});
static EXPECT: Pattern =
    Pattern::new(|| compiled(r"^expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?$"));
static EXPECT_RANGE: Pattern =
    Pattern::new(|| compiled(r"^expect range vector\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+)$"));
static FAILURE_TEXT: Pattern = Pattern::new(|| compiled(r"^expected_fail_(message|regexp)\s+(.+)$"));

pub(super) fn parse(line: usize, text: &str, lines: &mut Lines<'_>) -> Result<Eval, ScriptError> {
    let mut block = Block::new(definition(line, text)?);
    while let Some((number, text)) = lines.next_in_block() {
        if block.add(number, text)? == Next::EndOfBlock {
            break;
        }
    }
    block.finish()
}

/// The first line of a block.
fn definition(line: usize, text: &str) -> Result<Eval, ScriptError> {
    let (variant, mode, query) = if let Some([variant, at, Some(query)]) = groups(&INSTANT, text) {
        let at = at.unwrap_or("");
        let at = duration(at).map_err(|e| {
            ScriptError::eval(line, line, query, format!("invalid timestamp definition {at:?}: {e}"))
        })?;
        (variant, Mode::Instant(instant(at)), query)
    } else if let Some([variant, Some(from), Some(to), Some(step), Some(query)]) = groups(&RANGE, text) {
        let times = times(from, to, step).map_err(|e| ScriptError::eval(line, line, query, e))?;
        (variant, Mode::Range { start: times.start, end: times.end, step: times.step }, query)
    } else {
        let message = format!(
            "invalid eval command {text:?}: write `eval instant at <time> <query>` or `eval range from <start> to <end> step <step> <query>`"
        );
        return Err(ScriptError::command(line, message));
    };
    check_query(line, text, query)?;
    Ok(Eval {
        line,
        query: query.to_owned(),
        mode,
        expected: Expected::Series(Vec::new()),
        ordered: variant == Some("ordered"),
        fail: (variant == Some("fail")).then_some(TextMatch::Any),
        warnings: if variant == Some("warn") { AnnotationRule::Some } else { AnnotationRule::Unrestricted },
        infos: if variant == Some("info") { AnnotationRule::Some } else { AnnotationRule::Unrestricted },
    })
}

/// Refuses a query that does not parse or whose types do not fit; the place is one in the script's line.
fn check_query(line: usize, text: &str, query: &str) -> Result<(), ScriptError> {
    let engine = Engine::new(EngineOptions { features: Features::ALL, ..EngineOptions::default() });
    engine.check(query).map_err(|error| match error {
        QueryError::Parse { mut diagnostic, .. } => {
            let shift = text.len() - query.len();
            diagnostic.span.start += shift;
            diagnostic.span.end += shift;
            ScriptError::new(line, diagnostic.render_at(text, line - 1))
        }
        other => ScriptError::new(line, other.to_string()),
    })
}

fn instant(offset: Millis) -> Timestamp {
    Timestamp(offset.0)
}

/// `from`, `to` and `step` of a range.
fn times(from: &str, to: &str, step: &str) -> Result<RangeVectorTimes, String> {
    let read = |what: &str, text: &str| {
        duration(text).map_err(|error| format!("invalid {what} timestamp definition {text:?}: {error}"))
    };
    let (start, end) = (read("start", from)?, read("end", to)?);
    if end < start {
        return Err(format!(
            "invalid test definition, end timestamp ({to}) is before start timestamp ({from})"
        ));
    }
    let step = duration(step).map_err(|error| format!("invalid step definition {step:?}: {error}"))?;
    if step.0 == 0 {
        return Err("invalid step definition: the step must be positive".to_owned());
    }
    Ok(RangeVectorTimes { start: instant(start), end: instant(end), step })
}

#[derive(PartialEq)]
enum Next {
    Line,
    EndOfBlock,
}

/// A block while its lines are read.
struct Block {
    eval: Eval,
    position: usize,
    series: Vec<ExpectedSeries>,
    times: Option<RangeVectorTimes>,
    string: Option<String>,
    scalar: Option<f64>,
    expects_failure: bool,
    warnings: AnnotationLines,
    infos: AnnotationLines,
}

impl Block {
    fn new(eval: Eval) -> Self {
        Self {
            expects_failure: eval.fail.is_some(),
            eval,
            position: 0,
            series: Vec::new(),
            times: None,
            string: None,
            scalar: None,
            warnings: AnnotationLines::default(),
            infos: AnnotationLines::default(),
        }
    }

    fn error(&self, line: usize, message: impl std::fmt::Display) -> ScriptError {
        ScriptError::eval(line, self.eval.line, &self.eval.query, message)
    }

    /// Takes a line of the block.
    fn add(&mut self, number: usize, text: &str) -> Result<Next, ScriptError> {
        if self.expects_failure
            && let Some([Some(kind), Some(wanted)]) = groups(&FAILURE_TEXT, text)
        {
            let kind = if kind == "message" { "msg" } else { "regex" };
            self.eval.fail = Some(self.text_match(number, Some(kind), Some(wanted))?);
            return Ok(Next::EndOfBlock);
        }
        if let Some([Some(from), Some(to), Some(step)]) = groups(&EXPECT_RANGE, text) {
            self.times = Some(times(from, to, step).map_err(|e| self.error(number, e))?);
            self.position += 1;
            return Ok(Next::Line);
        }
        if let Some(literal) = text.strip_prefix("expect string") {
            self.string = Some(string(literal.trim()).map_err(|e| self.error(number, e))?);
            self.position += 1;
            return Ok(Next::Line);
        }
        if text.split([' ', '\t']).next() == Some("expect") {
            self.add_expect(number, text)?;
            return Ok(Next::Line);
        }
        if let Ok(value) = promqlite::syntax::parse_number(text.strip_prefix(['+', '-']).unwrap_or(text)) {
            self.scalar = Some(if text.starts_with('-') { -value } else { value });
            return Ok(Next::EndOfBlock);
        }
        self.add_series(number, text)?;
        Ok(Next::Line)
    }

    fn add_expect(&mut self, number: usize, text: &str) -> Result<(), ScriptError> {
        let Some([Some(kind), match_kind, wanted]) = groups(&EXPECT, text) else {
            return Err(self.error(number, format!("invalid expect statement {text:?}")));
        };
        let wanted = self.text_match(number, match_kind, wanted)?;
        match kind {
            "ordered" => self.eval.ordered = true,
            "fail" if self.eval.fail.is_some() => {
                return Err(
                    self.error(number, "invalid expect lines, multiple expect fail lines are not allowed")
                );
            }
            "fail" => self.eval.fail = Some(wanted),
            "warn" => self.warnings.wanted.push(wanted),
            "no_warn" => self.warnings.none = true,
            "info" => self.infos.wanted.push(wanted),
            "no_info" => self.infos.none = true,
            _ => unreachable!("invariant: the pattern lists the kinds"),
        }
        Ok(())
    }

    fn text_match(
        &self,
        line: usize,
        kind: Option<&str>,
        text: Option<&str>,
    ) -> Result<TextMatch, ScriptError> {
        let text = text.unwrap_or("").trim();
        match kind {
            None => Ok(TextMatch::Any),
            Some("msg") => Ok(TextMatch::Exact(text.to_owned())),
            Some(_) => TextMatch::pattern(text)
                .map_err(|error| self.error(line, format!("invalid regex {text:?}: {error}"))),
        }
    }

    fn add_series(&mut self, number: usize, text: &str) -> Result<(), ScriptError> {
        let (labels, values) = series_line(number, text)?;
        if values.len() > 1 && self.times.is_none() && matches!(self.eval.mode, Mode::Instant(_)) {
            let message = "expecting multiple values in instant evaluation not allowed. consider using 'expect range vector' directive to enable a range vector result for an instant query";
            return Err(self.error(number, message));
        }
        if values.is_empty() {
            return Err(self.error(number, format!("series {labels} has no expected value")));
        }
        self.position += 1;
        let series = ExpectedSeries { labels, position: self.position, values };
        match self.series.iter_mut().find(|other| other.labels == series.labels) {
            Some(other) => *other = series,
            None => self.series.push(series),
        }
        Ok(())
    }

    fn finish(self) -> Result<Eval, ScriptError> {
        let line = self.eval.line;
        for (lines, kind) in [(&self.warnings, "warn"), (&self.infos, "info")] {
            if lines.none && !lines.wanted.is_empty() {
                let message = format!("invalid expect lines, {kind} and no_{kind} cannot be used together");
                return Err(self.error(line, message));
            }
        }
        let given =
            [!self.series.is_empty() || self.times.is_some(), self.string.is_some(), self.scalar.is_some()];
        if given.into_iter().filter(|&g| g).count() > 1 {
            return Err(self.error(line, "series, a string and a scalar cannot be expected together"));
        }
        let mut eval = self.eval;
        eval.warnings = self.warnings.rule_or(eval.warnings);
        eval.infos = self.infos.rule_or(eval.infos);
        eval.expected = match (self.scalar, self.string, self.times) {
            (Some(value), ..) => Expected::Scalar(value),
            (_, Some(text), _) => Expected::String(text),
            (.., Some(times)) => Expected::RangeVector(times, self.series),
            _ => Expected::Series(self.series),
        };
        Ok(eval)
    }
}

/// The `expect` lines of one level.
#[derive(Default)]
struct AnnotationLines {
    wanted: Vec<TextMatch>,
    none: bool,
}

impl AnnotationLines {
    fn rule_or(self, default: AnnotationRule) -> AnnotationRule {
        match (self.none, self.wanted.is_empty()) {
            (true, _) => AnnotationRule::None,
            (false, true) => default,
            (false, false) => AnnotationRule::Matching(self.wanted),
        }
    }
}

/// The value of an expected string: in double or back quotes, or a single character in single ones.
fn string(literal: &str) -> Result<String, String> {
    let value = unquote(literal).and_then(|bytes| String::from_utf8(bytes).ok());
    match value {
        Some(text) if !literal.starts_with('\'') || text.chars().count() == 1 => Ok(text),
        _ => Err(format!("expected string literal not valid - check that the string is quoted: {literal}")),
    }
}
