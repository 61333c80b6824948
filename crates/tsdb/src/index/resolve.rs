//! From matchers to series.
//!
//! Conditions whose series are known without a search (`=`, `!=`, expressions with few possible strings) become
//! lists; other expressions run over the values of their label. What passes the empty string is turned round: the
//! series that do not pass are taken away. A label with far more values than there are series left is looked up
//! series by series instead.

use promqlite_model::{MatchOp, Matcher};
use promqlite_storage::id_list::{intersect, subtract, union};

use super::{Index, SeriesEntry};
use crate::error::{Malformed, TsdbError};

/// Looking at a series costs as much as looking at so many values.
const SERIES_COST: usize = 16;

/// What a matcher asks of a series.
enum Condition<'m> {
    Anything,
    Nothing,
    /// To be in one of these lists.
    Keep(Vec<u64>),
    /// To be in none of these lists.
    Drop(Vec<u64>),
    /// To pass a matcher that no list settles.
    Scan(&'m Matcher),
}

impl Index {
    /// The references of the series that pass all matchers, ascending, and the bytes read to find them.
    pub(crate) fn resolve<'m>(
        &self,
        matchers: impl IntoIterator<Item = &'m Matcher>,
    ) -> Result<(Vec<u32>, u64), TsdbError> {
        let mut search = Search { index: self, bytes: 0 };
        let found = search.run(matchers).map_err(|e| self.file.corrupt(e))?;
        Ok((found, search.bytes))
    }
}

struct Search<'a> {
    index: &'a Index,
    bytes: u64,
}

impl Search<'_> {
    fn run<'m>(&mut self, matchers: impl IntoIterator<Item = &'m Matcher>) -> Result<Vec<u32>, Malformed> {
        let (mut keeps, mut drops, mut scans) = (Vec::new(), Vec::new(), Vec::new());
        for matcher in matchers {
            match self.classify(matcher)? {
                Condition::Anything => {}
                Condition::Nothing => return Ok(Vec::new()),
                Condition::Keep(lists) => keeps.push(lists),
                Condition::Drop(lists) => drops.push(lists),
                Condition::Scan(matcher) => scans.push(matcher),
            }
        }
        keeps.sort_by_key(Vec::len);
        scans.sort_by_key(|matcher| self.index.postings.value_count(matcher.name()));

        let mut found = None;
        for lists in keeps {
            let list = self.union(&lists)?;
            match &mut found {
                None => found = Some(list),
                Some(found) => intersect(found, &list),
            }
            if found.as_ref().is_some_and(Vec::is_empty) {
                return Ok(Vec::new());
            }
        }
        for matcher in scans {
            found = Some(self.scan(matcher, found)?);
        }
        let mut found = found.map_or_else(|| self.all(), Ok)?;
        for lists in drops {
            let list = self.union(&lists)?;
            subtract(&mut found, &list);
        }
        Ok(found)
    }

    fn classify<'m>(&self, matcher: &'m Matcher) -> Result<Condition<'m>, Malformed> {
        let anything_or_nothing =
            if matcher.matches_empty() { Condition::Anything } else { Condition::Nothing };
        if matcher.name().is_empty() || self.index.postings.value_count(matcher.name()) == 0 {
            return Ok(anything_or_nothing);
        }
        let literals: Option<Vec<&str>> = match matcher.regex() {
            None => Some(vec![matcher.value()]),
            Some(regex) => regex.literals().map(|all| all.iter().map(String::as_str).collect()),
        };
        let Some(mut literals) = literals.filter(|all| !all.contains(&"")) else {
            return Ok(Condition::Scan(matcher));
        };
        literals.sort_unstable();
        literals.dedup();
        let mut lists = Vec::with_capacity(literals.len());
        for value in literals {
            lists.extend(self.index.postings.find(&self.index.file, matcher.name(), value)?);
        }
        Ok(match matcher.op() {
            _ if lists.is_empty() => anything_or_nothing,
            MatchOp::Equal | MatchOp::Regex => Condition::Keep(lists),
            MatchOp::NotEqual | MatchOp::NotRegex => Condition::Drop(lists),
        })
    }

    fn scan(&mut self, matcher: &Matcher, found: Option<Vec<u32>>) -> Result<Vec<u32>, Malformed> {
        let values = self.index.postings.value_count(matcher.name());
        if let Some(found) = &found
            && values > found.len().saturating_mul(SERIES_COST)
        {
            return self.check_each(matcher, found);
        }
        let takes_away = matcher.matches_empty();
        let prefix = matcher.regex().map_or("", |regex| regex.prefix());
        let passes = |value: &str| {
            if value.starts_with(prefix) { matcher.matches(value) } else { matcher.op().is_negative() }
        };
        let mut lists = Vec::new();
        self.index.postings.for_each_value(&self.index.file, matcher.name(), |value| {
            if passes(value.value) != takes_away {
                lists.push(value.postings);
            }
        })?;
        let list = self.union(&lists)?;
        match found {
            None if !takes_away => Ok(list),
            found => {
                let mut found = found.map_or_else(|| self.all(), Ok)?;
                if takes_away {
                    subtract(&mut found, &list)
                } else {
                    intersect(&mut found, &list)
                }
                Ok(found)
            }
        }
    }

    /// The series among `found` whose own labels pass.
    fn check_each(&mut self, matcher: &Matcher, found: &[u32]) -> Result<Vec<u32>, Malformed> {
        let mut entry = SeriesEntry::default();
        let mut passing = Vec::with_capacity(found.len());
        for &reference in found {
            self.index.read_series(reference, &mut entry)?;
            self.bytes += entry.bytes as u64;
            if matcher.matches(self.value_of(matcher.name(), &entry)?) {
                passing.push(reference);
            }
        }
        Ok(passing)
    }

    fn value_of(&self, name: &str, entry: &SeriesEntry) -> Result<&str, Malformed> {
        let string = |reference| self.index.symbols.get(&self.index.file, reference);
        for &(label, value) in &entry.labels {
            if string(label)? == name {
                return string(value);
            }
        }
        Ok("")
    }

    fn all(&mut self) -> Result<Vec<u32>, Malformed> {
        let list = self.index.postings.all().map_or(Ok(Vec::new()), |at| self.index.read_postings(at))?;
        self.bytes += 4 * list.len() as u64;
        Ok(list)
    }

    /// All series of lists that have none in common, ascending.
    fn union(&mut self, lists: &[u64]) -> Result<Vec<u32>, Malformed> {
        let mut read = Vec::with_capacity(lists.len());
        // A series takes more bytes than this, so that only lists that share series can have more in all.
        let mut left = self.index.file.len() / 4;
        for &at in lists {
            let list = self.index.read_postings(at)?;
            let overlap = || Malformed::new(at as usize, "lists of series of one label overlap");
            left = left.checked_sub(list.len()).ok_or_else(overlap)?;
            read.push(list);
        }
        let mut list = match read.len() {
            1 => read.swap_remove(0),
            _ => union(&read.iter().map(Vec::as_slice).collect::<Vec<_>>()),
        };
        list.dedup();
        self.bytes += 4 * list.len() as u64;
        Ok(list)
    }
}
