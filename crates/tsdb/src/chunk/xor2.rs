//! XOR2 chunks: floats with staleness markers of a few bits and with start timestamps.

use promqlite_model::STALE_NAN;

use super::bits::{BitReader, signed};
use super::sink::{BLOCK, More, Sink};
use super::start_time::StartTimes;
use super::value::ValueStream;
use crate::bytes::Cursor;
use crate::error::Malformed;

/// What a sample says about its value.
enum Change {
    Same,
    OldWindow,
    NewWindow,
    Stale,
}

pub(super) fn decode(data: &[u8], sink: &mut Sink<'_>) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(data);
    let count = usize::from(cursor.u16()?);
    let starts = StartTimes::new(cursor.u8()?);
    let reader = BitReader::new(cursor.rest());
    let mut state = State { reader, starts, stream: ValueStream::new(0), t: 0, delta: 0 };
    state.decode(count, sink).map_err(|e| e.moved(3))
}

struct State<'a> {
    reader: BitReader<'a>,
    starts: StartTimes,
    /// Its value is the last one that was no staleness marker.
    stream: ValueStream,
    t: i64,
    delta: i64,
}

impl State<'_> {
    fn decode(&mut self, count: usize, sink: &mut Sink<'_>) -> Result<(), Malformed> {
        let (mut times, mut values, mut starts) = ([0i64; BLOCK], [0f64; BLOCK], [0i64; BLOCK]);
        let mut filled = 0;
        for i in 0..count {
            let previous = self.t;
            values[filled] = self.sample(i);
            times[filled] = self.t;
            starts[filled] = self.starts.next(&mut self.reader, i, self.t, previous);
            filled += 1;
            let past = self.t > sink.end_ms();
            if filled == BLOCK || i + 1 == count || past {
                self.reader.check()?;
                let some = starts[..filled].iter().any(|&start| start != 0);
                let starts = if some { &starts[..filled] } else { &[] };
                if sink.floats(&times[..filled], &values[..filled], starts)? == More::PastRange {
                    return Ok(());
                }
                filled = 0;
            }
        }
        Ok(())
    }

    fn sample(&mut self, i: usize) -> f64 {
        match i {
            0 => {
                self.t = self.reader.varint();
                let value = self.reader.f64();
                if !promqlite_model::is_stale(value) {
                    self.stream = ValueStream::new(value.to_bits());
                }
                value
            }
            1 => {
                self.delta = self.reader.uvarint() as i64;
                self.t = self.t.wrapping_add(self.delta);
                let change = self.full_change();
                self.value(change)
            }
            _ => {
                let (delta_of_delta, change) = self.control();
                self.delta = self.delta.wrapping_add(delta_of_delta);
                self.t = self.t.wrapping_add(self.delta);
                self.value(change)
            }
        }
    }

    /// The delta of deltas of the time, and what comes of the value.
    fn control(&mut self) -> (i64, Change) {
        self.reader.refill();
        let ones = self.reader.peek().leading_ones().min(5);
        self.reader.skip((ones + 1).min(5));
        match ones {
            0 => (0, Change::Same),
            1 => (0, if self.reader.bit() { Change::NewWindow } else { Change::OldWindow }),
            2 => (signed(self.reader.bits(13), 13), self.full_change()),
            3 => (signed(self.reader.bits(20), 20), self.full_change()),
            4 => (self.reader.bits(64) as i64, self.full_change()),
            _ => (0, Change::Stale),
        }
    }

    fn full_change(&mut self) -> Change {
        self.reader.refill();
        let ones = self.reader.peek().leading_ones().min(3);
        self.reader.skip((ones + 1).min(3));
        match ones {
            0 => Change::Same,
            1 => Change::OldWindow,
            2 => Change::NewWindow,
            _ => Change::Stale,
        }
    }

    fn value(&mut self, change: Change) -> f64 {
        match change {
            Change::Same => {}
            Change::OldWindow => self.stream.in_window(&mut self.reader),
            Change::NewWindow => self.stream.in_new_window(&mut self.reader),
            Change::Stale => return STALE_NAN,
        }
        self.stream.value()
    }
}
