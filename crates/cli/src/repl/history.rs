//! Where the prompt's history is kept.

use std::ffi::OsString;
use std::path::PathBuf;

/// The history file: `PROMQLITE_HISTORY` if it is set (nothing is kept if it is empty), else
/// `promqlite/history` in the XDG state directory.
pub(crate) fn path() -> Option<PathBuf> {
    locate(|name| std::env::var_os(name))
}

fn locate(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    if let Some(path) = variable("PROMQLITE_HISTORY") {
        return (!path.is_empty()).then(|| PathBuf::from(path));
    }
    // The XDG specification has relative paths ignored.
    let state = variable("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || Some(PathBuf::from(variable("HOME")?).join(".local/state"));
    Some(state.or_else(home)?.join("promqlite/history"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(variables: &[(&str, &str)]) -> Option<String> {
        let path = locate(|name| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| value.into()))?;
        Some(path.display().to_string())
    }

    #[test]
    fn the_state_directory_unless_told_otherwise() {
        let home = ("HOME", "/home/a");
        assert_eq!(located(&[home]).as_deref(), Some("/home/a/.local/state/promqlite/history"));
        assert_eq!(located(&[home, ("XDG_STATE_HOME", "/s")]).as_deref(), Some("/s/promqlite/history"));
        assert_eq!(located(&[home, ("XDG_STATE_HOME", "s")]), located(&[home]));
        assert_eq!(located(&[home, ("PROMQLITE_HISTORY", "h")]).as_deref(), Some("h"));
        assert_eq!(located(&[home, ("PROMQLITE_HISTORY", "")]), None);
        assert_eq!(located(&[]), None);
    }
}
