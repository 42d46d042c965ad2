//! Bundles written straight as text: nothing is built to be printed after.

use crate::{Bundle, date::Date};

/// Writes JSON members in order.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    text: String,
    comma: bool,
    entries: usize,
}

/// One code of a code system with what people call it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Code {
    /// Canonical address of the code system.
    pub system: &'static str,
    /// The code.
    pub code: &'static str,
    /// French display.
    pub display: &'static str,
}

impl Code {
    /// A code with its French display.
    pub(crate) const fn new(
        system: &'static str,
        code: &'static str,
        display: &'static str,
    ) -> Self {
        Self { system, code, display }
    }
}

impl Writer {
    /// The start of a transaction bundle.
    pub(crate) fn transaction() -> Self {
        let mut writer = Self { text: String::with_capacity(128 * 1024), ..Self::default() };
        writer.open("");
        writer.text("resourceType", "Bundle");
        writer.text("type", "transaction");
        writer.list("entry");
        writer
    }

    /// The end of the bundle.
    pub(crate) fn finish(mut self, patients: usize) -> Bundle {
        self.close_list();
        self.close();
        Bundle { text: self.text, patients, entries: self.entries }
    }

    /// Starts an entry and its resource.
    pub(crate) fn resource(&mut self, urn: &str, kind: &str) {
        self.entries += 1;
        self.open("");
        self.text("fullUrl", urn);
        self.open("resource");
        self.text("resourceType", kind);
    }

    /// Ends the resource and its entry: a create, unless `if_none_exist`
    /// already holds.
    pub(crate) fn post(&mut self, kind: &str, if_none_exist: Option<&str>) {
        self.close();
        self.open("request");
        self.text("method", "POST");
        self.text("url", kind);
        if let Some(query) = if_none_exist {
            self.text("ifNoneExist", query);
        }
        self.close();
        self.close();
    }

    fn name(&mut self, name: &str) {
        if self.comma {
            self.text.push(',');
        }
        if !name.is_empty() {
            self.text.push('"');
            self.text.push_str(name);
            self.text.push_str("\":");
        }
    }

    /// Starts an object; an empty name is an element of a list.
    pub(crate) fn open(&mut self, name: &str) {
        self.name(name);
        self.text.push('{');
        self.comma = false;
    }

    /// Ends an object.
    pub(crate) fn close(&mut self) {
        self.text.push('}');
        self.comma = true;
    }

    /// Starts a list.
    pub(crate) fn list(&mut self, name: &str) {
        self.name(name);
        self.text.push('[');
        self.comma = false;
    }

    /// Ends a list.
    pub(crate) fn close_list(&mut self) {
        self.text.push(']');
        self.comma = true;
    }

    /// A string.
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.text.push('"');
        for c in value.chars() {
            match c {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                other => self.text.push(other),
            }
        }
        self.text.push('"');
        self.comma = true;
    }

    /// A number or boolean, written as given: `5.40` keeps its digits.
    pub(crate) fn literal(&mut self, name: &str, literal: &str) {
        self.name(name);
        self.text.push_str(literal);
        self.comma = true;
    }

    /// A `Reference`.
    pub(crate) fn reference(&mut self, name: &str, to: &str) {
        self.open(name);
        self.text("reference", to);
        self.close();
    }

    /// A `Coding`.
    pub(crate) fn coding(&mut self, name: &str, code: Code) {
        self.open(name);
        self.text("system", code.system);
        self.text("code", code.code);
        if !code.display.is_empty() {
            self.text("display", code.display);
        }
        self.close();
    }

    /// A `CodeableConcept`, with the display as its text.
    pub(crate) fn concept(&mut self, name: &str, code: Code) {
        self.open(name);
        self.list("coding");
        self.coding("", code);
        self.close_list();
        if !code.display.is_empty() {
            self.text("text", code.display);
        }
        self.close();
    }

    /// A list of one `CodeableConcept`.
    pub(crate) fn concepts(&mut self, name: &str, code: Code) {
        self.list(name);
        self.concept("", code);
        self.close_list();
    }

    /// An `Identifier`.
    pub(crate) fn identifier(&mut self, name: &str, system: &str, value: &str) {
        self.open(name);
        self.text("system", system);
        self.text("value", value);
        self.close();
    }

    /// A `Quantity` in UCUM.
    pub(crate) fn quantity(&mut self, name: &str, value: &str, unit: &str) {
        self.open(name);
        self.literal("value", value);
        self.text("unit", unit);
        self.text("system", "http://unitsofmeasure.org");
        self.text("code", unit);
        self.close();
    }

    /// A `Period` of days; nothing when it has neither end.
    pub(crate) fn period(&mut self, name: &str, start: Option<Date>, end: Option<Date>) {
        if start.is_none() && end.is_none() {
            return;
        }
        self.open(name);
        if let Some(start) = start {
            self.text("start", &start.text());
        }
        if let Some(end) = end {
            self.text("end", &end.text());
        }
        self.close();
    }
}

/// `raw` with `places` digits after the point, all of them kept.
pub(crate) fn decimal(raw: i64, places: u32) -> String {
    if places == 0 {
        return raw.to_string();
    }
    let unit = 10_i64.pow(places.min(9));
    format!("{}.{:0width$}", raw / unit, (raw % unit).abs(), width = places as usize)
}
