//! Measures what the cases allocate on one thread, and prints one record a line. A program of its own, since
//! counting allocations costs time.

#![allow(clippy::print_stdout, reason = "figures are for people and scripts to read")]

use std::error::Error;

use clap::Parser;
use promqlite_bench::record::Record;
use promqlite_bench::{all, cases, measure};

/// What the cases allocate.
#[derive(Parser)]
struct Cli {
    /// Only this data set.
    #[arg(long)]
    dataset: Option<String>,
    /// Only cases whose name contains this.
    #[arg(long)]
    filter: Option<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let cli = Cli::parse();
    let engine = measure::engine(true);
    for (dataset, cases) in cases::choose(all(), cli.dataset.as_deref(), cli.filter.as_deref()) {
        let store = dataset.load();
        for case in cases {
            measure::answer(&engine, &store, &case)?; // Once before: what is made on first use is not counted.
            let whole = allocation_counter::measure(|| measure::run(&engine, &store, &case));
            let streamed = allocation_counter::measure(|| measure::stream(&engine, &store, &case));
            for (engine, counted) in [("promqlite", whole), ("promqlite, streamed", streamed)] {
                let record = Record {
                    engine: engine.to_owned(),
                    dataset: dataset.name().to_owned(),
                    case: case.name.clone(),
                    threads: 1,
                    ns: None,
                    bytes: Some(counted.bytes_total as f64),
                    peak: Some(counted.bytes_max as f64),
                    error: None,
                };
                println!("{}", serde_json::to_string(&record)?);
            }
        }
    }
    Ok(())
}
