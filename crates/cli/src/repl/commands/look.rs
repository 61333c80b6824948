//! Commands that show what the data holds.

use std::io::Write;

use promqlite::{MatchOp, Matcher, TimeRange};

use crate::catalog::{self, Samples, is_like};
use crate::commands::{write_files, write_summary, write_tops};
use crate::failure::Failure;
use crate::numbers::count;
use crate::output::{align_right, new_table, one_line, write_table};
use crate::repl::commands::{required, wrong};
use crate::repl::session::{Flow, Session};
use crate::selectors;

/// Metrics and labels that `.info` and `.top` show.
const TOP: usize = 10;

pub(super) fn info(session: &mut Session, _: &str) -> Result<Flow, Failure> {
    let storage = session.dataset().storage();
    let (metrics, labels) =
        (catalog::metrics(storage, &[], Samples::Skipped)?, catalog::labels(storage, &[])?);
    let summary = session.dataset().summary();
    session.write(|page| {
        write_files(page, &summary)?;
        write_summary(page, &summary)?;
        write_tops(page, &metrics, &labels, TOP)
    })?;
    Ok(Flow::GoOn)
}

pub(super) fn top(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    let n = match text {
        "" => TOP,
        text => text.parse().map_err(|_| wrong("top", "expected a number"))?,
    };
    let storage = session.dataset().storage();
    let (metrics, labels) =
        (catalog::metrics(storage, &[], Samples::Skipped)?, catalog::labels(storage, &[])?);
    session.write(|page| write_tops(page, &metrics, &labels, n))?;
    Ok(Flow::GoOn)
}

pub(super) fn metrics(session: &mut Session, pattern: &str) -> Result<Flow, Failure> {
    let mut metrics = catalog::metrics(session.dataset().storage(), &[], Samples::Skipped)?;
    metrics.retain(|metric| !metric.name.is_empty() && is_like(&metric.name, pattern));
    metrics.sort_by(|a, b| a.name.cmp(&b.name));
    let helps = session.dataset().helps();
    let mut table = new_table(["metric", "type", "series", "help"]);
    align_right(&mut table, 2);
    for metric in metrics {
        let help = helps.of(&metric.name);
        let kind = metric.kind.as_str().to_owned();
        table.add_row([one_line(&metric.name), kind, count(metric.series), one_line(help)]);
    }
    session.write(|page| write_table(page, table))?;
    Ok(Flow::GoOn)
}

/// Values of a label that are shown as examples.
const EXAMPLES: usize = 5;

pub(super) fn labels(session: &mut Session, metric: &str) -> Result<Flow, Failure> {
    let storage = session.dataset().storage();
    let matchers: Vec<Matcher> = if metric.is_empty() { Vec::new() } else { vec![is_named(metric)] };
    let names = storage.label_names(&matchers, TimeRange::ALL)?;
    if names.is_empty() && !metric.is_empty() {
        let known = storage.label_values("__name__", &[], TimeRange::ALL)?;
        let hint = promqlite_lint::similar(metric, known.iter().map(String::as_str))
            .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        return Err(wrong("labels", format!("there is no metric `{metric}`{hint} (.metrics lists them)")));
    }
    let mut table = new_table(["label", "values", "examples"]);
    align_right(&mut table, 1);
    for name in names {
        let values = storage.label_values(&name, &matchers, TimeRange::ALL)?;
        let mut examples: Vec<String> = values.iter().take(EXAMPLES).map(|value| one_line(value)).collect();
        if values.len() > EXAMPLES {
            examples.push("…".into());
        }
        table.add_row([one_line(&name), count(values.len() as u64), examples.join(", ")]);
    }
    session.write(|page| write_table(page, table))?;
    Ok(Flow::GoOn)
}

pub(super) fn values(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    let (label, selector) = required("values", text)?.split_once(char::is_whitespace).unwrap_or((text, ""));
    let matchers = selectors::matchers(selector)?;
    let storage = session.dataset().storage();
    let values = storage.label_values(label, &matchers, TimeRange::ALL)?;
    if values.is_empty() {
        let names = storage.label_names(&matchers, TimeRange::ALL)?;
        let hint = promqlite_lint::similar(label, names.iter().map(String::as_str))
            .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        return Err(wrong("values", format!("no series has the label `{label}`{hint}")));
    }
    session.write(|page| values.iter().try_for_each(|value| writeln!(page, "{}", one_line(value))))?;
    Ok(Flow::GoOn)
}

/// Series that are listed at most on a terminal; files get all.
const MAX_SERIES: usize = 1000;

pub(super) fn series(session: &mut Session, selector: &str) -> Result<Flow, Failure> {
    let matchers = selectors::matchers(selector)?;
    let limit = if session.destination.next_path().is_some() { usize::MAX } else { MAX_SERIES };
    let (sets, total) = catalog::series(session.dataset().storage(), &matchers, limit)?;
    let shown = sets.len();
    session.write(|page| sets.iter().try_for_each(|labels| writeln!(page, "{labels}")))?;
    if shown < total {
        let left_out = count((total - shown) as u64);
        session.tell(format!("… and {left_out} more; `.once FILE` before `.series` writes all into a file"));
    } else {
        session.tell(format!("({} series)", count(total as u64)));
    }
    Ok(Flow::GoOn)
}

fn is_named(metric: &str) -> Matcher {
    Matcher::new("__name__", MatchOp::Equal, metric)
        .expect("invariant: only regular expressions can be wrong")
}
