//! Unpacks by content and looks ahead.

use std::io::{self, Cursor, Read};

use flate2::read::MultiGzDecoder;

use crate::detect::Compression;

/// Bytes that are looked at to find the format.
const HEAD: usize = 64 << 10;

/// Bytes that compressed files are read in.
const PACKED_BLOCK: usize = 64 << 10;

/// The first bytes of a file as they are on disk.
pub(super) struct Peeked {
    /// At least four bytes, if there are so many.
    pub(super) head: Vec<u8>,
    /// What they show.
    pub(super) compression: Compression,
}

/// Reads the first bytes.
pub(super) fn peek(reader: &mut impl Read) -> io::Result<Peeked> {
    let mut head = Vec::with_capacity(4);
    reader.by_ref().take(4).read_to_end(&mut head)?;
    let compression = Compression::detect(&head);
    Ok(Peeked { head, compression })
}

/// The unpacked content of a file.
pub(super) struct Unpacked<'a> {
    ahead: Cursor<Vec<u8>>,
    rest: Box<dyn Read + 'a>,
}

/// The first bytes of the content.
pub(super) struct Start {
    /// The bytes.
    pub(super) bytes: Vec<u8>,
    /// Whether that is all.
    pub(super) whole: bool,
}

/// Joins `head` with the rest and unpacks both.
pub(super) fn unpack<'a>(
    head: Vec<u8>,
    rest: impl Read + 'a,
    compression: Compression,
) -> io::Result<Unpacked<'a>> {
    let packed = Cursor::new(head).chain(rest);
    let rest: Box<dyn Read + 'a> = match compression {
        Compression::None => Box::new(packed),
        Compression::Gzip => {
            Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(PACKED_BLOCK, packed)))
        }
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::new(packed)?),
    };
    Ok(Unpacked { ahead: Cursor::new(Vec::new()), rest })
}

impl Unpacked<'_> {
    /// Reads the first bytes of the content without taking them away from [`Read`]. To be called once, first.
    pub(super) fn look_ahead(&mut self) -> io::Result<Start> {
        let mut bytes = Vec::with_capacity(HEAD);
        let read = self.rest.by_ref().take(HEAD as u64).read_to_end(&mut bytes);
        match read {
            Ok(_) => {}
            // A file that ends early still shows its format; the error comes again when it is read.
            Err(e) if bytes.is_empty() || is_cancelled(&e) => return Err(e),
            Err(e) => self.rest = Box::new(Failed(Some(e))),
        }
        self.ahead = Cursor::new(bytes.clone());
        Ok(Start { whole: bytes.len() < HEAD, bytes })
    }
}

fn is_cancelled(e: &io::Error) -> bool {
    e.get_ref().is_some_and(|e| e.is::<crate::text::read::CancelledMarker>())
}

impl Read for Unpacked<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.ahead.read(buf)? {
            0 => self.rest.read(buf),
            n => Ok(n),
        }
    }
}

/// Gives back an error that has already happened.
struct Failed(Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}
