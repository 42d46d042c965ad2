//! The walk through a resource beside its definition.

use super::invariants::{self, Scope, Verdict};
use super::primitive::Primitive;
use super::{narrative, targets};
use crate::definitions::{
    CODEABLE_CONCEPT, Content, ELEMENT, EXTENSION, Element, Invariant, REFERENCE, Structure,
    ValueSet,
};
use crate::fhirpath::Node;
use crate::json::{Kind, Value};
use crate::limits::{INVARIANT_STEPS_MAX, ISSUES_MAX, REPORT_ISSUES_MAX};
use crate::outcome::{Issue, IssueType, Severity};

/// A step of the path: an element, and which of its items.
type Step = (&'static str, Option<usize>);

pub(super) struct Walk<'d> {
    root: &'static str,
    path: Vec<Step>,
    issues: Vec<Issue>,
    /// Whether to report what is but advised against or worth knowing.
    thorough: bool,
    /// The resource that is walked, and the one that contains it, if any.
    scope: Scope<'d>,
    steps_left: u64,
    errors: usize,
    /// How many faults of structure were found.
    misshapen: usize,
    /// A member of the whole that is taken as given: whoever asks judges it.
    aside: Option<&'static str>,
}

impl<'d> Walk<'d> {
    pub(super) fn over(resource: Value<'d>, thorough: bool) -> Vec<Issue> {
        let mut walk = Self::begin(resource, thorough);
        walk.resource(resource);
        walk.issues
    }

    /// The structure of `value` alone, without its member `aside`; invariants,
    /// which are rules of the whole, are left to whoever asks.
    pub(super) fn beside(
        value: Value<'d>,
        structure: Structure,
        aside: &'static str,
        resource: bool,
    ) -> Vec<Issue> {
        let mut walk = Self::begin(value, false);
        walk.aside = Some(aside);
        walk.structure(value, structure, resource);
        walk.issues
    }

    fn begin(value: Value<'d>, thorough: bool) -> Self {
        Self {
            root: "",
            path: Vec::with_capacity(16),
            issues: Vec::new(),
            thorough,
            scope: Scope::of_root(value),
            steps_left: INVARIANT_STEPS_MAX,
            errors: 0,
            misshapen: 0,
            aside: None,
        }
    }

    /// Errors are counted by themselves, so that advice cannot displace them.
    fn full(&self) -> bool {
        self.errors >= if self.thorough { REPORT_ISSUES_MAX } else { ISSUES_MAX }
    }

    fn report(&mut self, code: IssueType, member: &str, diagnostics: impl Into<String>) {
        self.say(Severity::Error, code, member, diagnostics);
    }

    fn say(
        &mut self,
        severity: Severity,
        code: IssueType,
        member: &str,
        diagnostics: impl Into<String>,
    ) {
        self.misshapen += usize::from(code == IssueType::Structure);
        if self.full() {
            return;
        }
        if severity == Severity::Error {
            self.errors += 1;
        } else if self.issues.len() - self.errors >= REPORT_ISSUES_MAX {
            return;
        }
        let mut expression = self.root.to_owned();
        for (name, item) in &self.path {
            expression.push('.');
            expression.push_str(name);
            if let Some(item) = item {
                expression.push_str(&format!("[{item}]"));
            }
        }
        if !member.is_empty() {
            expression.push('.');
            expression.extend(member.chars().take(64));
        }
        // Of a type not yet known, the path begins with the member.
        let expression = expression.trim_start_matches('.').to_owned();
        let expression = Some(expression).filter(|expression| !expression.is_empty());
        let diagnostics = diagnostics.into();
        self.issues.push(Issue { severity, code, diagnostics, expression });
    }

    fn resource(&mut self, value: Value<'d>) {
        if value.kind() != Kind::Object {
            self.report(IssueType::Structure, "", "Here should be a resource: a JSON object.");
            return;
        }
        let named = value.get("resourceType").and_then(Value::as_str);
        let known = named.as_deref().and_then(crate::types::named);
        let Some((known, structure)) =
            known.zip(known.and_then(|known| Structure::of_resource(known.name)))
        else {
            let text = "A resource must have a resourceType that names a type of FHIR R4.";
            self.report(IssueType::Structure, "resourceType", text);
            return;
        };
        if self.path.is_empty() {
            self.root = known.name;
            self.structure(value, structure, true);
            return;
        }
        let around = self.scope.clone();
        if self.path.last().is_some_and(|(name, _)| *name == "contained") {
            self.scope.container = Some(around.container.unwrap_or(around.resource));
            self.scope.resource = value;
            if value.get("contained").is_some() {
                let text = "A contained resource must not contain others (dom-2); move them up.";
                self.report(IssueType::Invariant, "contained", text);
            }
        } else {
            self.scope = Scope::of_root(value);
        }
        self.structure(value, structure, true);
        self.scope = around;
    }

    fn structure(&mut self, value: Value<'d>, structure: Structure, resource: bool) {
        if value.kind() != Kind::Object {
            self.report(IssueType::Structure, "", "Here should be a JSON object.");
            return;
        }
        let misshapen = self.misshapen;
        let mut filled = 0_u32;
        let mut chosen: [&str; 32] = [""; 32];
        let mut members = 0_usize;
        for (key, held) in value.fields() {
            members += 1;
            let key = key.as_str().unwrap_or_default();
            let (name, companion) = match key.strip_prefix('_') {
                Some(name) => (name, true),
                None => (&*key, false),
            };
            let Some(element) = structure.element(name) else {
                if !(resource && key == "resourceType") {
                    self.unknown(&key, held);
                }
                continue;
            };
            let slot = element.slot();
            filled |= 1 << slot;
            if self.path.is_empty() && self.aside == Some(name) {
                continue;
            }
            if element.is_choice()
                && let Some(chosen) = chosen.get_mut(slot as usize)
            {
                if !chosen.is_empty() && *chosen != element.name() {
                    let text = format!(
                        "{} may be given once only, but {chosen} is given too; keep one.",
                        structure.slot_name(slot)
                    );
                    self.report(IssueType::Structure, name, text);
                }
                *chosen = element.name();
            }
            self.path.push((element.name(), None));
            if companion {
                self.companion(value, held, element);
            } else {
                self.member(value, held, element);
            }
            self.path.pop();
            if self.full() {
                return;
            }
        }
        if members == 0 {
            self.report(IssueType::Structure, "", "An object must not be empty; leave it out.");
        }
        self.missing(structure, structure.required() & !filled);
        if structure.0 == EXTENSION {
            self.extension(value);
        }
        // Rules are written for what is of its structure, and for the whole of it.
        if self.misshapen > misshapen || (self.path.is_empty() && self.aside.is_some()) {
            return;
        }
        for (rule, element) in structure.rules() {
            if rule.is_error() || self.thorough {
                self.rule(rule, element, Node::structured(value, structure));
            }
        }
    }

    /// An invariant of a structure, or of one of its elements.
    fn rule(&mut self, rule: Invariant, element: &'static str, owner: Node<'d>) {
        if element.is_empty() {
            self.judge(rule, owner);
            return;
        }
        let mut held = Vec::new();
        owner.each_child(element, &mut |child| held.push(child));
        let many = held.len() > 1;
        for (item, child) in held.into_iter().enumerate() {
            self.path.push((element, many.then_some(item)));
            self.judge(rule, child);
            self.path.pop();
        }
    }

    fn judge(&mut self, rule: Invariant, node: Node<'d>) {
        match invariants::judge(rule, node, &self.scope, &mut self.steps_left) {
            Verdict::Holds => {}
            Verdict::Broken => {
                let severity = if rule.is_error() { Severity::Error } else { Severity::Warning };
                let text = format!("{} ({}).", rule.human().trim_end_matches('.'), rule.key());
                self.say(severity, IssueType::Invariant, "", text);
            }
            Verdict::Unjudged if self.thorough => {
                let text = format!("It was not judged whether {} holds here.", rule.key());
                self.say(Severity::Information, IssueType::Informational, "", text);
            }
            Verdict::Unjudged => {}
        }
    }

    fn unknown(&mut self, key: &str, held: Value<'d>) {
        let text = if held.kind() == Kind::Null {
            "There is no such element here, and null is no value; leave it out."
        } else {
            "There is no such element here in FHIR R4; check its name, or use an extension."
        };
        self.report(IssueType::Structure, key, text);
    }

    fn missing(&mut self, structure: Structure, slots: u32) {
        for slot in (1..32).filter(|slot| slots >> slot & 1 == 1) {
            let name = structure.slot_name(slot);
            let text = format!("{name} is required; add it.");
            self.report(IssueType::Required, name.trim_end_matches("[x]"), text);
        }
    }

    /// ext-1: a value or extensions, not both and not neither.
    fn extension(&mut self, value: Value<'d>) {
        let nested = value.get("extension").is_some();
        let valued = value.fields().any(|(key, _)| {
            key.as_str().is_some_and(|key| key.trim_start_matches('_').starts_with("value"))
        });
        if nested == valued {
            let text =
                "An extension has either a value[x] or extensions (ext-1); give one of them.";
            self.report(IssueType::Invariant, "", text);
        }
    }

    /// A member and what it holds, one or many.
    fn member(&mut self, owner: Value<'d>, held: Value<'d>, element: Element) {
        match (held.kind(), element.repeats()) {
            (Kind::Array, true) => {
                let mut count = 0_usize;
                // The companion's items, from the first null on.
                let mut beside = None;
                for (item, value) in held.items().enumerate() {
                    count += 1;
                    self.step(Some(item));
                    match (value.kind(), element.content()) {
                        (Kind::Null, Content::Primitive(_)) => {
                            let companions = beside.get_or_insert_with(|| {
                                let name = format!("_{}", element.name());
                                let companion = owner.get(&name).map(Value::items);
                                companion.into_iter().flatten().enumerate()
                            });
                            let held = companions.find(|(place, _)| *place == item);
                            self.gap(held.map(|(_, companion)| companion));
                        }
                        _ => self.value(value, element),
                    }
                    if self.full() {
                        return;
                    }
                }
                self.step(None);
                if count == 0 {
                    let text = "An array must not be empty; leave it out.";
                    self.report(IssueType::Structure, "", text);
                }
            }
            (Kind::Array, false) => {
                let text = "This element does not repeat; give its value without an array.";
                self.report(IssueType::Structure, "", text);
            }
            (Kind::Null, _) => {
                let text = "null is no value here; leave the element out.";
                self.report(IssueType::Structure, "", text);
            }
            (_, true) => {
                let text = "This element repeats; give its values in an array, even if one.";
                self.report(IssueType::Structure, "", text);
            }
            (_, false) => self.value(held, element),
        }
    }

    fn step(&mut self, item: Option<usize>) {
        if let Some(step) = self.path.last_mut() {
            step.1 = item;
        }
    }

    /// A null among primitives stands for an item that has extensions only.
    fn gap(&mut self, companion: Option<Value<'d>>) {
        if companion.is_none_or(|companion| companion.kind() == Kind::Null) {
            let text = "null stands for an item with extensions only, and there is none; leave \
                        it out.";
            self.report(IssueType::Structure, "", text);
        }
    }

    /// `_name`: the id and extensions of a primitive.
    fn companion(&mut self, owner: Value<'d>, held: Value<'d>, element: Element) {
        if !matches!(element.content(), Content::Primitive(_)) {
            let text = "Only primitive elements have a companion that begins with an underscore; \
                        put id and extension into the element.";
            self.report(IssueType::Structure, "", text);
            return;
        }
        let element_structure = Structure(ELEMENT);
        if !element.repeats() {
            self.structure(held, element_structure, false);
            return;
        }
        if held.kind() != Kind::Array || held.is_empty() {
            let text = "The companion of a repeating element is an array that is not empty.";
            self.report(IssueType::Structure, "", text);
            return;
        }
        let values = owner.get(element.name()).map_or(0, Value::len);
        for (item, value) in held.items().enumerate() {
            self.step(Some(item));
            match value.kind() {
                Kind::Null if item < values => {}
                Kind::Null => {
                    let text = "Here is neither a value nor an extension; leave the item out.";
                    self.report(IssueType::Structure, "", text);
                }
                _ => self.structure(value, element_structure, false),
            }
        }
        self.step(None);
    }

    fn value(&mut self, value: Value<'d>, element: Element) {
        match element.content() {
            Content::Primitive(primitive) => self.primitive(value, primitive, element.value_set()),
            Content::Resource => self.resource(value),
            Content::Structure(number) => {
                self.structure(value, Structure(number), false);
                if number == CODEABLE_CONCEPT
                    && let Some(set) = element.value_set()
                {
                    self.concept(value, set);
                }
                if number == REFERENCE {
                    let fault = targets::fault_of_itself(value)
                        .or_else(|| targets::fault(value, element.targets()?, &self.scope));
                    if let Some(fault) = fault {
                        self.report(IssueType::Invalid, "", fault);
                    }
                }
            }
        }
    }

    fn primitive(&mut self, value: Value<'d>, primitive: Primitive, set: Option<ValueSet>) {
        if value.kind() != primitive.json() {
            let text = format!(
                "A {} is written as a JSON {}.",
                primitive.name(),
                match primitive.json() {
                    Kind::Bool => "true or false",
                    Kind::Number => "number, without quotes",
                    _ => "string, in quotes",
                }
            );
            self.report(IssueType::Structure, "", text);
            return;
        }
        let Some(text) = value.as_str() else {
            if !primitive.accepts(value.raw()) {
                self.report(IssueType::Value, "", primitive.advice());
            }
            return;
        };
        if !primitive.accepts(&text) {
            self.report(IssueType::Value, "", primitive.advice());
        } else if primitive == Primitive::Xhtml {
            if let Some(fault) = narrative::fault(&text) {
                self.report(IssueType::Invariant, "", fault);
            }
        } else if let Some(set) = set.filter(|set| !set.holds(&text)) {
            self.report(IssueType::CodeInvalid, "", choices(set));
        }
    }

    /// A required binding on a concept: when it is coded, one coding is of the set.
    fn concept(&mut self, value: Value<'d>, set: ValueSet) {
        let mut coded = value.each("coding").peekable();
        if coded.peek().is_none() {
            return;
        }
        let within = coded.any(|coding| {
            let system = coding.get("system").and_then(Value::as_str);
            let code = coding.get("code").and_then(Value::as_str);
            system.is_none_or(|system| set.systems().contains(&&*system))
                && code.is_some_and(|code| set.holds(&code))
        });
        if !within {
            self.report(IssueType::CodeInvalid, "coding", choices(set));
        }
    }
}

/// What to say of a code that is not in its set.
fn choices(set: ValueSet) -> String {
    let few: Vec<&str> = set.codes().take(13).collect();
    if few.len() > 12 {
        format!("This code is not in {}, which is required here.", set.url())
    } else {
        format!("The code must be one of {} ({}).", few.join(", "), set.url())
    }
}
