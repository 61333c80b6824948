//! Examples for the pages of help. Each line behind two spaces is a command line that parses.

/// Of the program itself.
pub(crate) const PROGRAM: &str = "\
Examples:
  promqlite shop.om                               opens a prompt over a file
  promqlite /var/lib/prometheus                   over the data directory of a server, which may be running
  promqlite run=a:left.om run=b:right.om          over two exports, told apart by a label
  promqlite shop.om -q 'sum(up)' -q '.metrics'    answers and ends
  promqlite query shop.om 'sum(rate(http_requests_total[5m]))' --last 1h --format graph

Exit codes: 0 answered, 1 the query or the data failed, 2 wrong usage or a file that cannot be read, 3 the \
query does not parse, 4 a result is empty (--exit-empty only).

Files: settings are read from promqlite/config in $XDG_CONFIG_HOME (~/.config), or from the file that \
PROMQLITE_CONFIG names; the history is kept in promqlite/history in $XDG_STATE_HOME (~/.local/state), or in the \
file that PROMQLITE_HISTORY names.";

/// Of `query`.
pub(crate) const QUERY: &str = "\
Examples:
  promqlite query shop.om 'sum by (status) (rate(http_requests_total[5m]))'
  promqlite query shop.om up --at 2026-08-01T12:10:00Z
  promqlite query 'exports/*.om.gz' 'rate(http_requests_total[5m])' --last 1h --step 1m --format csv
  promqlite query snapshot/ -q 'count(up)' -q 'sum(up)' --format json
  promqlite query shop.om 'rate(http_requests_total[5m])' --last 1h --format svg --output requests.svg
  promqlite query run=a:left.om run=b:right.om 'sum by (run) (errors_total)'
  promqlite query shop.om 'up == 0' --exit-empty";

/// Of `info`.
pub(crate) const INFO: &str = "\
Examples:
  promqlite info shop.om
  promqlite info /var/lib/prometheus --top 50
  promqlite info metrics.txt --input-format prometheus";

/// Of `export`.
pub(crate) const EXPORT: &str = "\
Examples:
  promqlite export snapshot/ --output all.om
  promqlite export snapshot/ --match 'http_requests_total{job=\"api\"}' --start now-1h --format csv
  promqlite export shop.om --format vm
  promqlite export shop.om --format block --output data/";

/// Of `explain`.
pub(crate) const EXPLAIN: &str = "\
Examples:
  promqlite explain 'sum by (job) (rate(http_requests_total[5m]))'
  promqlite explain shop.om 'rate(http_requests_total[5m])' --last 1h --step 1m
  promqlite explain shop.om --analyze 'topk(3, rate(http_requests_total[5m]))' --last 1h";

/// Of `fmt`.
pub(crate) const FMT: &str = "\
Examples:
  promqlite fmt 'sum(rate(http_requests_total[5m]))by(job)'
  promqlite fmt -";

/// Of `ast`.
pub(crate) const AST: &str = "\
Examples:
  promqlite ast '-up + 1'
  promqlite ast --json 'up > bool 1'";

/// Of `test`.
pub(crate) const TEST: &str = "\
Examples:
  promqlite test rules.test
  promqlite test tests/ --verbose";

/// Of `completions`.
pub(crate) const COMPLETIONS: &str = "\
Examples:
  promqlite completions bash
  promqlite completions zsh";

/// Of `man`.
pub(crate) const MAN: &str = "\
Examples:
  promqlite man
  promqlite man query";

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::args::Cli;

    /// The words of a command line; what stands behind three spaces explains it.
    fn words(line: &str) -> Vec<String> {
        let line = line.trim().split("   ").next().unwrap_or("");
        let mut words = Vec::new();
        let mut word = String::new();
        let mut quoted = false;
        for c in line.chars() {
            match c {
                '\'' => quoted = !quoted,
                ' ' if !quoted => words.push(std::mem::take(&mut word)),
                _ => word.push(c),
            }
        }
        words.push(word);
        words.retain(|word| !word.is_empty());
        words
    }

    #[test]
    fn every_example_parses() {
        let mut seen = 0;
        for text in [PROGRAM, QUERY, INFO, EXPORT, EXPLAIN, FMT, AST, TEST, COMPLETIONS, MAN] {
            for line in text.lines().filter(|line| line.starts_with("  ")) {
                let parsed = Cli::try_parse_from(words(line));
                assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
                seen += 1;
            }
        }
        assert!(seen > 25, "{seen}");
    }

    #[test]
    fn every_command_has_examples() {
        for command in Cli::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Examples:"), "{}", command.get_name());
        }
    }
}
