//! Plots as SVG in the page: no script, no asset, a text for those who do not
//! see them. Lines differ by their dashes, not by colour alone.

use std::fmt::Write;

use super::words::Words;
use crate::model::{Point, Region, Report};

/// Size of the drawing, in its own units; the page scales it.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 88.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 30.0;

/// The three lines: class, share of requests.
const LINES: [&str; 3] = ["p50", "p95", "p99"];

struct Axes<'a> {
    report: &'a Report,
    words: Words,
}

impl Axes<'_> {
    fn x(&self, at_ms: i64) -> f64 {
        let whole = (self.report.to_ms - self.report.from_ms).max(1) as f64;
        let middle = (at_ms - self.report.from_ms) as f64 + self.report.point_ms as f64 / 2.0;
        LEFT + (WIDTH - LEFT - RIGHT) * (middle / whole).clamp(0.0, 1.0)
    }

    fn frame(&self, id: &str, title: &str, describes: &str, inside: &str) -> String {
        let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        let [from, to] =
            [self.report.from_ms, self.report.to_ms].map(|at_ms| self.words.instant(at_ms));
        let below = HEIGHT - 8.0;
        format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\
             <title id=\"{id}-t\">{title}</title><desc id=\"{id}-d\">{describes}</desc>{inside}\
             <path class=\"axis\" d=\"M{LEFT} {TOP}V{bottom}H{right}\"/>\
             <text x=\"{LEFT}\" y=\"{below}\">{from}</text>\
             <text x=\"{right}\" y=\"{below}\" class=\"end\">{to}</text></svg>"
        )
    }
}

/// Latency over time, on a logarithmic scale.
pub fn latency(report: &Report, region: &Region, words: Words) -> String {
    let axes = Axes { report, words };
    let all = region.points.iter().filter_map(|point| point.latency_us).flatten();
    let (least, most) = all.fold((u64::MAX, 1), |(least, most), us| (least.min(us), most.max(us)));
    let first = (least.min(most).max(1) as f64).log10().floor();
    let last = (most as f64).log10().ceil().max(first + 1.0);
    let y = |us: f64| {
        let part = (us.max(1.0).log10() - first) / (last - first);
        HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * part.clamp(0.0, 1.0)
    };
    let mut inside = String::new();
    let mut power = first;
    while power <= last {
        line(&mut inside, y(10f64.powf(power)), &words.mark(power), "grid");
        power += 1.0;
    }
    let limit_us = report.objectives.latency_ms as f64 * 1_000.0;
    if limit_us.log10() <= last {
        line(&mut inside, y(limit_us), "", "limit");
    }
    for (at, class) in LINES.iter().enumerate() {
        let mut path = String::new();
        let mut before: Option<&Point> = None;
        for (index, point) in region.points.iter().enumerate() {
            let us = point.latency_us.and_then(|held| held.get(at).copied());
            let Some(us) = us else { continue };
            // Where nothing was asked there is no line.
            let next = before.is_some_and(|held| point.at_ms - held.at_ms <= report.point_ms);
            let step = if next { 'L' } else { 'M' };
            let (x, y) = (axes.x(point.at_ms), y(us as f64));
            let _ = write!(path, "{step}{x:.1} {y:.1}");
            // A point alone is seen as well.
            let after = region.points.get(index + 1);
            if !next && after.is_none_or(|held| held.at_ms - point.at_ms > report.point_ms) {
                let _ = write!(
                    inside,
                    "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>"
                );
            }
            before = Some(point);
        }
        let _ = write!(inside, "<path class=\"{class}\" d=\"{path}\"/>");
    }
    let title = words.of("Latency over time", "Latence au fil du temps");
    let describes = match region.total.latency_us {
        Some([p50, p95, p99]) => format!(
            "{} {}, {}, {}",
            words.of("p50, p95, p99 of the period:", "p50, p95, p99 de la période\u{a0}:"),
            words.ms(p50),
            words.ms(p95),
            words.ms(p99)
        ),
        None => words.of("Nothing was asked.", "Rien n’a été demandé.").to_owned(),
    };
    axes.frame(&format!("l{}", region.place.code), title, &describes, &inside)
}

/// Requests over time, and those that failed.
pub fn requests(report: &Report, region: &Region, words: Words) -> String {
    let axes = Axes { report, words };
    let most = region.points.iter().map(|point| point.requests).max().unwrap_or(0).max(1);
    let tall = |count: u64| (HEIGHT - TOP - BOTTOM) * count as f64 / most as f64;
    let wide = (WIDTH - LEFT - RIGHT) * report.point_ms as f64
        / (report.to_ms - report.from_ms).max(1) as f64;
    let wide = (wide * 0.8).clamp(1.5, 24.0);
    let mut inside = String::new();
    line(&mut inside, TOP, &words.number(most), "grid");
    for point in &region.points {
        let x = axes.x(point.at_ms) - wide / 2.0;
        for (class, count) in [("bar", point.requests), ("fault", point.failed)] {
            if count > 0 {
                let tall = tall(count).max(1.0);
                let top = HEIGHT - BOTTOM - tall;
                let _ = write!(
                    inside,
                    "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" \
                     height=\"{tall:.1}\"/>"
                );
            }
        }
    }
    let title = words.of("Requests over time", "Requêtes au fil du temps");
    let describes = format!(
        "{} {}, {} {}",
        words.number(region.total.requests),
        words.of("requests", "requêtes"),
        words.number(region.total.failed),
        words.of("failed", "échouées")
    );
    axes.frame(&format!("r{}", region.place.code), title, &describes, &inside)
}

fn line(inside: &mut String, y: f64, label: &str, class: &str) {
    let (end, at, below) = (WIDTH - RIGHT, LEFT - 6.0, y + 4.0);
    let _ = write!(inside, "<path class=\"{class}\" d=\"M{LEFT} {y:.1}H{end}\"/>");
    if !label.is_empty() {
        let _ = write!(inside, "<text x=\"{at}\" y=\"{below:.1}\" class=\"end\">{label}</text>");
    }
}
