//! Ctrl-C while something runs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use promqlite::Cancel;

use crate::failure::{EXIT_INTERRUPTED, Failure};
use crate::terminal::note;

/// What Ctrl-C stops: the running query, or the running load. At the prompt it is the line editor's.
#[derive(Clone, Default)]
pub(crate) struct Interrupt(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// Whether the running load is to stop.
    load: Arc<AtomicBool>,
    running: Mutex<Running>,
}

#[derive(Default)]
enum Running {
    #[default]
    Nothing,
    Load,
    Query(Cancel),
}

/// How long it may take to stop without a word.
const SILENCE: Duration = Duration::from_millis(400);

impl Interrupt {
    /// Ctrl-C ends the process, as usual.
    pub(crate) fn inactive() -> Self {
        Self::default()
    }

    /// Ctrl-C stops what runs. A second time, before that has stopped, it ends the process.
    pub(crate) fn install() -> Result<Self, Failure> {
        let interrupt = Self::default();
        let handler = interrupt.clone();
        ctrlc::set_handler(move || handler.press()).map_err(|e| match e {
            ctrlc::Error::System(e) => Failure::io("Ctrl-C handler", e),
            other => Failure::io("Ctrl-C handler", std::io::Error::other(other)),
        })?;
        Ok(interrupt)
    }

    /// Runs a load that stops when the given flag becomes true.
    pub(crate) fn during_load<T>(&self, load: impl FnOnce(&Arc<AtomicBool>) -> T) -> T {
        self.0.load.store(false, Ordering::Relaxed);
        self.during(Running::Load, || load(&self.0.load))
    }

    /// Runs a query that the given switch stops.
    pub(crate) fn during_query<T>(&self, query: impl FnOnce(&Cancel) -> T) -> T {
        let cancel = Cancel::new();
        self.during(Running::Query(cancel.clone()), || query(&cancel))
    }

    fn during<T>(&self, running: Running, work: impl FnOnce() -> T) -> T {
        self.set(running);
        let done = work();
        self.set(Running::Nothing);
        done
    }

    fn set(&self, running: Running) {
        *self.0.running.lock().unwrap_or_else(PoisonError::into_inner) = running;
    }

    /// Reacts to the keys. What is slow to stop, such as waiting for a pipe that gives nothing, is not waited for in
    /// silence.
    fn press(&self) {
        self.fire();
        std::thread::sleep(SILENCE);
        if self.is_stopping() {
            note("stopping; Ctrl-C again ends the program");
        }
    }

    /// Whether something runs that was told to stop.
    fn is_stopping(&self) -> bool {
        match &*self.0.running.lock().unwrap_or_else(PoisonError::into_inner) {
            Running::Nothing => false,
            Running::Load => self.0.load.load(Ordering::Relaxed),
            Running::Query(cancel) => cancel.is_canceled(),
        }
    }

    fn fire(&self) {
        let running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        let again = match &*running {
            Running::Nothing => false,
            Running::Load => self.0.load.swap(true, Ordering::Relaxed),
            Running::Query(cancel) => {
                let again = cancel.is_canceled();
                cancel.cancel();
                again
            }
        };
        if again {
            std::process::exit(EXIT_INTERRUPTED.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stops_what_runs_and_nothing_later() {
        let interrupt = Interrupt::inactive();
        interrupt.fire();
        assert!(interrupt.during_query(|cancel| {
            interrupt.fire();
            cancel.is_canceled() && interrupt.is_stopping()
        }));
        assert!(!interrupt.is_stopping());
        assert!(!interrupt.during_query(Cancel::is_canceled));
        assert!(interrupt.during_load(|flag| {
            assert!(!interrupt.is_stopping());
            interrupt.fire();
            flag.load(Ordering::Relaxed) && interrupt.is_stopping()
        }));
        assert!(!interrupt.during_load(|flag| flag.load(Ordering::Relaxed)));
    }
}
