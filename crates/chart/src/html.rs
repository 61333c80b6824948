//! Pictures as pages of their own, without scripts and without anything to fetch.

use crate::svg::escape;
use crate::{Chart, Heatmap};

impl Chart {
    /// The chart as an HTML page: the picture, and a table of the series' numbers.
    #[must_use]
    pub fn to_html(&self, width: u32) -> String {
        let mut table =
            String::from("<table>\n<tr><th>series</th><th>last</th><th>min</th><th>max</th></tr>\n");
        for line in &self.lines {
            let numbers = match line.summary() {
                Some(told) => [told.last, told.min, told.max].map(|v| self.unit.format(v, 6)),
                None => [(); 3].map(|()| String::new()),
            };
            let cells: String = numbers.iter().map(|n| format!("<td>{}</td>", escape(n))).collect();
            table += &format!("<tr><td>{}</td>{cells}</tr>\n", escape(&line.name));
        }
        page(&self.title, &(self.to_svg(width) + &table + "</table>\n"))
    }
}

impl Heatmap {
    /// The heatmap as an HTML page.
    #[must_use]
    pub fn to_html(&self, width: u32) -> String {
        page(&self.title, &self.to_svg(width))
    }
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{}</title>\n<style>\
         body{{font:13px monospace;margin:1em}}table{{border-collapse:collapse;margin-top:1em}}\
         td,th{{padding:2px 12px 2px 0;text-align:left}}</style>\n{body}</html>\n",
        escape(title)
    )
}
