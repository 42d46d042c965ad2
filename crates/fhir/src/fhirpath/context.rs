//! What an expression is evaluated in.

use crate::json::Value;
use crate::limits::FhirPathLimits;

/// What an expression is evaluated in, beside what it is evaluated on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'d> {
    /// `now()` and `today()`, in milliseconds since 1970, UTC.
    pub now_ms: i64,
    /// `%resource`: the resource that holds what is evaluated; what is
    /// evaluated itself, if `None`.
    pub resource: Option<Value<'d>>,
    /// `%rootResource`: the resource that contains `%resource`; `%resource`
    /// itself, if `None`. Local references (`#id`) are looked up in it.
    pub root_resource: Option<Value<'d>>,
    /// How much may be done.
    pub limits: FhirPathLimits,
}
