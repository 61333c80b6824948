//! The pager of long answers.

use std::io::{self, Write};
use std::process::{Command, Stdio};

/// The user's pager: `PROMQLITE_PAGER` if it is set, else `PAGER`, else `less`. `None` if that is empty or `cat`.
pub(crate) fn command() -> Option<String> {
    choose(std::env::var("PROMQLITE_PAGER").ok(), std::env::var("PAGER").ok())
}

fn choose(own: Option<String>, common: Option<String>) -> Option<String> {
    let command = own.or(common).unwrap_or_else(|| "less".to_owned());
    let command = command.trim();
    (!command.is_empty() && command != "cat").then(|| command.to_owned())
}

/// Shows a text in a pager and waits for its end. An error if there is no such program.
pub(crate) fn show(command: &str, text: &str) -> io::Result<()> {
    let mut words = command.split_whitespace();
    let program = words.next().ok_or(io::ErrorKind::NotFound)?;
    let mut pager = Command::new(program);
    pager.args(words).stdin(Stdio::piped());
    if std::env::var_os("LESS").is_none() {
        // End at once if the text fits after all, colours as they are, no wrapping, the text stays on the screen.
        pager.env("LESS", "FRSX");
    }
    let mut child = pager.spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // Whoever leaves the pager early has seen enough.
        let _ = input.write_all(text.as_bytes());
    }
    child.wait()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_choice_before_common_choice() {
        let chosen = |own: Option<&str>, common: Option<&str>| {
            choose(own.map(str::to_owned), common.map(str::to_owned))
        };
        assert_eq!(chosen(None, None).as_deref(), Some("less"));
        assert_eq!(chosen(None, Some("more -d")).as_deref(), Some("more -d"));
        assert_eq!(chosen(Some("most"), Some("more")).as_deref(), Some("most"));
        assert_eq!(chosen(Some(""), Some("more")), None);
        assert_eq!(chosen(None, Some("cat")), None);
    }

    #[test]
    fn a_missing_pager_is_an_error_and_an_impatient_one_is_not() {
        assert!(show("no-such-pager-anywhere", "text").is_err());
        assert!(show("true", &"text\n".repeat(100_000)).is_ok());
    }
}
