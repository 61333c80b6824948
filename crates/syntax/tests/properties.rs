//! Properties over generated trees and texts.

mod common;

use common::all;
use promqlite_syntax::ast::*;
use promqlite_syntax::{
    Boxed, ByteString, ParseOptions, Span, erase_spans, parse_expr, parse_metric, parse_metric_selector,
    parse_series_desc, pretty, tokenize,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

const NONE: Span = Span::new(0, 0);

fn label() -> impl Strategy<Value = LabelName> {
    let names = vec!["job", "on", "by", "sum", "a b", "a:b", "é", "fill", "start", "0", "\"", "offset"];
    select(names).prop_map(|name| LabelName { name: name.to_owned(), span: NONE })
}

/// Without U+FFFD: Prometheus prints it as it is, and refuses to read it.
fn text() -> impl Strategy<Value = ByteString> {
    prop_oneof![
        select(vec!["", "x", "a\"b\\", "\n\t\u{7}", "\u{1F600}é", "\u{feff}\u{200b}\u{10ffff}", ".+"])
            .prop_map(ByteString::from),
        vec(any::<u8>(), 0..4).prop_map(ByteString::from),
    ]
}

fn number() -> impl Strategy<Value = NumberLiteral> {
    let plain = prop_oneof![
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        any::<f64>().prop_filter("the printer knows one NaN", |value| !value.is_nan()),
        (-1000..1000i32).prop_map(f64::from),
    ];
    prop_oneof![
        plain.prop_map(|value| NumberLiteral { value, duration: false, span: NONE }),
        // Whole seconds only: the printer truncates milliseconds.
        (0..1_000_000i32).prop_map(|n| NumberLiteral { value: f64::from(n), duration: true, span: NONE }),
    ]
}

fn duration_literal() -> impl Strategy<Value = NumberLiteral> {
    (1..100_000i32, any::<bool>()).prop_map(|(n, duration)| NumberLiteral {
        value: f64::from(n),
        duration,
        span: NONE,
    })
}

/// A parenthesised duration expression: the printer adds no parentheses, so only these nest freely.
fn duration_expr() -> impl Strategy<Value = DurationExpr> {
    let node = |kind, wrapped| DurationExpr { kind, wrapped, span: NONE };
    let leaf = prop_oneof![
        any::<bool>().prop_map(move |wrapped| node(DurationKind::Step, wrapped)),
        any::<bool>().prop_map(move |wrapped| node(DurationKind::Range, wrapped)),
        duration_literal()
            .prop_map(move |number| node(DurationKind::Plus(DurationOperand::Literal(number)), true)),
    ];
    leaf.prop_recursive(3, 12, 2, move |inner| {
        let operand = prop_oneof![
            duration_literal().prop_map(DurationOperand::Literal),
            inner.prop_map(|expr| DurationOperand::Expr(Boxed::new(expr))),
        ];
        let op = select(DurationOp::ALL);
        let pair = (operand.clone(), operand.clone());
        prop_oneof![
            (op, pair.clone())
                .prop_map(move |(op, (lhs, rhs))| node(DurationKind::Binary { op, lhs, rhs }, true)),
            pair.clone().prop_map(move |(lhs, rhs)| node(DurationKind::MinOf(lhs, rhs), true)),
            pair.prop_map(move |(lhs, rhs)| node(DurationKind::MaxOf(lhs, rhs), false)),
            operand
                .prop_filter("a sign folds into a literal", |it| matches!(it, DurationOperand::Expr(_)))
                .prop_map(move |operand| node(DurationKind::Minus(operand), true)),
        ]
    })
}

fn duration() -> impl Strategy<Value = DurationValue> {
    prop_oneof![
        (1..1_000_000_000i64)
            .prop_map(|ms| DurationValue::Fixed(FixedDuration { ns: ms * 1_000_000, span: NONE })),
        duration_expr().prop_map(DurationValue::Expr),
    ]
}

fn offset() -> impl Strategy<Value = Option<DurationValue>> {
    let negative = (1..1_000_000_000i64)
        .prop_map(|ms| DurationValue::Fixed(FixedDuration { ns: -ms * 1_000_000, span: NONE }));
    option::weighted(0.2, prop_oneof![duration(), negative])
}

fn at() -> impl Strategy<Value = Option<At>> {
    let at = prop_oneof![
        Just(At::Start),
        Just(At::End),
        (-1_000_000_000_000..1_000_000_000_000i64).prop_map(At::Time)
    ];
    option::weighted(0.2, at)
}

fn selector() -> impl Strategy<Value = VectorSelector> {
    let names = vec!["up", "or", "sum", "a:b", "by", "fill", "offset", "start", "without", "anchored", "_"];
    let matcher = (label(), select(MatchOp::ALL), text()).prop_map(|(label, op, value)| Matcher {
        name: ByteString::from(label.name),
        op,
        value,
        name_span: NONE,
        span: NONE,
    });
    let parts =
        (option::of(select(names)), vec(matcher, 0..3), offset(), at(), option::of(select(Extended::ALL)));
    parts.prop_map(|(name, mut matchers, offset, at, extended)| {
        let name = if matchers.is_empty() { name.or(Some("up")) } else { name };
        // The printer sorts matchers; the name's comes last.
        matchers.retain(|matcher| !matcher.op.is_regex() || matcher.value.as_str() == Some(".+"));
        matchers.sort_by_key(|matcher| matcher.to_string());
        let name = if matchers.is_empty() { name.or(Some("up")) } else { name };
        if let Some(name) = name {
            matchers.push(Matcher {
                name: "__name__".into(),
                op: MatchOp::Equal,
                value: name.into(),
                name_span: NONE,
                span: NONE,
            });
        }
        let name = name.map(str::to_owned);
        VectorSelector { name, name_span: NONE, matchers, offset, at, extended, span: NONE }
    })
}

fn matching(op: BinaryOp) -> impl Strategy<Value = Matching> {
    let fill = prop_oneof![
        3 => Just(Fill::default()),
        1 => (option::of(-9..9i32), option::of(-9..9i32))
            .prop_map(|(lhs, rhs)| Fill { lhs: lhs.map(f64::from), rhs: rhs.map(f64::from) }),
    ];
    let card = select(vec![Cardinality::OneToOne, Cardinality::ManyToOne, Cardinality::OneToMany]);
    (any::<bool>(), vec(label(), 0..3), card, vec(label(), 0..3), fill).prop_map(
        move |(on, labels, card, include, fill)| {
            let grouped = card != Cardinality::OneToOne;
            let card = if op.is_set() && !grouped { Cardinality::ManyToMany } else { card };
            let include = if grouped { include } else { Vec::new() };
            Matching { card, labels, on, include, fill }
        },
    )
}

fn paren(expr: Expr) -> ExprBox {
    Boxed::new(Expr::Paren(Paren { expr: Boxed::new(expr), span: NONE }))
}

/// Expressions whose operands are parenthesised, since the printer adds no parentheses.
fn expr() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        3 => selector().prop_map(Expr::Vector),
        1 => number().prop_map(Expr::Number),
        1 => text().prop_map(|value| Expr::String(StringLiteral { value, span: NONE })),
        1 => (selector(), duration()).prop_map(|(selector, range)| {
            Expr::Matrix(MatrixSelector { selector: Box::new(selector), range, brackets: NONE, span: NONE })
        }),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let binary = (select(BinaryOp::ALL), inner.clone(), inner.clone(), any::<bool>()).prop_flat_map(
            |(op, lhs, rhs, return_bool)| {
                matching(op).prop_map(move |matching| {
                    Expr::Binary(Binary {
                        op,
                        op_span: NONE,
                        op_position: 0,
                        lhs: paren(lhs.clone()),
                        rhs: paren(rhs.clone()),
                        return_bool,
                        matching: Some(matching),
                        span: NONE,
                    })
                })
            },
        );
        let aggregate =
            (select(AggregateOp::ALL), inner.clone(), inner.clone(), vec(label(), 0..3), any::<bool>())
                .prop_map(|(op, expr, param, grouping, without)| {
                    let param = op.param().map(|_| Boxed::new(param));
                    let expr = Boxed::new(expr);
                    Expr::Aggregate(Aggregate {
                        op,
                        op_span: NONE,
                        expr,
                        param,
                        grouping,
                        without,
                        span: NONE,
                    })
                });
        let call = (select(vec!["rate", "start", "min_of", "time"]), vec(inner.clone(), 0..3)).prop_map(
            |(func, args)| {
                let args = args.into_iter().map(Boxed::new).collect();
                Expr::Call(Call { func: func.to_owned(), func_span: NONE, args, parens: NONE, span: NONE })
            },
        );
        // Without a number in front of its colon a subquery is refused, as in Prometheus.
        let range = duration()
            .prop_filter("needs a number", |range| range.to_string().contains(|c: char| c.is_ascii_digit()));
        let subquery = (inner.clone(), range, option::of(duration()), offset(), at()).prop_map(
            |(expr, range, step, offset, at)| {
                let expr = paren(expr);
                Expr::Subquery(Box::new(Subquery {
                    expr,
                    range,
                    step,
                    offset,
                    at,
                    brackets: NONE,
                    span: NONE,
                }))
            },
        );
        let unary = (select(UnaryOp::ALL), inner)
            .prop_map(|(op, expr)| Expr::Unary(Unary { op, expr: paren(expr), span: NONE }));
        prop_oneof![binary, aggregate, call, subquery, unary]
    })
}

/// Pieces from which faulty queries are made.
fn soup() -> impl Strategy<Value = String> {
    let pieces = vec![
        "a",
        "sum",
        "by",
        "without",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "=",
        "=~",
        "!=",
        "!",
        "\"x\"",
        "'",
        "`",
        "\\",
        "5m",
        "1",
        "0x1",
        ".",
        "1e",
        "+",
        "-",
        "*",
        "/",
        "^",
        "%",
        "@",
        "offset",
        "start",
        "step()",
        "min_of(",
        "and",
        "or",
        "on",
        "ignoring",
        "group_left",
        "bool",
        "fill",
        "fill(1)",
        "fill_left",
        "anchored",
        "smoothed",
        "#c\n",
        "<",
        ">/",
        "</",
        "==",
        "inf",
        "nan",
        "_",
        "x",
        "{{",
        "}}",
        "sum:",
        "buckets:[1 ",
        "stale",
        "\u{e9}",
        " ",
        "\n",
        "1x3",
    ];
    vec((select(pieces), any::<bool>()), 0..14).prop_map(|parts| {
        parts
            .into_iter()
            .map(|(piece, space)| if space { format!("{piece} ") } else { piece.to_owned() })
            .collect()
    })
}

/// Runs every entry point; what they say is not the point.
fn parse_all(text: &str) {
    for options in [ParseOptions::PERMISSIVE, all(), common::none()] {
        if let Err(error) = parse_expr(text, options) {
            assert!(error.span.start <= text.len(), "{text}: {error:?}");
            assert!(!error.snippet(text).is_empty());
        }
    }
    let _ = parse_metric_selector(text, all());
    let _ = parse_metric(text);
    let _ = parse_series_desc(text);
    let _ = parse_series_desc(&format!("a {text}"));
    let _ = parse_series_desc(&format!("a {{{{{text}"));
    let mut end = 0;
    for token in tokenize(text) {
        assert!(token.span.start == end && token.span.end > end, "{text}: {token:?}");
        end = token.span.end;
    }
    assert_eq!(end, text.len(), "{text}");
}

proptest! {
    #[test]
    fn printed_trees_parse_to_themselves(expr in expr()) {
        for text in [expr.to_string(), pretty(&expr)] {
            let mut parsed = parse_expr(&text, all())
                .map_err(|error| TestCaseError::fail(format!("{}\n{text}", error.render(&text))))?;
            erase_spans(&mut parsed);
            prop_assert_eq!(&parsed, &expr, "{}", text);
        }
    }

    #[test]
    fn no_text_breaks_the_parser(text in any::<String>()) {
        parse_all(&text);
    }

    #[test]
    fn no_token_soup_breaks_the_parser(text in soup()) {
        parse_all(&text);
    }

    #[test]
    fn children_lie_within_their_parents(text in soup()) {
        if let Ok(expr) = parse_expr(&text, ParseOptions::PERMISSIVE) {
            promqlite_syntax::walk(&expr, &mut |node| {
                for child in node.children() {
                    let (outer, inner) = (node.span(), child.span());
                    assert!(outer.start <= inner.start && inner.end <= outer.end, "{text}");
                }
            });
        }
    }
}
