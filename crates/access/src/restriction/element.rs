//! An element that is being read, and where it stands.

use std::borrow::Cow;

use fhir::json::{Kind, Value};
use fhir::search::DateRange;

use super::misunderstood::{Fault, Misunderstood};
use crate::facts::Code;
use crate::limits::CONSENT_VALUES_MAX;

/// An element with its FHIRPath.
#[derive(Clone, Debug)]
pub(crate) struct Element<'d> {
    /// The element.
    pub value: Value<'d>,
    /// Its FHIRPath.
    pub path: String,
}

impl<'d> Element<'d> {
    /// The resource itself.
    pub fn resource(value: Value<'d>, resource_type: &str) -> Self {
        Self { value, path: resource_type.to_owned() }
    }

    /// The error of this element.
    pub fn refused(&self, fault: Fault) -> Misunderstood {
        Misunderstood { path: self.path.clone(), fault }
    }

    /// The error of a member that may not be there.
    pub fn refused_at(&self, name: &str, fault: Fault) -> Misunderstood {
        Misunderstood { path: format!("{}.{name}", self.path), fault }
    }

    /// A member.
    pub fn get(&self, name: &str) -> Option<Self> {
        let value = self.value.get(name)?;
        Some(Self { value, path: format!("{}.{name}", self.path) })
    }

    /// The items of a member, whether it repeats or not.
    ///
    /// # Errors
    /// [`Fault::TooMany`].
    pub fn each(&self, name: &str) -> Result<Vec<Self>, Misunderstood> {
        let repeats = self.value.get(name).is_some_and(|value| value.kind() == Kind::Array);
        let items = self.value.each(name).enumerate().map(|(at, value)| {
            let path = if repeats {
                format!("{}.{name}[{at}]", self.path)
            } else {
                format!("{}.{name}", self.path)
            };
            Self { value, path }
        });
        let items: Vec<Self> = items.take(CONSENT_VALUES_MAX + 1).collect();
        if items.len() > CONSENT_VALUES_MAX {
            return Err(self.refused_at(name, Fault::TooMany));
        }
        Ok(items)
    }

    /// A member that is a text.
    pub fn text(&self, name: &str) -> Option<Cow<'d, str>> {
        self.value.get(name)?.as_str()
    }

    /// Nothing here may change what the rest means (R4 §2.5.3).
    ///
    /// # Errors
    /// [`Fault::Modified`].
    pub fn unmodified(&self) -> Result<(), Misunderstood> {
        let modifiers = ["modifierExtension", "implicitRules"];
        match modifiers.into_iter().find_map(|name| self.get(name)) {
            Some(modifier) => Err(modifier.refused(Fault::Modified)),
            None => Ok(()),
        }
    }

    /// A Coding with system and code.
    ///
    /// # Errors
    /// [`Fault::Coding`].
    pub fn coding(&self) -> Result<Code, Misunderstood> {
        match (self.text("system"), self.text("code"), self.value.get("version")) {
            (Some(system), Some(code), None) => Ok(Code::new(&system, &code)),
            _ => Err(self.refused(Fault::Coding)),
        }
    }

    /// The codings of a CodeableConcept; at least one.
    ///
    /// # Errors
    /// [`Fault::Coding`] and [`Fault::TooMany`].
    pub fn codings(&self) -> Result<Vec<Code>, Misunderstood> {
        let codings = self.each("coding")?;
        if codings.is_empty() {
            return Err(self.refused(Fault::Coding));
        }
        codings.iter().map(Self::coding).collect()
    }

    /// A Period with at least one bound.
    ///
    /// # Errors
    /// [`Fault::Period`].
    pub fn period(&self) -> Result<DateRange, Misunderstood> {
        crate::facts::period(self.value).ok_or_else(|| self.refused(Fault::Period))
    }
}

/// Whether a CodeableConcept has the code.
pub(crate) fn is_in(concept: Value<'_>, system: &str, code: &str) -> bool {
    concept.each("coding").any(|coding| {
        coding.get("system").is_some_and(|held| held.is_str(system))
            && coding.get("code").is_some_and(|held| held.is_str(code))
    })
}
