//! The logical plan: what the executor carries out. Nothing in it depends on names, text or the clock any more.

use promqlite_functions::aggregate::Aggregation;
use promqlite_functions::binary::BinaryOp;
use promqlite_functions::{Extension, Function};
use promqlite_model::{Grid, Matcher, Millis, Pos, TimeRange, Timestamp, ValueType};
use promqlite_syntax::{Boxed, ByteString};

/// A link to a sub-plan. Reads like `&Node`; safe to drop, clone and compare at any depth.
pub type NodeBox = Boxed<Node>;

/// A query, ready to be executed.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What yields the result.
    pub root: Node,
    /// Everything that is read from storage, so that all selects can be issued before anything is evaluated.
    /// Nodes refer to it by [`SelectorId`]. The info series of [`InfoNode`] are the one exception.
    pub selectors: Vec<SelectorSpec>,
    /// The definitions of [`NodeKind::Shared`] nodes. A definition refers to later ones only.
    pub shared: Vec<Node>,
    /// Instant or range query.
    pub kind: QueryKind,
    /// Switches that change results.
    pub options: EvalOptions,
}

impl Plan {
    /// The grid of the query's own steps.
    #[must_use]
    pub fn grid(&self) -> Grid {
        self.root.grid
    }

    /// The selector behind an id.
    #[must_use]
    pub fn selector(&self, id: SelectorId) -> &SelectorSpec {
        &self.selectors[id.0]
    }

    /// The definition behind an id.
    #[must_use]
    pub fn shared(&self, id: SharedId) -> &Node {
        &self.shared[id.0]
    }
}

/// The kind of a query, which decides the shape of its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryKind {
    /// One step; the result has the expression's own type.
    Instant,
    /// Any number of steps, also one; the result is a matrix.
    Range,
}

/// Engine settings that change results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EvalOptions {
    /// Whether metric names are removed at the very end instead of by each operation.
    pub delayed_name_removal: bool,
    /// Whether the start timestamps of samples are used.
    pub use_start_timestamps: bool,
    /// Whether `__type__` and `__unit__` tell about metrics.
    pub type_and_unit_labels: bool,
}

/// An index into [`Plan::selectors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SelectorId(pub usize);

/// An index into [`Plan::shared`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SharedId(pub usize);

/// One select on the storage.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectorSpec {
    /// All of these must pass.
    pub matchers: Vec<Matcher>,
    /// All samples that any user of the selector looks at. Each user reads its own part.
    pub range: TimeRange,
    /// A hint: the distance of the evaluation steps; zero for an instant query.
    pub step: Millis,
    /// A hint: the longest window; zero if there are only instant selectors.
    pub window: Millis,
    /// A hint: the labels that the result depends on, `None` for all. See [`needed_labels`](crate::rewrite) for
    /// what the executor owes in return.
    pub needed_labels: Option<Vec<String>>,
}

/// The instants at which a selector or a window looks at the data: step `k` looks at `first + k·step`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SampleTimes {
    /// The instant of the first step.
    pub first: Timestamp,
    /// The distance of two steps' instants; zero when `@` pins all steps to one instant, or if there is but one.
    pub step: Millis,
}

impl SampleTimes {
    /// The instant of step `k`.
    #[must_use]
    pub fn time(&self, k: usize) -> Timestamp {
        Timestamp(self.first.0.saturating_add(self.step.0.saturating_mul(k as i64)))
    }
}

/// A selection of at most one sample per series and step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InstantSelect {
    /// What is read.
    pub selector: SelectorId,
    /// The reference times.
    pub times: SampleTimes,
    /// How old a sample may be: it lies in `(time − lookback, time]`.
    pub lookback: Millis,
    /// Whether values are interpolated between neighbours, up to `lookback` to both sides.
    pub smoothed: bool,
}

/// A selection of windows of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RangeSelect {
    /// What is read.
    pub selector: SelectorId,
    /// The right edges of the windows.
    pub times: SampleTimes,
    /// Their length.
    pub range: Millis,
    /// Whether the edges are extended, up to `lookback` beyond the windows.
    pub extension: Option<Extension>,
    /// How far extended windows look.
    pub lookback: Millis,
}

/// A subquery: an expression evaluated on a grid of its own, seen through windows.
#[derive(Clone, Debug, PartialEq)]
pub struct Subquery {
    /// What is evaluated. Its grid holds the multiples of the subquery's step in all windows.
    pub input: NodeBox,
    /// The right edges of the windows.
    pub times: SampleTimes,
    /// Their length.
    pub range: Millis,
}

/// Where windows of samples come from.
#[derive(Clone, Debug, PartialEq)]
pub enum RangeInput {
    /// Storage.
    Selector(RangeSelect),
    /// An expression.
    Subquery(Subquery),
}

impl RangeInput {
    /// The right edges of the windows.
    #[must_use]
    pub fn times(&self) -> SampleTimes {
        match self {
            Self::Selector(select) => select.times,
            Self::Subquery(subquery) => subquery.times,
        }
    }

    /// The length of the windows.
    #[must_use]
    pub fn range(&self) -> Millis {
        match self {
            Self::Selector(select) => select.range,
            Self::Subquery(subquery) => subquery.range,
        }
    }
}

/// An operation and where it happens.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What is done.
    pub kind: NodeKind,
    /// The steps for which the node has values.
    pub grid: Grid,
    /// The type of its values.
    pub value_type: ValueType,
    /// Where annotations about the node itself point. What they say about an operand points at [`Arg::pos`].
    pub pos: Pos,
}

/// An operand.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    /// The operand.
    pub node: NodeBox,
    /// Where annotations about it point: inside of any parentheses, and at a sign in front.
    pub pos: Pos,
}

/// The operations.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// A constant number: literals, `pi()`, and facts of the query such as `start()`.
    Number(f64),
    /// A string, which need not be UTF-8.
    String(ByteString),
    /// The step's time in seconds.
    Time,
    /// An instant selector.
    SelectInstant(InstantSelect),
    /// `timestamp` or `start_timestamp` of an instant selector: a time of the selected sample in seconds.
    SelectTimestamp {
        /// The selector; never smoothed.
        select: InstantSelect,
        /// Which time.
        which: SampleTimestamp,
    },
    /// A range selector or a subquery as the result of an instant query.
    Windows(RangeInput),
    /// A function of one range vector, series by series.
    RangeFunction(RangeFunction),
    /// `absent`: 1 where the input has no element.
    Absent {
        /// What is looked at.
        input: NodeBox,
        /// The labels of the result.
        labels: Vec<(String, String)>,
    },
    /// `absent_over_time`: 1 where no window holds a sample.
    AbsentOverTime {
        /// What is looked at.
        input: RangeInput,
        /// The labels of the result.
        labels: Vec<(String, String)>,
    },
    /// Any other function. Its kernel says how it is computed.
    Call {
        /// The function.
        function: &'static Function,
        /// The arguments in order of the signature.
        args: Vec<Arg>,
    },
    /// `info`
    Info(InfoNode),
    /// An aggregation.
    Aggregate(Aggregate),
    /// A binary operation; the operands' types tell scalars and vectors apart.
    Binary(Binary),
    /// Unary minus.
    Negate(NodeBox),
    /// The single step of the input repeated at every step.
    Broadcast(NodeBox),
    /// An expression that occurs several times: evaluated once, its annotations recorded at each reference
    /// (which keeps counts, and leaves the last position).
    Shared(SharedId),
}

/// A time that belongs to a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SampleTimestamp {
    /// When it was taken.
    Sample,
    /// Since when its counter counts; 0 if unknown. No element at all when start timestamps are not used.
    Start,
}

/// A function of one range vector.
#[derive(Clone, Debug, PartialEq)]
pub struct RangeFunction {
    /// The function; its kernel is [`Kernel::Range`](promqlite_functions::Kernel::Range).
    pub function: &'static Function,
    /// The range vector.
    pub input: RangeInput,
    /// The other arguments in order of the signature; all scalars.
    pub args: Vec<NodeBox>,
    /// The position of the range vector in the signature.
    pub range_arg: usize,
    /// The positions of all arguments in order of the signature. That of a subquery is the query's start.
    pub positions: Vec<Pos>,
}

/// The join with info series. These depend on the input's labels, so they are selected during evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct InfoNode {
    /// The series to enrich.
    pub input: NodeBox,
    /// What the name of an info series must pass.
    pub name_matchers: Vec<Matcher>,
    /// What its other labels must pass; also tells which labels are wanted.
    pub data_matchers: Vec<Matcher>,
    /// The reference times of the info series.
    pub times: SampleTimes,
    /// How old an info sample may be.
    pub lookback: Millis,
    /// The samples that are looked at.
    pub range: TimeRange,
}

/// An aggregation.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// The operator.
    pub aggregation: &'static Aggregation,
    /// How elements are grouped.
    pub grouping: Grouping,
    /// The elements.
    pub input: Arg,
    /// The parameter: a scalar, or a string for `count_values`. On the grid of the aggregation.
    pub param: Option<Arg>,
}

/// Which labels make up a group. Names are sorted and unique.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Grouping {
    /// Only these; none at all puts everything into one group.
    By(Vec<String>),
    /// All but these and the metric name.
    Without(Vec<String>),
}

/// A binary operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Binary {
    /// The operator.
    pub op: BinaryOp,
    /// Left operand.
    pub lhs: NodeBox,
    /// Right operand.
    pub rhs: NodeBox,
    /// Whether a comparison yields 0 and 1 instead of filtering.
    pub return_bool: bool,
    /// How elements pair up; present exactly when both operands are vectors.
    pub matching: Option<Matching>,
}

/// How the elements of two vectors pair up.
#[derive(Clone, Debug)]
pub struct Matching {
    /// How many of each side may pair up.
    pub card: Cardinality,
    /// Which labels must agree.
    pub labels: MatchLabels,
    /// The labels of `group_left` or `group_right` to copy from the "one" side, in source order.
    pub include: Vec<String>,
    /// `fill_left`, the value of a missing left element.
    pub fill_left: Option<f64>,
    /// `fill_right`, the value of a missing right element.
    pub fill_right: Option<f64>,
}

impl PartialEq for Matching {
    /// Compares fill values by their bits.
    fn eq(&self, other: &Self) -> bool {
        let bits = |m: &Self| (m.fill_left.map(f64::to_bits), m.fill_right.map(f64::to_bits));
        self.card == other.card
            && self.labels == other.labels
            && self.include == other.include
            && bits(self) == bits(other)
    }
}

pub use promqlite_syntax::ast::Cardinality;

/// The labels that two elements must agree on. Names are sorted and unique.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MatchLabels {
    /// These.
    On(Vec<String>),
    /// All but these and the metric name.
    Ignoring(Vec<String>),
}
