//! Editing a query in the user's editor.

use std::io::{self, Read, Seek, Write};
use std::process::Command;

use crate::failure::Failure;

/// Lets the user edit `text` in `VISUAL`, `EDITOR` or `vi`; returns what it was saved as.
pub(crate) fn edit(text: &str) -> Result<String, Failure> {
    let set = |name| std::env::var(name).ok().filter(|command| !command.trim().is_empty());
    let editor = set("VISUAL").or_else(|| set("EDITOR")).unwrap_or_else(|| "vi".to_owned());
    edit_with(&editor, text).map_err(|e| Failure::io(format!("editor `{editor}`"), e))
}

fn edit_with(editor: &str, text: &str) -> io::Result<String> {
    let mut file = tempfile::Builder::new().prefix("promqlite-").suffix(".promql").tempfile()?;
    writeln!(file, "{text}")?;
    file.flush()?;
    let mut words = editor.split_whitespace();
    let program = words.next().ok_or(io::ErrorKind::NotFound)?;
    let status = Command::new(program).args(words).arg(file.path()).status()?;
    if !status.success() {
        return Err(io::Error::other(format!("it ended with {status}")));
    }
    let mut edited = String::new();
    // Editors replace files: what counts is what has this name now.
    let mut now = std::fs::File::open(file.path())?;
    now.rewind()?;
    now.read_to_string(&mut edited)?;
    Ok(edited.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_comes_back() {
        assert_eq!(edit_with("true", "sum(\nup)").expect("an editor"), "sum(\nup)");
        assert_eq!(edit_with("sed -i s/up/down/", "up").expect("an editor"), "down");
        assert!(edit_with("false", "up").is_err());
        assert!(edit_with("no-such-editor-anywhere", "up").is_err());
    }
}
