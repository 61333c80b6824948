//! Writing bits, the most significant of each byte first.

use crate::chunk::bits::VARBIT_WIDTHS;

/// Bytes that grow bit by bit.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Bits of the last byte that are not used yet.
    free: u32,
}

impl BitWriter {
    /// Goes on after whole bytes.
    pub(super) fn after(bytes: Vec<u8>) -> Self {
        Self { bytes, free: 0 }
    }

    /// The bytes; the last one is filled up with zeros.
    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// Writes the low `n` ≤ 64 bits of `value`.
    pub(super) fn bits(&mut self, value: u64, n: u32) {
        let mut left = n;
        while left > 0 {
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            let now = left.min(self.free);
            let part = (value >> (left - now)) & ((1 << now) - 1);
            *self.bytes.last_mut().expect("invariant: a byte was pushed") |=
                (part << (self.free - now)) as u8;
            self.free -= now;
            left -= now;
        }
    }

    pub(super) fn bit(&mut self, value: bool) {
        self.bits(u64::from(value), 1);
    }

    pub(super) fn f64(&mut self, value: f64) {
        self.bits(value.to_bits(), 64);
    }

    pub(super) fn uvarint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bits(value & 0x7f | 0x80, 8);
            value >>= 7;
        }
        self.bits(value, 8);
    }

    pub(super) fn varint(&mut self, value: i64) {
        self.uvarint(((value << 1) ^ (value >> 63)) as u64);
    }

    /// A number of 0 to 64 bits after a unary prefix that tells the width.
    pub(super) fn varbit_uint(&mut self, value: u64) {
        self.varbit(value, |width| value >> width == 0);
    }

    /// The same with a sign.
    pub(super) fn varbit_int(&mut self, value: i64) {
        self.varbit(value as u64, |width| match width {
            0 => value == 0,
            _ => fits_lopsided(value, width),
        });
    }

    fn varbit(&mut self, value: u64, fits: impl Fn(u32) -> bool) {
        let ones = VARBIT_WIDTHS[..8].iter().position(|&width| fits(width)).unwrap_or(8);
        match ones {
            8 => self.bits(0xff, 8),
            _ => self.bits((1 << (ones + 1)) - 2, ones as u32 + 1),
        }
        self.bits(value, VARBIT_WIDTHS[ones]);
    }
}

/// Whether `value` fits `width` < 64 bits where −2^(w−1) is left out and 2^(w−1) is there instead.
pub(super) fn fits_lopsided(value: i64, width: u32) -> bool {
    let half = 1i64 << (width - 1);
    -half < value && value <= half
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chunk::bits::BitReader;

    #[derive(Clone, Debug)]
    enum Item {
        Bits(u64, u32),
        Varint(i64),
        VarbitInt(i64),
        VarbitUint(u64),
    }

    fn item() -> impl Strategy<Value = Item> {
        let number = prop_oneof![any::<i64>(), -20i64..20, -40_000_000i64..40_000_000];
        prop_oneof![
            (any::<u64>(), 1u32..=64).prop_map(|(bits, n)| Item::Bits(bits >> (64 - n), n)),
            number.clone().prop_map(Item::Varint),
            number.clone().prop_map(Item::VarbitInt),
            number.prop_map(|n| Item::VarbitUint(n as u64)),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(items in proptest::collection::vec(item(), 0..200)) {
            let mut writer = BitWriter::default();
            for item in &items {
                match *item {
                    Item::Bits(bits, n) => writer.bits(bits, n),
                    Item::Varint(n) => writer.varint(n),
                    Item::VarbitInt(n) => writer.varbit_int(n),
                    Item::VarbitUint(n) => writer.varbit_uint(n),
                }
            }
            let bytes = writer.finish();
            let mut reader = BitReader::new(&bytes);
            for item in &items {
                match *item {
                    Item::Bits(bits, n) => prop_assert_eq!(reader.bits(n), bits),
                    Item::Varint(n) => prop_assert_eq!(reader.varint(), n),
                    Item::VarbitInt(n) => prop_assert_eq!(reader.varbit_int(), n),
                    Item::VarbitUint(n) => prop_assert_eq!(reader.varbit_uint(), n),
                }
            }
            prop_assert!(reader.check().is_ok());
            prop_assert!(reader.remaining_bits() < 8);
        }
    }

    #[test]
    fn the_shortest_form_is_used() {
        for (value, bits) in
            [(0, 1), (4, 5), (-3, 5), (-4, 9), (32, 9), (-32, 13), (1 << 55, 64), (-(1 << 55), 72)]
        {
            let mut writer = BitWriter::default();
            writer.varbit_int(value);
            let bytes = writer.finish();
            assert_eq!(bytes.len(), (bits as usize).div_ceil(8), "{value}");
        }
    }
}
