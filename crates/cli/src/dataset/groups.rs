//! Paths as users write them: plain, or with a label that tells their series apart (`run=a:left.om`).

use std::path::Path;

/// Paths whose series get the same label, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// The label's name and value.
    pub(super) label: Option<(String, String)>,
    /// What to load.
    pub(super) paths: Vec<String>,
}

/// The groups of paths, in the order of their first paths.
pub(super) fn groups(paths: &[String]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for path in paths {
        let (label, path) = split(path);
        match groups.iter_mut().find(|group| group.label == label) {
            Some(group) => group.paths.push(path),
            None => groups.push(Group { label, paths: vec![path] }),
        }
    }
    groups
}

/// The path behind the label that may stand before it.
pub(crate) fn bare_path(text: &str) -> String {
    split(text).1
}

/// The label, and the path. A path that exists as it is written has no label.
fn split(text: &str) -> (Option<(String, String)>, String) {
    if let Some((name, rest)) = text.split_once('=')
        && let Some((value, path)) = rest.split_once(':')
        && is_label_name(name)
        && !value.is_empty()
        && !path.is_empty()
        && !Path::new(text).exists()
    {
        return (Some((name.to_owned(), value.to_owned())), path.to_owned());
    }
    (None, text.to_owned())
}

fn is_label_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stand_before_paths() {
        for (text, want) in [
            ("left.om", (None, "left.om")),
            ("run=a:left.om", (Some(("run", "a")), "left.om")),
            ("run=a:-", (Some(("run", "a")), "-")),
            ("run=a:b:c", (Some(("run", "a")), "b:c")),
            ("run=a", (None, "run=a")),
            ("run=:x", (None, "run=:x")),
            ("run=a:", (None, "run=a:")),
            ("/tmp/run=a:x", (None, "/tmp/run=a:x")),
            ("1=a:x", (None, "1=a:x")),
        ] {
            let label = want.0.map(|(name, value): (&str, &str)| (name.to_owned(), value.to_owned()));
            assert_eq!(split(text), (label, want.1.to_owned()), "{text}");
        }
    }

    #[test]
    fn equal_labels_are_one_group() {
        let paths = ["a", "run=1:b", "c", "run=2:d", "run=1:e"].map(str::to_owned);
        let groups = groups(&paths);
        let shape: Vec<Vec<&str>> =
            groups.iter().map(|group| group.paths.iter().map(String::as_str).collect()).collect();
        assert_eq!(shape, [vec!["a", "c"], vec!["b", "e"], vec!["d"]]);
    }
}
