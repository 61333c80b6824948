//! What a query is evaluated with.

use promqlite_model::{Grid, Millis, Timestamp};

use crate::node::Settings;

/// The times of a query and the engine's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryParams {
    /// The first step.
    pub start: Timestamp,
    /// No step lies beyond; equals `start` for an instant query.
    pub end: Timestamp,
    /// The distance of the steps; `None` for an instant query.
    pub step: Option<Millis>,
    /// How far back a sample still counts.
    pub lookback: Millis,
    /// The step of subqueries that name none.
    pub default_subquery_step: Millis,
    /// Switches that change answers.
    pub settings: Settings,
    /// Whether `@` is allowed.
    pub enable_at: bool,
    /// Whether negative offsets are allowed.
    pub enable_negative_offset: bool,
}

impl QueryParams {
    /// An instant query with the settings of a Prometheus server: lookback 5m, subquery step 1m.
    #[must_use]
    pub fn instant(time: Timestamp) -> Self {
        Self {
            start: time,
            end: time,
            step: None,
            lookback: Millis(300_000),
            default_subquery_step: Millis(60_000),
            settings: Settings {
                delayed_name_removal: false,
                use_start_timestamps: false,
                type_and_unit_labels: false,
            },
            enable_at: true,
            enable_negative_offset: true,
        }
    }

    /// A range query with the settings of a Prometheus server.
    #[must_use]
    pub fn range(start: Timestamp, end: Timestamp, step: Millis) -> Self {
        Self { end, step: Some(step), ..Self::instant(start) }
    }

    /// The steps. A step that is not positive gives none.
    pub(crate) fn grid(&self) -> Grid {
        match self.step {
            None => Grid::instant(self.start),
            Some(step) if step.0 > 0 => Grid::range(self.start, self.end, step),
            Some(_) => Grid { start: self.start, step: Millis::ZERO, len: 0 },
        }
    }
}
