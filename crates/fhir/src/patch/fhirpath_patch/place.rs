//! Elements in their place: a member of an owner, and the items in it.

use super::Fault;
use crate::definitions::{Content, Element, Structure};
use crate::json::{Kind, Value};
use crate::patch::tree::{Member, Node};

pub(super) use crate::fhirpath::Step;

/// Where an element is.
#[derive(Debug)]
pub(super) struct Place {
    /// The steps to the object that it is in.
    pub owner: Vec<Step>,
    /// Its name in JSON, without the underscore of a companion.
    pub member: String,
    /// Which item it is; 0 when it does not repeat.
    pub index: usize,
    /// What its owner is, as far as R4 tells.
    pub structure: Option<Structure>,
}

impl Place {
    /// Of the element at `steps`; `None` of the root itself.
    pub fn of(root: Value<'_>, mut steps: Vec<Step>) -> Option<Self> {
        let index = match steps.last()? {
            Step::Index(index) => {
                let index = *index;
                steps.pop();
                index
            }
            Step::Member(_) => 0,
        };
        let Step::Member(member) = steps.pop()? else { return None };
        let member = member.strip_prefix('_').map(str::to_owned).unwrap_or(member);
        let structure = structure_at(root, &steps);
        Some(Self { owner: steps, member, index, structure })
    }

    /// How R4 defines it.
    pub fn element(&self) -> Result<Element, Fault> {
        self.structure
            .and_then(|structure| structure.element(&self.member))
            .ok_or_else(|| Fault::told("R4 has no such element; correct the name."))
    }

    pub fn repeats(&self) -> bool {
        self.element().is_ok_and(Element::repeats)
    }

    /// How many items it has.
    pub fn length(&self, root: Value<'_>) -> usize {
        let Some(owner) = walk(root, &self.owner) else { return 0 };
        let count = |name: &str| owner.each(name).count();
        count(&self.member).max(count(&format!("_{}", self.member)))
    }
}

fn walk<'d>(root: Value<'d>, steps: &[Step]) -> Option<Value<'d>> {
    steps.iter().try_fold(root, |here, step| match step {
        Step::Member(name) => here.get(name),
        Step::Index(index) => here.items().nth(*index),
    })
}

/// What the object at `steps` is; `None` when it is no object, or R4 does not
/// tell.
pub(super) fn structure_at(root: Value<'_>, steps: &[Step]) -> Option<Structure> {
    let named = |value: Value<'_>| {
        let name = value.get("resourceType").and_then(Value::as_str)?;
        Structure::of_resource(&name)
    };
    let mut here = root;
    let mut structure = named(root)?;
    for step in steps {
        here = walk(here, std::slice::from_ref(step))?;
        let Step::Member(name) = step else { continue };
        structure = match name.strip_prefix('_') {
            Some(_) => Structure(crate::definitions::ELEMENT),
            None => match structure.element(name)?.content() {
                Content::Structure(number) => Structure(number),
                Content::Resource => {
                    let resource = here.items().next().unwrap_or(here);
                    named(resource)?
                }
                Content::Primitive(_) => Structure(crate::definitions::ELEMENT),
            },
        };
        // The items of `contained` may each be of another type.
        if here.kind() == Kind::Array {
            continue;
        }
        if let Some(resource) = named(here) {
            structure = resource;
        }
    }
    // An item of a list of resources says its own type.
    named(here).or(Some(structure)).filter(|_| here.kind() == Kind::Object)
}

/// Whether another type of the same choice is there already.
pub(super) fn other_choice(list: &List<'_, '_>, structure: Structure, element: Element) -> bool {
    element.is_choice()
        && list.owner.iter().any(|member| {
            let name = member.name.strip_prefix('_').unwrap_or(&member.name);
            structure.element(name).is_some_and(|other| {
                other.is_choice() && other.slot() == element.slot() && name != element.name()
            })
        })
}

/// The value of an element, and its companion.
pub(super) type Pair<'d> = (Option<Node<'d>>, Option<Node<'d>>);

/// The items of one member, taken out of their owner until they are written.
pub(super) struct List<'n, 'd> {
    pub owner: &'n mut Vec<Member<'d>>,
    member: String,
    /// Where `member` and `_member` stood.
    at: [Option<usize>; 2],
    /// They stood in an array.
    array: bool,
    items: Vec<Pair<'d>>,
}

impl<'n, 'd> List<'n, 'd> {
    /// The items of `member` in the object at `steps`.
    pub fn of(root: &'n mut Node<'d>, steps: &[Step], member: &str) -> Result<Self, Fault> {
        let mut node = root;
        for step in steps {
            let inner = match (node.open(), step) {
                (Node::Object(members), Step::Member(name)) => {
                    members.iter_mut().find(|it| it.name == *name).map(|it| &mut it.node)
                }
                (Node::Array(items), Step::Index(index)) => items.get_mut(*index),
                _ => None,
            };
            node = inner.ok_or_else(super::nothing)?;
        }
        let Node::Object(owner) = node.open() else { return Err(super::nothing()) };
        let names = [member.to_owned(), format!("_{member}")];
        let at = names.map(|name| owner.iter().position(|held| held.name == name));
        let mut taken = at.map(|at| {
            let held = at.and_then(|at| owner.get_mut(at))?;
            Some(std::mem::replace(&mut held.node, Node::Null))
        });
        let mut array = false;
        let mut opened = taken.iter_mut().map(|node| match node.take() {
            None => Vec::new(),
            Some(mut node) => match node.open() {
                Node::Array(items) => {
                    array = true;
                    std::mem::take(items)
                }
                _ => vec![node],
            },
        });
        let (values, companions) =
            (opened.next().unwrap_or_default(), opened.next().unwrap_or_default());
        let length = values.len().max(companions.len());
        let present = |node: Node<'d>| (!node.is_null()).then_some(node);
        let mut values = values.into_iter().map(present);
        let mut companions = companions.into_iter().map(present);
        let items =
            (0..length).map(|_| (values.next().flatten(), companions.next().flatten())).collect();
        Ok(Self { owner, member: member.to_owned(), at, array, items })
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub fn push(&mut self, item: Pair<'d>) {
        self.items.push(item);
    }

    pub fn insert(&mut self, index: usize, item: Pair<'d>) -> Result<(), Fault> {
        if index > self.items.len() {
            return Err(outside());
        }
        self.items.insert(index, item);
        Ok(())
    }

    pub fn remove(&mut self, index: usize) -> Result<Pair<'d>, Fault> {
        if index >= self.items.len() {
            return Err(outside());
        }
        Ok(self.items.remove(index))
    }

    pub fn replace(&mut self, index: usize, item: Pair<'d>) -> Result<(), Fault> {
        *self.items.get_mut(index).ok_or_else(outside)? = item;
        Ok(())
    }

    /// Gives the member another name, of the same choice.
    pub fn rename(&mut self, member: &str) {
        self.member = member.to_owned();
        for (at, name) in self.at.iter().zip([self.member.clone(), format!("_{member}")]) {
            if let Some(held) = at.and_then(|at| self.owner.get_mut(at)) {
                *held = Member::new(&name, Node::Null);
            }
        }
    }

    /// Puts the items back into their owner: in an array if the element
    /// repeats, with null where a value or companion is absent (R4 §2.6.2.3).
    pub fn write(self, repeats: bool) {
        let Self { owner, member, mut at, array, items } = self;
        let (values, companions): (Vec<_>, Vec<_>) = items.into_iter().unzip();
        for (which, nodes) in [values, companions].into_iter().enumerate() {
            let name = if which == 0 { member.clone() } else { format!("_{member}") };
            let place = at.get(which).copied().flatten();
            if nodes.iter().all(Option::is_none) {
                // The companion's place is after it or not there.
                if let Some(place) = place {
                    owner.remove(place);
                    at = at.map(|at| at.map(|at| if at > place { at - 1 } else { at }));
                }
                continue;
            }
            let node = if repeats || array {
                Node::Array(nodes.into_iter().map(|node| node.unwrap_or(Node::Null)).collect())
            } else {
                nodes.into_iter().flatten().next().unwrap_or(Node::Null)
            };
            match place.and_then(|place| owner.get_mut(place)) {
                Some(held) => held.node = node,
                None => owner.push(Member::new(&name, node)),
            }
        }
    }
}

fn outside() -> Fault {
    Fault::told("The index is outside the list; count from 0, and read the resource again.")
}
