//! `absent` and `absent_over_time`: one row, present where the input is not.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use promqlite_functions::Stop;
use promqlite_model::{Label, Labels, MatchOp, Matcher, Samples, Symbol, Validity};

use crate::block::Block;
use crate::context::Cx;
use crate::error::ExecError;
use crate::operator::{Opened, Schema};
use crate::ops::range::{Geometry, RowSamples};
use crate::ops::sets::add_presence;

/// `absent(v)`.
pub(crate) fn open_absent<'q>(
    input: &Opened<'_>,
    matchers: &[Matcher],
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    let _seen = cx.hold(input.steps / 8)?;
    let mut seen = Validity::none(1, input.steps);
    input.for_each_batch(cx, |_, batch| {
        for row in 0..batch.rows() {
            add_presence(&mut seen, 0, &batch, row);
        }
        Ok(())
    })?;
    missing(&seen, input.steps, matchers, cx)
}

/// `absent_over_time(r)`.
pub(crate) fn open_absent_over_time<'q>(
    input: &RowSamples<'_>,
    geometry: &Geometry,
    matchers: &[Matcher],
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    let steps = geometry.grid.len;
    let _seen = cx.hold(steps / 8)?;
    let mut seen = Validity::none(1, steps);
    let mut see = |samples: Samples<'_>| {
        let stop = || cx.is_over();
        geometry.windows(samples, promqlite_model::Millis::ZERO, Stop::new(&stop)).for_each(|k, lo, hi| {
            if lo < hi {
                seen.set(0, k);
            }
        });
        seen.count(0) == steps
    };
    // Once all steps are covered, stored series have nothing to add; of an expression all are read for its remarks.
    let at_once = match input {
        RowSamples::Stored { .. } => 1,
        RowSamples::Subquery { .. } => input.rows().max(1),
    };
    let mut covered = false;
    for first in (0..input.rows()).step_by(at_once) {
        if covered {
            break;
        }
        input.for_each(first..first + at_once, geometry, cx, |_, samples| {
            covered = covered || see(samples);
            Ok(())
        })?;
    }
    missing(&seen, steps, matchers, cx)
}

fn missing<'q>(
    seen: &Validity,
    steps: usize,
    matchers: &[Matcher],
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    cx.check()?;
    let mut batch = Block::empty(1, steps, cx)?;
    (0..steps).filter(|&k| !seen.get(0, k)).for_each(|k| batch.set_float(0, k, 1.0));
    if !batch.any(0) {
        return Ok(Opened::empty(steps));
    }
    Ok(Opened::materialized(Schema::new(vec![labels_of(matchers, cx)?]), batch))
}

/// The labels that the selector's matchers fix: each `=` that stands alone for its label.
fn labels_of(matchers: &[Matcher], cx: &Cx<'_>) -> Result<Labels, ExecError> {
    // Of each label the value that it has so far, and whether any `=` ever gave it one.
    let mut found: HashMap<Symbol, (Symbol, bool), RandomState> = HashMap::default();
    for matcher in matchers.iter().filter(|m| m.name() != "__name__") {
        cx.check()?;
        let (value, was_set) = found.entry(cx.intern(matcher.name())?).or_insert((Symbol::EMPTY, false));
        if matcher.op() == MatchOp::Equal && !*was_set {
            (*value, *was_set) = (cx.intern(matcher.value())?, true);
        } else {
            *value = Symbol::EMPTY;
        }
    }
    let present = found.into_iter().filter(|(_, (value, _))| *value != Symbol::EMPTY);
    let mut labels: Vec<Label> = present.map(|(name, (value, _))| Label { name, value }).collect();
    labels.sort_unstable_by_key(|label| cx.symbols.get(label.name));
    Ok(Labels::from_sorted(&labels))
}
