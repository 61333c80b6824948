//! Draws a chart in the terminal, and into the files named as arguments: `cargo run -p promqlite-chart
//! --features png --example draw -- chart.svg chart.png`.

use promqlite_chart::{Chart, Colors, Line, Terminal, Unit};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let times: Vec<i64> = (0..=240).map(|i| 1_795_410_000_000 + i * 15_000).collect();
    let line = |shift: f64| Line {
        name: format!("{{instance=\"10.0.0.{}\"}}", shift as i64),
        values: (0..=240).map(|i| 40.0 + shift + 20.0 * (f64::from(i) / 30.0 + shift).sin()).collect(),
        times: times.clone(),
    };
    let chart = Chart {
        title: "sum by (instance) (rate(http_requests_total[5m]))".to_owned(),
        unit: Unit::PerSecond,
        start_ms: times[0],
        end_ms: times[240],
        step_ms: 15_000,
        lines: (1..=4).map(|i| line(f64::from(i))).collect(),
    };
    let terminal = Terminal { columns: 100, rows: 20, colors: Colors::True, ..Terminal::default() };
    let mut out = std::io::stdout().lock();
    std::io::Write::write_all(&mut out, chart.to_text(&terminal).as_bytes())?;
    for file in std::env::args().skip(1) {
        let bytes = match file.rsplit('.').next() {
            Some("svg") => chart.to_svg(900).into_bytes(),
            Some("html") => chart.to_html(900).into_bytes(),
            #[cfg(feature = "png")]
            Some("png") => chart.to_png(900)?,
            _ => return Err(format!("{file}: the name must end in .svg, .html or .png").into()),
        };
        std::fs::write(file, bytes)?;
    }
    Ok(())
}
