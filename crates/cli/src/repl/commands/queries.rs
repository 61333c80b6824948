//! Commands that show what a query is, without answering it.

use std::io::Write;

use promqlite::functions as registry;
use promqlite_formats::write::Notes;

use crate::catalog::is_like;
use crate::commands::{formatted, syntax_tree};
use crate::failure::Failure;
use crate::output::{new_table, write_analysis, write_table};
use crate::repl::commands::required;
use crate::repl::session::{Flow, Session};
use crate::report;

pub(super) fn ast(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    let tree = syntax_tree(required("ast", text)?)?;
    session.write(|page| writeln!(page, "{}", tree.trim_end()))?;
    Ok(Flow::GoOn)
}

pub(super) fn fmt(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    let query = formatted(required("fmt", text)?)?;
    session.write(|page| writeln!(page, "{query}"))?;
    Ok(Flow::GoOn)
}

pub(super) fn lint(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    let text = required("lint", text)?;
    session.engine().check(text).map_err(|error| Failure::query(error, text))?;
    let findings = session.lint(text);
    session.write(|page| {
        let coloured = page.screen.coloured;
        for finding in &findings {
            writeln!(page, "{}\n", report::finding(finding, text, coloured))?;
        }
        Ok(())
    })?;
    if findings.is_empty() {
        session.tell("nothing seems wrong with it");
    }
    Ok(Flow::GoOn)
}

pub(super) fn explain(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    let text = required("explain", text)?;
    if let Some((_, text)) = text.split_once(char::is_whitespace).filter(|(word, _)| *word == "analyze") {
        return analyze(session, text.trim_start());
    }
    let query = session.times()?.query(text);
    let plan = session.engine().explain(&query).map_err(|error| Failure::query(error, text))?;
    session.write(|page| write!(page, "{plan}"))?;
    Ok(Flow::GoOn)
}

fn analyze(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    let (result, profile) = session.analyze(text, session.times()?)?;
    session.write(|page| write_analysis(page, &result, &profile))?;
    report::notes(&Notes::new(&result.annotations, text));
    Ok(Flow::GoOn)
}

pub(super) fn functions(session: &mut Session, pattern: &str) -> Result<Flow, Failure> {
    let mut table = new_table(["name", "", "what it does"]);
    let experimental = |yes| if yes { "experimental" } else { "" };
    for aggregation in registry::aggregations().iter().filter(|a| is_like(a.name, pattern)) {
        table.add_row([aggregation.name, experimental(aggregation.experimental), aggregation.doc.summary]);
    }
    for function in registry::functions().iter().filter(|f| is_like(f.name, pattern)) {
        table.add_row([function.name, experimental(function.experimental), function.doc.summary]);
    }
    session.write(|page| write_table(page, table))?;
    Ok(Flow::GoOn)
}
