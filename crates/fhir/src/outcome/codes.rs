//! The statuses that Dossier answers with, and the issue types of R4.

/// HTTP statuses of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Status {
    /// The request is not as FHIR says.
    BadRequest = 400,
    /// No token, or none that holds.
    Unauthorized = 401,
    /// The token does not allow it.
    Forbidden = 403,
    /// Nothing is there, or its existence is not to be told.
    NotFound = 404,
    /// The method does not exist here.
    MethodNotAllowed = 405,
    /// The answer cannot be given in the asked media type.
    NotAcceptable = 406,
    /// The request came too slowly.
    RequestTimeout = 408,
    /// The state of the record forbids it now.
    Conflict = 409,
    /// It was deleted.
    Gone = 410,
    /// `If-Match` or the criteria do not hold.
    PreconditionFailed = 412,
    /// The body is over a limit.
    PayloadTooLarge = 413,
    /// The address is over its limit.
    UriTooLong = 414,
    /// The body's media type is not taken.
    UnsupportedMediaType = 415,
    /// The body is read but breaks a rule.
    UnprocessableEntity = 422,
    /// Too many requests from this caller.
    TooManyRequests = 429,
    /// A fault of Dossier's own.
    InternalServerError = 500,
    /// Not able to serve now.
    ServiceUnavailable = 503,
}

impl Status {
    /// The number.
    pub fn code(self) -> u16 {
        self as u16
    }
}

/// How grave an issue is (<http://hl7.org/fhir/issue-severity>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The content is refused.
    Error,
    /// The content is taken, against advice.
    Warning,
    /// Something that the sender may want to know.
    Information,
}

impl Severity {
    /// The code of the code system.
    pub fn code(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Information => "information",
        }
    }
}

macro_rules! issue_types {
    ($($name:ident $code:literal $meaning:literal)*) => {
        /// Issue types of R4 (<http://hl7.org/fhir/issue-type>) in use here.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum IssueType {
            $(#[doc = $meaning] $name,)*
        }

        impl IssueType {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code of the code system.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// A few words for a reader (`details.text`).
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

issue_types! {
    Invalid "invalid" "Invalid content"
    Structure "structure" "Not of the structure of its type"
    Required "required" "A required element is missing"
    Value "value" "A value is not of its format"
    Invariant "invariant" "A rule of the standard is broken"
    CodeInvalid "code-invalid" "A code is not in its value set"
    Security "security" "A question of security"
    Login "login" "A token is needed"
    Expired "expired" "The token has expired"
    Forbidden "forbidden" "Not allowed"
    NotSupported "not-supported" "Not supported"
    Duplicate "duplicate" "There is one already"
    MultipleMatches "multiple-matches" "More than one matches"
    NotFound "not-found" "Not found"
    Deleted "deleted" "Deleted"
    Processing "processing" "It could not be processed"
    Informational "informational" "For your information"
    TooLong "too-long" "Too long"
    TooCostly "too-costly" "Too costly"
    BusinessRule "business-rule" "A rule of the record is broken"
    Conflict "conflict" "In conflict with the record"
    Transient "transient" "Not available now"
    Throttled "throttled" "Too many requests"
    Timeout "timeout" "It took too long"
    Exception "exception" "A fault of the server"
}
