//! Label sets of the naive twin: sorted pairs, cheap to copy.

use std::fmt;
use std::rc::Rc;

/// Sorted by name; no value is empty.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Labels(Rc<Vec<(Rc<str>, Rc<str>)>>);

const METADATA: [&str; 3] = ["__name__", "__type__", "__unit__"];

impl Labels {
    pub(crate) fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut pairs: Vec<(Rc<str>, Rc<str>)> =
            pairs.into_iter().filter(|(_, v)| !v.is_empty()).map(|(n, v)| (n.into(), v.into())).collect();
        pairs.sort();
        Labels(Rc::new(pairs))
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (&**n, &**v))
    }

    /// The value, empty for a label that is not there.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| **n == *name).map_or("", |(_, v)| v)
    }

    pub(crate) fn metric(&self) -> &str {
        self.get("__name__")
    }

    fn keep(&self, test: impl Fn(&str) -> bool) -> Self {
        if self.0.iter().all(|(n, _)| test(n)) {
            return self.clone();
        }
        Labels(Rc::new(self.0.iter().filter(|(n, _)| test(n)).cloned().collect()))
    }

    pub(crate) fn only(&self, names: &[&str]) -> Self {
        self.keep(|n| names.contains(&n))
    }

    pub(crate) fn without(&self, names: &[&str]) -> Self {
        self.keep(|n| !names.contains(&n))
    }

    /// Without what describes the metric.
    pub(crate) fn unnamed(&self) -> Self {
        self.without(&METADATA)
    }

    /// With one label set, or removed by an empty value.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let rest = self.without(&[name]);
        if value.is_empty() {
            return rest;
        }
        Labels::of(rest.pairs().chain([(name, value)]))
    }
}

/// As error texts show them: `{a="b", c="d"}`.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<String> = self.pairs().map(|(n, v)| format!("{n}={v:?}")).collect();
        write!(f, "{{{}}}", pairs.join(", "))
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
