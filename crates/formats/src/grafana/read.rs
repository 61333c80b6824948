//! A document's frames, wherever they are in it.

use std::io::{self, Read};

use serde::de::Deserialize;
use serde_json::Value;

use crate::error::FormatError;
use crate::grafana::frame::Frame;
use crate::grafana::series::read_frame;
use crate::json::locate;
use crate::reading::Reading;
use crate::sink::SampleSink;
use crate::text::read::{ReadOptions, ReadSummary, Source};

/// Whether the content has the keys of data frames.
pub(crate) fn looks_like_frames(content: &[u8]) -> bool {
    let has = |key: &str, opening: u8| {
        memchr::memmem::find_iter(content, key.as_bytes()).any(|at| {
            let rest = content[at + key.len()..].trim_ascii_start();
            rest.strip_prefix(b":").is_some_and(|rest| rest.trim_ascii_start().first() == Some(&opening))
        })
    };
    let timed = || {
        ["\"type\":\"time\"", "\"type\": \"time\""]
            .iter()
            .any(|t| memchr::memmem::find(content, t.as_bytes()).is_some())
    };
    has("\"fields\"", b'[') && (has("\"schema\"", b'{') || (has("\"values\"", b'[') && timed()))
}

/// Reads the frames of all documents of a stream. A document is held as a whole: Grafana itself makes it so.
pub(crate) fn read_grafana<S: SampleSink>(
    source: Source<'_>,
    reader: impl Read,
    options: &ReadOptions,
    sink: &mut S,
) -> Result<ReadSummary, FormatError> {
    let mut frames = Frames {
        reading: Reading::new(source, options),
        sink,
        frames: 0,
        samples: 0,
        nameless: false,
        failure: None,
    };
    let mut documents = serde_json::Deserializer::from_reader(io::BufReader::with_capacity(64 << 10, reader));
    while let Err(next) = documents.end() {
        if next.is_io() {
            return Err(source.io_error(next.into()));
        }
        let mut document = Value::deserialize(&mut documents).map_err(|e| locate(source, e))?;
        frames.walk(&mut document)?;
    }
    frames.finish()
}

struct Frames<'a, S> {
    reading: Reading<'a>,
    sink: &'a mut S,
    frames: u64,
    samples: u64,
    nameless: bool,
    /// What a query that failed says.
    failure: Option<String>,
}

impl<S: SampleSink> Frames<'_, S> {
    /// Goes down to the frames. The JSON parser has limited how deep that can be.
    fn walk(&mut self, value: &mut Value) -> Result<(), FormatError> {
        if let Some(frame) = Frame::of(value) {
            self.frames += 1;
            return match frame.and_then(|frame| self.frame(&frame)) {
                Ok(()) => Ok(()),
                Err(message) => {
                    let message = format!("frame {}: {message}", self.frames);
                    let file = self.reading.source.file.to_owned();
                    self.reading.fault(FormatError::Content { file, message })
                }
            };
        }
        match value {
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.walk(item)),
            Value::Object(object) => {
                if let Some(Value::String(message)) = object.get("error") {
                    self.failure.get_or_insert_with(|| message.clone());
                    self.reading.warn(format!("a query failed: {message}"));
                }
                object.values_mut().try_for_each(|item| self.walk(item))
            }
            _ => Ok(()),
        }
    }

    fn frame(&mut self, frame: &Frame) -> Result<(), String> {
        if matches!(frame.kind.as_str(), "exemplar" | "heatmap-cells" | "heatmap-rows" | "log-lines") {
            self.reading.warn(format!("frames of the kind {} left out: they hold no series", frame.kind));
            return Ok(());
        }
        let outcome = read_frame(frame, self.reading.options.nan_as_stale, self.sink)?;
        self.samples += outcome.samples;
        self.nameless |= outcome.nameless;
        Ok(())
    }

    fn finish(mut self) -> Result<ReadSummary, FormatError> {
        let file = || self.reading.source.file.to_owned();
        match self.failure {
            Some(message) if self.samples == 0 => {
                return Err(FormatError::ErrorResponse {
                    file: file(),
                    error_type: "query".to_owned(),
                    message,
                });
            }
            _ if self.frames == 0 => {
                let message =
                    "no data frame in this file: copy the response from the query inspector".to_owned();
                return Err(FormatError::Content { file: file(), message });
            }
            _ => {}
        }
        if self.nameless {
            self.reading.warn("series without a metric name; give them one on loading");
        }
        if self.samples == 0 {
            self.reading.warn("no samples in this file");
        }
        Ok(self.reading.summary)
    }
}
