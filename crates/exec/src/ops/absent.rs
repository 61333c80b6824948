//! `absent` and `absent_over_time`: one row, present where the input is not.

use promqlite_model::{Batch, LabelsBuilder, MatchOp, Matcher, Symbol, Validity};

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
    let mut seen = Validity::none(1, input.steps);
    input.for_each_batch(cx, |_, batch| {
        for row in 0..batch.rows() {
            add_presence(&mut seen, 0, &batch, row);
        }
        Ok(())
    })?;
    Ok(missing(&seen, input.steps, matchers, cx))
}

/// `absent_over_time(r)`.
pub(crate) fn open_absent_over_time<'q>(
    input: &RowSamples<'_>,
    geometry: &Geometry,
    matchers: &[Matcher],
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    let steps = geometry.grid.len;
    let mut seen = Validity::none(1, steps);
    let mut covered = 0;
    let rows = input.schema().len();
    input.for_each(0..rows, geometry, cx, |_, samples| {
        if covered == steps {
            return Ok(());
        }
        geometry.windows(samples, promqlite_model::Millis::ZERO).for_each(|k, lo, hi| {
            if lo < hi {
                seen.set(0, k);
            }
        });
        covered = seen.count(0);
        Ok(())
    })?;
    Ok(missing(&seen, steps, matchers, cx))
}

fn missing<'q>(seen: &Validity, steps: usize, matchers: &[Matcher], cx: &Cx<'_>) -> Opened<'q> {
    let mut batch = Batch::empty(1, steps);
    (0..steps).filter(|&k| !seen.get(0, k)).for_each(|k| batch.set_float(0, k, 1.0));
    if !batch.any(0) {
        return Opened::empty(steps);
    }
    Opened::materialized(Schema::new(vec![labels_of(matchers, cx)]), batch)
}

/// The labels that the selector's matchers fix: each `=` that stands alone for its label.
fn labels_of(matchers: &[Matcher], cx: &Cx<'_>) -> promqlite_model::Labels {
    let mut builder = LabelsBuilder::default();
    let mut set: Vec<&str> = Vec::new();
    for matcher in matchers.iter().filter(|m| m.name() != "__name__") {
        let name = cx.symbols.intern(matcher.name());
        if matcher.op() == MatchOp::Equal && !set.contains(&matcher.name()) {
            builder.set(name, cx.symbols.intern(matcher.value()));
            set.push(matcher.name());
        } else {
            builder.set(name, Symbol::EMPTY);
        }
    }
    builder.build(&cx.symbols)
}
