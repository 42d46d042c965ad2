//! The table of search parameters: FHIR R4's own definitions, resolved to JSON
//! members by `scripts/search-parameters`, which also says what a line means.
//! Adding a parameter is adding a line to `generated/search-parameters.tsv`.

static TABLE: &str = include_str!("../generated/search-parameters.tsv");

/// The name under which the parameters of every type stand in the table.
const EVERY_TYPE: &str = "*";

/// The type under which a search of every type is parsed: it knows the
/// parameters that all types have.
pub const ANY_RESOURCE: &str = "Resource";

/// Stands for every type that a reference may point to.
const ANY_TYPE: &str = "*";

/// How the values of a parameter are compared (FHIR R4 §3.1.1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// A code in a system, an identifier, a boolean.
    Token,
    /// Text, compared by its beginning, without accents or case.
    Text,
    /// A date, an instant or a period.
    Date,
    /// A link to another resource.
    Reference,
    /// A number.
    Number,
    /// A number with a unit.
    Quantity,
    /// A URI, compared as it stands.
    Uri,
    /// Several values of one element, compared together (R4 §3.1.1.4.13).
    Composite,
    /// A comparison of its own: `near` is the only one.
    Special,
}

impl ParameterKind {
    /// The name FHIR uses for this kind, as in `CapabilityStatement`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Text => "string",
            Self::Date => "date",
            Self::Reference => "reference",
            Self::Number => "number",
            Self::Quantity => "quantity",
            Self::Uri => "uri",
            Self::Composite => "composite",
            Self::Special => "special",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "token" => Self::Token,
            "string" => Self::Text,
            "date" => Self::Date,
            "reference" => Self::Reference,
            "number" => Self::Number,
            "quantity" => Self::Quantity,
            "uri" => Self::Uri,
            "composite" => Self::Composite,
            "special" => Self::Special,
            _ => return None,
        })
    }
}

/// One search parameter of one resource type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The name in the query string, such as `clinical-status`.
    pub code: &'static str,
    /// How its values are compared.
    pub kind: ParameterKind,
    /// Alternatives `path:type[@Target]`, separated by commas; of a composite
    /// its contexts and components.
    pub(crate) paths: &'static str,
    /// Types that a reference may point to, separated by commas, or `*`.
    pub(crate) targets: &'static str,
}

/// One alternative of a parameter: where its values stand and what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Alternative {
    /// Member names separated by dots; a step may filter, `telecom[system=email]`.
    pub path: &'static str,
    /// The FHIR type of the element, such as `CodeableConcept`.
    pub element: &'static str,
    /// The only type of resource a reference may point to, if confined.
    pub target: Option<&'static str>,
}

impl Parameter {
    pub(crate) fn alternatives(&self) -> impl Iterator<Item = Alternative> + use<> {
        self.paths.split(',').filter_map(|text| {
            let (path, rest) = text.split_once(':')?;
            let (element, target) = match rest.split_once('@') {
                Some((element, target)) => (element, Some(target)),
                None => (rest, None),
            };
            Some(Alternative { path, element, target })
        })
    }

    /// Whether a reference of this parameter may point to `resource_type`.
    pub fn may_refer_to(&self, resource_type: &str) -> bool {
        self.targets == ANY_TYPE && crate::types::is_resource_type(resource_type)
            || self.targets.split(',').any(|target| target == resource_type)
    }

    /// Every type that a reference of this parameter may point to; none for
    /// other kinds.
    pub fn targets(&self) -> Vec<&'static str> {
        match self.targets {
            "" => Vec::new(),
            ANY_TYPE => crate::types::all().map(|kind| kind.name).collect(),
            some => some.split(',').collect(),
        }
    }

    /// Whether its values are canonical URLs or URIs only, which name no
    /// resource by type and id.
    pub(crate) fn is_canonical(&self) -> bool {
        self.alternatives().all(|from| matches!(from.element, "canonical" | "uri"))
    }

    /// Of a composite: the paths of the elements whose parts are compared
    /// together; `.` is the resource itself.
    pub(crate) fn contexts(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.paths.split(';').next().unwrap_or_default().split(',')
    }

    /// Of a composite: its parts, as parameters of the context element; a path
    /// that begins with `%` starts at the resource.
    pub(crate) fn components(&self) -> impl Iterator<Item = Parameter> + use<> {
        let code = self.code;
        self.paths.split(';').skip(1).filter_map(move |text| {
            let (kind, paths) = text.split_once('=')?;
            Some(Parameter { code, kind: ParameterKind::parse(kind)?, paths, targets: "" })
        })
    }

    /// Whether an absent element counts as the token `false`, as `deceased` asks.
    pub(crate) fn absent_is_false(&self) -> bool {
        self.paths.ends_with(",!false")
    }
}

/// The parameter `code` of `resource_type`, or of every type.
pub fn find(resource_type: &str, code: &str) -> Option<Parameter> {
    find_line(resource_type, code).or_else(|| find_line(EVERY_TYPE, code))
}

/// Every parameter that a search for `resource_type` may use, those of every
/// type first; each part in alphabetical order.
pub fn of_type(resource_type: &str) -> impl Iterator<Item = Parameter> + use<> {
    lines(EVERY_TYPE).chain(lines(resource_type))
}

/// The parameters that the table lists for `resource_type` itself.
pub(crate) fn own(resource_type: &str) -> impl Iterator<Item = Parameter> + use<> {
    lines(resource_type)
}

/// Whether the table knows parameters of `resource_type` itself.
pub fn knows_type(resource_type: &str) -> bool {
    lines(resource_type).next().is_some()
}

fn find_line(resource_type: &str, code: &str) -> Option<Parameter> {
    let prefix = format!("{resource_type}\t{code}\t");
    let line = TABLE.get(lower_bound(&prefix)..)?.lines().next()?;
    line.starts_with(&prefix).then(|| parse_line(line)).flatten()
}

fn lines(resource_type: &str) -> impl Iterator<Item = Parameter> + use<> {
    let prefix = format!("{resource_type}\t");
    let start = lower_bound(&prefix);
    TABLE
        .get(start..)
        .unwrap_or_default()
        .lines()
        .take_while(move |line| line.starts_with(&prefix))
        .filter_map(parse_line)
}

fn parse_line(line: &'static str) -> Option<Parameter> {
    let mut fields = line.split('\t').skip(1);
    let (code, kind, paths) = (fields.next()?, fields.next()?, fields.next()?);
    let targets = fields.next().unwrap_or_default();
    Some(Parameter { code, kind: ParameterKind::parse(kind)?, paths, targets })
}

/// Offset of the first line that is not before `key`; the lines are sorted.
fn lower_bound(key: &str) -> usize {
    let (mut low, mut high) = (0, TABLE.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let before = TABLE.get(low..middle).unwrap_or_default();
        let start = before.rfind('\n').map_or(low, |at| low + at + 1);
        let line = TABLE.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        if line < key {
            low = start + line.len() + 1;
        } else {
            high = start;
        }
    }
    low.min(TABLE.len())
}
