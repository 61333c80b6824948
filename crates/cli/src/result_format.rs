//! The forms in which results can be shown.

use clap::ValueEnum;
use promqlite_formats::write::OutputFormat;

/// A form of results.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResultFormat {
    /// A graph for ranges, a table for the rest
    Auto,
    /// An aligned table
    Table,
    /// A graph in the terminal, of ranges
    Graph,
    /// A heatmap of histograms in the terminal, of ranges
    Heatmap,
    /// A table in Markdown
    Markdown,
    /// The body of Prometheus' HTTP API
    Json,
    /// Comma-separated values, a line per sample
    Csv,
    /// Tab-separated values, a line per sample
    Tsv,
    /// A JSON object per line and series, as VictoriaMetrics exports them
    Jsonl,
    /// OpenMetrics text
    Openmetrics,
    /// A picture of a range, as SVG
    Svg,
    /// A picture of a range, as PNG
    Png,
    /// A page with a picture of a range
    Html,
}

impl ResultFormat {
    /// All names, as help shows them.
    pub(crate) const NAMES: &'static str =
        "auto|table|graph|heatmap|markdown|json|csv|tsv|jsonl|openmetrics|svg|png|html";

    /// The writer of formats that are not this program's own.
    pub(crate) fn writer(self) -> Option<OutputFormat> {
        match self {
            Self::Auto | Self::Table | Self::Markdown => None,
            Self::Graph | Self::Heatmap | Self::Svg | Self::Png | Self::Html => None,
            Self::Json => Some(OutputFormat::Json),
            Self::Csv => Some(OutputFormat::Csv),
            Self::Tsv => Some(OutputFormat::Tsv),
            Self::Jsonl => Some(OutputFormat::JsonLines),
            Self::Openmetrics => Some(OutputFormat::OpenMetrics),
        }
    }

    /// The name by which users ask for the format.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Table => "table",
            Self::Graph => "graph",
            Self::Heatmap => "heatmap",
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Html => "html",
            Self::Markdown => "markdown",
            other => other.writer().map_or("", OutputFormat::as_str),
        }
    }

    /// The format of this name.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        let found = Self::value_variants().iter().copied().find(|format| format.name() == name);
        found.ok_or_else(|| format!("no form `{name}`; expected one of {}", Self::NAMES))
    }

    /// Whether results are meant for people.
    pub(crate) fn is_for_people(self) -> bool {
        matches!(self, Self::Auto | Self::Table | Self::Graph | Self::Heatmap)
    }

    /// Whether results are drawn, so that they need a time axis.
    pub(crate) fn is_drawing(self) -> bool {
        matches!(self, Self::Graph | Self::Heatmap) || self.is_picture()
    }

    /// Whether results become pictures in files.
    pub(crate) fn is_picture(self) -> bool {
        matches!(self, Self::Svg | Self::Png | Self::Html)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_have_the_names_that_clap_gives_them() {
        let names: Vec<&str> = ResultFormat::value_variants().iter().map(|format| format.name()).collect();
        assert_eq!(names.join("|"), ResultFormat::NAMES);
        for format in ResultFormat::value_variants() {
            let value = format.to_possible_value().expect("no format is hidden");
            assert_eq!(value.get_name(), format.name());
            assert_eq!(ResultFormat::parse(format.name()), Ok(*format));
        }
    }
}
