//! The state between one input and the next.

use std::io::{self, IsTerminal};
use std::time::Instant;

use promqlite::{Engine, Profile, QueryResult};
use promqlite_lint::{Finding, Severity};

use crate::args::SetupArgs;
use crate::commands::empty_text;
use crate::dataset::{Dataset, InputArgs};
use crate::failure::Failure;
use crate::numbers::{counted, elapsed};
use crate::output::{Destination, Page, Shape, is_empty, show, show_error, show_stats};
use crate::repl::interrupt::Interrupt;
use crate::repl::{commands, input};
use crate::report;
use crate::result_format::ResultFormat;
use crate::settings::Settings;
use crate::terminal::note;
use crate::time::TimeSpec;
use crate::when::{When, WhenSpec};

/// Whether the prompt stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// It does.
    GoOn,
    /// It does not.
    Exit,
}

/// Who enters the queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Somebody at a terminal, who wants to be told what happens.
    Interactive,
    /// A program or a file, one after another.
    Piped,
    /// A command line with one query.
    Single,
}

/// Loaded data, an engine, and what dot-commands have set.
pub(crate) struct Session {
    engine: Engine,
    input: InputArgs,
    paths: Vec<String>,
    now: Option<TimeSpec>,
    interrupt: Interrupt,
    mode: Mode,
    had_empty_result: bool,
    dataset: Dataset,
    generation: u64,
    /// Where answers go.
    pub(crate) destination: Destination,
    /// When queries are evaluated.
    pub(crate) when: WhenSpec,
    /// What can be set.
    pub(crate) settings: Settings,
    /// What was entered in this session and in earlier ones, the newest last.
    pub(crate) history: Vec<String>,
    /// How many files of commands are being read, one from within the other.
    pub(crate) reading: usize,
}

impl Session {
    /// Loads what the arguments name.
    pub(crate) fn open(
        setup: &SetupArgs,
        engine: Engine,
        paths: &[String],
        settings: Settings,
        interrupt: Interrupt,
        mode: Mode,
    ) -> Result<Self, Failure> {
        let when = setup.time.spec().map_err(Failure::Usage)?;
        let dataset = interrupt.during_load(|cancel| Dataset::open(paths, &setup.input, cancel))?;
        let mut destination = Destination::default();
        destination.set(setup.output.output.as_deref());
        destination.paged = mode == Mode::Interactive && settings.pager.0;
        Ok(Self {
            engine,
            input: setup.input.clone(),
            paths: paths.to_vec(),
            now: setup.time.now,
            interrupt,
            mode,
            had_empty_result: false,
            dataset,
            generation: 0,
            destination,
            when,
            settings,
            history: Vec::new(),
            reading: 0,
        })
    }

    /// Answers a query or carries out a dot-command.
    pub(crate) fn enter(&mut self, text: &str) -> Result<Flow, Failure> {
        // The last line's end is no part of the query.
        let text = text.trim_end();
        match input::as_command(text) {
            Some(command) => commands::run(self, command),
            None => self.answer(text).map(|()| Flow::GoOn),
        }
    }

    /// Replaces the data.
    pub(crate) fn reopen(&mut self, paths: &[String]) -> Result<(), Failure> {
        let input = &self.input;
        self.dataset = self.interrupt.during_load(|cancel| Dataset::open(paths, input, cancel))?;
        self.paths = paths.to_vec();
        self.generation += 1;
        Ok(())
    }

    /// What the data was loaded from.
    pub(crate) fn paths(&self) -> &[String] {
        &self.paths
    }

    /// The loaded data.
    pub(crate) fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// The engine.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Changes when the data is replaced.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether any result was empty.
    pub(crate) fn had_empty_result(&self) -> bool {
        self.had_empty_result
    }

    /// When a query entered now is evaluated.
    pub(crate) fn times(&self) -> Result<When, Failure> {
        let spec = self.when.with_default_step(self.settings.step);
        spec.resolve(self.dataset.now(self.now)).map_err(Failure::Usage)
    }

    /// Tells somebody at a terminal what happened.
    pub(crate) fn tell(&self, line: impl AsRef<str>) {
        if self.mode == Mode::Interactive && self.reading == 0 {
            note(line);
        }
    }

    /// Writes the answer of a dot-command.
    pub(crate) fn write(
        &mut self,
        write: impl FnOnce(&mut Page<'_>) -> io::Result<()>,
    ) -> Result<(), Failure> {
        self.destination.paged = self.mode == Mode::Interactive && self.settings.pager.0;
        self.destination.write(write)
    }

    /// How results are shown.
    pub(crate) fn format(&self) -> ResultFormat {
        let usual = if self.mode == Mode::Interactive { ResultFormat::Auto } else { ResultFormat::Table };
        self.settings.mode.unwrap_or(usual)
    }

    fn shape(&self) -> Shape {
        let ends_json = self.mode != Mode::Single
            || (io::stdout().is_terminal() && self.destination.next_path().is_none());
        Shape { format: self.format(), ends_json }
    }

    /// Sets a table apart from what a pipe's reader saw before it.
    fn part_tables(&mut self) -> Result<(), Failure> {
        if self.mode == Mode::Piped && self.format() == ResultFormat::Table {
            self.destination.part()?;
        }
        Ok(())
    }

    /// Evaluates a query at the session's times, with the time that it took in seconds.
    pub(crate) fn evaluate(&self, text: &str, when: When) -> Result<QueryResult, Failure> {
        let result = self.interrupt.during_query(|cancel| {
            let query = when.query(text).with_cancel(cancel);
            self.engine.query(self.dataset.storage(), &query)
        });
        result.map_err(|error| Failure::query(error, text))
    }

    /// Evaluates a query at the session's times, and measures what each part of it uses.
    pub(crate) fn analyze(&self, text: &str, when: When) -> Result<(QueryResult, Profile), Failure> {
        let result = self.interrupt.during_query(|cancel| {
            let query = when.query(text).with_cancel(cancel);
            self.engine.analyze(self.dataset.storage(), &query)
        });
        result.map_err(|error| Failure::query(error, text))
    }

    /// What may be wrong with a query; nothing if it does not parse.
    pub(crate) fn lint(&self, text: &str) -> Vec<Finding> {
        let features = self.engine.options().features;
        promqlite_lint::lint(text, features, self.dataset.storage()).unwrap_or_default()
    }

    /// Tells somebody at a terminal, in a line each, of what makes an answer doubtful.
    fn tell_doubts(&self, text: &str) {
        if self.mode != Mode::Interactive || !self.settings.lints.0 || self.reading > 0 {
            return;
        }
        let doubts = self.lint(text).into_iter().filter(|finding| finding.code.severity >= Severity::Warning);
        doubts.for_each(|finding| report::doubt(&finding));
    }

    /// Answers a query.
    pub(crate) fn answer(&mut self, text: &str) -> Result<(), Failure> {
        let when = self.times()?;
        let shape = self.shape();
        let started = Instant::now();
        let result = match self.settings.stats {
            true => self.analyze(text, when).map(|(result, profile)| (result, Some(profile))),
            false => self.evaluate(text, when).map(|result| (result, None)),
        };
        let took = started.elapsed();
        let (result, profile) = match result {
            Ok(result) => result,
            Err(failure) => {
                if let Failure::Query { error, .. } = &failure {
                    show_error(error, shape, &mut self.destination)?;
                }
                return Err(failure);
            }
        };
        self.part_tables()?;
        self.destination.paged = self.mode == Mode::Interactive && self.settings.pager.0;
        show(&result, text, when, shape, &mut self.destination)?;
        let empty = is_empty(&result.value);
        if empty {
            self.had_empty_result = true;
            note(empty_text(&self.dataset, when));
            if self.mode != Mode::Piped {
                let times = when.lint_times();
                let (engine, storage) = (&self.engine, self.dataset.storage());
                let why = |cancel: &_| promqlite_lint::why_empty(engine, storage, text, times, cancel);
                let reasons = self.interrupt.during_query(why);
                report::empty_reasons(&reasons, text);
            }
        } else if shape.format.is_for_people() {
            let series = counted(result.value.series_count() as u64, "series", "series");
            self.tell(format!("({series} {})", when.describe()));
        }
        // Why there is no answer says it all.
        if !empty {
            self.tell_doubts(text);
        }
        if let Some(profile) = &profile {
            show_stats(&result, took, profile);
        } else if self.settings.timer {
            note(format!("query: {}", elapsed(took)));
        }
        Ok(())
    }
}
