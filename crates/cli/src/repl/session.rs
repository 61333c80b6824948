//! The state between one input and the next.

use std::time::Instant;

use promqlite::Engine;

use crate::args::{ReplArgs, ResultFormat};
use crate::commands::empty_text;
use crate::dataset::{Dataset, InputArgs};
use crate::failure::Failure;
use crate::numbers::counted;
use crate::output::{Shape, is_empty, show, show_error, show_stats, to_stdout};
use crate::repl::interrupt::Interrupt;
use crate::repl::{commands, input};
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
    /// A program or a file.
    Piped,
}

/// Loaded data, an engine, and what dot-commands have set.
pub(crate) struct Session {
    engine: Engine,
    input: InputArgs,
    now: Option<TimeSpec>,
    interrupt: Interrupt,
    mode: Mode,
    /// Whether any result has been shown.
    answered: bool,
    dataset: Dataset,
    generation: u64,
    /// When queries are evaluated.
    pub(crate) when: WhenSpec,
    /// How results are shown.
    pub(crate) format: ResultFormat,
    /// Whether times and counts are shown after each query.
    pub(crate) timing: bool,
}

impl Session {
    /// Loads what the arguments name.
    pub(crate) fn open(args: &ReplArgs, interrupt: Interrupt, mode: Mode) -> Result<Self, Failure> {
        let when = args.time.spec().map_err(Failure::Usage)?;
        let engine = args.engine.engine()?;
        let dataset = interrupt.during_load(|cancel| Dataset::open(&args.paths, &args.input, cancel))?;
        Ok(Self {
            engine,
            input: args.input.clone(),
            now: args.time.now,
            interrupt,
            mode,
            answered: false,
            dataset,
            generation: 0,
            when,
            format: args.output.format,
            timing: args.output.stats,
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
        self.generation += 1;
        Ok(())
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

    /// When a query entered now is evaluated.
    pub(crate) fn times(&self) -> Result<When, Failure> {
        self.when.resolve(self.dataset.now(self.now)).map_err(Failure::Usage)
    }

    /// Tells somebody at a terminal what happened.
    pub(crate) fn tell(&self, line: impl AsRef<str>) {
        if self.mode == Mode::Interactive {
            note(line);
        }
    }

    /// Sets a table apart from what a pipe's reader saw before it.
    fn part_tables(&mut self) -> Result<(), Failure> {
        if self.mode == Mode::Piped && self.format == ResultFormat::Table && self.answered {
            to_stdout(|out| writeln!(out))?;
        }
        self.answered = true;
        Ok(())
    }

    fn answer(&mut self, text: &str) -> Result<(), Failure> {
        let when = self.times()?;
        let shape = Shape { format: self.format, ends_json: true };
        let started = Instant::now();
        let result = self.interrupt.during_query(|cancel| {
            let query = when.query(text).with_cancel(cancel);
            self.engine.query(self.dataset.storage(), &query)
        });
        let took = started.elapsed();
        let result = match result {
            Ok(result) => result,
            Err(error) => {
                show_error(&error, shape)?;
                return Err(Failure::query(error, text));
            }
        };
        self.part_tables()?;
        show(&result, text, shape)?;
        if is_empty(&result.value) {
            note(empty_text(&self.dataset, when));
        } else if self.format == ResultFormat::Table {
            let series = counted(result.value.series_count() as u64, "series", "series");
            self.tell(format!("({series} {})", when.describe()));
        }
        if self.timing {
            show_stats(&result, took);
        }
        Ok(())
    }
}
