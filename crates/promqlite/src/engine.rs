//! The engine: settings, and the way from text to result.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use promqlite_exec::{Cancel, ExecOptions, Limits, Output, Profile, Stats, analyze, execute, execute_each};
use promqlite_model::{Annotations, Level, Millis, Series, Timestamp, Value};
use promqlite_plan::{Explain, Plan, QueryParams, Rewrites, Settings, explain, lower, rewrite};
use promqlite_storage::Storage;
use promqlite_syntax::Features;

use crate::QueryError;
use crate::cost::text_bytes;

/// Answers queries over any [`Storage`]. Cheap to make, to clone and to share between threads.
#[derive(Clone, Debug)]
pub struct Engine {
    options: EngineOptions,
}

/// Everything about an engine that can be set. The default is a Prometheus server's.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// The language features that are switched on.
    pub features: Features,
    /// How far back an instant selector looks; 5 minutes.
    pub lookback: Millis,
    /// The step of subqueries that name none; 1 minute.
    pub default_subquery_step: Millis,
    /// Whether metric names are removed only at the end (`promql-delayed-name-removal`).
    pub delayed_name_removal: bool,
    /// Whether start timestamps of samples count (`use-start-timestamps`).
    pub use_start_timestamps: bool,
    /// Whether `__type__` and `__unit__` are trusted (`type-and-unit-labels`).
    pub type_and_unit_labels: bool,
    /// Whether `@` is allowed.
    pub enable_at_modifier: bool,
    /// Whether negative offsets are allowed.
    pub enable_negative_offset: bool,
    /// How long a query may run; 2 minutes. The clock starts when it is asked, parsing included.
    pub timeout: Duration,
    /// What a query may use.
    pub limits: Limits,
    /// The plan rewrites that run. They never change an answer.
    pub rewrites: Rewrites,
    /// Rows per batch; `None` lets the engine choose. Never changes an answer.
    pub batch_rows: Option<usize>,
    /// Whether queries run on the calling thread alone, not on rayon's pool. Never changes an answer.
    pub single_thread: bool,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            features: Features::SERVER_DEFAULT,
            lookback: Millis(300_000),
            default_subquery_step: Millis(60_000),
            delayed_name_removal: false,
            use_start_timestamps: false,
            type_and_unit_labels: false,
            enable_at_modifier: true,
            enable_negative_offset: true,
            timeout: Duration::from_secs(120),
            limits: Limits::default(),
            rewrites: Rewrites::ALL,
            batch_rows: None,
            single_thread: false,
        }
    }
}

/// When a query is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    At(Timestamp),
    Over { start: Timestamp, end: Timestamp, step: Millis },
}

/// A query: text, times, and what is special about this run of it.
#[derive(Clone, Debug)]
pub struct Query {
    text: String,
    when: When,
    timeout: Option<Duration>,
    lookback: Option<Millis>,
    cancel: Cancel,
}

impl Query {
    /// Evaluates `text` at one instant.
    pub fn instant(text: impl Into<String>, at: Timestamp) -> Self {
        Self { text: text.into(), when: When::At(at), timeout: None, lookback: None, cancel: Cancel::new() }
    }

    /// Evaluates `text` at `start`, `start + step`, … while that does not pass `end`.
    pub fn range(text: impl Into<String>, start: Timestamp, end: Timestamp, step: Millis) -> Self {
        Self { when: When::Over { start, end, step }, ..Self::instant(text, start) }
    }

    /// Gives up after this time, if the engine's own timeout is not shorter.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Looks back this far instead of the engine's lookback.
    #[must_use]
    pub fn with_lookback(mut self, lookback: Millis) -> Self {
        self.lookback = Some(lookback);
        self
    }

    /// Lets `cancel` stop the query from another thread.
    #[must_use]
    pub fn with_cancel(mut self, cancel: &Cancel) -> Self {
        self.cancel = cancel.clone();
        self
    }

    /// The query's text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A result, with all that was remarked on the way to it.
#[derive(Clone, Debug)]
pub struct QueryResult {
    /// The result.
    pub value: Value,
    /// Warnings and infos, without their places in the text.
    pub annotations: Annotations,
    /// What the query used.
    pub stats: Stats,
    text: String,
}

impl QueryResult {
    fn new(output: Output, query: &Query) -> Self {
        let Output { value, annotations, stats } = output;
        Self { value, annotations, stats, text: query.text.clone() }
    }

    /// The warnings as Prometheus shows them, `(line:column)` included.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.annotations.render(Level::Warning, &self.text)
    }

    /// The infos as Prometheus shows them, `(line:column)` included.
    #[must_use]
    pub fn infos(&self) -> Vec<String> {
        self.annotations.render(Level::Info, &self.text)
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::new(EngineOptions::default())
    }
}

impl Engine {
    /// An engine with these settings.
    #[must_use]
    pub fn new(options: EngineOptions) -> Self {
        Self { options }
    }

    /// The engine's settings.
    #[must_use]
    pub fn options(&self) -> &EngineOptions {
        &self.options
    }

    /// Answers a query.
    ///
    /// # Errors
    /// [`QueryError`]: the text does not parse, or cannot be planned for these times, or evaluation failed, was
    /// cancelled, ran out of time or passed a limit. There is no partial result.
    pub fn query(&self, storage: &dyn Storage, query: &Query) -> Result<QueryResult, QueryError> {
        let (plan, options) = self.prepare(query)?;
        Ok(QueryResult::new(execute(&plan, storage, options)?, query))
    }

    /// Answers a query, and hands the series of a range query to `each` as they are computed: several at a time, in
    /// the order of their labels, until `each` breaks off. So a result may be larger than the memory. The result that
    /// is returned has no series then; that of an instant query is whole, as that of [`Engine::query`].
    ///
    /// What `each` was given counts neither as samples nor as bytes of the query any more. Aggregations and sorting
    /// functions still hold all of their series.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use promqlite::{Engine, MemStore, Millis, Query, Timestamp};
    ///
    /// let store = MemStore::new();
    /// for job in ["api", "db"] {
    ///     let series = store.series_of([("__name__", "up"), ("job", job)]);
    ///     store.append(series, 0, 1.0);
    /// }
    /// let query = Query::range("up", Timestamp(0), Timestamp(60_000), Millis(15_000));
    /// let mut points = 0;
    /// let result = Engine::default().stream(&store, &query, |series| {
    ///     points += series.iter().map(|one| one.floats.len()).sum::<usize>();
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!((points, result.value.series_count()), (10, 0));
    /// # Ok::<(), promqlite::QueryError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Engine::query`], but pieces may have been handed over before: they are then no result.
    pub fn stream(
        &self,
        storage: &dyn Storage,
        query: &Query,
        mut each: impl FnMut(Vec<Series>) -> ControlFlow<()>,
    ) -> Result<QueryResult, QueryError> {
        let (plan, options) = self.prepare(query)?;
        Ok(QueryResult::new(execute_each(&plan, storage, options, &mut each)?, query))
    }

    /// Answers a query as [`Engine::query`] does, and tells what each part of it used: each operator of the plan,
    /// each search for series, and what is done before and after. Measuring costs little, usually less than 3 % of
    /// the time.
    ///
    /// ```
    /// use promqlite::{Engine, MemStore, Query, Timestamp};
    ///
    /// let store = MemStore::new();
    /// let series = store.series_of([("__name__", "up"), ("job", "api")]);
    /// store.append(series, 0, 1.0);
    /// let (_, profile) = Engine::default().analyze(&store, &Query::instant("sum(up)", Timestamp(0)))?;
    /// for part in &profile.parts {
    ///     println!("{:>10?}  {:indent$}{}", part.time, "", part.name, indent = 2 * part.depth);
    /// }
    /// assert_eq!(profile.parts.iter().map(|part| part.samples).sum::<u64>(), 1);
    /// # Ok::<(), promqlite::QueryError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Engine::query`]. Of a query that fails there is no profile.
    pub fn analyze(
        &self,
        storage: &dyn Storage,
        query: &Query,
    ) -> Result<(QueryResult, Profile), QueryError> {
        let started = Instant::now();
        let (plan, options) = self.prepare(query)?;
        let preparation = started.elapsed();
        let (output, profile) = analyze(&plan, storage, options)?;
        Ok((QueryResult::new(output, query), profile.after_preparation(preparation)))
    }

    /// The plan of a query, and how to run it. The query's time begins here.
    fn prepare(&self, query: &Query) -> Result<(Plan, ExecOptions), QueryError> {
        let timeout = query.timeout.map_or(self.options.timeout, |t| t.min(self.options.timeout));
        let deadline = Instant::now().checked_add(timeout);
        let text_bytes = text_bytes(&query.text, self.options.limits.max_bytes)?;
        let mut plan = self.lower(query)?;
        rewrite(&mut plan, self.options.rewrites);
        let options = ExecOptions {
            text_bytes,
            limits: self.options.limits.clone(),
            deadline,
            cancel: query.cancel.clone(),
            batch_rows: self.options.batch_rows,
            single_thread: self.options.single_thread,
        };
        Ok((plan, options))
    }

    /// The plan of a query: as it was lowered, and after each rewrite that changed it.
    ///
    /// # Errors
    /// As [`Engine::query`], before evaluation.
    pub fn explain(&self, query: &Query) -> Result<Explain, QueryError> {
        let mut plan = self.lower(query)?;
        Ok(explain(&mut plan, self.options.rewrites))
    }

    /// Whether a text parses and its types fit.
    ///
    /// # Errors
    /// [`QueryError::Parse`]
    pub fn check(&self, text: &str) -> Result<(), QueryError> {
        promqlite_plan::parse(text, self.options.features).map(drop).map_err(|d| QueryError::parse(d, text))
    }

    fn lower(&self, query: &Query) -> Result<Plan, QueryError> {
        let typed = promqlite_plan::parse(&query.text, self.options.features)
            .map_err(|diagnostic| QueryError::parse(diagnostic, &query.text))?;
        Ok(lower(&typed, &self.params(query))?)
    }

    fn params(&self, query: &Query) -> QueryParams {
        let (start, end, step) = match query.when {
            When::At(t) => (t, t, None),
            When::Over { start, end, step } => (start, end, Some(step)),
        };
        QueryParams {
            start,
            end,
            step,
            lookback: query.lookback.filter(|l| l.0 > 0).unwrap_or(self.options.lookback),
            default_subquery_step: self.options.default_subquery_step,
            settings: Settings {
                delayed_name_removal: self.options.delayed_name_removal,
                use_start_timestamps: self.options.use_start_timestamps,
                type_and_unit_labels: self.options.type_and_unit_labels,
            },
            enable_at: self.options.enable_at_modifier,
            enable_negative_offset: self.options.enable_negative_offset,
        }
    }
}
