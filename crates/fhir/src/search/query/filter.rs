//! What a search asks of one parameter.

use super::super::date::{DateRange, Prefix};
use super::super::held::View;
use super::super::indexed::Slot;
use super::super::number::WantedNumber;
use super::super::parameters::{Parameter, ParameterKind};
use super::super::sought::Prepared;

/// One parameter of a search; a resource must pass every filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// The parameter.
    pub parameter: Parameter,
    /// What stands after the colon.
    pub modifier: Modifier,
    /// Alternatives, one of which must match.
    pub wanted: Vec<Wanted>,
    /// Where a cell keeps the parameter; `None` when only the body knows.
    pub(crate) slot: Option<Slot>,
    /// What the filter reads.
    pub(crate) source: Source,
    /// Its alternatives as cells keep them, if they are kept so.
    pub(crate) prepared: Option<Prepared>,
    /// What of its elements.
    pub(crate) view: View,
    /// Of a composite: the part that a cell keeps, which can rule out a match.
    pub(crate) narrowing: Option<Narrowing>,
    /// The value in canonical text, for links.
    pub(crate) text: String,
}

/// A part of a composite that cells keep.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Narrowing {
    pub slot: Slot,
    pub kind: ParameterKind,
    /// What is wanted of the part.
    pub prepared: Prepared,
}

/// Where the values of a filter or a sort key come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The resource itself.
    Content,
    /// Its id.
    Id,
    /// The instant of its version.
    LastUpdated,
    /// Its type.
    Type,
}

impl Source {
    pub(crate) fn of(parameter: &Parameter) -> Self {
        match parameter.code {
            "_id" => Self::Id,
            "_lastUpdated" => Self::LastUpdated,
            "_type" => Self::Type,
            _ => Self::Content,
        }
    }
}

/// A modifier (R4 §3.1.1.4.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Modifier {
    /// None given.
    Plain,
    /// `:missing`
    Missing,
    /// `:exact`, on strings.
    Exact,
    /// `:contains`, on strings.
    Contains,
    /// `:not`, on tokens.
    Not,
    /// `:text`, on tokens: what is shown for the code.
    Text,
    /// `:in`, on tokens: the code is of a value set.
    In,
    /// `:not-in`, on tokens: no code is of a value set.
    NotIn,
    /// `:above`, on URIs and canonicals.
    Above,
    /// `:below`, on URIs and canonicals.
    Below,
    /// `:of-type`, on identifiers.
    OfType,
    /// `:identifier`, on references.
    Identifier,
    /// A resource type, on references: `subject:Patient`.
    Type(String),
}

impl Modifier {
    /// The modifier as it is written, with its colon; empty for none.
    pub fn suffix(&self) -> String {
        match self {
            Self::Plain => String::new(),
            Self::Missing => ":missing".into(),
            Self::Exact => ":exact".into(),
            Self::Contains => ":contains".into(),
            Self::Not => ":not".into(),
            Self::Text => ":text".into(),
            Self::In => ":in".into(),
            Self::NotIn => ":not-in".into(),
            Self::Above => ":above".into(),
            Self::Below => ":below".into(),
            Self::OfType => ":of-type".into(),
            Self::Identifier => ":identifier".into(),
            Self::Type(name) => format!(":{name}"),
        }
    }
}

/// The system part of a wanted token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedSystem {
    /// `code`: any system or none.
    Any,
    /// `|code`: no system.
    Absent,
    /// `system|code`
    Is(String),
}

/// One alternative of a filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// A token; without a code, every code of the system.
    Token {
        /// Its system.
        system: WantedSystem,
        /// Its code or value.
        code: Option<String>,
    },
    /// Text, as written and folded without spaces.
    Text {
        /// As written.
        raw: String,
        /// Folded, without spaces.
        squashed: String,
    },
    /// A date.
    Date {
        /// How to compare.
        prefix: Prefix,
        /// The range that the text stands for.
        range: DateRange,
    },
    /// A reference; `base` is `None` for this record.
    Reference {
        /// Another server, or `urn:uuid:`, or the whole text when no id is in it.
        base: Option<String>,
        /// The resource type, unless any will do.
        kind: Option<String>,
        /// The logical id.
        id: Option<String>,
        /// The version of a canonical.
        version: Option<String>,
    },
    /// A URI.
    Uri(String),
    /// A number or quantity.
    Number {
        /// How to compare.
        prefix: Prefix,
        /// The number and its precision.
        number: WantedNumber,
        /// The system of the unit.
        system: Option<String>,
        /// The unit's code, or its text when no system is given.
        code: Option<String>,
    },
    /// For `:missing`: whether there must be no value.
    Missing(bool),
    /// For `:of-type`: an identifier by its type.
    OfType {
        /// The system of the type.
        system: String,
        /// The code of the type.
        code: String,
        /// The identifier's value.
        value: String,
    },
    /// For `:in` and `:not-in`: the canonical URL of a value set.
    ValueSet(String),
    /// For `_text` and `_content`: folded words, each of which begins a word.
    Words(Vec<String>),
    /// For `phonetic`: the key of how it sounds.
    Sound(String),
    /// For a composite: one value for each of its parts.
    Composite(Vec<Wanted>),
    /// For `near`.
    Near {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// How far away it may be.
        distance_m: f64,
    },
}
