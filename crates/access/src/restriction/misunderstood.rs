//! Why a Consent or an authorization is refused, and what its writer does.

/// An element that cannot be enforced exactly. Refused with 422 when it is
/// written; the text says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misunderstood {
    /// FHIRPath of the element.
    pub path: String,
    /// What is wrong with it.
    pub fault: Fault,
}

impl std::fmt::Display for Misunderstood {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path, self.fault.text())
    }
}

impl std::error::Error for Misunderstood {}

macro_rules! faults {
    ($($(#[$meaning:meta])* $name:ident = $text:literal;)+) => {
        /// What is wrong with an element.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Fault {
            $($(#[$meaning])* $name,)+
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// What is wrong and what to do, for the writer.
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

faults! {
    /// A modifier extension or implicit rules.
    Modified = "The record cannot follow rules or modifiers of other makers; leave this element out.";
    /// No or several categories of ours, or one without its scope.
    Category = "Give one category of urn:dossier:consent-category (restriction, refusal or procuration) and the scope patient-privacy with it.";
    /// A base policy other than that care is allowed.
    Policy = "Only the policy OPTIN, or urn:dossier:policy|R-22.1, is known; write what differs from it as provisions.";
    /// Whose Consent it is, is not said.
    Patient = "Name the person whose record it is, as Patient/id.";
    /// There is no provision.
    NoProvision = "Say what is withheld, from whom and while, in a provision.";
    /// A root without type that tells more than its period and provisions.
    Untyped = "Give the type of this provision; without one it may hold only a period and provisions.";
    /// The wrong one of deny and permit.
    Type = "The type is deny for a restriction or refusal, permit for a procuration, and the other one for an exception nested in a provision.";
    /// Nested too deeply, or too many.
    TooMany = "There are more provisions or values than one Consent may have; write several Consents.";
    /// A period that cannot be read.
    Period = "Give a start or an end as FHIR dates, the start before the end.";
    /// An action other than access, use or disclosure.
    Action = "The record withholds access as a whole; leave the action out, or name access among the actions access, use and disclose.";
    /// A code without its system, or with a version.
    Coding = "Give the system and the code of each coding, and no version.";
    /// A type that R4 does not have.
    Class = "Give a resource type as a code of http://hl7.org/fhir/resource-types.";
    /// A label that stands for others.
    Label = "This label stands for several others; name each of those in a provision of its own.";
    /// A purpose that no token carries.
    Purpose = "Give a purpose of v3-ActReason that tokens carry: TREAT, ETREAT, TRAIN, HOPERAT, HRESCH, HLEGAL or PATRQT.";
    /// More than the resource itself.
    Meaning = "Only single resources are withheld by reference; give the meaning instance and name each resource.";
    /// A reference to something else than one resource here.
    Data = "Name one resource of this record as Type/id, without a version.";
    /// A role that is not known.
    Role = "Give one role: IRCP of v3-ParticipationType for somebody who is named, or a function of urn:dossier:function for a category.";
    /// An actor that no token can be compared with.
    Actor = "Name a Practitioner or RelatedPerson as Type/id, or anybody by an identifier that tokens carry: licence, establishment, application or subject.";
    /// A procuration or authorization that says not to whom.
    Nobody = "Name the person to whom this is given.";
    /// Roles in a refusal that art. 8 does not know.
    Refused = "A refusal is towards researchers or close relatives; write one towards others as a restriction.";
    /// An authorization without its grantor.
    Grantor = "Name who grants the authorization as its author.";
    /// An authorization without its dates.
    Dates = "Give the period, the date of the training and the date of the signed undertaking, each in its extension, once.";
}
