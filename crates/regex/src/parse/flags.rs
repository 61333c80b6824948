//! The flags that `(?imsU)` sets and clears.

/// How the parser reads what follows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flags {
    /// `i`: letters match in either case.
    pub(super) fold_case: bool,
    /// `m`: `^` and `$` match at line ends too.
    pub(super) multi_line: bool,
    /// `s`: `.` matches a newline.
    pub(super) dot_matches_newline: bool,
    /// `U`: repetitions are lazy, and `?` after one makes it greedy.
    pub(super) swap_greed: bool,
}

impl Flags {
    /// Sets the flag of this letter to `on`; `false` if there is no such flag.
    pub(super) fn set(&mut self, letter: char, on: bool) -> bool {
        match letter {
            'i' => self.fold_case = on,
            'm' => self.multi_line = on,
            's' => self.dot_matches_newline = on,
            'U' => self.swap_greed = on,
            _ => return false,
        }
        true
    }
}
