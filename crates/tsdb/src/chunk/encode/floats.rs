//! XOR and XOR2 chunks.

use promqlite_model::{Samples, is_stale};

use super::bits::{BitWriter, fits_lopsided};
use super::start_time::StartTimeWriter;
use super::value::{Difference, ValueWriter};

/// The chunk of at most 65535 floats.
pub(super) fn xor(samples: &Samples<'_>) -> Vec<u8> {
    let mut out = BitWriter::after(count_bytes(samples));
    let mut stream = ValueWriter::new(0.0);
    let (mut previous, mut delta) = (0i64, 0i64);
    for (i, (&t, &value)) in samples.times.iter().zip(samples.values).enumerate() {
        let new_delta = t.wrapping_sub(previous);
        match i {
            0 => out.varint(t),
            1 => out.uvarint(new_delta as u64),
            _ => xor_time(&mut out, new_delta.wrapping_sub(delta)),
        }
        if i == 0 {
            out.f64(value);
            stream = ValueWriter::new(value);
        } else {
            stream.next(&mut out, value);
        }
        (previous, delta) = (t, new_delta);
    }
    out.finish()
}

fn count_bytes(samples: &Samples<'_>) -> Vec<u8> {
    let count = u16::try_from(samples.len()).expect("invariant: a chunk has at most 120 samples");
    count.to_be_bytes().to_vec()
}

fn xor_time(out: &mut BitWriter, delta_of_delta: i64) {
    let short = [(14, 0b10, 2), (17, 0b110, 3), (20, 0b1110, 4)];
    match short.into_iter().find(|&(width, ..)| fits_lopsided(delta_of_delta, width)) {
        _ if delta_of_delta == 0 => out.bit(false),
        Some((width, prefix, bits)) => {
            out.bits(prefix, bits);
            out.bits(delta_of_delta as u64, width);
        }
        None => {
            out.bits(0b1111, 4);
            out.bits(delta_of_delta as u64, 64);
        }
    }
}

/// The chunk of at most 120 floats with their start timestamps.
pub(super) fn xor2(samples: &Samples<'_>) -> Vec<u8> {
    let mut starts = StartTimeWriter::new(samples);
    let mut header = count_bytes(samples);
    header.push(starts.header());
    let mut out = BitWriter::after(header);
    let mut stream = ValueWriter::new(0.0);
    let (mut previous, mut delta) = (0i64, 0i64);
    for (i, (&t, &value)) in samples.times.iter().zip(samples.values).enumerate() {
        let new_delta = t.wrapping_sub(previous);
        match i {
            0 => {
                out.varint(t);
                out.f64(value);
                stream = ValueWriter::new(if is_stale(value) { 0.0 } else { value });
            }
            1 => {
                out.uvarint(new_delta as u64);
                xor2_value(&mut out, &mut stream, value);
            }
            _ => xor2_sample(&mut out, &mut stream, new_delta.wrapping_sub(delta), value),
        }
        starts.write(&mut out, samples, i);
        (previous, delta) = (t, new_delta);
    }
    out.finish()
}

fn xor2_sample(out: &mut BitWriter, stream: &mut ValueWriter, delta_of_delta: i64, value: f64) {
    let fits = |width: u32| (-(1i64 << (width - 1))..1 << (width - 1)).contains(&delta_of_delta);
    if delta_of_delta == 0 {
        return xor2_value_on_time(out, stream, value);
    }
    let (prefix, bits, width) = match () {
        () if fits(13) => (0b110, 3, 13),
        () if fits(20) => (0b1110, 4, 20),
        () => (0b11110, 5, 64),
    };
    out.bits(prefix, bits);
    out.bits(delta_of_delta as u64, width);
    xor2_value(out, stream, value);
}

fn xor2_value_on_time(out: &mut BitWriter, stream: &mut ValueWriter, value: f64) {
    if is_stale(value) {
        return out.bits(0b11111, 5);
    }
    match stream.difference(value) {
        Difference::None => out.bit(false),
        Difference::InWindow(xor) => {
            out.bits(0b100, 3);
            stream.in_window(out, xor);
        }
        Difference::InNewWindow(xor) => {
            out.bits(0b101, 3);
            stream.in_new_window(out, xor);
        }
    }
}

fn xor2_value(out: &mut BitWriter, stream: &mut ValueWriter, value: f64) {
    if is_stale(value) {
        return out.bits(0b111, 3);
    }
    match stream.difference(value) {
        Difference::None => out.bit(false),
        Difference::InWindow(xor) => {
            out.bits(0b10, 2);
            stream.in_window(out, xor);
        }
        Difference::InNewWindow(xor) => {
            out.bits(0b110, 3);
            stream.in_new_window(out, xor);
        }
    }
}
