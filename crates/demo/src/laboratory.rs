//! Laboratory results and the report that gathers them.

use crate::catalogue::Panel;
use crate::dice::Dice;
use crate::family::Person;
use crate::json::{Code, Writer, decimal};
use crate::patient::to;
use crate::systems::{ESTABLISHMENT, REQUISITION};
use crate::visit::{Visit, observation};

/// Writes one panel: an observation for each analyte, then the report. One
/// value in twelve is out of the reference range.
pub(crate) fn report(
    w: &mut Writer,
    person: &Person,
    visit: &Visit,
    panel: &Panel,
    dice: &mut Dice,
) {
    let mut results = Vec::with_capacity(panel.analytes.len());
    for analyte in panel.analytes {
        let urn = dice.urn();
        let margin = (analyte.high - analyte.low) / 4;
        let value = match dice.below(24) {
            0 => analyte.low - dice.between(1, margin.clamp(1, analyte.low - 1)),
            1 => analyte.high + dice.between(1, margin),
            _ => dice.between(analyte.low, analyte.high),
        };
        observation(w, person, visit, (&urn, "laboratory", analyte.code, 40));
        w.quantity("valueQuantity", &decimal(value, analyte.places), analyte.unit);
        interpretation(w, value, analyte.low, analyte.high);
        w.list("referenceRange");
        w.open("");
        w.quantity("low", &decimal(analyte.low, analyte.places), analyte.unit);
        w.quantity("high", &decimal(analyte.high, analyte.places), analyte.unit);
        w.close();
        w.close_list();
        w.post("Observation", None);
        results.push(urn);
    }
    w.resource(&dice.urn(), "DiagnosticReport");
    w.list("identifier");
    w.identifier(
        "",
        REQUISITION,
        &format!("{}-{}", person.id, visit.day.0 * 100 + dice.between(0, 99)),
    );
    w.close_list();
    w.text("status", "final");
    let section = "http://terminology.hl7.org/CodeSystem/v2-0074";
    w.concepts("category", Code::new(section, "LAB", "Laboratoire"));
    w.concept("code", panel.code);
    visit.subject(w, person);
    w.text("effectiveDateTime", &visit.after(40));
    let issued = visit.day.plus(dice.between(0, 2)).min(person.end());
    w.text("issued", &issued.at(1439));
    w.list("performer");
    w.reference("", &to(("Organization", ESTABLISHMENT), person.establishment.0));
    w.close_list();
    w.list("result");
    for urn in &results {
        w.reference("", urn);
    }
    w.close_list();
    w.post("DiagnosticReport", None);
}

fn interpretation(w: &mut Writer, value: i64, low: i64, high: i64) {
    let (code, display) = match value {
        value if value < low => ("L", "Bas"),
        value if value > high => ("H", "Élevé"),
        _ => ("N", "Normal"),
    };
    let system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";
    w.concepts("interpretation", Code::new(system, code, display));
}
