//! What a parse depends on besides the text.

/// The language features that a server switches on one by one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Features {
    /// Functions and aggregators that are marked experimental.
    pub experimental_functions: bool,
    /// Arithmetic in ranges, steps and offsets.
    pub duration_expr: bool,
    /// `anchored` and `smoothed`.
    pub extended_range_selectors: bool,
    /// `fill`, `fill_left` and `fill_right`.
    pub fill_modifiers: bool,
}

impl Features {
    /// What a Prometheus server without feature flags accepts.
    pub const SERVER_DEFAULT: Features = Features {
        experimental_functions: false,
        duration_expr: true,
        extended_range_selectors: false,
        fill_modifiers: false,
    };
    /// Everything.
    pub const ALL: Features = Features {
        experimental_functions: true,
        duration_expr: true,
        extended_range_selectors: true,
        fill_modifiers: true,
    };
    /// Nothing.
    pub const NONE: Features = Features {
        experimental_functions: false,
        duration_expr: false,
        extended_range_selectors: false,
        fill_modifiers: false,
    };
}

impl Default for Features {
    fn default() -> Self {
        Self::SERVER_DEFAULT
    }
}

/// Whether a function may be called.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum FunctionStatus {
    /// There is no such function.
    Unknown,
    /// It exists, but its feature is switched off.
    Disabled,
    /// It may be called.
    Known,
}

/// What the parser must ask others about.
pub trait Environment {
    /// Looks up a function by its case-sensitive name.
    fn function(&self, name: &str, features: Features) -> FunctionStatus;

    /// A known function that the user may have meant by an unknown name, for the error's help.
    fn suggest(&self, name: &str) -> Option<String> {
        let _ = name;
        None
    }

    /// Checks a matcher's regular expression. The error is ``REASON: `FRAGMENT` ``, as in Go's `regexp` package.
    fn check_regex(&self, pattern: &str) -> Result<(), String>;
}

/// Knows every function name and accepts every regular expression. For tools that only look at the shape of queries.
#[derive(Clone, Copy, Debug, Default)]
pub struct Permissive;

impl Environment for Permissive {
    fn function(&self, _name: &str, _features: Features) -> FunctionStatus {
        FunctionStatus::Known
    }

    fn check_regex(&self, _pattern: &str) -> Result<(), String> {
        Ok(())
    }
}

/// Options of a parse.
#[derive(Clone, Copy)]
pub struct ParseOptions<'a> {
    /// Which features are on.
    pub features: Features,
    /// Answers questions about functions and regular expressions.
    pub env: &'a dyn Environment,
}

impl ParseOptions<'static> {
    /// All features, every function name, every regular expression.
    pub const PERMISSIVE: ParseOptions<'static> = ParseOptions { features: Features::ALL, env: &Permissive };
}
