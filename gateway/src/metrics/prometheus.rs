//! The text format of Prometheus (version 0.0.4).

use std::fmt::Write;

use super::family::{BOUNDS_US, Family, Kind, Labels, Value};

/// Everything, as Prometheus reads it.
pub fn text(region: &str, families: &[Family]) -> String {
    let mut page = Page { text: String::new(), region };
    for family in families {
        let (name, help) = (family.name, family.help);
        let kind = match family.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let _ = writeln!(page.text, "# HELP dossier_{name} {help}\n# TYPE dossier_{name} {kind}");
        for (labels, value) in &family.samples {
            let labels = written(labels);
            match value {
                Value::Whole(value) => page.sample(name, &labels, value),
                Value::Real(value) => page.sample(name, &labels, value),
                Value::Histogram { counts, sum_us } => {
                    page.histogram(name, &labels, counts, *sum_us);
                }
            }
        }
    }
    page.text
}

/// Labels as they stand between braces. Their values are from code and from the
/// directory, and are escaped all the same.
fn written(labels: &Labels) -> String {
    let one = |(name, value): &(&'static str, String)| {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        format!("{name}=\"{value}\"")
    };
    labels.iter().map(one).collect::<Vec<_>>().join(",")
}

struct Page<'a> {
    text: String,
    region: &'a str,
}

impl Page<'_> {
    fn sample(&mut self, name: &str, labels: &str, value: impl std::fmt::Display) {
        let comma = if labels.is_empty() { "" } else { "," };
        let region = self.region;
        let _ = writeln!(self.text, "dossier_{name}{{region=\"{region}\"{comma}{labels}}} {value}");
    }

    fn histogram(&mut self, name: &str, labels: &str, counts: &[u64], sum_us: u64) {
        let comma = if labels.is_empty() { "" } else { "," };
        let mut total = 0;
        let bounds = BOUNDS_US.iter().map(|bound| seconds(*bound));
        for (bound, count) in bounds.chain(["+Inf".to_owned()]).zip(counts) {
            total += count;
            let labels = format!("{labels}{comma}le=\"{bound}\"");
            self.sample(&format!("{name}_bucket"), &labels, total);
        }
        self.sample(&format!("{name}_sum"), labels, seconds(sum_us));
        self.sample(&format!("{name}_count"), labels, total);
    }
}

fn seconds(us: u64) -> String {
    format!("{}.{:06}", us / 1_000_000, us % 1_000_000)
}
