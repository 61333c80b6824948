//! Records of float samples and of exemplars.

use super::series::RawLabels;
use super::{Entries, Stamps};
use crate::bytes::Cursor;
use crate::error::Malformed;

/// A float sample.
#[derive(Clone, Copy, Debug)]
pub struct FloatSample {
    /// Whose it is.
    pub reference: u64,
    /// Its time in ms.
    pub t_ms: i64,
    /// When its counter started in ms, 0 if unknown.
    pub start_ms: i64,
    /// Its value, bit for bit.
    pub value: f64,
}

/// The samples of a record.
#[derive(Clone, Debug)]
pub struct Samples<'a> {
    entries: Entries<'a>,
    stamps: Stamps,
}

impl<'a> Samples<'a> {
    pub(super) fn v1(mut cursor: Cursor<'a>) -> Result<Self, Malformed> {
        let stamps = Stamps::v1(&mut cursor)?;
        Ok(Self { entries: Entries::new(cursor), stamps })
    }

    pub(super) fn v2(cursor: Cursor<'a>) -> Self {
        Self { entries: Entries::new(cursor), stamps: Stamps::v2() }
    }
}

impl Iterator for Samples<'_> {
    type Item = Result<FloatSample, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let Self { entries, stamps } = self;
        entries.next(|cursor| {
            let stamp = stamps.read(cursor)?;
            let value = cursor.f64()?;
            Ok(FloatSample { reference: stamp.reference, t_ms: stamp.t_ms, start_ms: stamp.start_ms, value })
        })
    }
}

/// An exemplar.
#[derive(Clone, Copy, Debug)]
pub struct Exemplar<'a> {
    /// The series that it is of.
    pub reference: u64,
    /// Its time in ms.
    pub t_ms: i64,
    /// Its value.
    pub value: f64,
    /// Its own labels.
    pub labels: RawLabels<'a>,
}

/// The exemplars of a record.
#[derive(Clone, Debug)]
pub struct Exemplars<'a> {
    entries: Entries<'a>,
    stamps: Stamps,
}

impl<'a> Exemplars<'a> {
    pub(super) fn new(mut cursor: Cursor<'a>) -> Result<Self, Malformed> {
        let stamps = Stamps::v1(&mut cursor)?;
        Ok(Self { entries: Entries::new(cursor), stamps })
    }
}

impl<'a> Iterator for Exemplars<'a> {
    type Item = Result<Exemplar<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let Self { entries, stamps } = self;
        entries.next(|cursor| {
            let stamp = stamps.read(cursor)?;
            let value = cursor.f64()?;
            let labels = RawLabels::read(cursor)?;
            Ok(Exemplar { reference: stamp.reference, t_ms: stamp.t_ms, value, labels })
        })
    }
}
