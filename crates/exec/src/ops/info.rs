//! `info`: adds labels of info series to the series they describe.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use promqlite_functions::Stop;
use promqlite_model::{Batch, Labels, LabelsBuilder, MatchOp, Matcher, Pos, Symbol};
use promqlite_plan::InfoNode;
use promqlite_regex::reading_bytes;
use promqlite_storage::{SelectHints, Selection};

use crate::aside::Aside;
use crate::block::Block;
use crate::budget::{Held, Tally};
use crate::context::Cx;
use crate::error::ExecError;
use crate::operator::{Opened, Schema};
use crate::ops::buffer::Buffer;
use crate::ops::lookback::{References, newest};
use crate::run::select;

/// What an alternative of a regular expression takes beside its text, in the tree that is read of it.
const ALTERNATIVE_BYTES: usize = 48;
/// What an info series takes beside its times: its labels, and a place in the table of a step.
const SERIES_BYTES: usize = 120;
/// What a cell takes in the list of cells, which grows.
const CELL_BYTES: usize = 36;
/// What an output row takes beside its labels, in lists and a table that grow.
const ROW_BYTES: usize = 160;

/// Labels by which base and info series find each other.
struct Identity {
    instance: Symbol,
    job: Symbol,
}

/// The info series that count at each step.
struct InfoSeries {
    labels: Vec<Labels>,
    /// Per series and step: the time of the sample, in ms; [`NO_TIME`] without one.
    times: Aside<Vec<i64>>,
    steps: usize,
    /// What the two take.
    held: Held,
}

/// No sample has this time.
const NO_TIME: i64 = i64::MIN;

impl InfoSeries {
    fn time(&self, series: usize, step: usize) -> Option<i64> {
        Some(self.times[series * self.steps + step]).filter(|&time| time != NO_TIME)
    }
}

/// Runs the join.
pub(crate) fn open_info<'q>(
    info: &InfoNode,
    input: Opened<'q>,
    _pos: Pos,
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    let identity = Identity { instance: cx.intern("instance")?, job: cx.intern("job")? };
    let base = input.read_all(cx)?;
    let passes: Vec<bool> = input.schema.labels.iter().map(|labels| is_info(labels, info, cx)).collect();
    let series = select_info(info, &input.schema, &passes, &identity, cx)?;
    Join {
        info,
        base: &base,
        schema: &input.schema,
        passes: &passes,
        series: &series,
        identity: &identity,
        cx,
    }
    .run()
}

/// Base series that are info series themselves pass unchanged.
fn is_info(labels: &Labels, info: &InfoNode, cx: &Cx<'_>) -> bool {
    let name = cx.symbols.get(labels.get(Symbol::NAME));
    info.name_matchers.iter().all(|matcher| matcher.matches(name))
}

fn select_info(
    info: &InfoNode,
    base: &Schema,
    passes: &[bool],
    identity: &Identity,
    cx: &Cx<'_>,
) -> Result<InfoSeries, ExecError> {
    let mut matchers: Vec<Matcher> = Vec::new();
    for (name, symbol) in [("instance", identity.instance), ("job", identity.job)] {
        let _values = cx.hold(base.len() * 2 * size_of::<Symbol>())?;
        let mut values: Vec<Symbol> = base
            .labels
            .iter()
            .zip(passes)
            .filter(|(_, passes)| !**passes)
            .map(|(labels, _)| labels.get(symbol))
            .filter(|&value| value != Symbol::EMPTY)
            .collect();
        values.sort_unstable();
        values.dedup();
        if !values.is_empty() {
            // Quoting can double a text; then come the pattern, its copies in the matcher, and the set of texts.
            let texts = values.iter().map(|&v| cx.symbols.get(v).len().saturating_mul(2) + ALTERNATIVE_BYTES);
            let texts = texts.fold(0_usize, usize::saturating_add);
            cx.keep(texts.saturating_mul(4))?;
            cx.check()?;
            let alternatives: Vec<String> = values.iter().map(|&v| quote_meta(cx.symbols.get(v))).collect();
            let pattern = alternatives.join("|");
            cx.keep(reading_bytes(&pattern))?;
            let matcher = Matcher::new(name, MatchOp::Regex, &pattern);
            matchers.push(matcher.map_err(|e| ExecError::Evaluation(e.to_string()))?);
        }
    }
    if matchers.is_empty() {
        return Ok(InfoSeries { labels: Vec::new(), times: Aside::default(), steps: 0, held: cx.hold(0)? });
    }
    matchers.extend(info.name_matchers.iter().cloned());
    matchers.extend(info.data_matchers.iter().cloned());
    let selection = select(&matchers, info.range, SelectHints::default(), cx)?;
    cx.check_shape(selection.len(), 0)?;
    let series = read_info(info, selection.as_ref(), cx);
    cx.count_reads(selection.stats());
    selection.warnings().into_iter().for_each(|text| cx.storage_warning(text));
    series
}

fn read_info(info: &InfoNode, selection: &dyn Selection, cx: &Cx<'_>) -> Result<InfoSeries, ExecError> {
    let steps = info.input.grid.len;
    let references = References::new(info.at, steps);
    let mut buf = Buffer::new(cx)?;
    let cells = selection.len().saturating_mul(steps);
    let held = cx.hold(cells.saturating_mul(size_of::<i64>()))?;
    let times = Aside::from(Vec::with_capacity(cells));
    let mut series = InfoSeries { labels: Vec::with_capacity(selection.len()), times, steps, held };
    let is_over = || cx.is_over();
    for i in 0..selection.len() {
        cx.check()?;
        let samples = buf.read(selection, i, info.range)?;
        series.held.add(SERIES_BYTES)?;
        series.times.resize((i + 1) * steps, NO_TIME);
        let times = &mut series.times[i * steps..];
        let mut histogram = false;
        let stop = Stop::new(&is_over);
        let points = newest(&samples, references, info.lookback.0, stop, |k, i| {
            histogram |= samples.histogram(i).is_some();
            times[k] = samples.times[i];
        });
        let labels = selection.labels(i);
        if histogram {
            let text = labels.display(&cx.symbols);
            return Err(ExecError::Evaluation(format!(
                "this should be an info metric, with float samples: {text}"
            )));
        }
        cx.hold_samples(points)?;
        series.labels.push(labels.clone());
    }
    Ok(series)
}

/// Go's `regexp.QuoteMeta`.
fn quote_meta(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// An output row, the base row it comes from, and a step: the limits keep all three below 2^32.
type Cell = [u32; 3];

struct Join<'a> {
    info: &'a InfoNode,
    base: &'a Batch,
    schema: &'a Schema,
    passes: &'a [bool],
    series: &'a InfoSeries,
    identity: &'a Identity,
    cx: &'a Cx<'a>,
}

impl Join<'_> {
    fn key(&self, labels: &Labels) -> (Symbol, Symbol) {
        (labels.get(self.identity.instance), labels.get(self.identity.job))
    }

    fn run<'q>(&self) -> Result<Opened<'q>, ExecError> {
        let steps = self.base.steps();
        let mut rows: HashMap<(Labels, bool), usize, RandomState> = HashMap::default();
        let mut schema = Schema::default();
        let mut cells: Aside<Vec<Cell>> = Aside::default();
        let mut tally = Tally::new(self.cx, self.series.labels.len() * SERIES_BYTES)?;
        for step in 0..steps {
            self.cx.check()?;
            let matches = self.matches_at(step)?;
            for row in (0..self.base.rows()).filter(|&row| self.base.has(row, step)) {
                let Some(labels) = self.labels_at(row, &matches)? else { continue };
                let drops = self.schema.drops_name(row);
                tally.add(CELL_BYTES)?;
                let next = rows.len();
                let to = *rows.entry((labels.clone(), drops)).or_insert(next);
                if to == next {
                    tally.add(labels.bytes() + ROW_BYTES)?;
                    schema.labels.push(labels);
                    schema.drop_name.push(drops);
                }
                cells.push([to as u32, row as u32, step as u32]);
            }
        }
        self.cx.check_shape(schema.len(), steps)?;
        let mut out = Block::empty(schema.len(), steps, self.cx)?;
        for (i, cell) in cells.iter().enumerate() {
            let [to, row, step] = cell.map(|number| number as usize);
            if i % 1024 == 0 {
                self.cx.check()?;
                out.settle()?;
            }
            if out.has(to, step) {
                return Err(ExecError::duplicate_labels());
            }
            out.copy_cell(to, step, self.base, row, step);
        }
        out.settle()?;
        Ok(Opened::materialized(schema, out).holding(tally.finish()?))
    }

    /// The info series of each identity at a step, one per info metric: the newest sample wins.
    fn matches_at(&self, step: usize) -> Result<HashMap<(Symbol, Symbol), Vec<usize>>, ExecError> {
        let mut found: HashMap<(Symbol, Symbol), Vec<usize>> = HashMap::new();
        for (i, labels) in self.series.labels.iter().enumerate() {
            let Some(time) = self.series.time(i, step) else { continue };
            let name = labels.get(Symbol::NAME);
            let known = found.entry(self.key(labels)).or_default();
            let rival = known.iter_mut().find(|&&mut j| self.series.labels[j].get(Symbol::NAME) == name);
            let Some(rival) = rival else {
                known.push(i);
                continue;
            };
            let other = self.series.time(*rival, step).expect("invariant: only present series are listed");
            if other == time {
                let symbols = &self.cx.symbols;
                let (a, b) = (self.series.labels[*rival].display(symbols), labels.display(symbols));
                let text = format!(
                    "found duplicate series for info metric: existing {a} @ {other}, new {b} @ {time}"
                );
                return Err(ExecError::Evaluation(text));
            }
            if time > other {
                *rival = i;
            }
        }
        Ok(found)
    }

    /// The labels of a base row with those of its info series; `None` if the sample is dropped.
    fn labels_at(
        &self,
        row: usize,
        matches: &HashMap<(Symbol, Symbol), Vec<usize>>,
    ) -> Result<Option<Labels>, ExecError> {
        let labels = &self.schema.labels[row];
        if self.passes[row] {
            return Ok(Some(labels.clone()));
        }
        let data = &self.info.data_matchers;
        let Some(found) = matches.get(&self.key(labels)).filter(|found| !found.is_empty()) else {
            let optional = data.iter().all(Matcher::matches_empty);
            return Ok(optional.then(|| labels.clone()));
        };
        let mut added: Vec<(Symbol, Symbol)> = Vec::new();
        for &i in found {
            for label in self.series.labels[i].iter().filter(|label| label.name != Symbol::NAME) {
                let name = self.cx.symbols.get(label.name);
                let wanted = data.is_empty() || data.iter().any(|matcher| matcher.name() == name);
                if !wanted || labels.get(label.name) != Symbol::EMPTY {
                    continue;
                }
                match added.iter().find(|(known, _)| *known == label.name) {
                    Some((_, value)) if *value != label.value => {
                        return Err(ExecError::Evaluation(format!("conflicting label: {name}")));
                    }
                    Some(_) => {}
                    None => added.push((label.name, label.value)),
                }
            }
        }
        let mut builder = LabelsBuilder::from_labels(labels);
        for (name, value) in added {
            builder.set(name, value);
        }
        Ok(Some(builder.build(&self.cx.symbols)))
    }
}
