//! How a stored resource is written for a caller: `_summary`, `_elements`
//! (R4 §3.1.1.5.8–9) and `_pretty` (R4 §3.1.0.1.11).
//!
//! What is kept is copied slice by slice from the stored text, so a number or
//! a string reads as it was stored. A subset says so in `meta.tag`.

mod bundle;
mod elements;
mod pretty;
mod subset;
#[cfg(test)]
mod tests;

pub use bundle::bundle;
pub use elements::Elements;
pub use pretty::pretty;
pub use subset::resource;

use crate::outcome::Refusal;

/// How much of a resource is asked for by `_summary`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Summary {
    /// The elements that the standard marks as summary.
    True,
    /// `text`, `id`, `meta` and what is mandatory at the top.
    Text,
    /// Everything but `text`.
    Data,
    /// How many match, and none of them. For searches only.
    Count,
}

impl Summary {
    /// Reads the value of `_summary`; `false` is no summary.
    ///
    /// # Errors
    /// 400 for anything but `true`, `text`, `data`, `count` and `false`.
    pub fn parse(value: &str) -> Result<Option<Self>, Refusal> {
        Ok(Some(match value {
            "true" => Self::True,
            "text" => Self::Text,
            "data" => Self::Data,
            "count" => Self::Count,
            "false" => return Ok(None),
            _ => {
                let text = "_summary is one of true, text, data, count and false.";
                return Err(Refusal::invalid(text).at("_summary"));
            }
        }))
    }
}

/// What is left out of a resource, and how its text is laid out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presentation {
    /// `_summary`, when it is not `false`.
    pub summary: Option<Summary>,
    /// `_elements`.
    pub elements: Option<Elements>,
    /// `_pretty=true`.
    pub pretty: bool,
}

impl Presentation {
    /// Whether the stored text is given as it is.
    pub fn is_plain(&self) -> bool {
        !self.is_subset() && !self.pretty
    }

    /// Whether something may be left out.
    pub fn is_subset(&self) -> bool {
        self.summary.is_some() || self.elements.is_some()
    }

    /// Puts the parameters of a request together: the values of `_summary`,
    /// `_elements` and `_pretty` as given, decoded. `type_name` is the type
    /// that the request names, if it names one.
    ///
    /// # Errors
    /// 400 for a value that is none, an element that no such type has, and
    /// `_summary` together with `_elements`, which say different things.
    pub fn parse(
        summary: Option<&str>,
        elements: Option<&str>,
        pretty: Option<&str>,
        type_name: Option<&str>,
    ) -> Result<Self, Refusal> {
        let summary = summary.map(Summary::parse).transpose()?.flatten();
        let elements = elements.map(|list| Elements::parse(list, type_name)).transpose()?;
        if summary.is_some() && elements.is_some() {
            let text = "_summary and _elements each choose what is left out; give one of them.";
            return Err(Refusal::invalid(text).at("_elements"));
        }
        let pretty = match pretty {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                return Err(Refusal::invalid("_pretty is true or false.").at("_pretty"));
            }
        };
        Ok(Self { summary, elements, pretty })
    }
}
