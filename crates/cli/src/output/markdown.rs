//! Results as Markdown tables.

use std::io::{self, Write};

use promqlite::{Value, float_plain};

use crate::output::Page;
use crate::output::table::{Grid, Shared};

/// A result as a Markdown table with a column for every label; scalars and strings as they are.
pub(super) fn write_value(page: &mut Page<'_>, value: &Value) -> io::Result<()> {
    match value {
        Value::Scalar(_, number) => writeln!(page, "{}", float_plain(*number)),
        Value::String(_, text) => writeln!(page, "{}", escape(text)),
        Value::Vector(_, samples) => write_grid(page, &Grid::of_vector(samples, Shared::Columns)),
        Value::Matrix(series) => write_grid(page, &Grid::of_matrix(series, Shared::Columns)),
    }
}

fn write_grid(page: &mut Page<'_>, grid: &Grid) -> io::Result<()> {
    if grid.rows.is_empty() {
        return Ok(());
    }
    write_row(page, &grid.header)?;
    // Values are aligned to the right.
    let rules: Vec<String> = (1..=grid.header.len())
        .map(|i| if i == grid.header.len() { "---:" } else { "---" }.to_owned())
        .collect();
    write_row(page, &rules)?;
    grid.rows.iter().try_for_each(|row| write_row(page, row))
}

fn write_row(page: &mut Page<'_>, cells: &[String]) -> io::Result<()> {
    let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
    writeln!(page, "| {} |", cells.join(" | "))
}

/// Shields what Markdown would read as more than text, and what would end the cell.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_word = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let special = match c {
            '|' | '\\' | '*' | '`' | '<' | '[' | ']' => true,
            // Inside a word it is text.
            '_' => !in_word || !rest.peek().is_some_and(|next| next.is_alphanumeric()),
            _ => false,
        };
        if special {
            out.push('\\');
        }
        out.push(if c == '\n' { ' ' } else { c });
        in_word = c.is_alphanumeric() || (c == '_' && in_word);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        for (text, want) in [
            ("a_b", "a_b"),
            ("_a_", r"\_a\_"),
            ("__name__", r"\_\_name\_\_"),
            ("a|b", r"a\|b"),
            ("[x](y)\n`z`", r"\[x\](y) \`z\`"),
        ] {
            assert_eq!(escape(text), want, "{text}");
        }
    }
}
