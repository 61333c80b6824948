//! The `.test` script language of Prometheus: `load` data, `eval` queries, state what must come out.
//!
//! A script is parsed as a whole ([`Script::parse`]), then [`run`] against an engine configuration. Each `eval`
//! yields one [`EvalReport`]; a failure does not stop the others.
//!
//! ```
//! use promqlite_script::{Script, engine_options, run};
//!
//! let script = Script::parse(
//!     "load 1m
//!        requests{code=\"200\"} 0+10x5
//!        requests{code=\"500\"} 0+1x5
//!
//!      eval instant at 5m sum(requests)
//!        {} 55
//!
//!      eval range from 0 to 2m step 1m requests{code=\"500\"} * 2
//!        {code=\"500\"} 0 2 4
//!      ",
//! )?;
//! let report = run(&script, &engine_options());
//! assert_eq!((report.passed(), report.failed()), (2, 0));
//! # Ok::<(), promqlite_script::ScriptError>(())
//! ```

mod error;
mod hints;
mod judge;
mod load;
mod matching;
mod nhcb;
mod parse;
mod report;
mod run;
mod script;
mod values;
mod variants;

pub use error::{LoadError, ScriptError};
pub use matching::{AnnotationRule, TextMatch};
pub use report::{Comparison, EvalReport, Failure, ScriptReport};
pub use run::{Runner, engine_options, run};
pub use script::{
    Command, Eval, Expected, ExpectedSeries, Load, LoadedSeries, Mode, RangeVectorTimes, Script, SeriesLabels,
};
pub use values::{Expansion, ItemValue};
