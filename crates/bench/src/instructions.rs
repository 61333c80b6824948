//! Instruction counts of a few cases, by callgrind: unlike times they hardly depend on what else the machine does.

use std::error::Error;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::{Case, Dataset, all, cases, measure};

/// The cases that are counted, by name: one for each thing that queries spend their time on.
const CORE: [&str; 14] = [
    "parse sum(up)",
    "a_one, 1 steps",
    "a_hundred, 1000 steps",
    "rate(a_hundred[1m]), 1000 steps",
    "rate(a_hundred[1d]), 1000 steps",
    "changes(a_hundred[1d]), 1000 steps",
    "a_hundred - b_hundred, 1000 steps",
    "a_hundred or b_hundred{l=~'.*[0-4]$'}, 1000 steps",
    "label_replace(a_hundred, 'l2', '$1', 'l', '(.*)'), 1 steps",
    "sum by (le)(h_hundred), 1000 steps",
    "topk(5, a_hundred), 1000 steps",
    "count_values('value', h_one), 100 steps",
    "histogram_quantile(0.9, rate(h_hundred[5m])), 1000 steps",
    "count({__name__!=\"\"}), 1 steps",
];

/// What a case executed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The case.
    pub case: String,
    /// Instructions of one run, from text to result.
    pub instructions: u64,
}

fn core_cases() -> Vec<(Dataset, Vec<Case>)> {
    let chosen = all().into_iter().filter(|case| CORE.contains(&case.name.as_str())).collect();
    cases::choose(chosen, None, None)
}

/// Answers each case once, and then runs it once for callgrind, which counts inside [`measure::run`] only.
///
/// # Errors
/// The error of a query.
pub fn run_all() -> Result<(), String> {
    let engine = measure::engine(true);
    for (dataset, cases) in core_cases() {
        let store = dataset.load();
        for case in cases {
            measure::answer(&engine, &store, &case)?;
            measure::run(&engine, &store, &case);
        }
    }
    Ok(())
}

/// Counts the instructions of all cases: runs `program` with `args`, which must lead to [`run_all`], below callgrind.
/// Takes a minute or two, most of it to make the data.
///
/// # Errors
/// What is missing, or what callgrind said.
pub fn count(program: &Path, args: &[&str]) -> Result<Vec<Count>, Box<dyn Error>> {
    let dir = std::env::temp_dir().join(format!("promqlite-instructions-{}", std::process::id()));
    fs::create_dir_all(&dir)?;
    let counted = count_in(&dir, program, args);
    fs::remove_dir_all(&dir)?;
    counted
}

fn count_in(dir: &Path, program: &Path, args: &[&str]) -> Result<Vec<Count>, Box<dyn Error>> {
    let function = "promqlite_bench::measure::run"; // Its whole name: with a pattern nothing is dumped.
    let child = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no"])
        .arg(format!("--toggle-collect={function}"))
        .arg(format!("--dump-after={function}"))
        .arg(format!("--callgrind-out-file={}", dir.join("out").display()))
        .arg(program)
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output();
    let output = match child {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err("valgrind is not installed: instructions are counted by its tool callgrind".into());
        }
        Err(error) => return Err(error.into()),
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("valgrind failed ({}): {said}", output.status).into());
    }
    let names = core_cases().into_iter().flat_map(|(_, cases)| cases).map(|case| case.name);
    let counts = names.enumerate().map(|(i, case)| {
        let text = fs::read_to_string(dir.join(format!("out.{}", i + 1)))?;
        let instructions = total(&text).ok_or_else(|| format!("callgrind counted nothing for {case}"))?;
        Ok(Count { case, instructions })
    });
    counts.collect()
}

/// The total of a callgrind file: its `totals:` or `summary:` line.
fn total(text: &str) -> Option<u64> {
    let value = |line: &str| {
        line.strip_prefix("totals:").or_else(|| line.strip_prefix("summary:"))?.trim().parse().ok()
    };
    text.lines().rev().find_map(value).filter(|&total| total > 0)
}

/// Differences below this are noise: hash tables are seeded anew in each run.
const NOISE: f64 = 0.02;

/// A Markdown table of counts beside those that were recorded.
#[must_use]
pub fn compare(recorded: &[Count], now: &[Count]) -> String {
    let mut table = String::from("| case | recorded | now | now ÷ recorded |\n|---|--:|--:|--:|\n");
    for Count { case, instructions } in now {
        let before = recorded.iter().find(|count| count.case == *case).map(|count| count.instructions);
        let (before, ratio) = match before {
            None => ("–".to_owned(), "new".to_owned()),
            Some(before) => {
                let ratio = *instructions as f64 / before as f64;
                let mark = match ratio {
                    r if r > 1.0 + NOISE => " ▲",
                    r if r < 1.0 - NOISE => " ▼",
                    _ => "",
                };
                (before.to_string(), format!("{ratio:.3}{mark}"))
            }
        };
        let case = case.replace('|', "\\|");
        table.push_str(&format!("| `{case}` | {before} | {instructions} | {ratio} |\n"));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_core_case_is_in_the_list() {
        let found: usize = core_cases().iter().map(|(_, cases)| cases.len()).sum();
        assert_eq!(found, CORE.len());
    }

    #[test]
    fn totals_are_read_and_compared() {
        assert_eq!(total("events: Ir\nfn=(1)\n0 5\ntotals: 1234\n"), Some(1234));
        assert_eq!(total("events: Ir\nsummary: 77\n\nfn=(1)\n"), Some(77));
        assert_eq!(total("events: Ir\ntotals: 0\n"), None);
        let count = |case: &str, instructions| Count { case: case.to_owned(), instructions };
        let recorded = [count("a", 1000), count("b", 1000), count("c", 1000)];
        let table =
            compare(&recorded, &[count("a", 1010), count("b", 1100), count("c", 900), count("d|e", 5)]);
        assert_eq!(
            table.lines().skip(2).collect::<Vec<_>>(),
            [
                "| `a` | 1000 | 1010 | 1.010 |",
                "| `b` | 1000 | 1100 | 1.100 ▲ |",
                "| `c` | 1000 | 900 | 0.900 ▼ |",
                "| `d\\|e` | – | 5 | new |",
            ]
        );
    }
}
