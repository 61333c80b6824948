//! The logical plan: what is to be computed, with every time resolved.

use promqlite_functions::aggregate::Aggregation;
use promqlite_functions::binary::BinaryOp;
use promqlite_functions::{Extension, Function};
use promqlite_model::{Grid, Matcher, Millis, Pos, TimeRange, Timestamp, ValueType};

/// A query that is ready to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The expression.
    pub root: Node,
    /// Every selector of the query; nodes refer to them by number, so that all selects can be issued first.
    pub selectors: Vec<SelectorSpec>,
    /// Subtrees that several places use; [`NodeKind::Shared`] refers to them by number. A subtree refers only
    /// to earlier ones.
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
    /// Hint: the labels that matter; `None` for all.
    pub needed_labels: Option<Vec<String>>,
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
    /// Where annotations about this node point.
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

/// The operations.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// A number. Scalar.
    Number(f64),
    /// A string.
    String(String),
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
        args: Vec<Node>,
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
        args: Vec<Node>,
        /// The matchers of a direct selector, from which `absent` takes labels; the data and name matchers of
        /// `info`'s second argument.
        matchers: Vec<Matcher>,
    },
    /// An aggregation.
    Aggregate {
        /// The operator.
        aggregation: &'static Aggregation,
        /// The labels of `by` or `without`.
        grouping: Grouping,
        /// What is aggregated.
        input: Box<Node>,
        /// The parameter; a scalar or string node.
        param: Option<Box<Node>>,
    },
    /// A binary operator; sides are scalars or vectors.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Whether a comparison yields 0 and 1 instead of filtering.
        return_bool: bool,
        /// Left operand.
        lhs: Box<Node>,
        /// Right operand.
        rhs: Box<Node>,
        /// How vectors are matched; only used when both sides are vectors.
        matching: Matching,
    },
    /// Unary minus on a scalar or a vector.
    Negate(Box<Node>),
    /// A one-step subtree, repeated at every step of this node's grid.
    Broadcast(Box<Node>),
    /// A subtree of [`Plan::shared`], evaluated once.
    Shared(usize),
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
        input: Node,
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

/// How the rows of two vectors find each other.
#[derive(Clone, Debug, PartialEq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cardinality {
    /// Neither.
    OneToOne,
    /// The left one: `group_left`.
    ManyToOne,
    /// The right one: `group_right`.
    OneToMany,
    /// Both: set operators.
    ManyToMany,
}
