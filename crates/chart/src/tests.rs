use crate::scale::{Scale, time_ticks};
use crate::{Chart, Colors, Glyphs, Heatmap, Line, Terminal, Unit};

const START: i64 = 1_795_410_000_000;

/// Two curves and one that is torn, over an hour.
fn chart() -> Chart {
    let times: Vec<i64> = (0..=60).map(|i| START + i * 60_000).collect();
    let line = |name: &str, value: &dyn Fn(f64) -> f64| Line {
        name: name.to_owned(),
        times: times.clone(),
        values: (0..=60).map(|i| value(f64::from(i))).collect(),
    };
    let torn = |i: f64| if (20.0..40.0).contains(&i) { f64::NAN } else { 4.0 };
    Chart {
        title: "sum by (status) (rate(http_requests_total[5m]))".to_owned(),
        unit: Unit::PerSecond,
        start_ms: START,
        end_ms: START + 3_600_000,
        step_ms: 60_000,
        lines: vec![
            line("{status=\"200\"}", &|i| 10.0 + 5.0 * (i / 8.0).sin()),
            line("{status=\"500\"}", &|i| if i > 30.0 { (i - 30.0) / 5.0 } else { 0.0 }),
            line("{status=\"404\"}", &torn),
        ],
    }
}

fn heatmap() -> Heatmap {
    let (times, buckets): (Vec<i64>, Vec<&str>) =
        ((0..30).map(|i| START + i * 60_000).collect(), vec!["0.1", "0.5", "1", "+Inf"]);
    let value = |bucket: usize, time: usize| match bucket {
        0 => 100.0 - time as f64,
        1 => time as f64,
        2 if time > 20 => 5.0,
        _ => f64::NAN,
    };
    let values = (0..buckets.len()).flat_map(|b| (0..30).map(move |t| value(b, t))).collect();
    let buckets = buckets.into_iter().map(str::to_owned).collect();
    Heatmap { title: "latency".to_owned(), times, buckets, values }
}

#[test]
fn a_chart_in_braille() {
    insta::assert_snapshot!(chart().to_text(&Terminal::default()));
}

#[test]
fn a_chart_in_ascii_on_a_narrow_terminal() {
    let terminal = Terminal { columns: 40, rows: 8, legend: 2, glyphs: Glyphs::Ascii, ..Terminal::default() };
    let text = chart().to_text(&terminal);
    assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn a_heatmap_without_colours() {
    insta::assert_snapshot!(heatmap().to_text(&Terminal { columns: 60, ..Terminal::default() }));
}

#[test]
fn pictures_as_svg() {
    let chart = Chart { title: "a < b & \"c\"".to_owned(), ..chart() };
    insta::assert_snapshot!(chart.to_svg(600));
    assert!(heatmap().to_svg(600).matches("<rect").count() > 60);
}

#[test]
fn a_page_has_the_picture_and_the_numbers() {
    let page = chart().to_html(600);
    assert!(page.contains("<svg "));
    assert!(
        page.contains("<tr><td>{status=&quot;500&quot;}</td><td>6/s</td><td>0</td><td>6/s</td></tr>"),
        "{page}"
    );
}

#[test]
fn colours_are_sent_only_when_allowed() {
    let colored = Terminal { colors: Colors::True, ..Terminal::default() };
    assert!(chart().to_text(&colored).contains("\x1b[38;2;0;114;178m"));
    assert!(!chart().to_text(&Terminal::default()).contains('\x1b'));
    assert!(heatmap().to_text(&colored).contains("\x1b[38;2;253;231;37m"));
}

#[test]
fn a_line_is_torn_where_a_step_is_missing() {
    let line = Line {
        name: String::new(),
        times: vec![0, 10, 30, 40, 50],
        values: vec![1.0, 2.0, 3.0, f64::NAN, 4.0],
    };
    assert_eq!(line.runs(10), vec![0..2, 2..3, 4..5]);
    assert_eq!(line.runs(20), vec![0..3, 4..5]);
}

#[test]
fn nothing_and_hostile_values_are_drawn_without_fail() {
    let hostile = [f64::MAX, f64::MIN, f64::NAN, f64::INFINITY, 5e-324, -0.0];
    let times: Vec<i64> = vec![i64::MIN, -1, 0, 1, START, i64::MAX];
    let line = |values: Vec<f64>| Line { name: "x\ny".to_owned(), times: times.clone(), values };
    let of = |lines| Chart { lines, start_ms: i64::MIN, end_ms: i64::MAX, ..Chart::default() };
    let charts = [
        Chart::default(),
        of(vec![line(hostile.to_vec())]),
        of(vec![line(vec![f64::NAN; 6])]),
        of(hostile.iter().map(|v| line(vec![*v; 6])).collect()),
        of((0..100).map(|i| line(vec![f64::from(i); 3])).collect()),
    ];
    for chart in charts {
        for columns in [0, 20, 33, 200] {
            assert!(!chart.to_text(&Terminal { columns, rows: 0, ..Terminal::default() }).is_empty());
        }
        assert!(chart.to_svg(0).ends_with("</svg>\n"));
    }
    let empty = Heatmap::default();
    assert!(!empty.to_text(&Terminal::default()).is_empty());
    assert!(empty.to_svg(0).ends_with("</svg>\n"));
}

#[test]
fn ticks_are_round_and_cover_the_values() {
    for (values, most, unit, want) in [
        (vec![0.0, 10.0], 6, Unit::Number, vec![0.0, 2.0, 4.0, 6.0, 8.0, 10.0]),
        (vec![98.0, 103.0], 6, Unit::Number, vec![98.0, 99.0, 100.0, 101.0, 102.0, 103.0]),
        (vec![7.0], 4, Unit::Number, vec![0.0, 5.0, 10.0, 15.0]),
        (vec![0.0, 4096.0], 5, Unit::Bytes, vec![0.0, 1024.0, 2048.0, 3072.0, 4096.0]),
        (vec![0.0, 7200.0], 5, Unit::Seconds, vec![0.0, 1800.0, 3600.0, 5400.0, 7200.0]),
        (vec![], 3, Unit::Ratio, vec![0.0, 0.5, 1.0]),
    ] {
        let (scale, ticks) = Scale::of(values.iter().copied()).ticks(most, unit);
        assert_eq!(ticks, want, "{values:?}");
        assert!(values.iter().all(|v| scale.low <= *v && *v <= scale.high));
        assert!(ticks.len() <= most);
    }
}

#[test]
fn times_are_round_and_exact() {
    let texts = |start, end, most| -> Vec<String> {
        time_ticks(start, end, most).into_iter().map(|tick| tick.text).collect()
    };
    assert_eq!(texts(START, START + 3_600_000, 5), ["05:00", "05:15", "05:30", "05:45", "06:00"]);
    assert_eq!(texts(START + 1, START + 90_000, 4), ["05:00:30", "05:01:00", "05:01:30"]);
    assert_eq!(
        texts(START, START + 200_000_000, 5),
        ["11-23 12:00", "11-24 00:00", "11-24 12:00", "11-25 00:00", "11-25 12:00"]
    );
    assert!(texts(i64::MIN, i64::MAX, 4).len() <= 4);
    assert_eq!(texts(START, START + 2, 3), ["05:00:00.000", "05:00:00.001", "05:00:00.002"]);
}

#[test]
fn values_have_units() {
    for (unit, value, want) in [
        (Unit::Number, 1234.5, "1.234k"),
        (Unit::Number, 999.9996, "1k"),
        (Unit::Number, 0.012, "0.012"),
        (Unit::Number, -2_500_000.0, "-2.5M"),
        (Unit::Number, 1e300, "1.000e300"),
        (Unit::Bytes, 1536.0, "1.5KiB"),
        (Unit::BytesPerSecond, 20_971_520.0, "20MiB/s"),
        (Unit::Seconds, 0.25, "250ms"),
        (Unit::Seconds, 5400.0, "1.5h"),
        (Unit::Ratio, 0.256, "25.6%"),
        (Unit::PerSecond, 0.0, "0"),
        (Unit::Number, f64::NEG_INFINITY, "-Inf"),
    ] {
        assert_eq!(unit.format(value, 4), want);
    }
}

#[test]
fn a_name_tells_its_unit() {
    for (name, per_second, want) in [
        ("http_request_duration_seconds", false, Unit::Seconds),
        ("node_memory_free_bytes", false, Unit::Bytes),
        ("node_network_receive_bytes_total", true, Unit::BytesPerSecond),
        ("node_cpu_seconds_total", true, Unit::Ratio),
        ("http_requests_total", true, Unit::PerSecond),
        ("http_request_duration_seconds_count", false, Unit::Number),
        ("http_request_duration_seconds_sum", false, Unit::Seconds),
        ("up", false, Unit::Number),
    ] {
        assert_eq!(Unit::of_metric(name, per_second), want, "{name}");
    }
}

#[cfg(feature = "png")]
#[test]
fn pictures_as_png() {
    let png = chart().to_png(600).expect("fits");
    let header = tiny_skia::Pixmap::decode_png(&png).expect("a picture");
    assert_eq!(header.width(), 600);
    assert!(header.pixels().iter().any(|p| (p.red(), p.green(), p.blue()) == (0, 114, 178)));
    assert!(heatmap().to_png(300).is_ok());
    assert!(matches!(chart().to_png(u32::MAX), Err(crate::PngError::Size { .. })));
}
