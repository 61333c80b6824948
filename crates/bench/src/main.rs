//! Runs the benchmark list and prints JSON lines, or a table of such lines.

#![allow(clippy::print_stdout, reason = "figures are for people and scripts to read")]

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, Parser, Subcommand};
use promqlite_bench::measure::{self, Clock, Effort};
use promqlite_bench::record::{self, Record};
use promqlite_bench::{Case, Dataset, Kind, all, cases, data, table};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The benchmark list of promqlite.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answers every case and prints it with its answer, one JSON object a line: the list for peers.
    Answers(Choice),
    /// Checks and times cases, and prints one record a line.
    Time(TimeArgs),
    /// Loads data sets and prints how long that took.
    Load(Choice),
    /// Runs one case over and over, for a profiler.
    Repeat(RepeatArgs),
    /// Times cases with and without a profile of their parts, and prints what measuring them costs.
    Measuring(Choice),
    /// Prints a Markdown table of records.
    Table {
        /// Files with records, of all engines.
        files: Vec<PathBuf>,
    },
}

#[derive(Args)]
struct Choice {
    /// Only this data set.
    #[arg(long)]
    dataset: Option<String>,
    /// Only cases whose name contains this.
    #[arg(long)]
    filter: Option<String>,
}

impl Choice {
    /// The cases that are wanted, with their data sets in the order of the list.
    fn groups(&self) -> Vec<(Dataset, Vec<Case>)> {
        cases::choose(all(), self.dataset.as_deref(), self.filter.as_deref())
    }
}

#[derive(Args)]
struct TimeArgs {
    #[command(flatten)]
    choice: Choice,
    /// Threads: 1 runs on the calling thread.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Measure each case at least this long.
    #[arg(long, default_value_t = 400)]
    at_least_ms: u64,
    /// Cases with the answers that they must have.
    #[arg(long)]
    cases: Option<PathBuf>,
}

#[derive(Args)]
struct RepeatArgs {
    #[command(flatten)]
    choice: Choice,
    /// For how long.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    match Cli::parse().command {
        Command::Answers(choice) => answers(&choice),
        Command::Time(args) => time(&args),
        Command::Load(choice) => load(&choice),
        Command::Repeat(args) => repeat(&args),
        Command::Measuring(choice) => {
            measuring(&choice);
            Ok(())
        }
        Command::Table { files } => {
            let mut records = Vec::new();
            for file in files {
                records.extend(record::parse(&fs::read_to_string(file)?)?);
            }
            print!("{}", table::markdown(&records));
            Ok(())
        }
    }
}

fn answers(choice: &Choice) -> Result<(), Box<dyn Error>> {
    let engine = measure::engine(true);
    for (dataset, cases) in choice.groups() {
        let store = dataset.load();
        for mut case in cases {
            case.answer = Some(measure::answer(&engine, &store, &case)?);
            println!("{}", serde_json::to_string(&case)?);
        }
    }
    Ok(())
}

fn measuring(choice: &Choice) {
    let engine = measure::engine(true);
    let effort = Effort { at_least: Duration::from_millis(60), at_most: Duration::from_secs(2) };
    let mut ratios = Vec::new();
    for (dataset, cases) in choice.groups() {
        let store = dataset.load();
        for case in cases.iter().filter(|case| case.kind == Kind::Query) {
            let (mut plain, mut measured) = (f64::INFINITY, f64::INFINITY);
            // In turn, so that a slow moment of the machine meets both.
            for _ in 0..8 {
                plain =
                    plain.min(measure::least_ns(Clock::Cpu, effort, || measure::run(&engine, &store, case)));
                let analyze = || measure::analyze(&engine, &store, case);
                measured = measured.min(measure::least_ns(Clock::Cpu, effort, analyze));
            }
            ratios.push((plain, measured));
            let cost = 100.0 * (measured / plain - 1.0);
            println!(
                "{:>12.1} µs {:>+8.2} µs {cost:>+7.2} %  {}",
                plain / 1e3,
                (measured - plain) / 1e3,
                case.name
            );
        }
    }
    for (from, to) in [(0.0, 1e4), (1e4, 1e5), (1e5, 1e6), (1e6, f64::INFINITY)] {
        let inside = ratios.iter().filter(|(plain, _)| (from..to).contains(plain));
        let logs: Vec<f64> = inside.map(|(plain, measured)| (measured / plain).ln()).collect();
        if !logs.is_empty() {
            let mean = (logs.iter().sum::<f64>() / logs.len() as f64).exp_m1() * 100.0;
            println!("from {:>6} µs: {mean:+.2} % over {} cases", from / 1e3, logs.len());
        }
    }
}

fn time(args: &TimeArgs) -> Result<(), Box<dyn Error>> {
    rayon::ThreadPoolBuilder::new().num_threads(args.threads).build_global()?;
    let expected = args.cases.as_ref().map(fs::read_to_string).transpose()?;
    let expected = cases::parse(expected.as_deref().unwrap_or_default())?;
    let effort = Effort { at_least: Duration::from_millis(args.at_least_ms), ..Effort::default() };
    let clock = if args.threads == 1 { Clock::Cpu } else { Clock::Wall };
    let engine = measure::engine(args.threads == 1);
    for (dataset, cases) in args.choice.groups() {
        let store = dataset.load();
        for case in cases {
            let answer = measure::answer(&engine, &store, &case)?;
            cases::check(&expected, &case, &answer)?;
            let ns = measure::least_ns(clock, effort, || measure::run(&engine, &store, &case));
            let record = Record {
                engine: "promqlite".to_owned(),
                dataset: dataset.name().to_owned(),
                case: case.name,
                threads: args.threads,
                ns: Some(ns),
                bytes: None,
                peak: None,
                error: None,
            };
            println!("{}", serde_json::to_string(&record)?);
        }
    }
    Ok(())
}

fn load(choice: &Choice) -> Result<(), Box<dyn Error>> {
    for dataset in data::DATASETS {
        if choice.dataset.as_ref().is_some_and(|name| name != dataset.name()) {
            continue;
        }
        let start = Instant::now();
        let store = dataset.load();
        let ms = start.elapsed().as_millis();
        let (series, samples, bytes) = (store.series_count(), store.sample_count(), store.bytes());
        println!("{}: {ms} ms, {series} series, {samples} samples, {bytes} bytes", dataset.name());
    }
    Ok(())
}

fn repeat(args: &RepeatArgs) -> Result<(), Box<dyn Error>> {
    let engine = measure::engine(true);
    for (dataset, cases) in args.choice.groups() {
        let store = dataset.load();
        for case in cases {
            measure::answer(&engine, &store, &case)?;
            let start = Instant::now();
            let mut runs = 0_u32;
            while start.elapsed() < Duration::from_secs(args.seconds) {
                measure::run(&engine, &store, &case);
                runs += 1;
            }
            println!("{}: {:.1} us", case.name, start.elapsed().as_secs_f64() * 1e6 / f64::from(runs));
        }
    }
    Ok(())
}
