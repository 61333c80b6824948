//! The sample data of the project: half an hour of a small shop, scraped every 15 s.
//!
//! Minutes 12 to 17 hold an outage of `/orders` (errors, slow answers, a growing queue); at minute 22 instance
//! 10001 is deployed anew: two scrapes fail, its counters start over, its version changes.

use std::fmt::Write as _;

/// First scrape: 2026-08-01T12:00:00Z, in seconds.
const START: i64 = 1_785_585_600;
const STEP: i64 = 15;
const SCRAPES: i64 = 121;
const INSTANCES: [&str; 2] = ["127.0.0.1:10000", "127.0.0.1:10001"];
const ENDPOINTS: [&str; 3] = ["/orders", "/search", "/users"];
const BOUNDS: [f64; 6] = [0.01, 0.05, 0.1, 0.5, 1.0, 2.5];

/// A small generator of repeatable noise (xorshift).
struct Noise(u64);

impl Noise {
    /// A number in [0, 1).
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number around `mean`.
    fn around(&mut self, mean: f64) -> u64 {
        (mean * (0.7 + 0.6 * self.next())).round() as u64
    }
}

/// What one instance has counted about one endpoint.
#[derive(Default, Clone)]
struct Endpoint {
    ok: u64,
    failed: u64,
    buckets: [u64; BOUNDS.len() + 1],
    sum: f64,
}

/// Samples of one series: labels, then time and value.
type Series = (String, Vec<(i64, String)>);

#[derive(Default)]
struct Shop {
    families: Vec<(&'static str, Vec<Series>)>,
}

impl Shop {
    fn add(&mut self, family: &'static str, series: String, t: i64, value: impl ToString) {
        let family = match self.families.iter().position(|(name, _)| *name == family) {
            Some(i) => &mut self.families[i].1,
            None => {
                self.families.push((family, Vec::new()));
                &mut self.families.last_mut().expect("just pushed").1
            }
        };
        match family.iter_mut().find(|(text, _)| *text == series) {
            Some((_, samples)) => samples.push((t, value.to_string())),
            None => family.push((series, vec![(t, value.to_string())])),
        }
    }
}

/// The whole file.
pub(crate) fn generate() -> String {
    let mut shop = Shop::default();
    let mut noise = Noise(0x5eed_0f5a_1e5a_11ce);
    for (i, instance) in INSTANCES.into_iter().enumerate() {
        scrape_instance(&mut shop, &mut noise, i, instance);
    }
    render(&shop)
}

fn scrape_instance(shop: &mut Shop, noise: &mut Noise, number: usize, instance: &str) {
    let mut endpoints = vec![Endpoint::default(); ENDPOINTS.len()];
    let (mut orders, mut queue) = (0, 3.0);
    let common = format!("instance=\"{instance}\",job=\"demo\"");
    for scrape in 0..SCRAPES {
        let t = START + scrape * STEP;
        let minute = scrape as f64 / 4.0;
        let deployed = number == 1 && minute >= 22.0;
        if number == 1 && (22.0..22.5).contains(&minute) {
            shop.add("up", format!("up{{{common}}}"), t, 0);
            endpoints = vec![Endpoint::default(); ENDPOINTS.len()];
            orders = 0;
            continue;
        }
        let outage = (12.0..17.0).contains(&minute);
        for (endpoint, path) in endpoints.iter_mut().zip(ENDPOINTS) {
            serve(endpoint, noise, path, outage && path == "/orders");
            report(shop, endpoint, path, &common, t);
        }
        orders += noise.around(if outage { 2.0 } else { 9.0 });
        queue =
            if outage { queue + noise.around(4.0) as f64 } else { queue * 0.8 + noise.around(1.0) as f64 };
        let version = if deployed { "v1.4.2" } else { "v1.4.1" };
        shop.add("orders", format!("orders_total{{{common}}}"), t, orders);
        shop.add("queue_length", format!("queue_length{{{common},queue=\"mail\"}}"), t, queue.round());
        shop.add("app_build", format!("app_build_info{{{common},version=\"{version}\"}}"), t, 1);
        shop.add("up", format!("up{{{common}}}"), t, 1);
    }
}

/// What happens between two scrapes.
fn serve(endpoint: &mut Endpoint, noise: &mut Noise, path: &str, outage: bool) {
    let requests = noise.around(if path == "/orders" { 30.0 } else { 60.0 });
    for _ in 0..requests {
        let slow = if outage { 20.0 } else { 1.0 };
        // A long tail, to the power 3/4 by square roots: those round the same on every platform.
        let tail = (1.0 / (1.0 - noise.next() * 0.99)).sqrt();
        let seconds = slow * 0.012 * tail * tail.sqrt();
        let bucket = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len());
        endpoint.buckets[bucket] += 1;
        endpoint.sum += seconds;
        if noise.next() < if outage { 0.4 } else { 0.01 } {
            endpoint.failed += 1;
        } else {
            endpoint.ok += 1;
        }
    }
}

fn report(shop: &mut Shop, endpoint: &Endpoint, path: &str, common: &str, t: i64) {
    for (status, count) in [("200", endpoint.ok), ("500", endpoint.failed)] {
        let labels = format!("endpoint=\"{path}\",{common},method=\"GET\",status=\"{status}\"");
        shop.add("http_requests", format!("http_requests_total{{{labels}}}"), t, count);
    }
    // Two endpoints are enough to show histograms.
    if path == "/users" {
        return;
    }
    let family = "http_request_duration_seconds";
    let mut cumulative = 0;
    for (i, count) in endpoint.buckets.iter().enumerate() {
        cumulative += count;
        let le = BOUNDS.get(i).map_or("+Inf".to_owned(), |bound| format!("{bound:?}"));
        let series = format!("{family}_bucket{{endpoint=\"{path}\",{common},le=\"{le}\"}}");
        shop.add(family, series, t, cumulative);
    }
    shop.add(family, format!("{family}_count{{endpoint=\"{path}\",{common}}}"), t, cumulative);
    let sum = format!("{:.3}", endpoint.sum);
    shop.add(family, format!("{family}_sum{{endpoint=\"{path}\",{common}}}"), t, sum);
}

fn render(shop: &Shop) -> String {
    let described = [
        ("app_build", "info", "Version of the running program"),
        ("http_request_duration_seconds", "histogram", "Time to answer a request"),
        ("http_requests", "counter", "Requests answered"),
        ("orders", "counter", "Orders placed"),
        ("queue_length", "gauge", "Jobs that wait"),
        ("up", "gauge", "Whether the last scrape succeeded"),
    ];
    let mut text = String::new();
    for (name, kind, help) in described {
        writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}").expect("writing to a string");
        let families = shop.families.iter().filter(|(family, _)| *family == name);
        for (series, samples) in families.flat_map(|(_, all)| all) {
            for (t, value) in samples {
                writeln!(text, "{series} {value} {t}").expect("writing to a string");
            }
        }
    }
    text.push_str("# EOF\n");
    text
}
