//! Selectors that users write outside of queries: `up`, `up{job="a"}`, `{__name__=~"node_.*"}`.

use promqlite::{Engine, EngineOptions, Features, Matcher};
use promqlite_plan::typed::ExprKind;

use crate::failure::Failure;

/// The matchers of a selector; none for an empty text.
pub(crate) fn matchers(text: &str) -> Result<Vec<Matcher>, Failure> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let engine = Engine::new(EngineOptions { features: Features::ALL, ..EngineOptions::default() });
    engine.check(text).map_err(|error| Failure::query(error, text))?;
    let expr = promqlite_plan::parse(text, Features::ALL);
    match expr.expect("invariant: what passes the checks parses").kind {
        ExprKind::Selector(selector) if selector.offset.is_none() && selector.at.is_none() => {
            Ok(selector.matchers)
        }
        _ => Err(Failure::Usage(format!("expected a selector such as up{{job=\"a\"}}, found `{text}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_and_nothing_else() {
        assert_eq!(matchers("").expect("nothing").len(), 0);
        assert_eq!(matchers(" up ").expect("a name")[0].value(), "up");
        assert_eq!(matchers(r#"up{job=~"a|b"}"#).expect("matchers").len(), 2);
        for text in ["sum(up)", "up[5m]", "up offset 5m", "up{", "1"] {
            assert!(matchers(text).is_err(), "{text}");
        }
    }
}
