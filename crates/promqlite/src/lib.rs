//! PromQL as an embedded library: the query language of Prometheus 3.14 over any store of series.
//!
//! Fill a [`MemStore`] or bring a [`Storage`] of your own, make an [`Engine`], ask a [`Query`]:
//!
//! ```
//! use promqlite::{Engine, MemStore, Millis, Query, Timestamp, Value};
//!
//! let store = MemStore::new();
//! let series = store.series_of([("__name__", "http_requests_total"), ("job", "api")]);
//! for i in 0..60 {
//!     store.append(series, i * 15_000, (i * 30) as f64);
//! }
//! let query = Query::instant("sum by (job) (rate(http_requests_total[5m]))", Timestamp(885_000));
//! let result = Engine::default().query(&store, &query)?;
//! let Value::Vector(_, samples) = &result.value else { panic!("an instant vector") };
//! assert_eq!(samples[0].labels.to_string(), r#"{job="api"}"#);
//! # let range = Query::range("http_requests_total", Timestamp(0), Timestamp(60_000), Millis(30_000));
//! # assert!(matches!(Engine::default().query(&store, &range)?.value, Value::Matrix(m) if m[0].floats.len() == 3));
//! # Ok::<(), promqlite::QueryError>(())
//! ```
//!
//! Results carry warnings and infos; errors carry Prometheus' texts.
//!
//! # Limits
//!
//! No query takes down the program that asks it. Each limit is set in [`EngineOptions`] and ends a query in an error
//! of its own, without a partial result. All are checked before what they bound is allocated or computed.
//!
//! | limit | unit | default | error, and its text |
//! |---|---|---|---|
//! | [`EngineOptions::timeout`], [`Query::with_timeout`] | time; the shorter one counts | 2 min | [`ExecError::Timeout`]: `query timed out in query execution` before evaluation, `… in expression evaluation` during it |
//! | [`Query::with_cancel`] | a switch | | [`ExecError::Canceled`]: `query was canceled in query execution`, `… in expression evaluation` |
//! | [`Limits::max_samples`] | samples held at once, as `query.max-samples` | 50 million | [`ExecError::TooManySamples`]: `query processing would load too many samples into memory in query execution` |
//! | [`Limits::max_bytes`] | bytes held at once | 8 GiB | [`ExecError::TooManyBytes`]: `query needs N bytes at once, more than its memory limit of M: …` |
//! | [`Limits::max_series`] | series of any expression | 20 million | [`ExecError::TooManySeries`]: `expression has N series, more than the limit of M: …` |
//! | [`Limits::max_steps`] | steps of the query or of a subquery | 20 million | [`ExecError::TooManySteps`]: `expression is evaluated at N steps, more than the limit of M: …` |
//! | [`Limits::max_subquery_points`] | series × steps of a subquery | 200 million | [`ExecError::TooManySubqueryPoints`]: `subquery has N points (series times steps), more than the limit of M: …` |
//! | [`syntax::MAX_DEPTH`], fixed | levels of nesting | 2000 | [`QueryError::Parse`]: `… parse error: expression nests deeper than 2000 levels …` |
//!
//! Samples are counted where selectors, windows, aggregations and results hold them, and given up when an aggregation
//! ends. Prometheus also counts what each step of an operator gathers, which is not held here: so a query that is just
//! over its limit there may be just under the same limit here.
//!
//! What the byte budget counts: the text with all that is read of it (estimated from its tokens before it is parsed),
//! regular expressions with their automata, lists of series, label sets and strings that the query makes, tables of
//! groups and joins, batches, windows and scratch space of functions, and the result. What a store uses to hand out
//! samples is its own affair, but for the lists of series that [`MemStore`] asks for. Estimates err to the high side;
//! the heap was never seen to grow by more than a quarter beyond the budget.
//!
//! Cancellation and the deadline are looked at between batches, rows, windows and comparisons, and by [`MemStore`]
//! while it searches; other stores may, see [`storage::Watch`]. Parsing and planning are not interrupted: the byte
//! budget bounds what they can be given.
//!
//! The limit of 11,000 points per series belongs to Prometheus' HTTP API, not to its engine, and is not applied here.

mod cost;
mod engine;
mod error;

pub use engine::{Engine, EngineOptions, Query, QueryResult};
pub use error::QueryError;
pub use promqlite_exec::{Cancel, ExecError, Limits, Part, PartKind, Phase, Profile, Stats};
pub use promqlite_functions as functions;
pub use promqlite_model::{
    Annotation, Annotations, FloatPoints, Floats, Grid, GridBlock, Home, Label, LabelSet, Labels, Level,
    MatchOp, Matcher, Millis, Pos, STALE_NAN, SampleBuf, SampleValue, Samples, Series, Symbol, Symbols,
    TimeRange, Timestamp, Value, ValueType, VectorSample, float_g, float_plain, histogram, is_stale,
};
pub use promqlite_plan::{Explain, LowerError, PASSES, Rewrites};
pub use promqlite_storage as storage;
pub use promqlite_storage::{MemStore, Storage};
pub use promqlite_syntax as syntax;
pub use promqlite_syntax::{Diagnostic, Features};
