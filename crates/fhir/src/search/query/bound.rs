//! The system that a bare code has by its binding (R4 §3.1.1.4.10: of an
//! element of type `code` the system is implied by its value set).

use super::super::parameters::Parameter;
use crate::definitions::{Content, Structure, ValueSet};

/// Systems under which booleans may be asked for.
const OF_BOOLEANS: [&str; 2] =
    ["http://terminology.hl7.org/CodeSystem/special-values", "http://hl7.org/fhir/special-values"];

/// Whether `system` is what every element of the parameter implies.
pub(super) fn implies(resource_type: &str, parameter: &Parameter, system: &str) -> bool {
    let mut some = false;
    let every = parameter.alternatives().all(|from| {
        some = true;
        match from.element {
            "code" => value_set(resource_type, from.path)
                .is_some_and(|set| set.systems().contains(&system)),
            "boolean" | "present" => OF_BOOLEANS.contains(&system),
            _ => false,
        }
    });
    some && every
}

/// The value set that binds the element at the end of a path.
fn value_set(resource_type: &str, path: &str) -> Option<ValueSet> {
    let mut structure = Structure::of_resource(resource_type)?;
    let mut bound = None;
    for step in path.split('.') {
        let name = step.split_once('[').map_or(step, |(name, _)| name);
        let element = structure.element(name)?;
        bound = element.value_set();
        if let Content::Structure(number) = element.content() {
            structure = Structure(number);
        }
    }
    bound
}
