//! Samples of XOR chunks from the third on, run by run.
//!
//! Most scrapes are on time. Of these samples times follow from their number, and values come in runs: unchanged ones
//! (two bits `00`) or such in the window of bits of those before (`010` and the bits). Within a run, where the next
//! sample is depends only on the guess that the run goes on, not on what the last sample says; so the processor decodes
//! several at once. The loops are functions of their own that take and return the state by value, which keeps it in
//! registers.
//!
//! Measured (`cargo bench -p promqlite-tsdb -- decode`, 4 GHz, in ns a sample): unchanged 0.8, random integers 2.2, a
//! counter with random steps 3.0, values of 57 random bits 3.2, jittered scrapes 5. What is left is mostly ends of
//! runs: each is a branch that is guessed wrong and costs 5 ns or so, which is why a counter with steps of 0, 1 or 2,
//! where every other sample ends a run, takes 4.5. Selecting without branches or decoding two chunks in turns was
//! slower, for the instructions that it takes.

use super::bits::{BitReader, cut_off, lopsided, whole_word_at, word_at};
use super::value::ValueStream;
use crate::bytes::Cursor;
use crate::error::Malformed;

/// Bytes that may be left of a chunk when too few follow for a sample to be read in words: up to 81 bits before the
/// word of a value, and nine bytes of that.
const TAIL: usize = 24;

/// The widest window whose bits are in the same word as what comes before them.
const NARROW: u32 = 57 - 3;

/// The newest sample, and what the next one is told as a difference to.
#[derive(Clone, Copy)]
pub(super) struct Decoder {
    /// Where the next sample is, in bits.
    position: usize,
    t: i64,
    delta: i64,
    stream: ValueStream,
    /// Whether each time is later than the one before.
    ascending: bool,
}

/// Why reading in words ended early.
enum Stop {
    /// Too few bytes follow.
    End,
    Nonsense(&'static str),
}

impl Decoder {
    /// A decoder whose newest sample is the first one.
    pub(super) fn new(t: i64, stream: ValueStream) -> Self {
        Self { position: 0, t, delta: 0, stream, ascending: true }
    }

    /// Reads the second sample: the distance in time to the first, and the value. After it come the bits that
    /// [`decode`](Self::decode) reads.
    pub(super) fn second(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
        self.change_pace(cursor.uvarint()? as i64);
        let mut reader = BitReader::new(cursor.rest());
        self.stream.next(&mut reader);
        reader.check()?;
        self.position = cursor.position() * 8 + reader.position_bits();
        Ok(())
    }

    /// Time in ms and value of the newest sample.
    pub(super) fn newest(&self) -> (i64, f64) {
        (self.t, self.stream.value())
    }

    /// Decodes samples until the columns are full or one is later than `end_ms`. Returns how many.
    pub(super) fn decode(
        &mut self,
        bytes: &[u8],
        times: &mut [i64],
        values: &mut [f64],
        end_ms: i64,
    ) -> Result<usize, Malformed> {
        let mut filled = 0;
        let stop = self.read(bytes, times, values, end_ms, &mut filled);
        let stop = if let Err(Stop::End) = stop {
            self.read_tail(bytes, times, values, end_ms, &mut filled)
        } else {
            stop
        };
        match stop {
            Err(Stop::Nonsense(why)) => Err(Malformed::new(self.position / 8, why)),
            Err(Stop::End) => Err(cut_off(bytes)),
            Ok(()) if self.position > bytes.len() * 8 => Err(cut_off(bytes)),
            Ok(()) if !self.ascending => {
                Err(Malformed::new(0, "the times of a chunk's samples do not ascend"))
            }
            Ok(()) => Ok(filled),
        }
    }

    /// Reads the last bytes from a copy that zeros follow.
    fn read_tail(
        &mut self,
        bytes: &[u8],
        times: &mut [i64],
        values: &mut [f64],
        end_ms: i64,
        filled: &mut usize,
    ) -> Result<(), Stop> {
        let start = self.position / 8;
        let rest = bytes.get(start..).ok_or(Stop::End)?;
        let mut tail = [0; 2 * TAIL];
        tail.get_mut(..rest.len())
            .expect("invariant: words reach further than a sample")
            .copy_from_slice(rest);
        self.position -= start * 8;
        let stop = self.read(&tail, times, values, end_ms, filled);
        self.position += start * 8;
        stop
    }

    fn read(
        &mut self,
        bytes: &[u8],
        times: &mut [i64],
        values: &mut [f64],
        end_ms: i64,
        filled: &mut usize,
    ) -> Result<(), Stop> {
        while *filled < times.len() && self.t <= end_ms {
            let word = word_at(bytes, self.position).ok_or(Stop::End)?;
            let (times, values) = (&mut times[*filled..], &mut values[*filled..]);
            let (state, run) = if word >> 63 == 0 {
                self.on_time(bytes, times, values, end_ms)
            } else {
                self.off_time(bytes, times, values, end_ms)
            };
            *self = state;
            *filled += run?;
        }
        Ok(())
    }

    /// Samples on time, whose times follow from their number. By value, so that all that it needs is in registers.
    #[inline(never)]
    fn on_time(
        mut self,
        bytes: &[u8],
        times: &mut [i64],
        values: &mut [f64],
        end_ms: i64,
    ) -> (Self, Result<usize, Stop>) {
        let most = self.samples_until(end_ms, times.len());
        let values = &mut values[..most];
        let mut filled = 0;
        let stop = loop {
            if filled == most {
                break None;
            }
            let Some(word) = word_at(bytes, self.position) else { break Some(Stop::End) };
            let values = &mut values[filled..];
            filled += match word >> 61 {
                0b000 | 0b001 => self.same(word, values),
                0b010 if self.stream.significant() <= NARROW => self.in_window::<true>(bytes, values),
                0b010 => match self.in_window::<false>(bytes, values) {
                    0 => break Some(Stop::End),
                    run => run,
                },
                0b011 => match self.value(bytes, self.position + 1, word << 1) {
                    Ok(()) => {
                        values[0] = self.stream.value();
                        1
                    }
                    Err(stop) => break Some(stop),
                },
                _ => break None,
            };
        };
        self.keep_pace(&mut times[..filled]);
        let run = stop.filter(|_| filled == 0).map_or(Ok(filled), Err);
        (self, run)
    }

    /// Samples that do not change: two bits of 0 each, from the top of `word`.
    #[inline(always)]
    fn same(&mut self, word: u64, values: &mut [f64]) -> usize {
        // The lowest bits may be none of the chunk.
        let run = values.len().min((word | 0x7f).leading_zeros() as usize / 2);
        values[..run].fill(self.stream.value());
        self.position += 2 * run;
        run
    }

    /// Values in the old window: `010` and the bits.
    #[inline(always)]
    fn in_window<const IS_NARROW: bool>(&mut self, bytes: &[u8], values: &mut [f64]) -> usize {
        let (mut position, mut stream) = (self.position, self.stream);
        let bits = 3 + stream.significant() as usize;
        let mut run = 0;
        for value in values {
            let Some(word) = word_at(bytes, position).filter(|word| word >> 61 == 0b010) else { break };
            if IS_NARROW {
                stream.apply(word << 3);
            } else {
                let Some(word) = whole_word_at(bytes, position + 3) else { break };
                stream.apply(word);
            }
            *value = stream.value();
            position += bits;
            run += 1;
        }
        (self.position, self.stream) = (position, stream);
        run
    }

    /// Samples that come early or late, mostly by some ms, and those that come on time between them.
    #[inline(never)]
    fn off_time(
        mut self,
        bytes: &[u8],
        times: &mut [i64],
        values: &mut [f64],
        end_ms: i64,
    ) -> (Self, Result<usize, Stop>) {
        let (mut run, mut was_on_time) = (0, false);
        for (time, value) in times.iter_mut().zip(values) {
            let word = word_at(bytes, self.position);
            let read = match word {
                None => Err(Stop::End),
                Some(word) if word >> 63 == 0 => {
                    if was_on_time {
                        break;
                    }
                    was_on_time = true;
                    self.value(bytes, self.position + 1, word << 1).map(|()| self.change_pace(self.delta))
                }
                Some(word) => {
                    was_on_time = false;
                    self.sample_off_time(bytes, word)
                }
            };
            if let Err(stop) = read {
                return (self, if run == 0 { Err(stop) } else { Ok(run) });
            }
            (*time, *value) = self.newest();
            run += 1;
            if self.t > end_ms {
                break;
            }
        }
        (self, Ok(run))
    }

    #[inline(always)]
    fn sample_off_time(&mut self, bytes: &[u8], word: u64) -> Result<(), Stop> {
        let (position, rest, delta_of_delta);
        if word >> 62 == 0b10 {
            (position, rest) = (self.position + 16, word << 16);
            delta_of_delta = lopsided(word << 2 >> 50, 14);
        } else {
            (position, delta_of_delta) = wide_delta_of_delta(bytes, self.position, word).ok_or(Stop::End)?;
            rest = word_at(bytes, position).ok_or(Stop::End)?;
        }
        self.value(bytes, position, rest)?;
        self.change_pace(self.delta.wrapping_add(delta_of_delta));
        Ok(())
    }

    /// Reads `0`, `10` and bits in the old window, or `11`, a new window and its bits. `word` has the bits at
    /// `position`. Where it fails, nothing has changed.
    #[inline(always)]
    fn value(&mut self, bytes: &[u8], mut position: usize, word: u64) -> Result<(), Stop> {
        let mut stream = self.stream;
        if word >> 63 == 0 {
            position += 1;
        } else {
            position += 2;
            if word >> 62 == 0b11 {
                stream
                    .set_window((word << 2 >> 59) as u32, (word << 7 >> 58) as u32)
                    .ok_or(Stop::Nonsense("a value has more than 64 bits"))?;
                position += 11;
            }
            stream.apply(whole_word_at(bytes, position).ok_or(Stop::End)?);
            position += stream.significant() as usize;
        }
        (self.position, self.stream) = (position, stream);
        Ok(())
    }

    /// How many samples at the present pace there are until one is later than `end_ms`, which counts; `most` at most.
    #[inline(always)]
    fn samples_until(&self, end_ms: i64, most: usize) -> usize {
        match self.time_after(most) {
            // The quotient is less than `most`, and so no difference overflows.
            Some(t) if t > end_ms && self.delta > 0 => ((end_ms - self.t) / self.delta) as usize + 1,
            _ => most,
        }
    }

    /// The time of the sample so many after this one, at the present pace.
    #[inline(always)]
    fn time_after(&self, samples: usize) -> Option<i64> {
        self.t.checked_add(self.delta.checked_mul(samples as i64)?)
    }

    /// The times of samples that follow each other as the last ones did.
    #[inline(always)]
    fn keep_pace(&mut self, times: &mut [i64]) {
        self.ascending &= self.delta > 0 && self.time_after(times.len()).is_some();
        for time in times {
            self.t = self.t.wrapping_add(self.delta);
            *time = self.t;
        }
    }

    /// The time of a sample so many ms after the last.
    #[inline(always)]
    fn change_pace(&mut self, delta: i64) {
        let t = self.t.wrapping_add(delta);
        self.ascending &= t > self.t;
        (self.t, self.delta) = (t, delta);
    }
}

/// Reads `110` and 17 bits, `1110` and 20, or `1111` and 64. Also tells where it ends.
#[cold]
fn wide_delta_of_delta(bytes: &[u8], position: usize, word: u64) -> Option<(usize, i64)> {
    Some(match word >> 60 {
        0b1111 => (position + 68, whole_word_at(bytes, position + 4)? as i64),
        0b1110 => (position + 24, lopsided(word << 4 >> 44, 20)),
        _ => (position + 20, lopsided(word << 3 >> 47, 17)),
    })
}
