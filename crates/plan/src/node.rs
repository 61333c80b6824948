//! The logical plan: what is to be computed, with every time resolved.

use promqlite_functions::aggregate::Aggregation;
use promqlite_functions::binary::BinaryOp;
use promqlite_functions::{Extension, Function};
use promqlite_model::{Grid, Matcher, Millis, Pos, TimeRange, Timestamp, ValueType};
use promqlite_syntax::{Boxed, ByteString};

/// A link to a sub-plan. Reads like `&Node`; safe to drop, clone and print at any depth.
pub type NodeBox = Boxed<Node>;

/// A query that is ready to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The expression.
    pub root: Node,
    /// Every selector of the query; nodes refer to them by number, so that all selects can be issued first.
    pub selectors: Vec<SelectorSpec>,
    /// Subtrees that several places use; [`NodeKind::Shared`] refers to them by number. A subtree refers only
    /// to earlier ones. Positions in it are those of its last use.
    pub shared: Vec<Node>,
    /// Whether the result is one of a range query.
    pub is_range: bool,
    /// Engine settings that evaluation depends on.
    pub settings: Settings,
}

/// Engine settings that change answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether metric names are removed only at the end (`promql-delayed-name-removal`).
    pub delayed_name_removal: bool,
    /// Whether start timestamps count (`use-start-timestamps`).
    pub use_start_timestamps: bool,
    /// Whether `__type__` and `__unit__` are trusted (`type-and-unit-labels`).
    pub type_and_unit_labels: bool,
}

/// The number of a selector in [`Plan::selectors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SelectorId(pub usize);

/// What is asked of storage for a selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectorSpec {
    /// The matchers, the metric name's among them.
    pub matchers: Vec<Matcher>,
    /// Every sample that any use may look at lies in here.
    pub range: TimeRange,
    /// Hint: distance of the steps; zero for an instant query.
    pub step: Millis,
    /// Hint: length of the window; zero for an instant selector.
    pub window: Millis,
    /// Hint: of each series only the newest sample in the range is looked at.
    pub newest_only: bool,
    /// Hint: the labels that matter; `None` for all. A selection made with it may have rows with equal labels,
    /// which stay rows of their own, and nothing between the selector and the aggregation above may look for
    /// duplicates. If a row has `__type__` or `__unit__`, whose removal can make real duplicates, the select is
    /// to be repeated without the hint.
    pub needed_labels: Option<Vec<String>>,
    /// Set if of native histograms only count and sum are looked at. They are then read without buckets, and
    /// their counter-reset hints tell of each whether it was reset after the one read before it, as in
    /// Prometheus, where that can lead to a remark.
    pub totals_only: Option<Walk>,
}

/// How Prometheus goes through the samples of one series, which settles which sample it has read before another.
/// At each step it reads on to the first sample at or after the step's time; but where it stands at a sample more
/// than `reach` before that time, it first skips all that are, unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    /// The times of the steps.
    pub steps: TimeMap,
    /// How far before its time a step looks.
    pub reach: Millis,
}

/// An operation, the steps at which it is evaluated, and its place in the query.
#[derive(Clone, Debug)]
pub struct Node {
    /// The operation.
    pub kind: NodeKind,
    /// The steps.
    pub grid: Grid,
    /// The type of the result.
    pub ty: ValueType,
    /// Where annotations about this node point, both its own and those of the operation that it is an operand of.
    pub pos: Pos,
}

/// How steps map to times in the data: step `k` looks at `first + k·step`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeMap {
    /// The reference time of the first step, offset and `@` applied.
    pub first: Timestamp,
    /// The distance of two reference times: the grid's step, or zero under `@`.
    pub step: Millis,
}

impl TimeMap {
    /// What step `k` looks at.
    #[must_use]
    pub fn time(&self, k: usize) -> Timestamp {
        Timestamp(self.first.0.saturating_add(self.step.0.saturating_mul(k as i64)))
    }
}

/// The operations.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// A number. Scalar.
    Number(f64),
    /// A string; it need not be UTF-8.
    String(ByteString),
    /// The step's time in seconds. Scalar.
    Time,
    /// An instant selector.
    Select {
        /// Which series.
        selector: SelectorId,
        /// Where steps look.
        at: TimeMap,
        /// How far back a sample still counts.
        lookback: Millis,
        /// Whether values are interpolated (`smoothed`).
        smoothed: bool,
        /// What is emitted per sample.
        emit: Emit,
    },
    /// A bare range selector or subquery at the root of an instant query.
    Range(RangeInput),
    /// A function of windows.
    RangeFunction {
        /// The function; its kernel is `Range` or `AbsentOverTime`.
        function: &'static Function,
        /// Where the windows come from.
        input: Box<RangeInput>,
        /// The scalar arguments in order, on the node's grid.
        args: Vec<NodeBox>,
        /// Which argument the range vector is.
        range_arg: usize,
        /// The positions of all arguments.
        positions: Vec<Pos>,
        /// The matchers of a direct selector, from which `absent_over_time` takes labels.
        absent_matchers: Vec<Matcher>,
    },
    /// Any other function.
    Call {
        /// The function.
        function: &'static Function,
        /// All arguments in order.
        args: Vec<NodeBox>,
        /// The matchers of a direct selector, from which `absent` takes labels.
        matchers: Vec<Matcher>,
    },
    /// `info`. The info series depend on the input's labels, so they are selected during evaluation.
    Info(Box<InfoNode>),
    /// An aggregation.
    Aggregate {
        /// The operator.
        aggregation: &'static Aggregation,
        /// The labels of `by` or `without`.
        grouping: Grouping,
        /// What is aggregated.
        input: NodeBox,
        /// The parameter; a scalar or string node.
        param: Option<NodeBox>,
    },
    /// A binary operator; sides are scalars or vectors.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Whether a comparison yields 0 and 1 instead of filtering.
        return_bool: bool,
        /// Left operand.
        lhs: NodeBox,
        /// Right operand.
        rhs: NodeBox,
        /// How vectors are matched; only used when both sides are vectors.
        matching: Matching,
    },
    /// Unary minus on a scalar or a vector.
    Negate(NodeBox),
    /// A one-step subtree, repeated at every step of this node's grid.
    Broadcast(NodeBox),
    /// A subtree of [`Plan::shared`], evaluated once.
    Shared(usize),
}

/// The join of a vector with info series.
#[derive(Clone, Debug)]
pub struct InfoNode {
    /// The series to enrich.
    pub input: NodeBox,
    /// What the names of info series must pass: `__name__="target_info"` if nothing else is asked for.
    pub name_matchers: Vec<Matcher>,
    /// What their other labels must pass; their names are the labels to add, all of them if there are none.
    pub data_matchers: Vec<Matcher>,
    /// Where steps look for info samples.
    pub at: TimeMap,
    /// How far back an info sample still counts.
    pub lookback: Millis,
    /// Every info sample that may be looked at lies in here.
    pub range: TimeRange,
}

/// What an instant selector emits per sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Emit {
    /// The sample.
    Value,
    /// Its time in seconds: `timestamp(selector)`.
    Timestamp,
    /// Its start timestamp in seconds: `start_timestamp(selector)`.
    StartTimestamp,
}

/// Where windows come from.
#[derive(Clone, Debug)]
pub enum RangeInput {
    /// Stored samples.
    Selector {
        /// Which series.
        selector: SelectorId,
        /// The right edges of the windows.
        ends: TimeMap,
        /// Their length.
        range: Millis,
        /// `anchored` or `smoothed`.
        extension: Option<Extension>,
        /// How far extended windows look beyond their edges.
        lookback: Millis,
    },
    /// The points of an expression on a grid of its own.
    Subquery {
        /// The expression, on the inner grid.
        input: NodeBox,
        /// The right edges of the windows.
        ends: TimeMap,
        /// Their length.
        range: Millis,
    },
}

/// The labels that an aggregation groups by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Grouping {
    /// `without` instead of `by`.
    pub without: bool,
    /// The names, as written.
    pub labels: Vec<String>,
}

/// How the rows of two vectors find each other. The default is one-to-one on all labels but the name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matching {
    /// Which side may have several rows per match.
    pub card: Cardinality,
    /// `on` instead of `ignoring`.
    pub on: bool,
    /// The names of `on` or `ignoring`.
    pub labels: Vec<String>,
    /// The names of `group_left` or `group_right`.
    pub include: Vec<String>,
    /// The value of a missing left row.
    pub fill_left: Option<f64>,
    /// The value of a missing right row.
    pub fill_right: Option<f64>,
}

/// Which side of a match may have several rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Cardinality {
    /// Neither.
    #[default]
    OneToOne,
    /// The left one: `group_left`.
    ManyToOne,
    /// The right one: `group_right`.
    OneToMany,
    /// Both: set operators.
    ManyToMany,
}
