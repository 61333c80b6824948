//! Progress of loading, shown only when loading takes long.

use std::io::{self, IsTerminal};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
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
        // Pipes have no size.
        let total = progress.bytes_total.filter(|total| *total >= progress.bytes_done);
        let bar = self.bar.get_or_insert_with(|| new_bar(total));
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

/// A sign of life on standard error for work that tells of no progress. It appears only when the work takes long,
/// and only on a terminal.
pub(super) struct LateSpinner {
    waiting: Option<(Sender<()>, JoinHandle<()>)>,
}

impl LateSpinner {
    /// A sign for work that begins now.
    pub(super) fn new(message: String) -> Self {
        if !io::stderr().is_terminal() {
            return Self { waiting: None };
        }
        let (ended, end) = channel::<()>();
        let show = move || {
            if end.recv_timeout(BAR_AFTER) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = styled(ProgressBar::new_spinner(), "{spinner} {msg}");
            bar.set_message(message);
            while end.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                bar.tick();
            }
            bar.finish_and_clear();
        };
        Self { waiting: Some((ended, std::thread::spawn(show))) }
    }
}

impl Drop for LateSpinner {
    fn drop(&mut self) {
        if let Some((ended, thread)) = self.waiting.take() {
            drop(ended);
            // A sign of life that failed is no reason to fail.
            let _ = thread.join();
        }
    }
}

/// How often a spinner turns.
const TICK: Duration = Duration::from_millis(100);

fn new_bar(bytes_total: Option<u64>) -> ProgressBar {
    match bytes_total {
        Some(total) => styled(ProgressBar::new(total), "{bar:30} {bytes}/{total_bytes} {msg}"),
        None => styled(ProgressBar::new_spinner(), "{spinner} {bytes} {msg}"),
    }
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar.with_style(ProgressStyle::with_template(template).expect("invariant: the template is well-formed"))
}
