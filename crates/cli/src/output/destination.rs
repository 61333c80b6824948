//! Where answers go: standard output, a pager, or a file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::output::page::{Page, Screen, to_stdout, to_text};
use crate::output::pager;

/// Where answers go, until told otherwise and for the next one only.
#[derive(Debug, Default)]
pub(crate) struct Destination {
    /// `None` is standard output.
    usual: Option<Target>,
    /// Where the next answer goes.
    once: Option<Target>,
    /// Whether standard output has a result on it.
    shown: bool,
    /// Whether answers that are longer than the screen go through a pager.
    pub(crate) paged: bool,
}

/// A file that is created when something is written.
#[derive(Debug)]
struct Target {
    path: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Target {
    fn new(path: &str) -> Self {
        Self { path: PathBuf::from(path), file: None }
    }

    fn write(&mut self, write: impl FnOnce(&mut Page<'_>) -> io::Result<()>) -> Result<(), Failure> {
        let failed = |e| Failure::io(self.path.display().to_string(), e);
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(BufWriter::new(File::create(&self.path).map_err(failed)?)),
        };
        write(&mut Page::new(file, Screen::PAPER)).and_then(|()| file.flush()).map_err(failed)
    }
}

impl Destination {
    /// Sends answers to a file from now on; `None` to standard output.
    pub(crate) fn set(&mut self, path: Option<&str>) {
        self.usual = path.map(Target::new);
        self.once = None;
    }

    /// Sends the next answer to a file.
    pub(crate) fn set_once(&mut self, path: &str) {
        self.once = Some(Target::new(path));
    }

    /// The file that answers go to.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.usual.as_ref().map(|target| &*target.path)
    }

    /// The file that the next answer goes to.
    pub(crate) fn next_path(&self) -> Option<&Path> {
        self.once.as_ref().or(self.usual.as_ref()).map(|target| &*target.path)
    }

    /// Writes an answer.
    pub(crate) fn write(
        &mut self,
        write: impl FnOnce(&mut Page<'_>) -> io::Result<()>,
    ) -> Result<(), Failure> {
        if let Some(mut target) = self.once.take() {
            return target.write(write);
        }
        match &mut self.usual {
            Some(target) => target.write(write),
            None => Ok(self.to_screen(write)?),
        }
    }

    /// Writes an empty line between two results that go to the same place.
    pub(crate) fn part(&mut self) -> Result<(), Failure> {
        let follows = match (&self.once, &self.usual) {
            (Some(_), _) => false,
            (None, Some(target)) => target.file.is_some(),
            (None, None) => std::mem::replace(&mut self.shown, true),
        };
        if follows { self.write(|page| writeln!(page)) } else { Ok(()) }
    }

    fn to_screen(&self, write: impl FnOnce(&mut Page<'_>) -> io::Result<()>) -> io::Result<()> {
        let screen = Screen::of_stdout();
        let (true, Some(height)) = (self.paged, screen.height) else { return to_stdout(write) };
        let Some(command) = pager::command() else { return to_stdout(write) };
        let text = to_text(screen, write);
        if text.lines().count() < usize::from(height) || pager::show(&command, &text).is_err() {
            return to_stdout(|page| page.write_all(text.as_bytes()));
        }
        Ok(())
    }
}
