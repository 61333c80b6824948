//! Scanning of numbers and durations, one character at a time: Prometheus' rules here fit no regular expression.

/// What a scan found.
pub(super) enum Scanned {
    /// A number of this many bytes.
    Number(usize),
    /// A duration of this many bytes.
    Duration(usize),
    /// Neither; this many bytes were looked at.
    Bad(usize),
}

struct Scan<'s> {
    rest: &'s str,
    pos: usize,
    series: bool,
}

const DURATION_UNITS: &[u8] = b"smhdwy";
/// `y` may only come first.
const LATER_UNITS: &[u8] = b"smhdw";

/// Scans a number, or else a duration, at the start of `rest`. In a series description there is no hexadecimal,
/// and an `x` may follow a number.
pub(super) fn scan(rest: &str, series: bool) -> Scanned {
    let mut scan = Scan { rest, pos: 0, series };
    if scan.number() {
        return Scanned::Number(scan.pos);
    }
    if scan.rest_of_duration() {
        return Scanned::Duration(scan.pos);
    }
    Scanned::Bad(scan.pos)
}

/// Scans a number at the start of `rest` as part of a series description.
pub(super) fn scan_value(rest: &str) -> Scanned {
    let mut scan = Scan { rest, pos: 0, series: true };
    if scan.number() { Scanned::Number(scan.pos) } else { Scanned::Bad(scan.pos) }
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.rest.as_bytes().get(self.pos).copied()
    }

    fn accept(&mut self, set: impl Fn(u8) -> bool) -> bool {
        let accepted = self.peek().is_some_and(set);
        self.pos += usize::from(accepted);
        accepted
    }

    fn accept_one(&mut self, set: &[u8]) -> bool {
        self.accept(|byte| set.contains(&byte))
    }

    /// Consumes what must not follow an exponent or an underscore. True if it does follow, or the input ends.
    fn dangling(&mut self) -> bool {
        self.accept_one(b"._eE") || self.peek().is_none()
    }

    fn number(&mut self) -> bool {
        let mut hex = false;
        if !self.series && self.accept_one(b"0") && self.accept_one(b"xX") {
            self.accept_one(b"_");
            hex = true;
        }
        let is_digit = |byte: u8| if hex { byte.is_ascii_hexdigit() } else { byte.is_ascii_digit() };
        self.accept_one(b".");
        self.accept(is_digit);
        let (mut dot, mut exponent) = (false, false);
        while self.peek().is_some_and(|byte| is_digit(byte) || b"._eE".contains(&byte)) {
            if self.accept_one(b".") {
                if dot {
                    self.accept_one(b".");
                    return false;
                }
                dot = true;
                if self.accept_one(b"_.") || hex {
                    return false;
                }
            } else if self.accept_one(b"eE") {
                // Tested before the digits, in hexadecimal too: that is why 0xBEEF is no number.
                if exponent {
                    self.accept_one(b"eE");
                    return false;
                }
                exponent = true;
                self.accept_one(b"+-");
                if self.dangling() {
                    return false;
                }
            } else if self.accept_one(b"_") {
                if self.dangling() {
                    return false;
                }
            } else {
                while self.accept(is_digit) {}
            }
        }
        self.pos > 0 && !self.peek().is_some_and(|byte| is_word(byte) && !(self.series && byte == b'x'))
    }

    /// Goes on where [`Scan::number`] failed.
    fn rest_of_duration(&mut self) -> bool {
        if !self.accept_one(DURATION_UNITS) {
            return false;
        }
        self.accept_one(b"s");
        while self.accept(|byte| byte.is_ascii_digit()) {
            while self.accept(|byte| byte.is_ascii_digit()) {}
            if !self.accept_one(LATER_UNITS) {
                return false;
            }
            self.accept_one(b"s");
        }
        !self.accept(is_word)
    }
}

/// Whether the byte continues a word: `[A-Za-z0-9_]`.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
