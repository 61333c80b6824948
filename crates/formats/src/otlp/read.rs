//! A stream of requests.

use std::io::{self, BufRead, BufReader, Read};

use serde::Deserialize;

use crate::error::FormatError;
use crate::otlp::convert::Converter;
use crate::otlp::frames::{Unframed, looks_framed};
use crate::otlp::model::Request;
use crate::reading::Reading;
use crate::sink::SampleSink;
use crate::text::read::{ReadOptions, ReadSummary, Source};

/// Reads requests, one after another.
pub(crate) fn read_otlp<S: SampleSink>(
    source: Source<'_>,
    reader: impl Read,
    options: &ReadOptions,
    sink: &mut S,
) -> Result<ReadSummary, FormatError> {
    let mut bytes = BufReader::with_capacity(64 << 10, reader);
    let framed = looks_framed(bytes.fill_buf().map_err(|e| source.io_error(e))?);
    let inner: Box<dyn BufRead> =
        if framed { Box::new(BufReader::new(Unframed::new(bytes))) } else { Box::new(bytes) };
    let mut input = Lines { inner, ended: 0, last: b'\n' };
    let mut converter = Converter::new(Reading::new(source, options), sink);
    let mut others = 0u64;
    while input.skip_blanks().map_err(|e| source.io_error(e))? {
        let first = input.ended;
        match Request::deserialize(&mut serde_json::Deserializer::from_reader(&mut input)) {
            Ok(request) if request.resource_metrics.is_none() => others += 1,
            Ok(request) => converter.request(&request, first + 1)?,
            Err(error) if error.is_io() => return Err(source.io_error(error.into())),
            Err(error) => {
                let message = error.to_string();
                let message = message.rfind(" at line ").map_or(&*message, |at| &message[..at]);
                converter.reading.fault(FormatError::Syntax {
                    file: source.file.to_owned(),
                    line: first + (error.line() as u64).max(1),
                    column: (error.column() as u64).max(1),
                    message: message.to_owned(),
                })?;
                input.skip_line().map_err(|e| source.io_error(e))?;
            }
        }
    }
    if others > 0 {
        let s = if others == 1 { "" } else { "s" };
        converter
            .reading
            .warn(format!("{others} record{s} of other signals, such as traces and logs, left out"));
    }
    Ok(converter.finish()?.summary)
}

/// Counts the lines that have been read.
struct Lines<R> {
    inner: R,
    ended: u64,
    last: u8,
}

impl<R: BufRead> Lines<R> {
    /// Goes to the next byte that is no blank; false at the end.
    fn skip_blanks(&mut self) -> io::Result<bool> {
        loop {
            let bytes = match self.inner.fill_buf() {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if bytes.is_empty() {
                return Ok(false);
            }
            let blanks = bytes.iter().take_while(|b| b.is_ascii_whitespace()).count();
            let found = blanks < bytes.len();
            self.ended += memchr::memchr_iter(b'\n', &bytes[..blanks]).count() as u64;
            self.inner.consume(blanks);
            if found {
                return Ok(true);
            }
        }
    }

    /// Goes to the start of the next line, if not there already.
    fn skip_line(&mut self) -> io::Result<()> {
        let mut byte = [self.last];
        while byte[0] != b'\n' {
            if self.read(&mut byte)? == 0 {
                break;
            }
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Lines<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buf)?;
        self.ended += memchr::memchr_iter(b'\n', &buf[..read]).count() as u64;
        self.last = buf[..read].last().copied().unwrap_or(self.last);
        Ok(read)
    }
}
