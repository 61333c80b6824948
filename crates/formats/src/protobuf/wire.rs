//! Protobuf's wire format.

/// What is wrong with a message, and where.
#[derive(Debug)]
pub(crate) struct WireError {
    /// Offset in the file.
    pub(crate) offset: u64,
    /// What is wrong.
    pub(crate) message: String,
}

/// A message's bytes and where in the file they start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    /// The bytes.
    pub(crate) bytes: &'a [u8],
    /// Offset of the first of them.
    pub(crate) offset: u64,
}

/// The payload of a field.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Payload<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1.
    Fixed64([u8; 8]),
    /// Wire type 2.
    Bytes(Message<'a>),
    /// Wire type 5, which no message here uses.
    Fixed32,
}

/// A field of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    /// Its number.
    pub(crate) number: u64,
    payload: Payload<'a>,
    offset: u64,
}

/// A varint at the start of `bytes` and its length. `None` if it does not end there or has more than 64 bits.
pub(crate) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for (i, &byte) in bytes.iter().take(10).enumerate() {
        let bits = u64::from(byte & 0x7f);
        if i == 9 && bits > 1 {
            return None;
        }
        value |= bits << (7 * i);
        if byte & 0x80 == 0 {
            return Some((value, i + 1));
        }
    }
    None
}

impl<'a> Message<'a> {
    /// The fields, in their order; the first error ends them.
    pub(crate) fn fields(self) -> Fields<'a> {
        Fields { rest: self.bytes, offset: self.offset }
    }

    fn error(self, message: impl Into<String>) -> WireError {
        WireError { offset: self.offset, message: message.into() }
    }
}

/// Iterates over a message.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    offset: u64,
}

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Result<u64, WireError> {
        let Some((value, length)) = varint(self.rest) else {
            return Err(self.error("a broken variable-length number"));
        };
        self.advance(length);
        Ok(value)
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], WireError> {
        let Some(length) = usize::try_from(length).ok().filter(|length| *length <= self.rest.len()) else {
            return Err(self.error(format!("a field of {length} bytes, where {} are left", self.rest.len())));
        };
        let taken = &self.rest[..length];
        self.advance(length);
        Ok(taken)
    }

    fn advance(&mut self, length: usize) {
        self.rest = &self.rest[length..];
        self.offset += length as u64;
    }

    fn error(&self, message: impl Into<String>) -> WireError {
        WireError { offset: self.offset, message: message.into() }
    }

    fn field(&mut self) -> Result<Field<'a>, WireError> {
        let offset = self.offset;
        let key = self.varint()?;
        let payload = match key & 7 {
            0 => Payload::Varint(self.varint()?),
            1 => Payload::Fixed64(self.take(8)?.try_into().expect("invariant: eight bytes were taken")),
            2 => {
                let length = self.varint()?;
                let offset = self.offset;
                Payload::Bytes(Message { bytes: self.take(length)?, offset })
            }
            5 => {
                self.take(4)?;
                Payload::Fixed32
            }
            other => {
                return Err(WireError { offset, message: format!("a field of the unknown kind {other}") });
            }
        };
        Ok(Field { number: key >> 3, payload, offset })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

impl<'a> Field<'a> {
    fn unfit<T>(&self, what: &str) -> Result<T, WireError> {
        let message = format!("field {} is not {what}, as its number asks for", self.number);
        Err(WireError { offset: self.offset, message })
    }

    /// `uint64`, `uint32`, enums; also `int64`, whose bits are those of the number.
    pub(crate) fn unsigned(&self) -> Result<u64, WireError> {
        match self.payload {
            Payload::Varint(value) => Ok(value),
            _ => self.unfit("an integer"),
        }
    }

    /// `int64`
    pub(crate) fn signed(&self) -> Result<i64, WireError> {
        self.unsigned().map(|value| value as i64)
    }

    /// `sint64`, `sint32`: zig-zag.
    pub(crate) fn zigzag(&self) -> Result<i64, WireError> {
        self.unsigned().map(unzigzag)
    }

    /// `double`
    pub(crate) fn double(&self) -> Result<f64, WireError> {
        match self.payload {
            Payload::Fixed64(bytes) => Ok(f64::from_le_bytes(bytes)),
            _ => self.unfit("a float"),
        }
    }

    /// A message.
    pub(crate) fn message(&self) -> Result<Message<'a>, WireError> {
        match self.payload {
            Payload::Bytes(message) => Ok(message),
            _ => self.unfit("a message"),
        }
    }

    /// `string`
    pub(crate) fn text(&self) -> Result<&'a str, WireError> {
        let message = self.message()?;
        std::str::from_utf8(message.bytes).map_err(|_| message.error("a text that is not valid UTF-8"))
    }

    /// Adds a `repeated sint64`, packed or one by one.
    pub(crate) fn zigzags(&self, into: &mut Vec<i64>) -> Result<(), WireError> {
        let Payload::Bytes(packed) = self.payload else {
            into.push(self.zigzag()?);
            return Ok(());
        };
        let mut rest = Fields { rest: packed.bytes, offset: packed.offset };
        while !rest.rest.is_empty() {
            into.push(unzigzag(rest.varint()?));
        }
        Ok(())
    }

    /// Adds a `repeated double`, packed or one by one.
    pub(crate) fn doubles(&self, into: &mut Vec<f64>) -> Result<(), WireError> {
        let Payload::Bytes(packed) = self.payload else {
            into.push(self.double()?);
            return Ok(());
        };
        let (numbers, rest) = packed.bytes.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(packed.error("a list of floats that ends within one"));
        }
        into.extend(numbers.iter().map(|bytes| f64::from_le_bytes(*bytes)));
        Ok(())
    }
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints() {
        assert_eq!(varint(&[0x96, 0x01, 7]), Some((150, 2)));
        assert_eq!(varint(&[0xff; 9]), None);
        assert_eq!(varint(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]), Some((u64::MAX, 10)));
        assert_eq!(varint(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]), None);
        assert_eq!(varint(&[]), None);
        assert_eq!([0, 1, 2, 3, u64::MAX].map(unzigzag), [0, -1, 1, -2, i64::MIN]);
    }

    #[test]
    fn lengths_are_held_to_what_is_there() {
        let message = |bytes: &'static [u8]| {
            let errors: Vec<String> = Message { bytes, offset: 10 }
                .fields()
                .filter_map(Result::err)
                .map(|e| format!("{}: {}", e.offset, e.message))
                .collect();
            errors
        };
        assert_eq!(message(&[0x0a, 3, b'a']), ["12: a field of 3 bytes, where 1 are left"]);
        assert_eq!(
            message(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
            ["21: a field of 18446744073709551615 bytes, where 0 are left"]
        );
        assert_eq!(message(&[0x08]), ["11: a broken variable-length number"]);
        assert_eq!(message(&[0x0b]), ["10: a field of the unknown kind 3"]);
        assert_eq!(message(&[0x08, 1, 0x0d, 0, 0]), ["13: a field of 4 bytes, where 2 are left"]);
    }
}
