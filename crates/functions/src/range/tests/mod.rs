//! Kernels against naive twins, and against worked examples.

mod examples;
mod extended_twins;
mod histogram_twin;
mod histograms;
mod twins;

use promqlite_model::histogram::FloatHistogram;
use promqlite_model::{Annotations, Batch, Grid, Level, Millis, Pos, SampleBuf, Samples, Timestamp};

use crate::{Extension, ExtensionSupport, Function, Kernel, RangeCx, RangeKernel, Stop, Windows};

/// The geometry of windows, and what else a kernel is given.
#[derive(Clone, Debug)]
struct Setup {
    first_end: i64,
    end_step: i64,
    len: usize,
    range: i64,
    lookback: i64,
    args: Vec<Vec<f64>>,
    start_times: bool,
}

impl Setup {
    /// One window `(end − range, end]`.
    fn one(end: i64, range: i64) -> Self {
        let (first_end, lookback) = (end, 300_000);
        Self { first_end, end_step: 0, len: 1, range, lookback, args: vec![], start_times: false }
    }

    fn with_args(mut self, args: &[f64]) -> Self {
        self.args = args.iter().map(|&arg| vec![arg; self.len]).collect();
        self
    }

    fn using_start_times(mut self) -> Self {
        self.start_times = true;
        self
    }

    fn windows<'a>(&self, samples: Samples<'a>) -> Windows<'a> {
        let step = Millis(self.end_step.max(1000));
        Windows {
            samples,
            // Steps lie apart from the windows' ends, as with `offset`.
            grid: Grid { start: Timestamp(self.first_end + 7_000), step, len: self.len },
            first_end: self.first_end,
            end_step: self.end_step,
            range: Millis(self.range),
            lookback: Millis(self.lookback),
            stop: Stop::default(),
        }
    }
}

/// Which of a function's kernels runs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Floats,
    Mixed,
    Extended(Extension),
}

/// What a kernel made of one series.
struct Outcome {
    batch: Batch,
    notes: Annotations,
    error: Option<String>,
}

impl Outcome {
    fn floats(&self) -> Vec<Option<f64>> {
        (0..self.batch.steps()).map(|k| self.batch.float(0, k)).collect()
    }

    /// The one float of a single window.
    fn float(&self) -> Option<f64> {
        self.batch.float(0, 0)
    }

    fn histogram(&self) -> Option<FloatHistogram> {
        self.batch.histogram(0, 0).map(|view| view.to_owned())
    }

    /// All texts, positions included: argument n is at byte n.
    fn remarks(&self) -> Vec<String> {
        [Level::Warning, Level::Info].iter().flat_map(|&l| self.notes.render(l, "0123")).collect()
    }
}

fn kernel_of(function: &Function) -> RangeKernel {
    match function.kernel {
        Kernel::Range(kernel) => kernel,
        _ => panic!("{} has no window kernel", function.name),
    }
}

fn run(name: &str, way: Way, samples: Samples<'_>, setup: &Setup) -> Outcome {
    let function = super::ALL.iter().find(|f| f.name == name).expect("a range function");
    let kernel = kernel_of(function);
    let mut batch = Batch::empty(1, setup.len);
    let mut notes = Annotations::default();
    let args: Vec<&[f64]> = setup.args.iter().map(Vec::as_slice).collect();
    let positions: Vec<Pos> = (0..function.args.len() as u32).map(Pos).collect();
    let range_arg = function.args.iter().position(|&t| t == promqlite_model::ValueType::Matrix);
    let mut scratch = Vec::new();
    let mut cx = RangeCx {
        scratch: &mut scratch,
        args: &args,
        positions: &positions,
        range_arg: range_arg.expect("a range vector"),
        metric: "m",
        use_start_times: setup.start_times,
        notes: &mut notes,
        error: None,
    };
    let windows = setup.windows(samples);
    let row = &mut batch.row_mut(0);
    match (way, kernel.extended) {
        (Way::Floats, _) => (kernel.floats)(&windows, row, &mut cx),
        (Way::Mixed, _) => (kernel.mixed)(&windows, row, &mut cx),
        (Way::Extended(e), ExtensionSupport::Anchored(f) | ExtensionSupport::Both(f)) => {
            f(&windows, e, row, &mut cx);
        }
        (Way::Extended(_), ExtensionSupport::No) => panic!("{name} takes no extended windows"),
    }
    let error = cx.error;
    Outcome { batch, notes, error }
}

/// Float samples at seconds.
fn series(points: &[(i64, f64)]) -> SampleBuf {
    let mut buf = SampleBuf::default();
    points.iter().for_each(|&(t, v)| buf.push(t * 1000, v));
    buf
}
