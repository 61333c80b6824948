//! Selectors: reference times, and which samples are needed.

use promqlite_functions::Extension;
use promqlite_model::{Millis, TimeRange, Timestamp};
use promqlite_syntax::ast::{At, DurationValue, Extended};

use super::duration::Sign;
use super::{AtRule, Buckets, LowerError, Lowerer, Scope};
use crate::node::{Emit, NodeKind, RangeInput, SelectorId, SelectorSpec, TimeMap, Walk};
use crate::typed::{RangeSelector, Selector};

/// Which samples around a reference time are looked at, both lengths in ms: `(time − before, time + after]`.
struct Reach {
    before: i64,
    after: i64,
}

impl Lowerer<'_> {
    pub(super) fn instant_selector(
        &mut self,
        selector: &Selector,
        scope: Scope,
    ) -> Result<NodeKind, LowerError> {
        let at = self.times(&selector.offset, selector.at, scope)?;
        let smoothed = selector.extended == Some(Extended::Smoothed);
        Ok(self.select(selector, at, smoothed, Emit::Value, scope))
    }

    /// `timestamp` and `start_timestamp` of a selector, which ignore `smoothed`.
    pub(super) fn timestamp_selector(
        &mut self,
        selector: &Selector,
        emit: Emit,
        scope: Scope,
    ) -> Result<NodeKind, LowerError> {
        let mut at = self.times(&selector.offset, selector.at, scope)?;
        // Prometheus' `timestamp` forgets the offset under `@`, and never drifts.
        if let (Emit::Timestamp, Some(pinned)) = (emit, self.pinned(selector.at, scope)) {
            at = TimeMap { first: pinned, step: Millis::ZERO };
        }
        Ok(self.select(selector, at, false, emit, scope))
    }

    fn select(
        &mut self,
        selector: &Selector,
        at: TimeMap,
        smoothed: bool,
        emit: Emit,
        scope: Scope,
    ) -> NodeKind {
        let lookback = self.params.lookback;
        let after = if smoothed { lookback.0 } else { 0 };
        let range = needed(at, scope, Reach { before: lookback.0, after });
        // The lookback is open at its beginning. What smoothing reads ahead makes up for no skip.
        let reach = if smoothed { Millis(i64::MAX) } else { Millis(lookback.0.saturating_sub(1)) };
        let selector = self.add_selector(selector, range, Millis::ZERO, Walk { steps: at, reach }, scope);
        let one_time = at.step == Millis::ZERO || scope.grid.len == 1;
        let spec = &mut self.selectors[selector.0];
        spec.newest_only = one_time && !smoothed && spec.totals_only.is_none();
        NodeKind::Select { selector, at, lookback, smoothed, emit }
    }

    pub(super) fn range_selector(
        &mut self,
        node: &RangeSelector,
        scope: Scope,
    ) -> Result<RangeInput, LowerError> {
        let range = self.durations.resolve(&node.range, Sign::Positive)?;
        let ends = self.times(&node.selector.offset, node.selector.at, scope)?;
        let extension = node.selector.extended.map(|extended| match extended {
            Extended::Anchored => Extension::Anchored,
            Extended::Smoothed => Extension::Smoothed,
        });
        let lookback = self.params.lookback;
        let reach = match extension {
            None => Reach { before: range.0, after: 0 },
            Some(Extension::Anchored) => Reach { before: range.0.saturating_add(lookback.0), after: 0 },
            Some(Extension::Smoothed) => {
                Reach { before: range.0.saturating_add(lookback.0), after: lookback.0 }
            }
        };
        let walk = Walk { steps: ends, reach: if extension.is_some() { Millis(i64::MAX) } else { range } };
        let selector = self.add_selector(&node.selector, needed(ends, scope, reach), range, walk, scope);
        Ok(RangeInput::Selector { selector, ends, range, extension, lookback })
    }

    fn add_selector(
        &mut self,
        selector: &Selector,
        range: TimeRange,
        window: Millis,
        walk: Walk,
        scope: Scope,
    ) -> SelectorId {
        let matchers = selector.matchers.clone();
        let totals_only = (scope.buckets == Buckets::Skip).then_some(walk);
        let step = scope.step;
        self.selectors.push(SelectorSpec {
            matchers,
            range,
            step,
            window,
            newest_only: false,
            needed_labels: None,
            totals_only,
        });
        SelectorId(self.selectors.len() - 1)
    }

    /// The times that the steps look at.
    pub(super) fn times(
        &self,
        offset: &Option<DurationValue>,
        at: Option<At>,
        scope: Scope,
    ) -> Result<TimeMap, LowerError> {
        let offset = self.offset(offset)?;
        Ok(match self.pinned(at, scope) {
            Some(pinned) if scope.at == AtRule::Pins => {
                TimeMap { first: pinned - offset, step: Millis::ZERO }
            }
            Some(pinned) => TimeMap { first: pinned - offset, step: scope.grid.step },
            None => TimeMap { first: scope.grid.start - offset, step: scope.grid.step },
        })
    }

    pub(super) fn offset(&self, offset: &Option<DurationValue>) -> Result<Millis, LowerError> {
        let Some(offset) = offset else { return Ok(Millis::ZERO) };
        let offset = self.durations.resolve(offset, Sign::Any)?;
        if offset.0 < 0 && !self.params.enable_negative_offset {
            return Err(LowerError::NegativeOffsetDisabled);
        }
        Ok(offset)
    }

    /// The time that `@` names.
    pub(super) fn pinned(&self, at: Option<At>, scope: Scope) -> Option<Timestamp> {
        match (at?, scope.at) {
            (At::Time(ms), _) => Some(Timestamp(ms)),
            (At::Start, AtRule::Pins) => Some(self.params.start),
            (At::End, AtRule::Pins) => Some(self.params.end),
            (At::Start | At::End, AtRule::Drifts) => None,
        }
    }
}

/// All samples that any step looks at.
fn needed(at: TimeMap, scope: Scope, reach: Reach) -> TimeRange {
    let last = at.time(scope.grid.len.saturating_sub(1));
    TimeRange { start: at.first - Millis(reach.before.saturating_sub(1)), end: last + Millis(reach.after) }
}

pub(super) fn needed_by_lookback(at: TimeMap, scope: Scope, lookback: Millis) -> TimeRange {
    needed(at, scope, Reach { before: lookback.0, after: 0 })
}
