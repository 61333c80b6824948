//! Actions of expressions.

use super::{Args, AtArg, Builder, Dur, Grouping, Mods, Sub, Tok};
use crate::ast::{
    Aggregate, At, Binary, BinaryOp, Call, Cardinality, DurationValue, Expr, ExprBox, Extended, LabelName,
    MatchOp, Matcher, MatrixSelector, NumberLiteral, Paren, StringLiteral, Subquery, Unary, UnaryOp,
    VectorSelector,
};
use crate::bytes::ByteString;
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::duration::parse_duration;
use crate::lexer::unquote;
use crate::number::parse_number;
use crate::options::FunctionStatus;
use crate::quote::go_quote;
use crate::span::Span;
use crate::token::{Keyword, TokenKind};

/// The matchers in braces, with the braces' byte range.
type Braces = (Vec<Matcher>, usize, usize);

impl<'s> Builder<'s> {
    /// A node above something `depth` deep; a stand-in when that is too deep.
    fn node(&self, expr: Expr, depth: u32, offender: Span) -> Sub {
        let span = expr.span();
        if self.may_nest(depth, offender, span.end) {
            return Sub { expr: ExprBox::new(expr), depth: depth + 1 };
        }
        let stand_in = NumberLiteral { value: 0.0, duration: false, span };
        Sub { expr: ExprBox::new(Expr::Number(stand_in)), depth: 1 }
    }

    fn leaf(&self, expr: Expr) -> Sub {
        Sub { expr: ExprBox::new(expr), depth: 1 }
    }

    pub(crate) fn number(&self, token: Tok<'s>) -> NumberLiteral {
        let value = parse_number(token.text).unwrap_or_else(|error| {
            self.fail(format!("error parsing number: {error}"), token.span(), token.end());
            0.0
        });
        NumberLiteral { value, duration: false, span: token.span() }
    }

    pub(crate) fn duration(&self, token: Tok<'s>) -> NumberLiteral {
        let ns = parse_duration(token.text).unwrap_or_else(|error| {
            self.fail(error.to_string(), token.span(), token.end());
            // Positive, so that no second error hides the first.
            1
        });
        let value = (ns / 1_000_000_000) as f64 + (ns % 1_000_000_000) as f64 / 1e9;
        NumberLiteral { value, duration: true, span: token.span() }
    }

    pub(crate) fn string(&self, token: Tok<'s>) -> StringLiteral {
        let value = unquote(token.text).expect("invariant: the lexer only passes well-formed strings");
        StringLiteral { value: ByteString::from(value), span: token.span() }
    }

    pub(crate) fn number_expr(&self, number: NumberLiteral) -> Sub {
        self.leaf(Expr::Number(number))
    }

    pub(crate) fn string_expr(&self, string: StringLiteral) -> Sub {
        self.leaf(Expr::String(string))
    }

    pub(crate) fn paren(&self, open: Tok<'s>, inner: Sub, close: Tok<'s>) -> Sub {
        let span = Span::new(open.start, close.end());
        self.node(Expr::Paren(Paren { expr: inner.expr, span }), inner.depth, open.span())
    }

    pub(crate) fn unary(&self, op: UnaryOp, sign: Tok<'s>, operand: Sub) -> Sub {
        let mut operand = operand;
        if let Expr::Number(number) = &mut *operand.expr {
            if op == UnaryOp::Minus {
                number.value = -number.value;
            }
            number.span.start = sign.start;
            return operand;
        }
        let span = Span::new(sign.start, operand.expr.span().end);
        self.node(Expr::Unary(Unary { op, expr: operand.expr, span }), operand.depth, sign.span())
    }

    pub(crate) fn binary(&self, lhs: Sub, op: (BinaryOp, Tok<'s>), mods: Mods, rhs: Sub) -> Sub {
        let (op, token) = op;
        let Mods { return_bool, mut matching } = mods;
        let (left, right) = (lhs.expr.span(), rhs.expr.span());
        let span = Span::new(left.start, right.end);
        if matching.fill.is_set() && !self.options.features.fill_modifiers {
            self.fail("binop fill modifiers are experimental and not enabled", span, right.end);
        }
        if op.is_set() && matching.card == Cardinality::OneToOne {
            matching.card = Cardinality::ManyToMany;
        }
        let behind = &self.text.as_bytes()[left.end.min(token.start)..];
        let spaces = behind.iter().take_while(|byte| b" \t\n\r".contains(byte)).count();
        let node = Binary {
            op,
            op_span: token.span(),
            op_position: left.end.min(token.start) + spaces,
            lhs: lhs.expr,
            rhs: rhs.expr,
            return_bool,
            matching: Some(matching),
            span,
        };
        self.node(Expr::Binary(node), lhs.depth.max(rhs.depth), token.span())
    }

    pub(crate) fn trailing_comma(&self, args: Args, comma: Tok<'s>) -> Args {
        self.fail("trailing commas not allowed in function call args", comma.span(), comma.end());
        args
    }

    pub(crate) fn call(&self, name: Tok<'s>, open: Tok<'s>, args: Args, close: Tok<'s>) -> Sub {
        let quoted = || go_quote(name.text.as_bytes());
        match self.options.env.function(name.text, self.options.features) {
            FunctionStatus::Known => {}
            FunctionStatus::Unknown => {
                let message = format!("unknown function with name {}", quoted());
                let mut diagnostic = Diagnostic::new(DiagnosticKind::Action, message, name.span());
                diagnostic.help =
                    self.options.env.suggest(name.text).map(|it| format!("did you mean `{it}`?"));
                self.keep(diagnostic, close.end());
            }
            FunctionStatus::Disabled => {
                self.fail(format!("function {} is not enabled", quoted()), name.span(), close.end());
            }
        }
        let call = Call {
            func: name.text.to_owned(),
            func_span: name.span(),
            args: args.list,
            parens: Span::new(open.start, close.end()),
            span: Span::new(name.start, close.end()),
        };
        self.node(Expr::Call(call), args.depth, name.span())
    }

    pub(crate) fn aggregate(&self, token: Tok<'s>, group: Option<Grouping>, args: Args, end: usize) -> Sub {
        let TokenKind::Aggregator(op) = token.kind else {
            unreachable!("invariant: the grammar passes aggregators only")
        };
        let span = Span::new(token.start, end);
        let expected = if op.param().is_some() { 2 } else { 1 };
        let got = args.list.len();
        let disabled = op.is_experimental() && !self.options.features.experimental_functions;
        if got == 0 {
            self.fail("no arguments for aggregate expression provided", span, end);
        } else if disabled {
            let flag = "--enable-feature=promql-experimental-functions";
            self.fail(format!("{op}() is experimental and must be enabled with {flag}"), span, end);
        } else if got != expected {
            let text = "wrong number of arguments for aggregate expression provided";
            self.fail(format!("{text}, expected {expected}, got {got}"), span, end);
        }
        let mut list = args.list.into_iter();
        let (param, expr) = match (list.next(), list.next()) {
            (Some(param), Some(expr)) if expected == 2 => (Some(param), expr),
            (Some(expr), None) if expected == 1 => (None, expr),
            _ => return self.leaf(Expr::Number(NumberLiteral { value: 0.0, duration: false, span })),
        };
        let (without, grouping) = group.map_or((false, Vec::new()), |group| (group.without, group.labels));
        let node = Aggregate { op, op_span: token.span(), expr, param, grouping, without, span };
        self.node(Expr::Aggregate(node), args.depth, token.span())
    }

    pub(crate) fn label_word(&self, token: Tok<'s>) -> LabelName {
        LabelName { name: token.text.to_owned(), span: token.span() }
    }

    pub(crate) fn label_string(&self, string: StringLiteral) -> LabelName {
        let StringLiteral { value, span } = string;
        let name = value.as_str().filter(|name| !name.is_empty());
        if name.is_none() {
            let quoted = go_quote(value.as_bytes());
            self.fail(format!("invalid label name for grouping: {quoted}"), span, span.end);
        }
        LabelName { name: name.unwrap_or_default().to_owned(), span }
    }

    pub(crate) fn matcher(
        &self,
        name: ByteString,
        name_span: Span,
        op: MatchOp,
        value: StringLiteral,
    ) -> Matcher {
        if op.is_regex() {
            let checked = match value.value.as_str() {
                Some(pattern) => self.options.env.check_regex(pattern),
                None => Err(format!("invalid UTF-8: `{}`", value.value.to_string_lossy())),
            };
            if let Err(reason) = checked {
                self.fail(format!("error parsing regexp: {reason}"), name_span, value.span.end);
            }
        }
        Matcher { name, op, value: value.value, name_span, span: name_span.to(value.span) }
    }

    /// A lone string in braces: the metric's name.
    pub(crate) fn name_matcher(&self, name: StringLiteral) -> Matcher {
        Matcher {
            name: "__name__".into(),
            op: MatchOp::Equal,
            value: name.value,
            name_span: name.span,
            span: name.span,
        }
    }

    pub(crate) fn vector(&self, name: Option<Tok<'s>>, braces: Option<Braces>) -> Sub {
        let (mut matchers, braces) = match braces {
            Some((matchers, start, end)) => (matchers, Some(Span::new(start, end))),
            None => (Vec::new(), None),
        };
        let name_span = name.map(|token| token.span());
        let span = match (name_span, braces) {
            (Some(name), Some(braces)) => name.to(braces),
            (Some(span), None) | (None, Some(span)) => span,
            (None, None) => unreachable!("invariant: a selector has a name or braces"),
        };
        if let Some(token) = name {
            matchers.push(Matcher {
                name: "__name__".into(),
                op: MatchOp::Equal,
                value: token.text.into(),
                name_span: token.span(),
                span: token.span(),
            });
        }
        self.leaf(Expr::Vector(VectorSelector {
            name: name.map(|token| token.text.to_owned()),
            name_span: name_span.unwrap_or(span),
            matchers,
            offset: None,
            at: None,
            extended: None,
            span,
        }))
    }

    pub(crate) fn matrix(&self, operand: Sub, open: Tok<'s>, range: Dur, close: Tok<'s>) -> Sub {
        let brackets = Span::new(open.start, close.end());
        let range = self.positive(range);
        let span = Span::new(operand.expr.span().start, close.end());
        let Sub { expr, depth } = operand;
        let fault = match &*expr {
            Expr::Vector(selector) if is_offset(&selector.offset) => {
                "no offset modifiers allowed before range"
            }
            Expr::Vector(selector) if selector.at.is_some() => "no @ modifiers allowed before range",
            Expr::Vector(_) => "",
            _ => "ranges only allowed for vector selectors",
        };
        if !fault.is_empty() {
            self.fail(fault, brackets, close.end());
        }
        match expr.into_inner() {
            Expr::Vector(selector) => {
                let node = MatrixSelector { selector: Box::new(selector), range, brackets, span };
                self.leaf(Expr::Matrix(node))
            }
            other => Sub { expr: ExprBox::new(other), depth },
        }
    }

    pub(crate) fn subquery(
        &self,
        operand: Sub,
        open: Tok<'s>,
        range: Dur,
        step: Option<Dur>,
        close: Tok<'s>,
    ) -> Sub {
        let node = Subquery {
            span: Span::new(operand.expr.span().start, close.end()),
            expr: operand.expr,
            range: self.positive(range),
            step: step.map(|step| self.positive(step)),
            offset: None,
            at: None,
            brackets: Span::new(open.start, close.end()),
        };
        self.node(Expr::Subquery(Box::new(node)), operand.depth, open.span())
    }

    pub(crate) fn offset(&self, operand: Sub, offset: Dur, end: usize) -> Sub {
        let mut operand = operand;
        let at = operand.expr.span();
        let offset = self.any(offset);
        let slot = match &mut *operand.expr {
            Expr::Vector(node) => Some((&mut node.offset, &mut node.span)),
            Expr::Matrix(node) => Some((&mut node.selector.offset, &mut node.span)),
            Expr::Subquery(node) => Some((&mut node.offset, &mut node.span)),
            _ => None,
        };
        match slot {
            None => self.fail(
                "offset modifier must be preceded by an instant vector selector or range vector selector or a \
                 subquery",
                at,
                end,
            ),
            Some((slot, _)) if is_offset(slot) => self.fail("offset may not be set multiple times", at, end),
            Some((slot, span)) => {
                *slot = Some(offset);
                span.end = end;
            }
        }
        operand
    }

    pub(crate) fn at(&self, operand: Sub, arg: AtArg, end: usize) -> Sub {
        let mut operand = operand;
        let position = operand.expr.span();
        let at = match arg {
            AtArg::Start => At::Start,
            AtArg::End => At::End,
            AtArg::Seconds(seconds) => {
                if seconds.is_nan() || seconds.abs() >= 2f64.powi(63) {
                    let value = if seconds.is_finite() {
                        format!("{seconds:.6}")
                    } else {
                        crate::number::format_number(seconds)
                    };
                    self.fail(format!("timestamp out of bounds for @ modifier: {value}"), position, end);
                }
                At::Time((seconds * 1000.0).round() as i64)
            }
        };
        let slot = match &mut *operand.expr {
            Expr::Vector(node) => Some((&mut node.at, &mut node.span)),
            Expr::Matrix(node) => Some((&mut node.selector.at, &mut node.span)),
            Expr::Subquery(node) => Some((&mut node.at, &mut node.span)),
            _ => None,
        };
        match slot {
            None => self.fail(
                "@ modifier must be preceded by an instant vector selector or range vector selector or a subquery",
                position,
                end,
            ),
            Some((Some(_), _)) => self.fail("@ <timestamp> may not be set multiple times", position, end),
            Some((slot, span)) => {
                *slot = Some(at);
                span.end = end;
            }
        }
        operand
    }

    pub(crate) fn extended(&self, operand: Sub, token: Tok<'s>) -> Sub {
        let mut operand = operand;
        let (at, end) = (operand.expr.span(), token.end());
        let kind = match token.kind {
            TokenKind::Keyword(Keyword::Anchored) => Extended::Anchored,
            _ => Extended::Smoothed,
        };
        if !self.options.features.extended_range_selectors {
            self.fail(format!("{kind} modifier is experimental and not enabled"), at, end);
        }
        let slot = match &mut *operand.expr {
            Expr::Vector(node) => &mut node.extended,
            Expr::Matrix(node) => &mut node.selector.extended,
            Expr::Subquery(_) => {
                self.fail(format!("{kind} modifier is not supported for subqueries"), at, end);
                return operand;
            }
            _ => {
                self.fail(format!("{kind} modifier not implemented"), at, end);
                return operand;
            }
        };
        if slot.is_some_and(|present| present != kind) {
            self.fail("anchored and smoothed modifiers cannot be used together", at, end);
        }
        *slot = Some(kind);
        operand
    }
}

/// Whether an offset counts as set: a fixed one of 0 does not.
fn is_offset(offset: &Option<DurationValue>) -> bool {
    offset.as_ref().is_some_and(|offset| offset.fixed_ns() != Some(0))
}
