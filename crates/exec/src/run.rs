//! From a plan to a result.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, OnceLock};

use promqlite_model::{Annotations, Matcher, Series, TimeRange, Value, ValueType};
use promqlite_plan::{Plan, SelectorId};
use promqlite_storage::{SelectHints, SelectRequest, Selection, Storage, StorageError, Watch};

use crate::block::Block;
use crate::collect::{Sink, collect};
use crate::context::{Cx, ExecOptions, Stats};
use crate::error::{ExecError, Phase};
use crate::measure::{Meter, PartId};
use crate::operator::Schema;
use crate::ops::totals::TotalsOnly;
use crate::profile::Profile;

/// What all operators of a query refer to.
pub(crate) struct Query<'q> {
    pub plan: &'q Plan,
    pub selections: Vec<Box<dyn Selection>>,
    /// Results of [`Plan::shared`], filled at the first use.
    pub shared: Vec<OnceLock<(Schema, Block)>>,
}

/// A result with what was remarked and used on the way.
#[derive(Clone, Debug)]
pub struct Output {
    /// The result.
    pub value: Value,
    /// Warnings and infos.
    pub annotations: Annotations,
    /// What the query used.
    pub stats: Stats,
}

/// Runs a plan over a store.
///
/// The answer is the same for any number of threads and any batch size.
///
/// # Errors
/// [`ExecError`]: the data does not allow the operation, a limit was passed, the deadline came, the query was
/// cancelled, or the store failed. There is no partial result.
pub fn execute(plan: &Plan, storage: &dyn Storage, options: ExecOptions) -> Result<Output, ExecError> {
    run(plan, storage, options, None, None)
}

/// Runs a plan as [`execute`] does, but hands the series of a range query to `each` as they are computed: in pieces,
/// in the order of their labels, until `each` breaks off. The value then has no series; any other kind of value
/// comes back whole.
///
/// # Errors
/// As [`execute`]. What was handed over before is then not a result.
pub fn execute_each(
    plan: &Plan,
    storage: &dyn Storage,
    options: ExecOptions,
    each: &mut dyn FnMut(Vec<Series>) -> ControlFlow<()>,
) -> Result<Output, ExecError> {
    run(plan, storage, options, Some(each), None)
}

/// Runs a plan as [`execute`] does, and measures what each part of it uses. That costs a few looks at the clock per
/// operator and batch.
///
/// # Errors
/// As [`execute`].
pub fn analyze(
    plan: &Plan,
    storage: &dyn Storage,
    options: ExecOptions,
) -> Result<(Output, Profile), ExecError> {
    let meter = Arc::new(Meter::new(plan));
    let output = {
        let _at = meter.enter(PartId::REST);
        run(plan, storage, options, None, Some(Arc::clone(&meter)))?
    };
    Ok((output, Profile::new(plan, &meter)))
}

fn run(
    plan: &Plan,
    storage: &dyn Storage,
    options: ExecOptions,
    sink: Option<Sink<'_>>,
    meter: Option<Arc<Meter>>,
) -> Result<Output, ExecError> {
    let cx = Cx::new(options, plan.settings, storage, meter);
    cx.check_in(Phase::Execution)?;
    cx.keep(cx.options.text_bytes)?;
    let selections = select_all(plan, &cx)?;
    let shared = plan.shared.iter().map(|_| OnceLock::new()).collect();
    let query = Query { plan, selections, shared };
    let value = {
        let _at = cx.at(|meter| outermost(plan, meter));
        collect(&query, sink, &cx)?
    };
    for selection in &query.selections {
        cx.count_reads(selection.stats());
        // Some damage shows only when it is read.
        selection.warnings().into_iter().for_each(|text| cx.storage_warning(text));
    }
    if let Some(meter) = &cx.meter {
        meter.set_rows(outermost(plan, meter), value.series_count());
        meter.set_rows(meter.result(), value.series_count());
    }
    Ok(Output { value, annotations: cx.take_notes(), stats: cx.stats() })
}

/// What makes the result: windows become one without another operator between.
fn outermost(plan: &Plan, meter: &Meter) -> PartId {
    if plan.root.ty == ValueType::Matrix { meter.node(&plan.root) } else { meter.result() }
}

/// What a store keeps for each selected series: its number and a snapshot of its samples.
const SELECTED_BYTES: usize = 40;

/// Asks the store for series, and ends the search when the query is over or may not hold them.
pub(crate) fn select(
    matchers: &[Matcher],
    range: TimeRange,
    hints: SelectHints,
    cx: &Cx<'_>,
) -> Result<Box<dyn Selection>, ExecError> {
    let watch = SelectWatch { cx, refused: Mutex::new(None) };
    let selected = cx.storage.select(&SelectRequest { matchers, range, hints, watch: Some(&watch) });
    match watch.refused.into_inner().expect("no holder panics") {
        Some(refused) => Err(refused),
        None => Ok(selected?),
    }
}

/// The query as a store sees it.
struct SelectWatch<'c, 'q> {
    cx: &'c Cx<'q>,
    /// Why the search was ended.
    refused: Mutex<Option<ExecError>>,
}

impl std::fmt::Debug for SelectWatch<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SelectWatch").finish_non_exhaustive()
    }
}

impl Watch for SelectWatch<'_, '_> {
    fn go_on(&self, bytes: usize) -> Result<(), StorageError> {
        let answer = self.cx.check().and_then(|()| self.cx.hold(bytes).map(drop));
        answer.map_err(|error| {
            let told = StorageError::Other(error.to_string());
            self.refused.lock().expect("no holder panics").get_or_insert(error);
            told
        })
    }
}

/// Issues every select before anything is evaluated, so that the query sees one state of the store.
fn select_all(plan: &Plan, cx: &Cx<'_>) -> Result<Vec<Box<dyn Selection>>, ExecError> {
    let mut selections = Vec::with_capacity(plan.selectors.len());
    for (id, spec) in plan.selectors.iter().enumerate() {
        let _at = cx.at(|meter| meter.search(SelectorId(id)));
        cx.check()?;
        let hints = SelectHints {
            step: spec.step,
            range: spec.window,
            newest_only: spec.newest_only,
            needed_labels: spec.needed_labels.clone(),
        };
        let selection = select(&spec.matchers, spec.range, hints, cx)?;
        if let Some(meter) = &cx.meter {
            meter.set_rows(meter.search(SelectorId(id)), selection.len());
        }
        cx.keep(selection.len().saturating_mul(SELECTED_BYTES))?;
        cx.series.fetch_add(selection.len() as u64, std::sync::atomic::Ordering::Relaxed);
        selection.warnings().into_iter().for_each(|text| cx.storage_warning(text));
        selections.push(match spec.totals_only {
            Some(walk) => Box::new(TotalsOnly::new(selection, walk)),
            None => selection,
        });
    }
    Ok(selections)
}
