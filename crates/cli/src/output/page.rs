//! What is written to, and how large and how colourful that is.

use std::io::{self, BufWriter, Write};

use terminal_size::{Height, Width, terminal_size_of};

use crate::terminal;

/// The size of what will show a text, and whether it shows colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Screen {
    /// Columns; `None` if lines may have any length.
    pub(crate) width: Option<u16>,
    /// Lines; `None` if there may be any number.
    pub(crate) height: Option<u16>,
    /// Whether colours can be shown.
    pub(crate) coloured: bool,
}

impl Screen {
    /// A file or a pipe: no limits, no colours.
    pub(crate) const PAPER: Self = Self { width: None, height: None, coloured: false };

    /// What shows standard output.
    pub(crate) fn of_stdout() -> Self {
        Self::of(terminal_size_of(io::stdout()), terminal::colours_output())
    }

    /// What shows standard error.
    pub(crate) fn of_stderr() -> Self {
        Self::of(terminal_size_of(io::stderr()), terminal::colours_errors())
    }

    fn of(size: Option<(Width, Height)>, coloured: bool) -> Self {
        let believed = size.map(|(w, h)| (w.0, h.0)).filter(|&(w, h)| w >= MIN_SIZE && h >= MIN_SIZE);
        let (width, height) = believed.unzip();
        Self { width, height, coloured }
    }
}

/// Narrower or lower terminals are not believed: pseudo-terminals may be of no known size.
const MIN_SIZE: u16 = 4;

/// A writer that knows its screen.
pub(crate) struct Page<'a> {
    out: &'a mut dyn Write,
    /// What will show the text.
    pub(crate) screen: Screen,
}

impl<'a> Page<'a> {
    /// A page that writes to `out`.
    pub(crate) fn new(out: &'a mut dyn Write, screen: Screen) -> Self {
        Self { out, screen }
    }
}

impl Write for Page<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes to standard output; `write` gets a buffered page. That the reader has gone away is always told by
/// [`io::ErrorKind::BrokenPipe`].
pub(crate) fn to_stdout(write: impl FnOnce(&mut Page<'_>) -> io::Result<()>) -> io::Result<()> {
    let screen = Screen::of_stdout();
    let mut pipe = Pipe { inner: io::stdout().lock(), broken: false };
    let mut out = BufWriter::with_capacity(1 << 16, &mut pipe);
    let written = write(&mut Page::new(&mut out, screen)).and_then(|()| out.flush());
    // What could not be written must not be tried again.
    drop(out.into_parts());
    if pipe.broken { Err(io::ErrorKind::BrokenPipe.into()) } else { written }
}

/// What `write` writes, as it would look on `screen`.
pub(crate) fn to_text(screen: Screen, write: impl FnOnce(&mut Page<'_>) -> io::Result<()>) -> String {
    let mut text = Vec::new();
    write(&mut Page::new(&mut text, screen)).expect("invariant: writing into memory does not fail");
    String::from_utf8_lossy(&text).into_owned()
}

/// Remembers that the reader has gone away, since some writers wrap the error.
struct Pipe<W> {
    inner: W,
    broken: bool,
}

impl<W> Pipe<W> {
    fn watch<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        self.broken |= matches!(&result, Err(e) if e.kind() == io::ErrorKind::BrokenPipe);
        result
    }
}

impl<W: Write> Write for Pipe<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.inner.write(bytes);
        self.watch(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.inner.flush();
        self.watch(result)
    }
}
