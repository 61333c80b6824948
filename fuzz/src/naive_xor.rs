//! A decoder of XOR chunks that reads bit by bit.

struct Bits<'a> {
    data: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn bit(&mut self) -> Option<bool> {
        let byte = self.data.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    fn number(&mut self, bits: u32) -> Option<u64> {
        let mut number = 0;
        for _ in 0..bits {
            number = number << 1 | u64::from(self.bit()?);
        }
        Some(number)
    }

    fn byte(&mut self) -> Option<u8> {
        self.number(8).map(|byte| byte as u8)
    }

    fn uvarint(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for i in 0..10 {
            let byte = self.byte()?;
            if i == 9 && byte > 1 {
                return None;
            }
            number |= u64::from(byte & 0x7f) << (7 * i);
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn varint(&mut self) -> Option<i64> {
        self.uvarint().map(|n| (n >> 1) as i64 ^ -((n & 1) as i64))
    }

    /// How the step between times changed: up to four ones tell the width.
    fn change(&mut self) -> Option<i64> {
        for width in [0, 14, 17, 20] {
            if !self.bit()? {
                let n = self.number(width)? as i64;
                let wraps = width > 0 && n > 1 << (width - 1);
                return Some(if wraps { n - (1 << width) } else { n });
            }
        }
        self.number(64).map(|n| n as i64)
    }
}

/// Times in ms and bits of the values; `None` if the chunk is cut off or its times do not ascend.
pub fn decode(data: &[u8]) -> Option<Vec<(i64, u64)>> {
    let count = u16::from_be_bytes(*data.first_chunk()?);
    let mut bits = Bits { data, at: 16 };
    let mut samples = Vec::new();
    let (mut t, mut step, mut value) = (0i64, 0i64, 0u64);
    let mut window = (0, 64);
    for i in 0..count {
        match i {
            0 => t = bits.varint()?,
            1 => step = bits.uvarint()? as i64,
            _ => step = step.wrapping_add(bits.change()?),
        }
        if i == 0 {
            value = bits.number(64)?;
        } else {
            t = t.wrapping_add(step);
            value ^= changed_bits(&mut bits, &mut window)?;
        }
        if samples.last().is_some_and(|&(before, _)| before >= t) {
            return None;
        }
        samples.push((t, value));
    }
    Some(samples)
}

/// What is different from the value before. `window` is where the bits were the last time: leading zeros, and how many.
fn changed_bits(bits: &mut Bits<'_>, window: &mut (u32, u32)) -> Option<u64> {
    if !bits.bit()? {
        return Some(0);
    }
    if bits.bit()? {
        let leading = bits.number(5)? as u32;
        let length = match bits.number(6)? as u32 {
            0 => 64,
            length => length,
        };
        *window = (leading, length);
    }
    let (leading, length) = *window;
    let trailing = 64u32.checked_sub(leading + length)?;
    Some(bits.number(length)? << trailing)
}
