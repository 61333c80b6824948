//! Plans as text: stable, one operation a line.

use std::fmt::{self, Write};

use promqlite_functions::Extension;
use promqlite_model::{Grid, Millis, TimeRange, Timestamp, ValueType, float_g, quote};
use promqlite_syntax::{format_duration, go_quote, with_stack};

use crate::node::{
    Cardinality, Emit, Grouping, Matching, Node, NodeKind, Plan, RangeInput, SelectorSpec, TimeMap,
};

/// What the passes made of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explain {
    /// The plan at first, and after each pass that changed it.
    pub stages: Vec<Stage>,
}

/// A plan between two passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// `lower`, or the pass that ran.
    pub name: &'static str,
    /// The plan as text.
    pub plan: String,
}

impl fmt::Display for Explain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, stage) in self.stages.iter().enumerate() {
            let gap = if i == 0 { "" } else { "\n" };
            write!(f, "{gap}-- {}\n{}", stage.name, stage.plan)?;
        }
        Ok(())
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        push_node(&mut out, &self.root, 0, None);
        for (id, shared) in self.shared.iter().enumerate() {
            let _ = writeln!(out, "shared #{id}");
            push_node(&mut out, shared, 1, None);
        }
        for (id, spec) in self.selectors.iter().enumerate() {
            push_selector(&mut out, id, spec);
        }
        f.write_str(&out)
    }
}

impl Node {
    /// The operation as explain prints it, without type and steps: `sum by (job)`.
    #[must_use]
    pub fn operation(&self) -> String {
        let mut out = String::new();
        push_operation(&mut out, self);
        out
    }
}

fn push_selector(out: &mut String, id: usize, spec: &SelectorSpec) {
    let matchers: Vec<String> = spec.matchers.iter().map(ToString::to_string).collect();
    let _ = write!(out, "${id} {{{}}} {}", matchers.join(", "), range(spec.range));
    if spec.step != Millis::ZERO {
        let _ = write!(out, " step {}", format_duration(spec.step.0));
    }
    if spec.window != Millis::ZERO {
        let _ = write!(out, " window {}", format_duration(spec.window.0));
    }
    if let Some(labels) = &spec.needed_labels {
        let _ = write!(out, " labels {}", labels.join(", "));
    }
    if spec.totals_only.is_some() {
        out.push_str(" without buckets");
    }
    out.push('\n');
}

/// One line per node, operands below it. The steps are printed where they differ from those of the line above.
fn push_node(out: &mut String, node: &Node, depth: usize, outer: Option<Grid>) {
    // The indentation of very deep plans would outgrow everything else.
    let _ = write!(out, "{:1$}", "", 2 * depth.min(100));
    push_operation(out, node);
    let _ = write!(out, ": {}", node.ty);
    if outer != Some(node.grid) {
        let _ = write!(out, " {}", steps(node.grid));
    }
    out.push('\n');
    for child in node.children() {
        with_stack(|| push_node(out, child, depth + 1, Some(node.grid)));
    }
}

fn push_operation(out: &mut String, node: &Node) {
    let _ = match &node.kind {
        NodeKind::Number(value) => write!(out, "number {}", float_g(*value)),
        NodeKind::String(value) => write!(out, "string {}", go_quote(value.as_bytes())),
        NodeKind::Time => write!(out, "time"),
        NodeKind::Select { selector, at, smoothed, emit, .. } => {
            let smoothed = if *smoothed { " smoothed" } else { "" };
            let emit = match emit {
                Emit::Value => "",
                Emit::Timestamp => " timestamp",
                Emit::StartTimestamp => " start timestamp",
            };
            write!(out, "select ${}{}{smoothed}{emit}", selector.0, times(*at, node.grid))
        }
        NodeKind::Range(input) => write!(out, "windows {}", windows(input, node.grid)),
        NodeKind::RangeFunction { function, input, .. } => {
            write!(out, "{} {}", function.name, windows(input, node.grid))
        }
        NodeKind::Call { function, .. } => write!(out, "{}", function.name),
        NodeKind::Info(info) => {
            let all = info.name_matchers.iter().chain(&info.data_matchers);
            let matchers: Vec<String> = all.map(ToString::to_string).collect();
            write!(out, "info {{{}}}{} {}", matchers.join(", "), times(info.at, node.grid), range(info.range))
        }
        NodeKind::Aggregate { aggregation, grouping: labels, .. } => {
            write!(out, "{}{}", aggregation.name, grouping(labels))
        }
        NodeKind::Binary { op, return_bool, lhs, rhs, matching: how } => {
            let bool = if *return_bool { " bool" } else { "" };
            let vectors = lhs.ty == ValueType::Vector && rhs.ty == ValueType::Vector;
            let matching = if vectors { matching(how) } else { String::new() };
            write!(out, "{op}{bool}{matching}")
        }
        NodeKind::Negate(_) => write!(out, "negate"),
        NodeKind::Broadcast(_) => write!(out, "broadcast"),
        NodeKind::Shared(id) => write!(out, "shared #{id}"),
    };
}

fn windows(input: &RangeInput, grid: Grid) -> String {
    match input {
        RangeInput::Selector { selector, ends, range, extension, .. } => {
            let extension = match extension {
                None => "",
                Some(Extension::Anchored) => " anchored",
                Some(Extension::Smoothed) => " smoothed",
            };
            format!("${}[{}]{}{extension}", selector.0, format_duration(range.0), times(*ends, grid))
        }
        RangeInput::Subquery { input, ends, range } => {
            let step = format_duration(input.grid.step.0);
            format!("[{}:{step}]{}", format_duration(range.0), times(*ends, grid))
        }
    }
}

/// Where steps look, unless at their own times.
fn times(at: TimeMap, grid: Grid) -> String {
    if grid.len > 1 && at.step == grid.step {
        return match (grid.start - at.first).0 {
            0 => String::new(),
            offset => format!(" offset {}", format_duration(offset)),
        };
    }
    if grid.len <= 1 && at.first == grid.start { String::new() } else { format!(" @ {}", seconds(at.first)) }
}

fn grouping(grouping: &Grouping) -> String {
    match (grouping.without, grouping.labels.is_empty()) {
        (false, true) => String::new(),
        (false, false) => format!(" by {}", names(&grouping.labels)),
        (true, _) => format!(" without {}", names(&grouping.labels)),
    }
}

fn matching(matching: &Matching) -> String {
    let mut out = String::new();
    if matching.on {
        out = format!(" on {}", names(&matching.labels));
    } else if !matching.labels.is_empty() {
        out = format!(" ignoring {}", names(&matching.labels));
    }
    let group = match matching.card {
        Cardinality::OneToOne | Cardinality::ManyToMany => None,
        Cardinality::ManyToOne => Some("group_left"),
        Cardinality::OneToMany => Some("group_right"),
    };
    if let Some(group) = group {
        let _ = write!(out, " {group} {}", names(&matching.include));
    }
    for (word, fill) in [("fill_left", matching.fill_left), ("fill_right", matching.fill_right)] {
        if let Some(value) = fill {
            let _ = write!(out, " {word} {}", float_g(value));
        }
    }
    out
}

fn names(names: &[String]) -> String {
    let plain = |name: &&String| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let names: Vec<String> =
        names.iter().map(|name| if plain(&name) { name.clone() } else { quote(name) }).collect();
    format!("({})", names.join(", "))
}

fn steps(grid: Grid) -> String {
    match grid.len {
        0 => "at no step".to_owned(),
        1 => format!("at {}", seconds(grid.start)),
        len => {
            let step = format_duration(grid.step.0);
            format!("at {}..{} every {step} ({len})", seconds(grid.start), seconds(grid.end()))
        }
    }
}

fn range(range: TimeRange) -> String {
    format!("[{}, {}]", seconds(range.start), seconds(range.end))
}

/// Seconds with as many decimals as needed: `-1.5s`.
fn seconds(time: Timestamp) -> String {
    let sign = if time.0 < 0 { "-" } else { "" };
    let (whole, ms) = (time.0.unsigned_abs() / 1000, time.0.unsigned_abs() % 1000);
    if ms == 0 { format!("{sign}{whole}s") } else { format!("{sign}{whole}.{ms:03}s") }
}
