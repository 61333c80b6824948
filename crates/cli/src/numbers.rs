//! Counts, sizes and times as people read them.

use std::time::Duration;

/// A count with a comma between each three digits: `660,052`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count with its noun: `1 sample`, `3 samples`.
pub(crate) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// Bytes in binary units: `512 B`, `8.3 MiB`.
pub(crate) fn bytes(n: u64) -> String {
    let mut value = n as f64;
    let mut unit = "B";
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    if unit == "B" { format!("{n} B") } else { format!("{value:.1} {unit}") }
}

/// A measured time: `12 µs`, `3.4 ms`, `1.25 s`.
pub(crate) fn elapsed(time: Duration) -> String {
    let us = time.as_micros();
    match us {
        0..1000 => format!("{us} µs"),
        1000..1_000_000 => format!("{:.1} ms", us as f64 / 1e3),
        _ => format!("{:.2} s", time.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        assert_eq!(
            [0, 12, 123, 1234, 660_052, 1_000_000].map(count).join(" "),
            "0 12 123 1,234 660,052 1,000,000"
        );
        assert_eq!([0, 1023, 1024, 8_700_000].map(bytes).join(" "), "0 B 1023 B 1.0 KiB 8.3 MiB");
        assert_eq!(
            [12, 3400, 1_250_000].map(|us| elapsed(Duration::from_micros(us))).join(" "),
            "12 µs 3.4 ms 1.25 s"
        );
        assert_eq!(counted(1, "file", "files"), "1 file");
    }
}
