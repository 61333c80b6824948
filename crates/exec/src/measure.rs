//! Measuring a query while it runs. Each thread knows for which part of the query it works at the moment; time,
//! bytes and samples count for that part. Changing the part takes two looks at the clock, and happens once per batch.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use foldhash::fast::RandomState;
use promqlite_plan::{Node, Plan, SelectorId, with_stack};

/// The number of a part of a query in its [`Meter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PartId(usize);

impl PartId {
    /// Whatever belongs to no other part.
    pub(crate) const REST: Self = Self(0);
    /// Waiting for other threads, which is nobody's work.
    const IDLE: Self = Self(usize::MAX);
}

/// For what a thread works.
#[derive(Clone, Copy)]
struct Place {
    /// The number of the meter; none has 0.
    meter: u64,
    part: PartId,
    /// Since when; always known with a meter.
    since: Option<Instant>,
    /// Whether the query's own thread waits for this one.
    helps: bool,
}

thread_local! {
    static PLACE: Cell<Place> =
        const { Cell::new(Place { meter: 0, part: PartId::REST, since: None, helps: false }) };
}

/// Meters made so far: tells the meters of queries apart that share a thread.
static METERS: AtomicU64 = AtomicU64::new(0);

/// The counters of one running query.
#[derive(Debug)]
pub(crate) struct Meter {
    number: u64,
    started: Instant,
    counters: Vec<Counters>,
    selectors: usize,
    /// Nodes by their address: a plan stays where it is while it runs.
    nodes: HashMap<usize, PartId, RandomState>,
    /// What is to be added to the busy time of each part, in ns, to get its share of the time on the clock.
    clock_shift: Mutex<Vec<i64>>,
}

/// What one part used so far.
#[derive(Debug, Default)]
struct Counters {
    /// ns that threads worked for it.
    busy: AtomicU64,
    samples: AtomicU64,
    batches: AtomicU64,
    /// Rows once it is known that there are any to count.
    rows: AtomicU64,
    has_rows: AtomicBool,
    /// Bytes: all that were ever held, those held now, and the most of these.
    bytes: AtomicU64,
    held: AtomicU64,
    peak: AtomicU64,
}

/// What one part used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    pub(crate) time: Duration,
    pub(crate) busy: Duration,
    pub(crate) rows: Option<u64>,
    pub(crate) batches: u64,
    pub(crate) samples: u64,
    pub(crate) bytes: u64,
    pub(crate) peak_bytes: u64,
}

impl Meter {
    /// A meter for one run of a plan.
    pub(crate) fn new(plan: &Plan) -> Self {
        let selectors = plan.selectors.len();
        let mut nodes = HashMap::default();
        let mut next = selectors + 2;
        walk(plan, |node, _| {
            nodes.insert(address(node), PartId(next));
            next += 1;
        });
        Self {
            number: METERS.fetch_add(1, Relaxed) + 1,
            started: Instant::now(),
            counters: std::iter::repeat_with(Counters::default).take(next).collect(),
            selectors,
            nodes,
            clock_shift: Mutex::new(vec![0; next]),
        }
    }

    /// The search for the series of a selector.
    pub(crate) fn search(&self, selector: SelectorId) -> PartId {
        debug_assert!(selector.0 < self.selectors);
        PartId(1 + selector.0)
    }

    /// The making of the result.
    pub(crate) fn result(&self) -> PartId {
        PartId(1 + self.selectors)
    }

    /// A node of the plan.
    pub(crate) fn node(&self, node: &Node) -> PartId {
        self.nodes.get(&address(node)).copied().unwrap_or(PartId::REST)
    }

    /// Time since the meter was made.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// What a part used so far.
    pub(crate) fn usage(&self, part: PartId) -> Usage {
        let counters = &self.counters[part.0];
        let busy = counters.busy.load(Relaxed);
        let shift = self.clock_shift.lock().expect("no holder panics")[part.0];
        Usage {
            time: Duration::from_nanos(busy.saturating_add_signed(shift)),
            busy: Duration::from_nanos(busy),
            rows: counters.has_rows.load(Relaxed).then(|| counters.rows.load(Relaxed)),
            batches: counters.batches.load(Relaxed),
            samples: counters.samples.load(Relaxed),
            bytes: counters.bytes.load(Relaxed),
            peak_bytes: counters.peak.load(Relaxed),
        }
    }

    /// The part for which this thread works.
    pub(crate) fn here(&self) -> PartId {
        let place = PLACE.get();
        if place.meter == self.number && place.part != PartId::IDLE { place.part } else { PartId::REST }
    }

    /// Works for a part as long as the guard lives.
    pub(crate) fn enter(&self, part: PartId) -> Scope<'_> {
        self.change(part, false)
    }

    /// Works for a part on behalf of a thread that waits, as long as the guard lives.
    pub(crate) fn help(&self, part: PartId) -> Scope<'_> {
        self.change(part, true)
    }

    fn change(&self, part: PartId, helps: bool) -> Scope<'_> {
        let now = Instant::now();
        let before = PLACE.get();
        let nested = before.meter == self.number;
        if nested {
            self.charge(before, now);
        }
        let helps = helps || (nested && before.helps);
        PLACE.set(Place { meter: self.number, part, since: Some(now), helps });
        Scope { meter: self, before }
    }

    fn charge(&self, place: Place, now: Instant) {
        if let (Some(counters), Some(since)) = (self.counters.get(place.part.0), place.since) {
            counters.busy.fetch_add(nanos(now.saturating_duration_since(since)), Relaxed);
        }
    }

    /// Waits while other threads [`Meter::help`], and splits the time that went by among the parts that they worked
    /// for. `work` gets the part for which this thread worked so far.
    pub(crate) fn wait<T>(&self, work: impl FnOnce(PartId) -> T) -> T {
        let place = PLACE.get();
        let part = self.here();
        if place.meter != self.number || place.helps {
            return work(part);
        }
        let _idle = self.enter(PartId::IDLE);
        let started = Instant::now();
        let before = self.busy_times();
        let done = work(part);
        let worked: Vec<u64> =
            self.busy_times().iter().zip(before).map(|(now, before)| now - before).collect();
        self.split(nanos(started.elapsed()), &worked, part);
        done
    }

    fn busy_times(&self) -> Vec<u64> {
        self.counters.iter().map(|counters| counters.busy.load(Relaxed)).collect()
    }

    fn split(&self, waited: u64, worked: &[u64], waiting: PartId) {
        let all: u64 = worked.iter().sum();
        let mut shift = self.clock_shift.lock().expect("no holder panics");
        if all == 0 {
            shift[waiting.0] += waited as i64;
            return;
        }
        for (shift, worked) in shift.iter_mut().zip(worked) {
            let share = u128::from(waited) * u128::from(*worked) / u128::from(all);
            *shift += share as i64 - *worked as i64;
        }
    }

    /// Counts samples that were read for this thread's part.
    pub(crate) fn read_samples(&self, samples: u64) {
        self.counters[self.here().0].samples.fetch_add(samples, Relaxed);
    }

    /// Counts a batch that a part was asked for.
    pub(crate) fn read_batch(&self, part: PartId) {
        self.counters[part.0].batches.fetch_add(1, Relaxed);
    }

    /// Tells how many rows a part has.
    pub(crate) fn set_rows(&self, part: PartId, rows: usize) {
        self.counters[part.0].rows.store(rows as u64, Relaxed);
        self.counters[part.0].has_rows.store(true, Relaxed);
    }

    /// Counts bytes that are now held.
    pub(crate) fn hold(&self, part: PartId, bytes: usize) {
        self.counters[part.0].bytes.fetch_add(bytes as u64, Relaxed);
        self.receive(part, bytes);
    }

    /// Counts bytes that another part held until now.
    pub(crate) fn receive(&self, part: PartId, bytes: usize) {
        let counters = &self.counters[part.0];
        let now = counters.held.fetch_add(bytes as u64, Relaxed).saturating_add(bytes as u64);
        if now > counters.peak.load(Relaxed) {
            counters.peak.fetch_max(now, Relaxed);
        }
    }

    /// Counts bytes that are held no more.
    pub(crate) fn give_back(&self, part: PartId, bytes: usize) {
        self.counters[part.0].held.fetch_sub(bytes as u64, Relaxed);
    }
}

/// Until this is dropped, the thread works for some part.
pub(crate) struct Scope<'m> {
    meter: &'m Meter,
    before: Place,
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        self.meter.charge(PLACE.get(), now);
        // Another query's clock ran on while this one was asked.
        let nested = self.before.meter == self.meter.number;
        let since = if nested { Some(now) } else { self.before.since };
        PLACE.set(Place { since, ..self.before });
    }
}

/// Calls `f` with all nodes of a plan in the order in which explain prints them, with their depth and, for the first
/// of a shared subtree, its number.
pub(crate) fn walk<'p>(plan: &'p Plan, mut f: impl FnMut(&'p Node, (usize, Option<usize>))) {
    walk_node(&plan.root, (0, None), &mut f);
    for (id, shared) in plan.shared.iter().enumerate() {
        walk_node(shared, (0, Some(id)), &mut f);
    }
}

fn walk_node<'p>(
    node: &'p Node,
    (depth, shared): (usize, Option<usize>),
    f: &mut impl FnMut(&'p Node, (usize, Option<usize>)),
) {
    f(node, (depth, shared));
    for child in node.children() {
        with_stack(|| walk_node(child, (depth + 1, None), f));
    }
}

fn address(node: &Node) -> usize {
    std::ptr::from_ref(node).addr()
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
