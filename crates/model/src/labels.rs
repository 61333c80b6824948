//! Label sets.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use crate::format::quote;
use crate::{Symbol, Symbols};

/// One label: interned name and value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    /// The label's name.
    pub name: Symbol,
    /// The label's value; never [`Symbol::EMPTY`] inside a [`Labels`].
    pub value: Symbol,
}

/// A label set: sorted by the names' bytes, each name once, no empty value. Cheap to clone.
///
/// Two sets over one symbol table are equal exactly when their strings are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Labels(Arc<[Label]>);

impl Default for Labels {
    fn default() -> Self {
        Self::empty()
    }
}

impl Labels {
    /// The set without labels.
    #[must_use]
    pub fn empty() -> Self {
        Self(Arc::new([]))
    }

    /// Interns and sorts `pairs`. Empty values are left out; of a repeated name the last value stays.
    pub fn new<'a>(symbols: &Symbols, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut builder = LabelsBuilder::default();
        for (name, value) in pairs {
            builder.set(symbols.intern(name), symbols.intern(value));
        }
        builder.build(symbols)
    }

    /// Takes over labels that are already sorted by name, unique and without empty values.
    #[must_use]
    pub fn from_sorted(labels: &[Label]) -> Self {
        Self(labels.into())
    }

    /// The value of label `name`; [`Symbol::EMPTY`] if it is absent.
    #[must_use]
    pub fn get(&self, name: Symbol) -> Symbol {
        self.0.iter().find(|l| l.name == name).map_or(Symbol::EMPTY, |l| l.value)
    }

    /// The labels in order of their names.
    #[must_use]
    pub fn as_slice(&self) -> &[Label] {
        &self.0
    }

    /// The labels in order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Label> + '_ {
        self.0.iter().copied()
    }

    /// Number of labels.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the set has no labels.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The set without the labels that `drop` names; the same allocation if there is none.
    #[must_use]
    pub fn without(&self, drop: impl Fn(Symbol) -> bool) -> Self {
        if self.0.iter().any(|l| drop(l.name)) {
            Self(self.0.iter().copied().filter(|l| !drop(l.name)).collect())
        } else {
            self.clone()
        }
    }

    /// The set without `__name__`, `__type__` and `__unit__`.
    #[must_use]
    pub fn without_metadata(&self) -> Self {
        self.without(Symbol::is_metadata)
    }

    /// The set with nothing but the labels that `keep` names.
    #[must_use]
    pub fn only(&self, keep: impl Fn(Symbol) -> bool) -> Self {
        self.without(|name| !keep(name))
    }

    /// The set with a label set to a value; [`Symbol::EMPTY`] takes it away.
    #[must_use]
    pub fn with(&self, name: Symbol, value: Symbol, symbols: &Symbols) -> Self {
        if value == Symbol::EMPTY {
            return self.without(|n| n == name);
        }
        let known = self.0.iter().position(|l| l.name == name);
        let text = symbols.get(name);
        let at = known.or_else(|| self.0.iter().position(|l| symbols.get(l.name) > text));
        let at = at.unwrap_or(self.0.len());
        let behind = at + usize::from(known.is_some());
        let (before, after) = (self.0[..at].iter(), self.0[behind..].iter());
        Self(before.copied().chain([Label { name, value }]).chain(after.copied()).collect())
    }

    /// Prometheus' order: name, value, name, value … compared bytewise; a strict prefix comes first.
    #[must_use]
    pub fn compare(&self, other: &Self, symbols: &Symbols) -> Ordering {
        for (a, b) in self.0.iter().zip(other.0.iter()) {
            if a.name != b.name {
                return symbols.get(a.name).cmp(symbols.get(b.name));
            }
            if a.value != b.value {
                return symbols.get(a.value).cmp(symbols.get(b.value));
            }
        }
        self.0.len().cmp(&other.0.len())
    }

    /// The set as text, `{a="b", c="d"}`, with `__name__` among the labels.
    #[must_use]
    pub fn display(&self, symbols: &Symbols) -> String {
        let mut out = String::from("{");
        push_pairs(&mut out, self.0.iter().map(|l| (symbols.get(l.name), symbols.get(l.value))));
        out.push('}');
        out
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn bytes(&self) -> usize {
        16 + self.0.len() * size_of::<Label>()
    }
}

/// Collects and edits labels, then sorts them once.
#[derive(Clone, Debug, Default)]
pub struct LabelsBuilder(Vec<Label>);

impl LabelsBuilder {
    /// Starts from an existing set.
    #[must_use]
    pub fn from_labels(labels: &Labels) -> Self {
        Self(labels.as_slice().to_vec())
    }

    /// Sets a label; [`Symbol::EMPTY`] deletes it.
    pub fn set(&mut self, name: Symbol, value: Symbol) -> &mut Self {
        match self.0.iter_mut().find(|l| l.name == name) {
            Some(label) => label.value = value,
            None => self.0.push(Label { name, value }),
        }
        self
    }

    /// Deletes a label.
    pub fn delete(&mut self, name: Symbol) -> &mut Self {
        self.0.retain(|l| l.name != name);
        self
    }

    /// The value of label `name`; [`Symbol::EMPTY`] if it is absent.
    #[must_use]
    pub fn get(&self, name: Symbol) -> Symbol {
        self.0.iter().find(|l| l.name == name).map_or(Symbol::EMPTY, |l| l.value)
    }

    /// The finished set.
    #[must_use]
    pub fn build(&self, symbols: &Symbols) -> Labels {
        let mut labels: Vec<Label> = self.0.iter().copied().filter(|l| l.value != Symbol::EMPTY).collect();
        labels.sort_unstable_by(|a, b| symbols.get(a.name).cmp(symbols.get(b.name)));
        Labels(labels.into())
    }
}

/// A label set together with its strings: what results carry to the outside.
#[derive(Clone)]
pub struct LabelSet {
    labels: Labels,
    symbols: Arc<Symbols>,
}

impl LabelSet {
    /// Joins a set with the table that its symbols come from.
    #[must_use]
    pub fn new(labels: Labels, symbols: Arc<Symbols>) -> Self {
        Self { labels, symbols }
    }

    /// A set of its own, with a table of its own; for tests and for callers that build results.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let symbols = Arc::new(Symbols::new());
        Self { labels: Labels::new(&symbols, pairs), symbols }
    }

    /// The value of label `name`, if the set has it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    /// The metric name, the empty string if there is none.
    #[must_use]
    pub fn metric_name(&self) -> &str {
        self.symbols.get(self.labels.get(Symbol::NAME))
    }

    /// Name and value of each label, in order of the names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.labels.as_slice().iter().map(|l| (self.symbols.get(l.name), self.symbols.get(l.value)))
    }

    /// Number of labels, the metric name included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no labels.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The interned labels.
    #[must_use]
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// `{__name__="up", a="b"}`: all labels alike, as Prometheus' error texts have them.
    #[must_use]
    pub fn in_braces(&self) -> String {
        self.labels.display(&self.symbols)
    }
}

impl PartialEq for LabelSet {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for LabelSet {}

impl PartialOrd for LabelSet {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for LabelSet {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.symbols, &other.symbols) {
            self.labels.compare(&other.labels, &self.symbols)
        } else {
            self.iter().cmp(other.iter())
        }
    }
}

impl std::hash::Hash for LabelSet {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.iter().for_each(|pair| pair.hash(state));
    }
}

/// `name{a="b", c="d"}`, or `{a="b"}` without a name, as Prometheus prints metrics.
impl fmt::Display for LabelSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.metric_name();
        let legacy = is_metric_name(name);
        let mut body = String::new();
        if !name.is_empty() && !legacy {
            body.push_str(&quote(name));
        }
        push_pairs(&mut body, self.iter().filter(|(n, _)| *n != "__name__"));
        if legacy {
            f.write_str(name)?;
        }
        if body.is_empty() && legacy { Ok(()) } else { write!(f, "{{{body}}}") }
    }
}

impl fmt::Debug for LabelSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn push_pairs<'a>(out: &mut String, pairs: impl Iterator<Item = (&'a str, &'a str)>) {
    for (name, value) in pairs {
        if out.len() > 1 {
            out.push_str(", ");
        }
        if is_label_name(name) {
            out.push_str(name)
        } else {
            out.push_str(&quote(name))
        }
        out.push('=');
        out.push_str(&quote(value));
    }
}

fn is_label_name(s: &str) -> bool {
    !s.is_empty()
        && !s.as_bytes()[0].is_ascii_digit()
        && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn is_metric_name(s: &str) -> bool {
    !s.is_empty()
        && !s.as_bytes()[0].is_ascii_digit()
        && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_one_label_equals_building_the_set() {
        let symbols = Symbols::new();
        for pairs in [&[][..], &[("b", "1")], &[("b", "1"), ("d", "2"), ("z", "3")]] {
            let labels = Labels::new(&symbols, pairs.iter().copied());
            for name in ["a", "b", "c", "d", "zz"] {
                for value in ["", "1", "new"] {
                    let (name, value) = (symbols.intern(name), symbols.intern(value));
                    let built = LabelsBuilder::from_labels(&labels).set(name, value).build(&symbols);
                    assert_eq!(labels.with(name, value, &symbols), built);
                }
            }
        }
    }

    #[test]
    fn sets_are_sorted_unique_and_without_empty_values() {
        let symbols = Symbols::new();
        let labels =
            Labels::new(&symbols, [("b", "1"), ("A", "2"), ("__name__", "m"), ("c", ""), ("b", "3")]);
        assert_eq!(labels.display(&symbols), r#"{A="2", __name__="m", b="3"}"#);
        assert_eq!(labels, Labels::new(&symbols, [("__name__", "m"), ("b", "3"), ("A", "2")]));
    }

    #[test]
    fn a_strict_prefix_sorts_first() {
        let a = LabelSet::from_pairs([("a", "1")]);
        let b = LabelSet::from_pairs([("a", "1"), ("b", "1")]);
        assert!(a < b);
        assert!(LabelSet::from_pairs([]) < a);
    }

    #[test]
    fn metrics_print_as_prometheus_prints_them() {
        for (pairs, text) in [
            (vec![("__name__", "up"), ("job", "a\"b")], r#"up{job="a\"b"}"#),
            (vec![("__name__", "up")], "up"),
            (vec![("job", "a")], r#"{job="a"}"#),
            (vec![], "{}"),
            (vec![("__name__", "my.metric"), ("a", "b")], r#"{"my.metric", a="b"}"#),
            (vec![("x y", "b")], r#"{"x y"="b"}"#),
        ] {
            assert_eq!(LabelSet::from_pairs(pairs).to_string(), text);
        }
    }
}
