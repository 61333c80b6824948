//! Runs scripts against an engine.

use std::time::Duration;

use promqlite::syntax::{Features, go_quote};
use promqlite::{
    Engine, EngineOptions, Limits, MemStore, Millis, Query, QueryResult, SampleValue, Series, Storage,
    Timestamp, Value, VectorSample,
};

use crate::error::LoadError;
use crate::judge::{check_sorted, compare, judge};
use crate::load::Loader;
use crate::matching::{INFO, TextMatch, WARN};
use crate::report::{EvalReport, Failure, ScriptReport};
use crate::script::{Command, Eval, Expected, Load, Mode, Script};
use crate::variants::pinned;

/// How far around its instant an instant query is also run as a range query.
const MINUTE: Millis = Millis(60_000);

/// The engine settings under which Prometheus runs its own scripts: all syntax, delayed name removal, start
/// timestamps, 10000 samples, 100 s.
#[must_use]
pub fn engine_options() -> EngineOptions {
    EngineOptions {
        features: Features::ALL,
        delayed_name_removal: true,
        use_start_timestamps: true,
        timeout: Duration::from_secs(100),
        limits: Limits { max_samples: 10_000, ..Limits::default() },
        ..EngineOptions::default()
    }
}

/// Runs a whole script. A load that fails ends the run, an eval that fails does not.
#[must_use]
pub fn run(script: &Script, options: &EngineOptions) -> ScriptReport {
    let mut runner = Runner::new(options.clone());
    let mut report = ScriptReport::default();
    for command in script.commands() {
        match command {
            Command::Clear => runner.clear(),
            Command::Load(load) => {
                if let Err(error) = runner.load(load) {
                    report.aborted = Some(error);
                    break;
                }
            }
            Command::Eval(eval) => report.evals.push(runner.eval(eval)),
        }
    }
    report
}

/// Runs the commands of a script one by one.
#[derive(Debug)]
pub struct Runner {
    engine: Engine,
    data: Loader,
}

impl Runner {
    /// A runner without data.
    #[must_use]
    pub fn new(options: EngineOptions) -> Self {
        Self { engine: Engine::new(options), data: Loader::default() }
    }

    /// Forgets all data.
    pub fn clear(&mut self) {
        self.data = Loader::default();
    }

    /// Adds data.
    ///
    /// # Errors
    /// Storage would not take it. What came before the fault has been added.
    pub fn load(&mut self, load: &Load) -> Result<(), LoadError> {
        self.data.load(load)
    }

    /// The data that was loaded.
    #[must_use]
    pub fn store(&self) -> &MemStore {
        self.data.store()
    }

    /// Runs a query, with the variants of it that must answer alike, and judges the results.
    #[must_use]
    pub fn eval(&self, eval: &Eval) -> EvalReport {
        self.eval_over(self.store(), eval)
    }

    /// The same over another store, such as one of a file that [`store`](Self::store) was written to.
    #[must_use]
    pub fn eval_over(&self, storage: &dyn Storage, eval: &Eval) -> EvalReport {
        let asker = Asker { engine: &self.engine, storage };
        let outcome = match eval.mode {
            Mode::Range { start, end, step } => asker.range_eval(eval, start, end, step),
            Mode::Instant(at) => asker.instant_eval(eval, at),
        };
        EvalReport { line: eval.line, query: eval.query.clone(), outcome }
    }
}

/// Puts the query of an eval to a store.
struct Asker<'a> {
    engine: &'a Engine,
    storage: &'a dyn Storage,
}

impl Asker<'_> {
    fn range_eval(&self, eval: &Eval, start: Timestamp, end: Timestamp, step: Millis) -> Result<(), Failure> {
        let query = Query::range(eval.query.as_str(), start, end, step);
        self.answer(eval, &query).map(drop)
    }

    fn instant_eval(&self, eval: &Eval, at: Timestamp) -> Result<(), Failure> {
        let at = match &eval.expected {
            Expected::RangeVector(times, _) => times.end,
            _ => at,
        };
        self.one_instant(eval, &eval.query, at)?;
        if let Some((query, times)) = pinned(&eval.query, at) {
            times.into_iter().try_for_each(|t| self.one_instant(eval, &query, t))?;
        }
        Ok(())
    }

    /// One instant query, and the same as a range query around its instant.
    fn one_instant(&self, eval: &Eval, query: &str, at: Timestamp) -> Result<(), Failure> {
        let Some(result) = self.answer(eval, &Query::instant(query, at))? else { return Ok(()) };
        let alone = matches!(eval.expected, Expected::String(_) | Expected::RangeVector(..))
            || ["start()", "end()", "range()", "step()"].iter().any(|call| query.contains(call));
        if alone {
            return Ok(());
        }
        let range = Query::range(query, at - MINUTE, at + MINUTE, MINUTE);
        let in_range = self.engine.query(self.storage, &range).map_err(|error| {
            let query = go_quote(query.as_bytes());
            failure(format!("error evaluating query {query} (line {}) in range mode: {error}", eval.line))
        })?;
        if eval.ordered {
            return Ok(());
        }
        let (line, wrong) = (eval.line, |message| {
            format!("error in eval {query} (line {}) range mode: {message}", eval.line)
        });
        let Value::Matrix(matrix) = &in_range.value else {
            return Err(failure(format!(
                "error in eval {query} (line {line}) range mode: no matrix came back"
            )));
        };
        check_sorted(matrix).map_err(|message| failure(wrong(message)))?;
        let value = at_instant(matrix, at, matches!(result.value, Value::Scalar(..)));
        judge(eval, &value)
            .map_err(|message| Failure { message: wrong(message), comparison: compare(eval, &value) })
    }

    /// Runs a query and holds everything that comes back to the expectations. `None` if it failed as expected.
    fn answer(&self, eval: &Eval, query: &Query) -> Result<Option<QueryResult>, Failure> {
        let (text, line) = (query.text(), eval.line);
        let quoted = || go_quote(text.as_bytes());
        let result = match (self.engine.query(self.storage, query), &eval.fail) {
            (Err(error), Some(wanted)) => {
                return expected_failure(wanted, &error.to_string(), &quoted(), line);
            }
            (Err(error), None) => {
                return Err(failure(format!("error evaluating query {} (line {line}): {error}", quoted())));
            }
            (Ok(_), Some(_)) => {
                return Err(failure(format!(
                    "expected error evaluating query {} (line {line}) but got none",
                    quoted()
                )));
            }
            (Ok(result), None) => result,
        };
        eval.warnings.check(&result.warnings(), WARN, text, line).map_err(failure)?;
        eval.infos.check(&result.infos(), INFO, text, line).map_err(failure)?;
        match judge(eval, &result.value) {
            Ok(()) => Ok(Some(result)),
            Err(message) => Err(Failure {
                message: format!("error in eval {text} (line {line}): {message}"),
                comparison: compare(eval, &result.value),
            }),
        }
    }
}

fn failure(message: String) -> Failure {
    Failure { message, comparison: Vec::new() }
}

fn expected_failure<T>(
    wanted: &TextMatch,
    error: &str,
    query: &str,
    line: usize,
) -> Result<Option<T>, Failure> {
    if wanted.matches(error) {
        return Ok(None);
    }
    let wanted = go_quote(wanted.to_string().as_bytes());
    Err(failure(format!(
        "expected error matching {wanted} evaluating query {query} (line {line}), but got: {error}"
    )))
}

/// The part of a range query's result at one instant, as an instant query would return it.
fn at_instant(matrix: &[Series], at: Timestamp, scalar: bool) -> Value {
    let sample = |series: &Series| {
        let float = series.floats.iter().find(|(t, _)| *t == at).map(|(_, v)| SampleValue::Float(v));
        let histogram = || {
            let found = series.histograms.iter().find(|(t, _)| *t == at);
            found.map(|(_, h)| SampleValue::Histogram(h.clone()))
        };
        let value = float.or_else(histogram)?;
        Some(VectorSample { labels: series.labels.clone(), value })
    };
    let vector: Vec<VectorSample> = matrix.iter().filter_map(sample).collect();
    match vector.first() {
        Some(VectorSample { value: SampleValue::Float(v), .. }) if scalar => Value::Scalar(at, *v),
        _ => Value::Vector(at, vector),
    }
}
