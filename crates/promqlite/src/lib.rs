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
//! Limits, a timeout and cancellation come with [`EngineOptions`] and [`Query::with_cancel`]. Results carry
//! warnings and infos; errors carry Prometheus' texts.

mod cost;
mod engine;
mod error;

pub use engine::{Engine, EngineOptions, Query, QueryResult};
pub use error::QueryError;
pub use promqlite_exec::{Cancel, ExecError, Limits, Phase, Stats};
pub use promqlite_functions as functions;
pub use promqlite_model::{
    Annotation, Annotations, Grid, Label, LabelSet, Labels, Level, MatchOp, Matcher, Millis, Pos, STALE_NAN,
    SampleBuf, SampleValue, Samples, Series, Symbol, Symbols, TimeRange, Timestamp, Value, ValueType,
    VectorSample, float_g, float_plain, histogram, is_stale,
};
pub use promqlite_plan::{Explain, LowerError, PASSES, Rewrites};
pub use promqlite_storage as storage;
pub use promqlite_storage::{MemStore, Storage};
pub use promqlite_syntax as syntax;
pub use promqlite_syntax::{Diagnostic, Features};
