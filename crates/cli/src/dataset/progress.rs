//! Progress of loading, shown only when loading takes long.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use promqlite_formats::Progress;

/// How long loading must take before it shows progress.
const BAR_AFTER: Duration = Duration::from_millis(700);

/// A progress bar on standard error that appears only when loading takes long, and only on a terminal.
pub(super) struct LateBar {
    started: Instant,
    bar: Option<ProgressBar>,
    wanted: bool,
}

impl LateBar {
    /// A bar of a load that starts now.
    pub(super) fn new() -> Self {
        Self { started: Instant::now(), bar: None, wanted: io::stderr().is_terminal() }
    }

    /// Takes note of how far the load has come.
    pub(super) fn update(&mut self, progress: Progress<'_>) {
        if !self.wanted || self.started.elapsed() < BAR_AFTER {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| new_bar(progress.bytes_total));
        bar.set_position(progress.bytes_done);
        bar.set_message(progress.file.to_owned());
    }
}

impl Drop for LateBar {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn new_bar(bytes_total: Option<u64>) -> ProgressBar {
    let (bar, template) = match bytes_total {
        Some(total) => (ProgressBar::new(total), "{bar:30} {bytes}/{total_bytes} {msg}"),
        None => (ProgressBar::new_spinner(), "{spinner} {bytes} {msg}"),
    };
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar.with_style(ProgressStyle::with_template(template).expect("invariant: the template is well-formed"))
}
