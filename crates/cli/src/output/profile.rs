//! What each part of a query used, as a table beside the tree of its operators.

use std::fmt::Write as _;
use std::io::{self, Write};

use promqlite::{Part, Profile, Stats};

use crate::numbers::{bytes, count, elapsed};
use crate::output::page::Page;
use crate::output::table::one_line;

/// The numbers that stand before a part's name.
const COLUMNS: [&str; 7] = ["time", "%", "series", "steps", "samples", "bytes", "peak"];

const BOLD_YELLOW: &str = "\x1b[1;33m";
const BOLD: &str = "\x1b[1m";
const RESET: &str = "\x1b[0m";

struct Line {
    numbers: [String; COLUMNS.len()],
    name: String,
    weight: Weight,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Weight {
    Usual,
    /// The header, and the sum below.
    Frame,
    /// The part that took the most time.
    Hottest,
}

/// Writes a line per part, operators as `explain` prints them, and the whole below. The part that took the most time
/// is marked.
pub(crate) fn write_profile(page: &mut Page<'_>, profile: &Profile, stats: &Stats) -> io::Result<()> {
    let hottest = profile.hottest();
    let header =
        Line { numbers: COLUMNS.map(str::to_owned), name: "operator".to_owned(), weight: Weight::Frame };
    let parts = profile.parts.iter().enumerate();
    let parts = parts.map(|(i, part)| part_line(part, profile, hottest == Some(i)));
    let lines: Vec<Line> = std::iter::once(header).chain(parts).chain([whole_line(profile, stats)]).collect();
    let widths: [usize; COLUMNS.len()] = std::array::from_fn(|column| {
        lines.iter().map(|line| line.numbers[column].chars().count()).max().unwrap_or(0)
    });
    lines.iter().try_for_each(|line| write_line(page, line, &widths))
}

fn write_line(page: &mut Page<'_>, line: &Line, widths: &[usize; COLUMNS.len()]) -> io::Result<()> {
    let mut text = String::new();
    for (number, &width) in line.numbers.iter().zip(widths) {
        let _ = write!(text, "{number:>width$}  ");
    }
    text.push_str(&line.name);
    let colour = match line.weight {
        Weight::Hottest => {
            text.push_str(" ←");
            BOLD_YELLOW
        }
        Weight::Frame => BOLD,
        Weight::Usual => "",
    };
    if page.screen.coloured && !colour.is_empty() {
        return writeln!(page, "{colour}{text}{RESET}");
    }
    writeln!(page, "{text}")
}

fn part_line(part: &Part, profile: &Profile, hottest: bool) -> Line {
    let share = 100.0 * part.time.as_secs_f64() / profile.total.as_secs_f64().max(1e-9);
    let known = |n: Option<u64>| n.map_or(String::new(), count);
    let some = |n: u64, show: fn(u64) -> String| if n == 0 { String::new() } else { show(n) };
    Line {
        numbers: [
            elapsed(part.time),
            format!("{share:.1}"),
            known(part.rows),
            known(part.steps),
            some(part.samples, count),
            some(part.bytes, bytes),
            some(part.peak_bytes, bytes),
        ],
        // The indentation of very deep queries would outgrow everything else.
        name: format!("{:1$}{2}", "", 2 * part.depth.min(100), one_line(&part.name)),
        weight: if hottest { Weight::Hottest } else { Weight::Usual },
    }
}

fn whole_line(profile: &Profile, stats: &Stats) -> Line {
    let bytes_of_all = profile.parts.iter().map(|part| part.bytes).sum();
    let busy = profile.busy();
    let name = if busy > profile.total.mul_f64(1.05) {
        format!("whole (threads worked {})", elapsed(busy))
    } else {
        "whole".to_owned()
    };
    Line {
        numbers: [
            elapsed(profile.total),
            "100.0".to_owned(),
            String::new(),
            String::new(),
            count(stats.samples_read),
            bytes(bytes_of_all),
            bytes(stats.peak_bytes),
        ],
        name,
        weight: Weight::Frame,
    }
}

#[cfg(test)]
mod tests {
    use promqlite::{Engine, MemStore, Query, Timestamp};

    use super::*;
    use crate::output::page::{Screen, to_text};

    #[test]
    fn there_is_a_line_per_part_and_one_is_marked() {
        let store = MemStore::new();
        let series = store.series_of([("__name__", "up"), ("job", "a\nb")]);
        store.append(series, 0, 1.0);
        let query = Query::instant("sum(up{job='a\\nb'}) + 1", Timestamp(0));
        let (result, profile) = Engine::default().analyze(&store, &query).expect("a query");
        let shown = to_text(Screen::PAPER, |page| write_profile(page, &profile, &result.stats));
        assert_eq!(shown.lines().count(), profile.parts.len() + 2, "{shown}");
        assert_eq!(shown.matches('←').count(), 1, "{shown}");
        assert!(!shown.contains('\x1b'), "{shown}");
        let coloured = Screen { coloured: true, ..Screen::PAPER };
        let shown = to_text(coloured, |page| write_profile(page, &profile, &result.stats));
        assert_eq!(shown.matches(BOLD_YELLOW).count(), 1, "{shown}");
    }
}
