//! The engine's options on the command line.

use std::time::Duration;

use clap::Args;
use promqlite::{Engine, EngineOptions, Millis};

use crate::failure::Failure;
use crate::time::parse_positive_length;

/// Options of the engine.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Engine")]
pub(crate) struct EngineArgs {
    /// How far back an instant selector looks for a sample [default: 5m]
    #[arg(long, value_name = "DURATION", value_parser = parse_positive_length)]
    pub(crate) lookback: Option<i64>,
    /// How long a query may run [default: 2m]
    #[arg(long, value_name = "DURATION", value_parser = parse_positive_length)]
    pub(crate) timeout: Option<i64>,
    /// Samples that a query may hold in memory at once [default: 50000000]
    #[arg(long, value_name = "N")]
    pub(crate) max_samples: Option<usize>,
    /// Switch on Prometheus feature flags, comma separated, such as promql-experimental-functions
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) enable_feature: Vec<String>,
    /// Threads to use [default: one per CPU]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
}

/// A feature flag of Prometheus that means something to an engine.
struct FeatureFlag {
    name: &'static str,
    enable: fn(&mut EngineOptions),
}

/// All of them, sorted by name.
static FEATURES: &[FeatureFlag] = &[
    FeatureFlag {
        name: "promql-binop-fill-modifiers",
        enable: |options| options.features.fill_modifiers = true,
    },
    FeatureFlag {
        name: "promql-delayed-name-removal",
        enable: |options| options.delayed_name_removal = true,
    },
    FeatureFlag { name: "promql-duration-expr", enable: |options| options.features.duration_expr = true },
    FeatureFlag {
        name: "promql-experimental-functions",
        enable: |options| options.features.experimental_functions = true,
    },
    FeatureFlag {
        name: "promql-extended-range-selectors",
        enable: |options| options.features.extended_range_selectors = true,
    },
    FeatureFlag { name: "type-and-unit-labels", enable: |options| options.type_and_unit_labels = true },
    FeatureFlag { name: "use-start-timestamps", enable: |options| options.use_start_timestamps = true },
];

impl EngineArgs {
    /// The engine that the options ask for. Sets up the thread pool, so it is called once per process.
    pub(crate) fn engine(&self) -> Result<Engine, Failure> {
        let engine = Engine::new(self.options()?);
        if let Some(threads) = self.threads {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads));
            pool.build_global().map_err(|e| Failure::Usage(format!("--threads {threads}: {e}")))?;
        }
        Ok(engine)
    }

    fn options(&self) -> Result<EngineOptions, Failure> {
        let mut options = EngineOptions::default();
        if let Some(ms) = self.lookback {
            options.lookback = Millis(ms);
        }
        if let Some(ms) = self.timeout {
            options.timeout = Duration::from_millis(ms.unsigned_abs());
        }
        if let Some(samples) = self.max_samples {
            options.limits.max_samples = samples;
        }
        options.single_thread = self.threads == Some(1);
        for name in &self.enable_feature {
            let flag = FEATURES.iter().find(|flag| flag.name == name).ok_or_else(|| unknown_feature(name))?;
            (flag.enable)(&mut options);
        }
        Ok(options)
    }
}

fn unknown_feature(name: &str) -> Failure {
    let known: Vec<&str> = FEATURES.iter().map(|flag| flag.name).collect();
    Failure::Usage(format!("--enable-feature: there is no feature `{name}`; known are: {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_sorted_and_switch_something_on() {
        assert!(FEATURES.is_sorted_by(|a, b| a.name < b.name));
        for flag in FEATURES {
            let mut options = EngineOptions::default();
            options.features.duration_expr = false;
            let before = format!("{options:?}");
            (flag.enable)(&mut options);
            assert_ne!(format!("{options:?}"), before, "{}", flag.name);
        }
    }
}
