//! Completion of dot-commands and of what stands behind them.

use std::path::Path;

use crate::repl::commands::{COMMANDS, Completes, resolve, words_of};
use crate::repl::complete::{Candidate, Names, complete_query, starting};
use crate::repl::help;
use crate::settings::SETTINGS;

/// Where the word at the end of a command line starts, and what it can become.
pub(super) fn complete(names: &Names, before: &str, after: &str) -> (usize, Vec<Candidate>) {
    let dot = before.find('.').unwrap_or(0);
    let Some(space) = before[dot..].find(char::is_whitespace) else {
        return (dot, command_names(&before[dot + 1..]));
    };
    let Ok(command) = resolve(&before[dot + 1..dot + space]) else { return (before.len(), Vec::new()) };
    let arguments = dot + space + before[dot + space..].len() - before[dot + space..].trim_start().len();
    let word_start = before.rfind(char::is_whitespace).map_or(0, |at| at + 1).max(arguments);
    let word = &before[word_start..];
    let mut found = match command.completes {
        Completes::Nothing => Vec::new(),
        Completes::Query => {
            let (start, found) = complete_query(names, &before[arguments..], after);
            return (arguments + start, found);
        }
        Completes::Metric => names
            .metrics_starting(word)
            .map(|metric| Candidate::new(metric.name.clone(), metric.detail()))
            .collect(),
        Completes::Label if word_start == arguments => {
            starting(names.labels_of(&[]).iter().map(String::as_str), word)
        }
        Completes::Label => {
            let selector = word_start;
            let (start, found) = complete_query(names, &before[selector..], after);
            return (selector + start, found);
        }
        Completes::Words(_) | Completes::Format => starting(words_of(command.completes).into_iter(), word),
        Completes::Setting => settings(&before[arguments..], word, word_start == arguments),
        Completes::Path => paths(word),
        Completes::Topic => starting(help::all_names().into_iter(), word.strip_prefix('.').unwrap_or(word)),
    };
    found.sort_by(|a, b| a.replacement.cmp(&b.replacement));
    (word_start, found)
}

fn command_names(start: &str) -> Vec<Candidate> {
    let named = |command: &'static crate::repl::commands::DotCommand| {
        let names = command.names.iter().filter(|name| name.starts_with(start));
        names.map(|name| Candidate::new(format!(".{name}"), command.summary)).collect::<Vec<_>>()
    };
    let mut found: Vec<Candidate> = COMMANDS.iter().flat_map(named).collect();
    found.sort_by(|a, b| a.replacement.cmp(&b.replacement));
    found
}

fn settings(arguments: &str, word: &str, first: bool) -> Vec<Candidate> {
    if first {
        let named = SETTINGS.iter().filter(|setting| setting.name.starts_with(word));
        return named.map(|setting| Candidate::new(setting.name, setting.summary)).collect();
    }
    let name = arguments.split_whitespace().next().unwrap_or("");
    let setting = SETTINGS.iter().find(|setting| setting.name == name);
    let values = setting.map_or("", |setting| setting.values).split('|');
    // Words in capitals stand for something.
    starting(values.filter(|value| value.starts_with(|c: char| c.is_ascii_lowercase())), word)
}

/// The files whose paths start so. Directories end in a slash.
fn paths(start: &str) -> Vec<Candidate> {
    let (directory, name) = start.rsplit_once('/').map_or(("", start), |(directory, name)| (directory, name));
    let shown = &start[..start.len() - name.len()];
    let place = match (directory, shown) {
        ("", "") => Path::new("."),
        ("", _) => Path::new("/"),
        (directory, _) => Path::new(directory),
    };
    let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
    let found = entries.filter_map(|entry| {
        let file = entry.file_name().into_string().ok()?;
        let hidden = file.starts_with('.') && !name.starts_with('.');
        // Commands cut their arguments at spaces.
        if hidden || !file.starts_with(name) || file.contains(char::is_whitespace) {
            return None;
        }
        let slash = if entry.path().is_dir() { "/" } else { "" };
        Some(Candidate::plain(format!("{shown}{file}{slash}")))
    });
    found.collect()
}
