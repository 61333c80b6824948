//! Holds the crate to tables that Go's own regexp package filled in.

use promqlite_regex::{Regex, Template};

fn rows(table: &str) -> impl Iterator<Item = Vec<&str>> {
    table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("# "))
        .map(|line| line.split('\t').collect())
}

fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.push(match c {
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some('v') => '\x0b',
                Some('f') => '\x0c',
                Some('\\') => '\\',
                other => panic!("bad escape {other:?} in {text:?}"),
            },
            c => c,
        });
    }
    plain
}

#[test]
fn patterns_match_and_fail_as_in_go() {
    let mut inputs = Vec::new();
    let (mut valid, mut invalid) = (0, 0);
    for row in rows(include_str!("data/patterns.tsv")) {
        if row[0] == "@inputs" {
            inputs = row[1..].iter().map(|input| unescape(input)).collect();
            continue;
        }
        let pattern = row[0];
        let regex = Regex::new(pattern);
        if let Some(expected) = row[1].strip_prefix('!') {
            let error = regex.expect_err(pattern);
            assert_eq!(error.detail(), expected, "{pattern}");
            assert_eq!(error.to_string(), format!("error parsing regexp: {expected}"));
            invalid += 1;
            continue;
        }
        assert_eq!(row[2..].len(), inputs.len(), "{pattern}");
        let regex = regex.unwrap_or_else(|error| panic!("{pattern}: {error}"));
        for (input, expected) in inputs.iter().zip(&row[2..]) {
            check_match(&regex, input, expected);
        }
        valid += 1;
    }
    assert!(valid > 300 && invalid > 300, "{valid} valid and {invalid} invalid patterns");
}

fn check_match(regex: &Regex, input: &str, expected: &str) {
    let matches = expected != "-";
    assert_eq!(regex.is_match(input), matches, "{regex} on {input:?}");
    let groups = expected.matches('<').count();
    let template = (1..=groups).map(|group| format!("<${{{group}}}")).collect::<String>();
    let expanded = regex.replace(input, &Template::new(&format!("+{template}")));
    assert_eq!(expanded, matches.then(|| unescape(expected)), "{regex} on {input:?}");
    if let Some(literals) = regex.literals() {
        assert_eq!(literals.iter().any(|literal| literal == input), matches, "{regex} on {input:?}");
    }
    if matches {
        assert!(input.starts_with(regex.prefix()), "{regex} on {input:?} with prefix {:?}", regex.prefix());
    }
    if input.is_empty() {
        assert_eq!(regex.matches_empty(), matches, "{regex}");
    }
}

#[test]
fn templates_expand_as_in_go() {
    for row in rows(include_str!("data/templates.tsv")) {
        let [pattern, value, template, expected] = row[..] else { panic!("four columns, not {row:?}") };
        let regex = Regex::for_label_replace(pattern);
        assert_eq!(regex.is_err(), expected == "!", "{pattern}");
        let Ok(regex) = regex else { continue };
        let expected = expected.strip_prefix('=').map(unescape);
        assert_eq!(regex.replace(&unescape(value), &Template::new(template)), expected, "{row:?}");
    }
}
