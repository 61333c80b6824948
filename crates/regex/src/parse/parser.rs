//! The parser proper: one pass over the pattern with a stack of open groups.

use regex_syntax::hir::{ClassUnicode, Hir, Look};

use super::class::{parse_bracket, parse_class_escape};
use super::escape::parse_escape;
use super::flags::Flags;
use super::node::{Node, Operator};
use super::repeat::{Braces, parse_braces};
use crate::error::{RegexError, RegexErrorReason};
use crate::unicode;

/// Go's limit of the height of a syntax tree.
const MAX_HEIGHT: u32 = 1000;
/// Go's limit of instructions: 128 MiB at 40 bytes each.
const MAX_SIZE: u64 = (128 << 20) / 40;
/// Go's limit of the product of nested repeat counts.
const MAX_REPEATS: u64 = 1000;
/// Limit of ranges in all classes of a pattern, since `\pL` alone has hundreds.
const MAX_CLASS_RANGES: usize = 1 << 20;

/// A valid pattern.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// The expression, unanchored.
    pub(crate) hir: Hir,
    /// The name of each capturing group; the first entry is the whole match.
    pub(crate) group_names: Vec<Option<Box<str>>>,
    /// An upper estimate of the bytes that the compiled automaton takes.
    pub(crate) cost_bytes: u64,
}

/// Parses a pattern; `dot_matches_newline` is the initial state of the `s` flag.
pub(crate) fn parse(pattern: &str, dot_matches_newline: bool) -> Result<Parsed, RegexError> {
    let flags = Flags { dot_matches_newline, ..Flags::default() };
    let mut parser = Parser {
        pattern,
        pos: 0,
        flags,
        groups: Vec::new(),
        group: Group::new(GroupKind::Plain, flags),
        group_names: vec![None],
        class_ranges: 0,
    };
    let root = parser.run()?;
    Ok(Parsed { hir: root.hir, group_names: parser.group_names, cost_bytes: root.cost_bytes })
}

struct Parser<'p> {
    pattern: &'p str,
    pos: usize,
    flags: Flags,
    /// The open groups around the current one.
    groups: Vec<Group>,
    group: Group,
    group_names: Vec<Option<Box<str>>>,
    class_ranges: usize,
}

/// A group whose `)` is still to come, or the whole pattern.
struct Group {
    kind: GroupKind,
    /// The flags to restore after the group.
    outer_flags: Flags,
    alternatives: Vec<Node>,
    pieces: Vec<Node>,
    /// Plain characters at the end of `pieces`.
    literal: String,
}

enum GroupKind {
    Plain,
    Capture(u32),
}

impl Group {
    fn new(kind: GroupKind, outer_flags: Flags) -> Self {
        Self { kind, outer_flags, alternatives: Vec::new(), pieces: Vec::new(), literal: String::new() }
    }
}

impl<'p> Parser<'p> {
    fn run(&mut self) -> Result<Node, RegexError> {
        // The start of the repetition that ended just before `pos`.
        let mut last_repeat = None;
        while let Some(c) = self.rest().chars().next() {
            let start = self.pos;
            let operator = self.read_token(c)?;
            last_repeat = match operator {
                Some(operator) => {
                    self.repeat(operator, start, last_repeat)?;
                    Some(start)
                }
                None => None,
            };
        }
        self.end_alternative()?;
        if !self.groups.is_empty() {
            return Err(self.error(RegexErrorReason::MissingParen, self.pattern));
        }
        let alternatives = std::mem::take(&mut self.group.alternatives);
        self.checked(Node::alternation(alternatives))
    }

    /// Consumes the token that starts with `c`. Returns a repetition operator for the caller to apply.
    fn read_token(&mut self, c: char) -> Result<Option<Operator>, RegexError> {
        if c == '\\' {
            return self.read_backslash().map(|()| None);
        }
        if c == '{' {
            return self.read_braces();
        }
        if c == '[' {
            let (class, len) = parse_bracket(self.rest(), self.flags.fold_case)?;
            self.pos += len;
            return self.push_class(class).map(|()| None);
        }
        if self.rest().starts_with("(?") {
            return self.read_perl_group().map(|()| None);
        }
        self.pos += c.len_utf8();
        match c {
            '*' => return Ok(Some(Operator::Star)),
            '+' => return Ok(Some(Operator::Plus)),
            '?' => return Ok(Some(Operator::Quest)),
            '(' => self.open_capture(None),
            ')' => self.close_group()?,
            '|' => self.end_alternative()?,
            '^' => self.push(Node::look(if self.flags.multi_line { Look::StartLF } else { Look::Start }))?,
            '$' => self.push(Node::look(if self.flags.multi_line { Look::EndLF } else { Look::End }))?,
            '.' => self.push(Node::dot(self.flags.dot_matches_newline))?,
            c => self.push_char(u32::from(c))?,
        }
        Ok(None)
    }

    fn read_braces(&mut self) -> Result<Option<Operator>, RegexError> {
        match parse_braces(self.rest()) {
            Braces::Literal => {
                self.pos += 1;
                self.push_char(u32::from('{')).map(|()| None)
            }
            Braces::Repeat(Some(bounds), len) => {
                self.pos += len;
                Ok(Some(Operator::Braces(bounds)))
            }
            Braces::Repeat(None, len) => {
                Err(self.error(RegexErrorReason::InvalidRepeatSize, &self.rest()[..len]))
            }
        }
    }

    fn read_backslash(&mut self) -> Result<(), RegexError> {
        let rest = self.rest();
        let look = match rest.as_bytes().get(1) {
            Some(b'A') => Look::Start,
            Some(b'z') => Look::End,
            Some(b'b') => Look::WordAscii,
            Some(b'B') => Look::WordAsciiNegate,
            Some(b'C') => return Err(self.error(RegexErrorReason::InvalidEscape, &rest[..2])),
            Some(b'Q') => return self.read_quoted(),
            _ => {
                if let Some((class, len)) = parse_class_escape(rest, self.flags.fold_case)? {
                    self.pos += len;
                    return self.push_class(class);
                }
                let (value, len) = parse_escape(rest)?;
                self.pos += len;
                return self.push_char(value);
            }
        };
        self.pos += 2;
        self.push(Node::look(look))
    }

    /// `\Q…\E`, where the end may be missing.
    fn read_quoted(&mut self) -> Result<(), RegexError> {
        let quoted = &self.rest()[2..];
        let (text, len) = match quoted.find(r"\E") {
            Some(end) => (&quoted[..end], end + 4),
            None => (quoted, quoted.len() + 2),
        };
        self.pos += len;
        text.chars().try_for_each(|c| self.push_char(u32::from(c)))
    }

    /// `(?flags)`, `(?flags:`, `(?P<name>` or `(?<name>`.
    fn read_perl_group(&mut self) -> Result<(), RegexError> {
        let text = self.rest();
        // Go wants something after the `<` before it takes it for a name.
        let name_start = match text {
            _ if text.starts_with("(?P<") && text.len() > 4 => Some(4),
            _ if text.starts_with("(?<") && text.len() > 3 => Some(3),
            _ => None,
        };
        if let Some(name_start) = name_start {
            return self.read_named_group(text, name_start);
        }
        let mut flags = self.flags;
        let (mut on, mut saw_flag) = (true, false);
        for (offset, c) in text.char_indices().skip(2) {
            match c {
                '-' if on => (on, saw_flag) = (false, false),
                ':' | ')' if on || saw_flag => {
                    if c == ':' {
                        self.open_group(GroupKind::Plain);
                    }
                    self.flags = flags;
                    self.pos += offset + 1;
                    return Ok(());
                }
                c if flags.set(c, on) => saw_flag = true,
                c => {
                    let fragment = &text[..offset + c.len_utf8()];
                    return Err(self.error(RegexErrorReason::InvalidPerlOp, fragment));
                }
            }
        }
        Err(self.error(RegexErrorReason::InvalidPerlOp, text))
    }

    fn read_named_group(&mut self, text: &str, name_start: usize) -> Result<(), RegexError> {
        let invalid = RegexErrorReason::InvalidNamedCapture;
        let Some(end) = text.find('>') else { return Err(self.error(invalid, text)) };
        let name = &text[name_start..end];
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(self.error(invalid, &text[..=end]));
        }
        self.open_capture(Some(name.into()));
        self.pos += end + 1;
        Ok(())
    }

    fn open_capture(&mut self, name: Option<Box<str>>) {
        let index = self.group_names.len() as u32;
        self.group_names.push(name);
        self.open_group(GroupKind::Capture(index));
    }

    fn open_group(&mut self, kind: GroupKind) {
        let inner = Group::new(kind, self.flags);
        self.groups.push(std::mem::replace(&mut self.group, inner));
    }

    fn close_group(&mut self) -> Result<(), RegexError> {
        self.end_alternative()?;
        let alternatives = std::mem::take(&mut self.group.alternatives);
        let body = self.checked(Node::alternation(alternatives))?;
        let Some(outer) = self.groups.pop() else {
            return Err(self.error(RegexErrorReason::UnexpectedParen, self.pattern));
        };
        let closed = std::mem::replace(&mut self.group, outer);
        self.flags = closed.outer_flags;
        match closed.kind {
            GroupKind::Plain => self.push(body),
            GroupKind::Capture(index) => self.push(Node::capture(body, index)),
        }
    }

    fn end_alternative(&mut self) -> Result<(), RegexError> {
        self.flush_literal();
        let pieces = std::mem::take(&mut self.group.pieces);
        let node = self.checked(Node::concat(pieces))?;
        self.group.alternatives.push(node);
        Ok(())
    }

    /// Applies an operator that was read from `start` to the piece before it.
    fn repeat(
        &mut self,
        operator: Operator,
        start: usize,
        last_repeat: Option<usize>,
    ) -> Result<(), RegexError> {
        let lazy = self.rest().starts_with('?');
        self.pos += usize::from(lazy);
        if let Some(last) = last_repeat {
            return Err(self.error(RegexErrorReason::InvalidRepeatOp, &self.pattern[last..self.pos]));
        }
        let written = &self.pattern[start..self.pos];
        let sub = match self.group.literal.pop() {
            Some(c) => {
                self.flush_literal();
                Some(Node::literal(c.encode_utf8(&mut [0; 4])))
            }
            None => self.group.pieces.pop(),
        };
        let Some(sub) = sub else {
            return Err(self.error(RegexErrorReason::MissingRepeatArgument, written));
        };
        let node = self.checked(Node::repeat(sub, operator, lazy == self.flags.swap_greed))?;
        if operator.multiplies() && node.repeats > MAX_REPEATS {
            return Err(self.error(RegexErrorReason::InvalidRepeatSize, written));
        }
        self.group.pieces.push(node);
        Ok(())
    }

    /// Appends one code point, which matches nothing if it is a surrogate.
    fn push_char(&mut self, value: u32) -> Result<(), RegexError> {
        let Some(c) = char::from_u32(value) else {
            return self.push(Node::class(ClassUnicode::empty()));
        };
        if !self.flags.fold_case {
            self.group.literal.push(c);
            return Ok(());
        }
        let mut class = unicode::range_class(c, c);
        unicode::fold_case(&mut class);
        self.push(Node::folded_char(class))
    }

    fn push_class(&mut self, class: ClassUnicode) -> Result<(), RegexError> {
        self.class_ranges += class.ranges().len();
        if self.class_ranges > MAX_CLASS_RANGES {
            return Err(self.error(RegexErrorReason::TooLarge, self.pattern));
        }
        self.push(Node::class(class))
    }

    fn push(&mut self, node: Node) -> Result<(), RegexError> {
        let node = self.checked(node)?;
        self.flush_literal();
        self.group.pieces.push(node);
        Ok(())
    }

    fn flush_literal(&mut self) {
        if !self.group.literal.is_empty() {
            self.group.pieces.push(Node::literal(&self.group.literal));
            self.group.literal.clear();
        }
    }

    fn checked(&self, node: Node) -> Result<Node, RegexError> {
        if node.size > MAX_SIZE {
            return Err(self.error(RegexErrorReason::TooLarge, self.pattern));
        }
        if node.height > MAX_HEIGHT {
            return Err(self.error(RegexErrorReason::NestingDepth, self.pattern));
        }
        Ok(node)
    }

    fn rest(&self) -> &'p str {
        &self.pattern[self.pos..]
    }

    fn error(&self, reason: RegexErrorReason, fragment: &str) -> RegexError {
        RegexError::new(reason, fragment)
    }
}
