//! What FHIR adds (R4 §2.1.9.1.5, Additional functions).

use super::super::error::FhirPathError;
use super::super::evaluator::{Collection, Evaluator, Focus};
use super::super::item::Item;
use super::super::node::{Node, NodeType, referred_type, type_in_text};
use super::super::operators::boolean;
use super::super::syntax::Term;
use super::{Function, only};
use crate::definitions::ValueSet;
use crate::json::{Kind, Value};
use crate::validate::narrative_fault;

impl<'d> Evaluator<'d> {
    pub(super) fn resource_function(
        &mut self,
        function: Function,
        items: Collection<'d>,
        arguments: &'d [Term],
        focus: &Focus<'d>,
    ) -> Result<Collection<'d>, FhirPathError> {
        Ok(match function {
            Function::HasValue => boolean(Some(match items.as_slice() {
                [one] => is_primitive(one),
                _ => false,
            })),
            Function::GetValue => match items.as_slice() {
                [one] if is_primitive(one) => one.system().into_iter().collect(),
                _ => Vec::new(),
            },
            Function::Extension => {
                let url = self.single_argument(arguments, 0, focus)?;
                let mut found = Vec::new();
                for item in &items {
                    let Item::Node(node) = item else { continue };
                    node.each_child("extension", &mut |child| {
                        let is_it = child.value().and_then(|value| value.get("url"));
                        let is_it = is_it.and_then(Value::as_str);
                        if let (Some(Item::String(url)), Some(found_url)) = (&url, is_it)
                            && *url == found_url
                        {
                            found.push(Item::Node(child));
                        }
                    });
                    self.spend(1 + node.value().map_or(0, Value::len) as u64)?;
                }
                found
            }
            Function::Resolve => {
                let mut found = Vec::new();
                for item in &items {
                    let root = self.context.root_resource.or(self.context.resource);
                    let root = root.or_else(|| self.root.node()?.value());
                    let contained = root.map_or(0, |root| root.each("contained").count());
                    self.spend(1 + contained as u64)?;
                    found.extend(self.resolved(item));
                }
                found
            }
            Function::HtmlChecks => {
                let Some(item) = only(&items, "htmlChecks()")? else { return Ok(Vec::new()) };
                let Some(text) = item.as_str() else { return Ok(Vec::new()) };
                self.spend_text(text.len() * 4)?;
                boolean(Some(narrative_fault(&text).is_none()))
            }
            Function::MemberOf => {
                let url = self.single_argument(arguments, 0, focus)?;
                let set = match &url {
                    Some(Item::String(url)) => ValueSet::of_url(url),
                    _ => None,
                };
                let item = only(&items, "memberOf()")?;
                boolean(item.zip(set).and_then(|(item, set)| member_of(&item, set)))
            }
            // Whether it conforms to a profile is not known here: empty.
            _ => Vec::new(),
        })
    }

    /// The target of a reference: a contained resource as itself, any other as
    /// its type, and nothing when that is not told.
    fn resolved(&self, item: &Item<'d>) -> Option<Item<'d>> {
        let (text, known) = match item {
            Item::Node(node) if node.value().is_some_and(|value| value.kind() == Kind::Object) => {
                let value = node.value()?;
                (value.get("reference").and_then(Value::as_str), referred_type(value))
            }
            other => {
                let text = other.as_str();
                let known = text.as_deref().and_then(type_in_text);
                (text, known)
            }
        };
        let local = text.as_deref().and_then(|text| text.strip_prefix('#'));
        if let Some(id) = local {
            let root = self.context.root_resource.or(self.context.resource);
            let root = root.or_else(|| self.root.node()?.value())?;
            if id.is_empty() {
                return Some(Item::Node(Node::resource(root)));
            }
            let mut contained = root.each("contained");
            let found = contained.find(|held| held.get("id").is_some_and(|held| held.is_str(id)));
            return found.map(|held| Item::Node(Node::resource(held)));
        }
        known.map(Item::Referred)
    }
}

/// Whether it has a primitive value of its own.
fn is_primitive(item: &Item<'_>) -> bool {
    match item {
        Item::Node(node) => {
            let structural = matches!(node.kind(), NodeType::Structure(_));
            !structural && item.system().is_some()
        }
        Item::Referred(_) => false,
        _ => true,
    }
}

fn member_of(item: &Item<'_>, set: ValueSet) -> Option<bool> {
    if let Some(code) = item.as_str() {
        return Some(set.holds(&code));
    }
    let value = item.node()?.value()?;
    let coded = |coding: Value<'_>| {
        let system = coding.get("system").and_then(Value::as_str);
        let code = coding.get("code").and_then(Value::as_str);
        system.is_some_and(|system| set.systems().contains(&&*system))
            && code.is_some_and(|code| set.holds(&code))
    };
    Some(if value.get("coding").is_some() { value.each("coding").any(coded) } else { coded(value) })
}
