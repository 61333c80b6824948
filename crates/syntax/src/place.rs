//! Where in the grammar a token stands: a small stack machine over the tokens.
//!
//! It runs twice. Before parsing it tags the tokens that an LR(1) grammar alone could not tell apart. After a syntax
//! error it runs again up to the faulty token, and knows the innermost incomplete construct for the message.

use crate::token::{Keyword, TokenKind};

/// What a token means beyond its kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tag {
    /// Nothing more.
    Plain,
    /// An arithmetic operator of a duration expression.
    Duration,
    /// The sign of an offset that ends behind its first operand.
    OffsetSign,
    /// The parenthesis behind `group_left` or `group_right`.
    GroupLabels,
}

/// What a text is parsed as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Entry {
    Expr,
    Selector,
    Metric,
    Series,
}

/// Progress inside a duration.
#[derive(Clone, Copy, Debug, Default)]
struct DurationState {
    depth: u32,
    done: bool,
}

impl DurationState {
    fn complete(self) -> bool {
        self.depth == 0 && self.done
    }

    fn step(&mut self, kind: TokenKind) {
        match kind {
            TokenKind::LeftParen => {
                self.depth += 1;
                self.done = false;
            }
            TokenKind::RightParen => {
                self.depth = self.depth.saturating_sub(1);
                self.done = true;
            }
            TokenKind::Number | TokenKind::Duration => self.done = true,
            _ => self.done = false,
        }
    }
}

/// Progress inside braces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum BracesState {
    Start,
    Name,
    QuotedName,
    Operator,
    Matcher,
}

/// An open construct.
#[derive(Clone, Copy, Debug)]
enum Frame {
    Paren,
    /// An aggregator whose body has not begun.
    AggregateHead,
    AggregateBody,
    /// `by`, `without`, `on` or `ignoring`; whether an operand is complete behind its labels.
    Grouping {
        operand: bool,
    },
    /// `group_left` or `group_right`.
    GroupSide,
    Labels {
        operand: bool,
        after_label: bool,
    },
    Braces(BracesState),
    /// Behind `offset`. Greedy ones take operators, others end behind one operand.
    Offset {
        duration: DurationState,
        greedy: bool,
        begun: bool,
    },
    At,
    BracketRange(DurationState),
    BracketStep {
        duration: DurationState,
        begun: bool,
    },
    /// The parentheses of a fill value.
    FillValue,
}

/// Progress inside an item of a series description.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ItemState {
    /// In the metric, before the first space.
    Metric,
    /// Behind a space or a complete item.
    Complete,
    /// Inside an item.
    Inside,
    /// Behind a complete value or histogram of an item; a sign or `x` may follow.
    Value,
    /// Behind a sign that starts a value.
    LeadingSign,
    /// Behind a sign that starts an increment.
    IncrementSign,
    /// Behind `x`.
    Times,
    /// Inside a histogram literal with this many complete keys; `increment` for the second one of an item.
    Histogram { keys: u32, increment: bool, list: bool },
}

/// The machine.
pub(crate) struct Place {
    entry: Entry,
    stack: Vec<Frame>,
    /// Whether an operand is complete, so that an operator must follow.
    after_operand: bool,
    /// Whether the last token closed the body of an aggregation.
    after_aggregate: bool,
    fill_opens: bool,
    item: ItemState,
}

/// Whether the kind is an operator of duration expressions.
fn is_arithmetic(kind: TokenKind) -> bool {
    is_sign(kind)
        || matches!(kind, TokenKind::Star | TokenKind::Slash | TokenKind::Percent | TokenKind::Caret)
}

fn is_sign(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Plus | TokenKind::Minus)
}

impl Place {
    pub(crate) fn new(entry: Entry) -> Self {
        Self {
            entry,
            stack: Vec::new(),
            after_operand: false,
            after_aggregate: false,
            fill_opens: false,
            item: ItemState::Metric,
        }
    }

    /// Number of open constructs.
    pub(crate) fn depth(&self) -> usize {
        self.stack.len()
    }

    /// Takes the next token; `next` is the kind of the one behind it.
    pub(crate) fn step(&mut self, kind: TokenKind, next: Option<TokenKind>) -> Tag {
        if self.entry == Entry::Series && self.step_series(kind) {
            return Tag::Plain;
        }
        let after_aggregate = std::mem::take(&mut self.after_aggregate);
        if let Some(Frame::Offset { duration, greedy, .. }) = self.stack.last()
            && duration.complete()
            && !(*greedy && is_arithmetic(kind))
        {
            self.stack.pop();
        }
        match self.stack.last_mut() {
            Some(Frame::Braces(state)) => {
                *state = match kind {
                    TokenKind::RightBrace => return self.close(true),
                    TokenKind::Comma => BracesState::Start,
                    TokenKind::String if *state == BracesState::Operator => BracesState::Matcher,
                    TokenKind::String => BracesState::QuotedName,
                    TokenKind::Identifier => BracesState::Name,
                    _ => BracesState::Operator,
                };
                Tag::Plain
            }
            Some(Frame::Labels { operand, after_label }) => {
                let operand = *operand;
                *after_label = kind != TokenKind::Comma;
                if kind == TokenKind::RightParen { self.close(operand) } else { Tag::Plain }
            }
            Some(Frame::Offset { .. }) => self.step_offset(kind, next),
            Some(Frame::BracketRange(_) | Frame::BracketStep { .. }) => self.step_bracket(kind),
            Some(Frame::At) => {
                if matches!(kind, TokenKind::Number | TokenKind::Duration | TokenKind::RightParen) {
                    self.close(true);
                }
                Tag::Plain
            }
            Some(Frame::GroupSide) => {
                self.stack.pop();
                if kind == TokenKind::LeftParen {
                    self.stack.push(Frame::Labels { operand: false, after_label: false });
                    return Tag::GroupLabels;
                }
                self.step_expr(kind, next, after_aggregate)
            }
            Some(Frame::Grouping { operand }) if kind == TokenKind::LeftParen => {
                let operand = *operand;
                self.stack.pop();
                self.stack.push(Frame::Labels { operand, after_label: false });
                Tag::Plain
            }
            _ => self.step_expr(kind, next, after_aggregate),
        }
    }

    fn close(&mut self, after_operand: bool) -> Tag {
        self.stack.pop();
        self.after_operand = after_operand;
        Tag::Plain
    }

    fn step_offset(&mut self, kind: TokenKind, next: Option<TokenKind>) -> Tag {
        let Some(Frame::Offset { duration, greedy, begun }) = self.stack.last_mut() else {
            return Tag::Plain;
        };
        let first = !std::mem::replace(begun, true);
        let sign = is_sign(kind);
        if first {
            *greedy = kind == TokenKind::LeftParen || (sign && next.is_some_and(is_sign));
        }
        duration.step(kind);
        if first && sign && !*greedy {
            Tag::OffsetSign
        } else if is_arithmetic(kind) {
            Tag::Duration
        } else {
            Tag::Plain
        }
    }

    fn step_bracket(&mut self, kind: TokenKind) -> Tag {
        match kind {
            TokenKind::RightBracket => return self.close(true),
            TokenKind::Colon => {
                self.stack.pop();
                self.stack.push(Frame::BracketStep { duration: DurationState::default(), begun: false });
                return Tag::Plain;
            }
            _ => {}
        }
        match self.stack.last_mut() {
            Some(Frame::BracketRange(duration)) => duration.step(kind),
            Some(Frame::BracketStep { duration, begun }) => {
                *begun = true;
                duration.step(kind);
            }
            _ => {}
        }
        if is_arithmetic(kind) { Tag::Duration } else { Tag::Plain }
    }

    /// A token that stands in no special construct.
    fn step_expr(&mut self, kind: TokenKind, next: Option<TokenKind>, after_aggregate: bool) -> Tag {
        match kind {
            TokenKind::LeftParen => {
                let frame = match self.stack.last() {
                    Some(Frame::AggregateHead) => {
                        self.stack.pop();
                        Frame::AggregateBody
                    }
                    _ if std::mem::take(&mut self.fill_opens) => Frame::FillValue,
                    _ => Frame::Paren,
                };
                self.stack.push(frame);
                self.after_operand = false;
            }
            TokenKind::RightParen => {
                let frame = self.stack.pop();
                self.after_operand = !matches!(frame, Some(Frame::FillValue));
                self.after_aggregate = matches!(frame, Some(Frame::AggregateBody));
            }
            TokenKind::LeftBrace => self.stack.push(Frame::Braces(BracesState::Start)),
            TokenKind::LeftBracket => self.stack.push(Frame::BracketRange(DurationState::default())),
            TokenKind::At => self.stack.push(Frame::At),
            TokenKind::Aggregator(_) => {
                let heads = matches!(
                    next,
                    Some(TokenKind::LeftParen | TokenKind::Keyword(Keyword::By | Keyword::Without))
                );
                if heads && !self.after_operand {
                    self.stack.push(Frame::AggregateHead);
                } else {
                    self.after_operand = true;
                }
            }
            TokenKind::Keyword(word) => self.step_keyword(word, after_aggregate),
            TokenKind::Identifier
            | TokenKind::MetricIdentifier
            | TokenKind::Number
            | TokenKind::Duration
            | TokenKind::String => self.after_operand = true,
            _ => self.after_operand = false,
        }
        Tag::Plain
    }

    fn step_keyword(&mut self, word: Keyword, after_aggregate: bool) {
        match word {
            Keyword::By | Keyword::Without => match self.stack.last() {
                Some(Frame::AggregateHead) => self.stack.push(Frame::Grouping { operand: false }),
                _ if after_aggregate => self.stack.push(Frame::Grouping { operand: true }),
                _ => self.after_operand = true,
            },
            Keyword::On | Keyword::Ignoring => self.stack.push(Frame::Grouping { operand: false }),
            Keyword::GroupLeft | Keyword::GroupRight => self.stack.push(Frame::GroupSide),
            Keyword::Fill | Keyword::FillLeft | Keyword::FillRight => self.fill_opens = true,
            Keyword::Bool => {}
            Keyword::Offset if self.after_operand => {
                self.stack.push(Frame::Offset {
                    duration: DurationState::default(),
                    greedy: false,
                    begun: false,
                });
            }
            Keyword::And | Keyword::Or | Keyword::Unless | Keyword::Atan2 => {
                self.after_operand = !self.after_operand;
            }
            // At operand position all other keywords are names.
            _ => self.after_operand = true,
        }
    }

    /// Takes a token of a series description. False while the metric is being read.
    fn step_series(&mut self, kind: TokenKind) -> bool {
        use ItemState as S;
        if self.item == S::Metric {
            if kind != TokenKind::Space {
                return false;
            }
            self.item = S::Complete;
            return true;
        }
        self.item = match (self.item, kind) {
            (S::Histogram { keys, increment, list }, kind) => match kind {
                TokenKind::CloseHistogram if increment => S::Inside,
                TokenKind::CloseHistogram => S::Value,
                TokenKind::LeftBracket => S::Histogram { keys, increment, list: true },
                TokenKind::RightBracket => S::Histogram { keys: keys + 1, increment, list: false },
                TokenKind::Number | TokenKind::Hint(_) if !list => {
                    S::Histogram { keys: keys + 1, increment, list }
                }
                _ => self.item,
            },
            (_, TokenKind::Space) => S::Complete,
            (_, TokenKind::Times) => S::Times,
            (S::IncrementSign, TokenKind::OpenHistogram) => {
                S::Histogram { keys: 0, increment: true, list: false }
            }
            (_, TokenKind::OpenHistogram) => S::Histogram { keys: 0, increment: false, list: false },
            (S::Value, kind) if is_sign(kind) => S::IncrementSign,
            (_, kind) if is_sign(kind) => S::LeadingSign,
            (S::IncrementSign, _) => S::Inside,
            (S::Times, _) => S::Complete,
            _ => S::Value,
        };
        true
    }

    /// What a syntax error at the next token says about the innermost incomplete construct.
    pub(crate) fn context(&self) -> &'static str {
        if self.entry == Entry::Series {
            match self.item {
                ItemState::Metric if self.stack.is_empty() => return " in series values",
                ItemState::Metric => {}
                ItemState::Complete | ItemState::Value => return "",
                ItemState::Histogram { keys, .. } if keys > 0 => {
                    return " in histogram description, expected histogram description key, e.g. buckets:[5 10 7]";
                }
                _ => return " in series values",
            }
        }
        self.stack.iter().rev().find_map(|frame| self.frame_context(frame)).unwrap_or("")
    }

    fn frame_context(&self, frame: &Frame) -> Option<&'static str> {
        let metric = matches!(self.entry, Entry::Metric | Entry::Series);
        Some(match frame {
            Frame::Paren | Frame::FillValue => return None,
            Frame::AggregateHead | Frame::AggregateBody => " in aggregation",
            Frame::Grouping { .. } | Frame::GroupSide => " in grouping opts, expected \"(\"",
            Frame::Labels { after_label: false, .. } => " in grouping opts, expected label",
            Frame::Labels { after_label: true, .. } => " in grouping opts, expected \",\" or \")\"",
            Frame::Braces(state) => braces_context(*state, metric),
            Frame::Offset { duration, .. } if duration.complete() => return None,
            Frame::Offset { .. } => " in offset, expected number, duration, step(), or range()",
            Frame::At => " in @, expected timestamp",
            Frame::BracketRange(duration) if duration.complete() => {
                " in subquery or range, expected \":\" or \"]\""
            }
            Frame::BracketRange(_) => {
                " in subquery or range selector, expected number, duration, step(), or range()"
            }
            Frame::BracketStep { duration, begun: true } if duration.complete() => {
                " in subquery selector, expected \"]\""
            }
            Frame::BracketStep { .. } => {
                " in subquery selector, expected number, duration, step(), range(), or \"]\""
            }
        })
    }
}

fn braces_context(state: BracesState, metric: bool) -> &'static str {
    match (metric, state) {
        (false, BracesState::Start) => " in label matching, expected identifier or \"}\"",
        (false, BracesState::Name) => " in label matching, expected label matching operator",
        (false, BracesState::Operator) => " in label matching, expected string",
        (false, BracesState::QuotedName | BracesState::Matcher) => {
            " in label matching, expected \",\" or \"}\""
        }
        (true, BracesState::Start) => " in label set, expected identifier or \"}\"",
        (true, BracesState::Name) => " in label set, expected \"=\"",
        (true, BracesState::Operator) => " in label set, expected string",
        (true, BracesState::QuotedName | BracesState::Matcher) => " in label set, expected \",\" or \"}\"",
    }
}
