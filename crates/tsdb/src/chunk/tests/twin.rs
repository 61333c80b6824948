//! XOR chunks against a decoder that reads bit by bit.

use super::*;

/// Bits of a chunk, one by one; `None` past the end.
struct Bits<'a> {
    data: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, n: u32) -> Option<u64> {
        let mut bits = 0;
        for _ in 0..n {
            let byte = self.data.get(self.at / 8)?;
            bits = bits << 1 | u64::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(bits)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for i in 0..10 {
            let byte = self.take(8)?;
            if i == 9 && byte > 1 {
                return None;
            }
            value |= (byte & 0x7f) << (7 * i);
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// The number after as many ones as tell its width.
    fn delta_of_delta(&mut self) -> Option<i64> {
        for width in [0u32, 14, 17, 20] {
            if self.take(1)? == 0 {
                let bits = self.take(width)? as i64;
                return Some(if width > 0 && bits > 1 << (width - 1) { bits - (1 << width) } else { bits });
            }
        }
        self.take(64).map(|bits| bits as i64)
    }
}

/// Times and bits of values; `None` where the chunk is cut off or makes no sense.
fn decode_bit_by_bit(data: &[u8]) -> Option<Vec<(i64, u64)>> {
    let mut bits = Bits { data, at: 0 };
    let count = bits.take(16)?;
    let mut samples: Vec<(i64, u64)> = Vec::new();
    let (mut delta, mut leading, mut width) = (0i64, 0, 64);
    for i in 0..count {
        let (mut t, mut value) = samples.last().copied().unwrap_or_default();
        match i {
            0 => {
                let zigzag = bits.varint()?;
                (t, value) = ((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64), bits.take(64)?);
                samples.push((t, value));
                continue;
            }
            1 => delta = bits.varint()? as i64,
            _ => delta = delta.wrapping_add(bits.delta_of_delta()?),
        }
        if bits.take(1)? == 1 {
            if bits.take(1)? == 1 {
                (leading, width) = (bits.take(5)? as u32, bits.take(6)? as u32);
                width = if width == 0 { 64 } else { width };
                if leading + width > 64 {
                    return None;
                }
            }
            value ^= bits.take(width)? << (64 - leading - width);
        }
        let before = t;
        t = t.wrapping_add(delta);
        if t <= before {
            return None;
        }
        samples.push((t, value));
    }
    Some(samples)
}

fn check_same(data: &[u8]) -> Result<(), TestCaseError> {
    let got = read(Encoding::Xor, data).ok();
    let got = got.map(|buf| floats(&buf).into_iter().map(|(t, value)| (t, value.to_bits())).collect());
    prop_assert_eq!(got, decode_bit_by_bit(data));
    Ok(())
}

/// Runs of samples of one kind, in bits.
fn kinds() -> impl Strategy<Value = String> {
    let any_bits =
        |width: usize| any::<u64>().prop_map(move |bits| format!("{:064b}", bits)[64 - width..].to_owned());
    // A window of so many bits and then values in it.
    let window = (0usize..32, 1usize..65).prop_flat_map(move |(leading, width)| {
        let width = width.min(64 - leading);
        let first = any_bits(width).prop_map(move |bits| format!("011{leading:05b}{:06b}{bits}", width % 64));
        let head = prop_oneof![6 => Just("010".to_owned()), 1 => any_bits(8).prop_map(|bits| format!("10000000{bits}10"))];
        let next = (head, any_bits(width)).prop_map(|(head, bits)| head + &bits);
        (first, proptest::collection::vec(next, 0..20)).prop_map(|(first, rest)| first + &rest.concat())
    });
    let wide = prop_oneof![
        any_bits(10).prop_map(|bits| format!("1100000000{bits}0")),
        any_bits(12).prop_map(|bits| format!("111000000000{bits}0")),
        any_bits(30).prop_map(|bits| format!("1111{:034}{bits}0", 0)),
    ];
    let run = prop_oneof![4 => window, 2 => (0usize..80).prop_map(|n| "00".repeat(n)), 1 => wide];
    proptest::collection::vec(run, 1..8).prop_map(|runs| runs.concat())
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200), n in 0u16..200) {
        check_same(&[&n.to_be_bytes()[..], &bytes].concat())?;
    }

    #[test]
    fn runs_of_all_kinds(text in kinds(), more in 0u16..200) {
        let start = "11010000 00001111 0011111111110000000000000000000000000000000000000000000000000000 10111000 00010111 0";
        let mut data = bits(&format!("0000000000000000 {start} {text}"));
        // As many samples as there are, and some that are not there.
        let mut count = more;
        for n in 2u16.. {
            data[..2].copy_from_slice(&n.to_be_bytes());
            check_same(&data)?;
            if decode_bit_by_bit(&data).is_none() {
                count = count.min(n);
                break;
            }
        }
        data[..2].copy_from_slice(&count.saturating_add(more).to_be_bytes());
        check_same(&data)?;
    }

    #[test]
    fn flipped_bits(series in series(), at: proptest::sample::Index) {
        for mut chunk in encode(&series.samples(), false).filter(|chunk| chunk.encoding == Encoding::Xor) {
            check_same(&chunk.data)?;
            let bit = at.index(chunk.data.len() * 8);
            check_same(&chunk.data[..bit / 8])?;
            chunk.data[bit / 8] ^= 1 << (bit % 8);
            check_same(&chunk.data)?;
        }
    }
}
