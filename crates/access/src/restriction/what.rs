//! What a provision is about.

use fhir::search::DateRange;

use super::provision::{all, any};
use crate::facts::{Code, Condition, Facts};

/// What must hold of a resource: one of each kind that is given, all kinds
/// together; everything when nothing is given.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct What {
    /// `provision.class`: any of these types.
    pub types: Vec<String>,
    /// Our extension: any of these categories.
    pub categories: Vec<Code>,
    /// `provision.code`: any of these codes.
    pub codes: Vec<Code>,
    /// `provision.securityLabel`: all of these labels (R4: one label is
    /// "comprised of" several fields), each by any of the codes it stands for.
    pub labels: Vec<Vec<Code>>,
    /// `provision.data`: any of these resources, by type and id.
    pub instances: Vec<(String, String)>,
    /// `provision.dataPeriod`.
    pub period: Option<DateRange>,
}

impl What {
    /// Whether a resource is meant. Of a period, a permission needs the whole
    /// clinical time inside; a denial takes what reaches into it.
    pub fn takes(&self, facts: &dyn Facts, whole: bool) -> Option<bool> {
        let of_type = |held: &String| held == facts.resource_type();
        if !self.types.is_empty() && !self.types.iter().any(of_type) {
            return Some(false);
        }
        let itself =
            |(kind, id): &(String, String)| kind == facts.resource_type() && id == facts.id();
        if !self.instances.is_empty() && !self.instances.iter().any(itself) {
            return Some(false);
        }
        let one_of = |codes: &[Code], condition: fn(&Code) -> Condition<'_>| {
            any(codes.iter().map(|code| facts.holds(&condition(code))))
        };
        let labelled =
            all(self.labels.iter().map(|label| one_of(label, |code| Condition::Label(code))));
        let of_category =
            given(&self.categories, || one_of(&self.categories, |code| Condition::Category(code)));
        let then = |so_far: Option<bool>, next: &dyn Fn() -> Option<bool>| match so_far {
            Some(false) => Some(false),
            so_far => all([so_far, next()].into_iter()),
        };
        let taken = all([labelled, of_category].into_iter());
        let taken = then(taken, &|| match self.period {
            Some(range) => facts.holds(&Condition::DataPeriod { range, whole }),
            None => Some(true),
        });
        // The dearest question last: it may look through a whole body.
        then(taken, &|| given(&self.codes, || one_of(&self.codes, |code| Condition::Code(code))))
    }
}

/// What is not given is not asked for.
fn given<T>(named: &[T], holds: impl FnOnce() -> Option<bool>) -> Option<bool> {
    if named.is_empty() { Some(true) } else { holds() }
}
