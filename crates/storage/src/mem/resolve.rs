//! From matchers to series ids.
//!
//! Conditions whose series are known without a search (`=`, `!=`, expressions with few possible strings) become
//! lists of ids; the smallest list is where the search starts, and the others only thin it out. An expression
//! is run once per distinct value of its label, or once per value among the series that are left, whichever
//! is less.

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};
use promqlite_model::{Labels, MatchOp, Matcher, Symbol, Symbols};

use super::index::{Index, NameIndex};
use super::series::Series;
use crate::Watch;
use crate::id_list::{intersect, subtract, union};

/// Lists with up to this many ids per candidate are joined into one; beyond that, looking at the candidates'
/// labels is cheaper.
const LIST_FACTOR: usize = 8;

/// The store as the search sees it.
#[derive(Clone, Copy)]
pub(super) struct Resolver<'a> {
    pub(super) index: &'a Index,
    pub(super) series: &'a boxcar::Vec<Series>,
    pub(super) symbols: &'a Symbols,
    pub(super) watch: Option<&'a dyn Watch>,
}

/// Counts what is matched, and asks from time to time whether the search is still wanted.
struct Pace<'a> {
    watch: Option<&'a dyn Watch>,
    steps: usize,
    over: bool,
}

/// Values that are matched between two questions.
const STEPS_BETWEEN_QUESTIONS: usize = 1024;

impl Pace<'_> {
    /// Whether to match one more value. Whoever started the search asks again, and throws away what came of it.
    fn one_more(&mut self) -> bool {
        self.steps += 1;
        if self.steps.is_multiple_of(STEPS_BETWEEN_QUESTIONS) {
            self.over = self.watch.is_some_and(|watch| watch.go_on(0).is_err());
        }
        !self.over
    }
}

/// What a matcher asks of a series.
enum Condition<'a> {
    /// Nothing.
    Anything,
    /// More than any series has.
    Nothing,
    /// To carry one of these values.
    Keep(Listed<'a>),
    /// To carry none of these values.
    Drop(Listed<'a>),
    /// To pass a matcher that no list settles.
    Scan(Scan<'a>),
}

/// Values of a label and the series that carry them.
struct Listed<'a> {
    name: Symbol,
    values: Vec<(Symbol, &'a [u32])>,
}

struct Scan<'a> {
    name: Symbol,
    index: &'a NameIndex,
    matcher: &'a Matcher,
}

impl Listed<'_> {
    fn size(&self) -> usize {
        self.values.iter().map(|(_, ids)| ids.len()).sum()
    }

    fn union(&self) -> Vec<u32> {
        union(&self.values.iter().map(|(_, ids)| *ids).collect::<Vec<_>>())
    }
}

impl<'a> Resolver<'a> {
    /// The ids of the series that pass all matchers, ascending.
    pub(super) fn resolve(&self, matchers: &'a [Matcher]) -> Vec<u32> {
        let (mut keeps, mut drops, mut scans) = (Vec::new(), Vec::new(), Vec::new());
        for matcher in matchers {
            match self.classify(matcher) {
                Condition::Anything => {}
                Condition::Nothing => return Vec::new(),
                Condition::Keep(listed) => keeps.push(listed),
                Condition::Drop(listed) => drops.push(listed),
                Condition::Scan(scan) => scans.push(scan),
            }
        }
        keeps.sort_by_key(Listed::size);
        scans.sort_by_key(|scan| scan.index.distinct());

        let mut ids = self.start(&mut keeps, &mut scans);
        keeps.iter().for_each(|listed| self.keep(&mut ids, listed));
        drops.iter().for_each(|listed| self.drop(&mut ids, listed));
        scans.iter().for_each(|scan| self.scan(&mut ids, scan));
        ids
    }

    /// The candidates to start from; the condition that gave them is taken out.
    fn start(&self, keeps: &mut Vec<Listed<'a>>, scans: &mut Vec<Scan<'a>>) -> Vec<u32> {
        if !keeps.is_empty() {
            return keeps.remove(0).union();
        }
        if let Some(i) = scans.iter().position(|scan| !scan.matcher.matches_empty()) {
            let scan = scans.remove(i);
            let (passing, failing) = self.split(&scan);
            if !failing.values.is_empty() || scan.index.series() < self.index.len() {
                return passing.union();
            }
        }
        (0..u32::try_from(self.index.len()).expect("invariant: ids are 32 bits")).collect()
    }

    fn classify(&self, matcher: &'a Matcher) -> Condition<'a> {
        let Some((name, index)) =
            self.symbols.lookup(matcher.name()).and_then(|name| Some((name, self.index.name(name)?)))
        else {
            return if matcher.matches_empty() { Condition::Anything } else { Condition::Nothing };
        };
        let literals: Option<Vec<&str>> = match matcher.regex() {
            None => Some(vec![matcher.value()]),
            Some(regex) => regex.literals().map(|all| all.iter().map(String::as_str).collect()),
        };
        let Some(literals) = literals.filter(|all| !all.contains(&"")) else {
            return Condition::Scan(Scan { name, index, matcher });
        };
        let mut values: Vec<(Symbol, &[u32])> = literals
            .iter()
            .filter_map(|value| self.symbols.lookup(value))
            .filter_map(|value| Some((value, index.series_with(value)?)))
            .collect();
        values.sort_unstable_by_key(|(value, _)| *value);
        values.dedup_by_key(|(value, _)| *value);
        match (matcher.op(), values.is_empty()) {
            (MatchOp::Equal | MatchOp::Regex, true) => Condition::Nothing,
            (MatchOp::Equal | MatchOp::Regex, false) => Condition::Keep(Listed { name, values }),
            (MatchOp::NotEqual | MatchOp::NotRegex, true) => Condition::Anything,
            (MatchOp::NotEqual | MatchOp::NotRegex, false) => Condition::Drop(Listed { name, values }),
        }
    }

    fn keep(&self, ids: &mut Vec<u32>, listed: &Listed<'_>) {
        match &listed.values[..] {
            [] => ids.clear(),
            [(_, list)] => intersect(ids, list),
            _ if listed.size() / LIST_FACTOR <= ids.len() => intersect(ids, &listed.union()),
            values => {
                let wanted: HashSet<Symbol, RandomState> = values.iter().map(|(value, _)| *value).collect();
                ids.retain(|&id| wanted.contains(&self.labels(id).get(listed.name)));
            }
        }
    }

    fn drop(&self, ids: &mut Vec<u32>, listed: &Listed<'_>) {
        match &listed.values[..] {
            [] => {}
            [(_, list)] => subtract(ids, list),
            _ if listed.size() / LIST_FACTOR <= ids.len() => subtract(ids, &listed.union()),
            values => {
                let unwanted: HashSet<Symbol, RandomState> = values.iter().map(|(value, _)| *value).collect();
                ids.retain(|&id| !unwanted.contains(&self.labels(id).get(listed.name)));
            }
        }
    }

    fn scan(&self, ids: &mut Vec<u32>, scan: &Scan<'a>) {
        if ids.is_empty() {
            return;
        }
        if scan.index.distinct() / 2 > ids.len() {
            return self.check_each(ids, scan);
        }
        let (passing, failing) = self.split(scan);
        if scan.matcher.matches_empty() {
            self.drop(ids, &failing);
        } else if !failing.values.is_empty() || scan.index.series() < self.index.len() {
            self.keep(ids, &passing);
        }
    }

    /// Runs the matcher over the label's values: those that pass, those that fail.
    fn split(&self, scan: &Scan<'a>) -> (Listed<'a>, Listed<'a>) {
        let prefix = required_prefix(scan.matcher);
        let passes = |value: &str| match prefix {
            Some(prefix) if !value.starts_with(prefix) => scan.matcher.op().is_negative(),
            _ => scan.matcher.matches(value),
        };
        let mut pace = self.pace();
        let values = scan.index.values();
        let (passing, failing) =
            values.partition(|(value, _)| pace.one_more() && passes(self.symbols.get(*value)));
        (Listed { name: scan.name, values: passing }, Listed { name: scan.name, values: failing })
    }

    /// Looks at the candidates' own values; each distinct one is matched once.
    fn check_each(&self, ids: &mut Vec<u32>, scan: &Scan<'_>) {
        let mut verdicts: HashMap<Symbol, bool, RandomState> = HashMap::default();
        let mut pace = self.pace();
        ids.retain(|&id| {
            if !pace.one_more() {
                return false;
            }
            let value = self.labels(id).get(scan.name);
            *verdicts.entry(value).or_insert_with(|| scan.matcher.matches(self.symbols.get(value)))
        });
    }

    fn pace(&self) -> Pace<'a> {
        Pace { watch: self.watch, steps: 0, over: false }
    }

    fn labels(&self, id: u32) -> &'a Labels {
        &self.series[id as usize].labels
    }
}

fn required_prefix(matcher: &Matcher) -> Option<&str> {
    matcher.regex().map(|regex| regex.prefix()).filter(|prefix| !prefix.is_empty())
}
