//! Operators, aggregators and the other closed sets of words.

use std::fmt;

/// Declares an enum whose variants have one canonical spelling each.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// All of them, in declaration order.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The canonical spelling.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// An aggregation operator. Aggregators are keywords, written in any case.
    AggregateOp {
        /// Arithmetic mean.
        Avg = "avg",
        /// The k smallest values.
        BottomK = "bottomk",
        /// Number of elements.
        Count = "count",
        /// Number of elements of each value, the value in a label.
        CountValues = "count_values",
        /// 1 for each group.
        Group = "group",
        /// k elements, picked by hash (experimental).
        LimitK = "limitk",
        /// A share of the elements, picked by hash (experimental).
        LimitRatio = "limit_ratio",
        /// Largest value.
        Max = "max",
        /// Smallest value.
        Min = "min",
        /// φ-quantile.
        Quantile = "quantile",
        /// Population standard deviation.
        Stddev = "stddev",
        /// Population variance.
        Stdvar = "stdvar",
        /// Sum.
        Sum = "sum",
        /// The k largest values.
        TopK = "topk",
    }
}

/// What kind of parameter an aggregator takes in front of its vector.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AggregateParam {
    /// A number: `topk(5, x)`.
    Scalar,
    /// A label name: `count_values("v", x)`.
    String,
}

impl AggregateOp {
    /// The parameter in front of the vector, if the aggregator takes one.
    pub const fn param(self) -> Option<AggregateParam> {
        match self {
            Self::TopK | Self::BottomK | Self::Quantile | Self::LimitK | Self::LimitRatio => {
                Some(AggregateParam::Scalar)
            }
            Self::CountValues => Some(AggregateParam::String),
            _ => None,
        }
    }

    /// Whether it needs the experimental functions to be enabled.
    pub const fn is_experimental(self) -> bool {
        matches!(self, Self::LimitK | Self::LimitRatio)
    }
}

words! {
    /// A binary operator.
    BinaryOp {
        /// Addition.
        Add = "+",
        /// Subtraction.
        Sub = "-",
        /// Multiplication.
        Mul = "*",
        /// Division.
        Div = "/",
        /// Remainder with the sign of the dividend.
        Mod = "%",
        /// Power, the only right-associative operator.
        Pow = "^",
        /// Arc tangent of the quotient.
        Atan2 = "atan2",
        /// Equal.
        Eq = "==",
        /// Not equal.
        Ne = "!=",
        /// Less than.
        Lt = "<",
        /// Less than or equal.
        Le = "<=",
        /// Greater than.
        Gt = ">",
        /// Greater than or equal.
        Ge = ">=",
        /// Cuts a native histogram's observations above a bound.
        TrimUpper = "</",
        /// Cuts a native histogram's observations below a bound.
        TrimLower = ">/",
        /// Elements of the left side with a partner.
        And = "and",
        /// Elements of the left side, and those of the right side without a partner.
        Or = "or",
        /// Elements of the left side without a partner.
        Unless = "unless",
    }
}

impl BinaryOp {
    /// Whether it is one of `== != < <= > >=`, which filter or, with `bool`, yield 0 and 1. Trim operators are not.
    pub const fn is_comparison(self) -> bool {
        matches!(self, Self::Eq | Self::Ne | Self::Lt | Self::Le | Self::Gt | Self::Ge)
    }

    /// Whether it is `and`, `or` or `unless`.
    pub const fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }

    /// Whether it is a histogram trim operator, `</` or `>/`.
    pub const fn is_trim(self) -> bool {
        matches!(self, Self::TrimUpper | Self::TrimLower)
    }

    /// Binding strength from 1 (`or`, loosest) to 6 (`^`, tightest).
    pub const fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And | Self::Unless => 2,
            Self::Eq | Self::Ne | Self::Lt | Self::Le | Self::Gt | Self::Ge => 3,
            Self::TrimUpper | Self::TrimLower => 3,
            Self::Add | Self::Sub => 4,
            Self::Mul | Self::Div | Self::Mod | Self::Atan2 => 5,
            Self::Pow => 6,
        }
    }
}

words! {
    /// A sign in front of an operand.
    UnaryOp {
        /// `+x`
        Plus = "+",
        /// `-x`
        Minus = "-",
    }
}

words! {
    /// How a matcher compares a label's value.
    MatchOp {
        /// Equal.
        Equal = "=",
        /// Not equal.
        NotEqual = "!=",
        /// Matches the anchored regular expression.
        Regex = "=~",
        /// Does not match the anchored regular expression.
        NotRegex = "!~",
    }
}

impl MatchOp {
    /// Whether the value is a regular expression.
    pub const fn is_regex(self) -> bool {
        matches!(self, Self::Regex | Self::NotRegex)
    }
}

words! {
    /// How many elements of each side may pair up in a binary operation between vectors.
    Cardinality {
        /// The default.
        OneToOne = "one-to-one",
        /// `group_left`
        ManyToOne = "many-to-one",
        /// `group_right`
        OneToMany = "one-to-many",
        /// Set operators.
        ManyToMany = "many-to-many",
    }
}

words! {
    /// How a range selector treats the edges of its window (experimental).
    Extended {
        /// Values at the edges are those of the last samples before them.
        Anchored = "anchored",
        /// Values at the edges are interpolated between the samples around them.
        Smoothed = "smoothed",
    }
}

words! {
    /// A binary operator of duration expressions.
    DurationOp {
        /// Addition.
        Add = "+",
        /// Subtraction.
        Sub = "-",
        /// Multiplication.
        Mul = "*",
        /// Division.
        Div = "/",
        /// Remainder with the sign of the dividend.
        Mod = "%",
        /// Power.
        Pow = "^",
    }
}
