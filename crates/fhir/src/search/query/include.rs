//! `_include` and `_revinclude` (R4 §3.1.1.5.4).

use super::super::error::SearchError;
use super::super::parameters::{self, Parameter, ParameterKind};
use crate::types::is_resource_type;

/// What else is wanted beside the matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    /// `_revinclude`: resources that refer to the matches, rather than those
    /// that the matches refer to.
    pub reverse: bool,
    /// `:iterate`: applied to what was included as well.
    pub iterate: bool,
    /// The type that refers; `None` for `*`, any.
    pub source: Option<String>,
    /// The reference parameter; `None` for `*`, every one.
    pub parameter: Option<Parameter>,
    /// The only type that is included, or, reversed, referred to.
    pub target: Option<String>,
}

impl Include {
    /// The reference parameters by which resources of `source_type` are
    /// followed; none when the include is about another type.
    pub fn parameters_of(&self, source_type: &str) -> Vec<Parameter> {
        if self.source.as_deref().is_some_and(|source| source != source_type) {
            return Vec::new();
        }
        match self.parameter {
            Some(parameter) => vec![parameter],
            None => parameters::of_type(source_type)
                .filter(|parameter| parameter.kind == ParameterKind::Reference)
                .collect(),
        }
    }

    /// The name as it is written in a link.
    pub(crate) fn name(&self) -> &'static str {
        match (self.reverse, self.iterate) {
            (false, false) => "_include",
            (false, true) => "_include:iterate",
            (true, false) => "_revinclude",
            (true, true) => "_revinclude:iterate",
        }
    }

    /// The value as it is written in a link.
    pub(crate) fn text(&self) -> String {
        let Some(source) = &self.source else { return "*".to_owned() };
        let code = self.parameter.map_or("*", |parameter| parameter.code);
        match &self.target {
            Some(target) => format!("{source}:{code}:{target}"),
            None => format!("{source}:{code}"),
        }
    }
}

/// Whether a parameter's name is one of an include.
pub(super) fn is_include(name: &str) -> bool {
    matches!(name.split(':').next(), Some("_include" | "_revinclude"))
}

pub(super) fn parse(resource_type: &str, name: &str, value: &str) -> Result<Include, SearchError> {
    let (head, modifier) = match name.split_once(':') {
        Some((head, modifier)) => (head, Some(modifier)),
        None => (name, None),
    };
    let iterate = match modifier {
        None => false,
        // The spelling before R4.
        Some("iterate" | "recurse") => true,
        Some(other) => {
            let text = format!("the modifier ':{other}' is not known. '{head}' takes ':iterate'.");
            return Err(SearchError::unsupported(name, text));
        }
    };
    let reverse = head == "_revinclude";
    let every = Include { reverse, iterate, source: None, parameter: None, target: None };
    if value == "*" {
        return Ok(every);
    }
    let parts: Vec<&str> = value.split(':').collect();
    let (source, code, target) = match parts.as_slice() {
        [source, code] => (*source, *code, None),
        [source, code, target] => (*source, *code, Some(*target)),
        _ => {
            let text = format!(
                "'{value}' is not Type:parameter or Type:parameter:Target, as in \
                 {head}=Observation:subject:Patient; or '*'."
            );
            return Err(SearchError::invalid(name, text));
        }
    };
    for kind in [Some(source), target].into_iter().flatten() {
        if !is_resource_type(kind) {
            let text = format!("'{kind}' is no resource type of FHIR R4.");
            return Err(SearchError::invalid(name, text));
        }
    }
    let parameter = match code {
        "*" => None,
        _ => Some(reference(name, source, code, target)?),
    };
    applies(resource_type, name, source, parameter, &every)?;
    Ok(Include {
        source: Some(source.to_owned()),
        parameter,
        target: target.map(str::to_owned),
        ..every
    })
}

fn reference(
    name: &str,
    source: &str,
    code: &str,
    target: Option<&str>,
) -> Result<Parameter, SearchError> {
    let found = parameters::find(source, code)
        .filter(|parameter| parameter.kind == ParameterKind::Reference);
    let Some(parameter) = found else {
        let text = format!("'{code}' is not a reference parameter of {source} here.");
        return Err(SearchError::unsupported(name, text));
    };
    match target {
        Some(target) if !parameter.may_refer_to(target) => {
            let text = format!(
                "'{code}' of {source} never refers to {target}. It refers to: {}.",
                parameter.targets().join(", ")
            );
            Err(SearchError::unsupported(name, text))
        }
        _ => Ok(parameter),
    }
}

/// Refuses what can never include anything, because it is most likely meant
/// otherwise.
fn applies(
    resource_type: &str,
    name: &str,
    source: &str,
    parameter: Option<Parameter>,
    include: &Include,
) -> Result<(), SearchError> {
    if include.iterate || resource_type == parameters::ANY_RESOURCE {
        return Ok(());
    }
    let text = match parameter {
        _ if !include.reverse && source != resource_type => format!(
            "matches are of type {resource_type}, not {source}. To include what included \
             resources refer to, write {name}:iterate."
        ),
        Some(parameter) if include.reverse && !parameter.may_refer_to(resource_type) => format!(
            "'{}' of {source} never refers to {resource_type}. To include what refers to \
             included resources, write {name}:iterate.",
            parameter.code
        ),
        _ => return Ok(()),
    };
    Err(SearchError::unsupported(name, text))
}
