//! By what right somebody who offers no care sees health information
//! (R-22.1, art. 39): an authorization with its grantor and dates, training,
//! and a signed undertaking. Kept as a Basic resource; see `docs/restrictions.md`.

use fhir::json::Value;
use fhir::search::DateRange;

use crate::claims::Claims;
use crate::restriction::{
    Actor, Caller, Element, Fault, Identity, Misunderstood, Naming, is_in, who,
};
use crate::systems::{BASIC, EXTENSION_PERIOD, EXTENSION_TRAINED, EXTENSION_UNDERTAKING};

#[cfg(test)]
mod tests;

/// An authorization of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// Id of the Basic resource.
    pub id: String,
    /// Who granted it, as the resource names them.
    pub grantor: String,
    /// From when to when it holds.
    pub period: DateRange,
    /// When the person was trained.
    pub trained: DateRange,
    /// When the person signed the undertaking.
    pub undertook: DateRange,
    /// Who is authorized, by any of these.
    identities: Vec<Identity>,
}

impl Authorization {
    /// Reads a Basic resource with the code `authorization` of
    /// `urn:dossier:basic`; `None` for any other Basic. The subject is who is
    /// authorized, the author who granted it.
    ///
    /// # Errors
    /// [`Misunderstood`] names the first element that is missing or wrong.
    pub fn of_basic(
        basic: Value<'_>,
        id: &str,
        naming: &Naming<'_>,
    ) -> Result<Option<Self>, Misunderstood> {
        let basic = Element::resource(basic, "Basic");
        if !basic.value.get("code").is_some_and(|code| is_in(code, BASIC, "authorization")) {
            return Ok(None);
        }
        basic.unmodified()?;
        let subject = basic.get("subject");
        let subject = subject.ok_or_else(|| basic.refused_at("subject", Fault::Nobody))?;
        let identities = who(&subject, naming)?;
        if identities.is_empty() {
            return Err(subject.refused(Fault::Nobody));
        }
        let grantor = basic.get("author").and_then(|author| named(&author));
        let grantor = grantor.ok_or_else(|| basic.refused_at("author", Fault::Grantor))?;
        let dates = || basic.refused_at("extension", Fault::Dates);
        let period = extension(&basic, EXTENSION_PERIOD, "valuePeriod")?.ok_or_else(dates)?;
        if ["start", "end"].into_iter().any(|bound| period.value.get(bound).is_none()) {
            return Err(period.refused(Fault::Period));
        }
        let day = |url| {
            let value = extension(&basic, url, "valueDate")?.ok_or_else(dates)?;
            let text = value.value.as_str();
            text.and_then(|text| DateRange::parse(&text)).ok_or_else(|| value.refused(Fault::Dates))
        };
        Ok(Some(Self {
            id: id.to_owned(),
            grantor,
            period: period.period()?,
            trained: day(EXTENSION_TRAINED)?,
            undertook: day(EXTENSION_UNDERTAKING)?,
            identities,
        }))
    }

    /// Whether it authorizes this caller at this instant (Unix, milliseconds).
    /// What cannot be told is not authorized.
    pub fn covers(&self, claims: &Claims, own_bases: &[impl AsRef<str>], now_ms: i64) -> bool {
        let caller = Caller::new(claims, own_bases);
        let subject = Actor { role: None, identities: self.identities.clone() };
        let begun = |date: DateRange| date.lower_ms <= now_ms;
        (self.period.lower_ms..self.period.upper_ms).contains(&now_ms)
            && begun(self.trained)
            && begun(self.undertook)
            && subject.is(&caller) == Some(true)
    }
}

/// The one value of an extension.
fn extension<'d>(
    element: &Element<'d>,
    url: &str,
    value: &str,
) -> Result<Option<Element<'d>>, Misunderstood> {
    let extensions = element.each("extension")?;
    let mut of_url = extensions.into_iter().filter(|each| each.text("url").as_deref() == Some(url));
    match (of_url.next(), of_url.next()) {
        (Some(one), None) => Ok(one.get(value)),
        (None, _) => Ok(None),
        (Some(_), Some(another)) => Err(another.refused(Fault::Dates)),
    }
}

/// How a Reference names somebody.
fn named(reference: &Element<'_>) -> Option<String> {
    let identifier = reference.get("identifier").and_then(|identifier| {
        let (system, value) = (identifier.text("system")?, identifier.text("value")?);
        Some(format!("{system}|{value}"))
    });
    reference.text("reference").map(|text| text.into_owned()).or(identifier)
}
