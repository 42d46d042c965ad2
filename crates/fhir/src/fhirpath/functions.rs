//! The functions by name, and which file each is in.

mod collections;
mod conversion;
mod math;
mod resources;
mod strings;

use super::error::FhirPathError;
use super::evaluator::{Collection, Evaluator, Focus};
use super::item::Item;
use super::operators::{boolean, truth};
use super::syntax::Term;

macro_rules! functions {
    ($($variant:ident $name:literal $least:literal $most:literal)*) => {
        /// A function of FHIRPath N1 or of FHIR R4 (§2.1.9.1.5).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Function {
            $($variant,)*
        }

        impl Function {
            /// The function and how many arguments it takes, at least and at most.
            pub fn named(name: &str) -> Option<(Self, usize, usize)> {
                match name {
                    $($name => Some((Self::$variant, $least, $most)),)*
                    _ => None,
                }
            }
        }
    };
}

functions! {
    Empty "empty" 0 0
    Exists "exists" 0 1
    All "all" 1 1
    AllTrue "allTrue" 0 0
    AnyTrue "anyTrue" 0 0
    AllFalse "allFalse" 0 0
    AnyFalse "anyFalse" 0 0
    SubsetOf "subsetOf" 1 1
    SupersetOf "supersetOf" 1 1
    Count "count" 0 0
    Distinct "distinct" 0 0
    IsDistinct "isDistinct" 0 0
    Where "where" 1 1
    Select "select" 1 1
    Repeat "repeat" 1 1
    Aggregate "aggregate" 1 2
    Single "single" 0 0
    First "first" 0 0
    Last "last" 0 0
    Tail "tail" 0 0
    Skip "skip" 1 1
    Take "take" 1 1
    Intersect "intersect" 1 1
    Exclude "exclude" 1 1
    Union "union" 1 1
    Combine "combine" 1 1
    Children "children" 0 0
    Descendants "descendants" 0 0
    Not "not" 0 0
    Iif "iif" 2 3
    Trace "trace" 1 2
    Now "now" 0 0
    Today "today" 0 0
    TimeOfDay "timeOfDay" 0 0
    StartsWith "startsWith" 1 1
    EndsWith "endsWith" 1 1
    Contains "contains" 1 1
    Matches "matches" 1 1
    MatchesFull "matchesFull" 1 1
    Replace "replace" 2 2
    ReplaceMatches "replaceMatches" 2 2
    Length "length" 0 0
    Substring "substring" 1 2
    IndexOf "indexOf" 1 1
    LastIndexOf "lastIndexOf" 1 1
    Upper "upper" 0 0
    Lower "lower" 0 0
    Trim "trim" 0 0
    Split "split" 1 1
    Join "join" 0 1
    ToChars "toChars" 0 0
    ToBoolean "toBoolean" 0 0
    ToInteger "toInteger" 0 0
    ToDecimal "toDecimal" 0 0
    ToText "toString" 0 0
    ToDate "toDate" 0 0
    ToDateTime "toDateTime" 0 0
    ToTime "toTime" 0 0
    ToQuantity "toQuantity" 0 1
    ConvertsToBoolean "convertsToBoolean" 0 0
    ConvertsToInteger "convertsToInteger" 0 0
    ConvertsToDecimal "convertsToDecimal" 0 0
    ConvertsToText "convertsToString" 0 0
    ConvertsToDate "convertsToDate" 0 0
    ConvertsToDateTime "convertsToDateTime" 0 0
    ConvertsToTime "convertsToTime" 0 0
    ConvertsToQuantity "convertsToQuantity" 0 1
    Abs "abs" 0 0
    Ceiling "ceiling" 0 0
    Floor "floor" 0 0
    Truncate "truncate" 0 0
    Round "round" 0 1
    Sqrt "sqrt" 0 0
    Exp "exp" 0 0
    Ln "ln" 0 0
    Log "log" 1 1
    Power "power" 1 1
    HasValue "hasValue" 0 0
    GetValue "getValue" 0 0
    Extension "extension" 1 1
    Resolve "resolve" 0 0
    HtmlChecks "htmlChecks" 0 0
    MemberOf "memberOf" 1 1
    ConformsTo "conformsTo" 1 1
}

impl<'d> Evaluator<'d> {
    pub(super) fn call(
        &mut self,
        function: Function,
        items: Collection<'d>,
        arguments: &'d [Term],
        focus: &Focus<'d>,
    ) -> Result<Collection<'d>, FhirPathError> {
        use Function::*;
        match function {
            Empty | Exists | All | AllTrue | AnyTrue | AllFalse | AnyFalse | SubsetOf
            | SupersetOf | Count | Distinct | IsDistinct | Where | Select | Repeat | Aggregate
            | Single | First | Last | Tail | Skip | Take | Intersect | Exclude | Union
            | Combine | Children | Descendants => {
                self.collection_function(function, items, arguments, focus)
            }
            Not => Ok(boolean(truth(&items)?.map(|truth| !truth))),
            Iif => self.iif(items, arguments, focus),
            // What is traced is not written anywhere: it is of a record.
            Trace => Ok(items),
            Now | Today | TimeOfDay => Ok(self.clock(function)),
            StartsWith | EndsWith | Contains | Matches | MatchesFull | Replace | ReplaceMatches
            | Length | Substring | IndexOf | LastIndexOf | Upper | Lower | Trim | Split | Join
            | ToChars => self.string_function(function, items, arguments, focus),
            ToBoolean | ToInteger | ToDecimal | ToText | ToDate | ToDateTime | ToTime
            | ToQuantity => self.conversion(function, items, arguments, focus),
            ConvertsToBoolean => self.converts(ToBoolean, items),
            ConvertsToInteger => self.converts(ToInteger, items),
            ConvertsToDecimal => self.converts(ToDecimal, items),
            ConvertsToText => self.converts(ToText, items),
            ConvertsToDate => self.converts(ToDate, items),
            ConvertsToDateTime => self.converts(ToDateTime, items),
            ConvertsToTime => self.converts(ToTime, items),
            ConvertsToQuantity => self.converts(ToQuantity, items),
            Abs | Ceiling | Floor | Truncate | Round | Sqrt | Exp | Ln | Log | Power => {
                self.math_function(function, items, arguments, focus)
            }
            HasValue | GetValue | Extension | Resolve | HtmlChecks | MemberOf | ConformsTo => {
                self.resource_function(function, items, arguments, focus)
            }
        }
    }

    /// An argument that is no criteria: evaluated once, on what is in focus
    /// around the call.
    fn argument(
        &mut self,
        arguments: &'d [Term],
        at: usize,
        focus: &Focus<'d>,
    ) -> Result<Collection<'d>, FhirPathError> {
        arguments.get(at).map_or(Ok(Vec::new()), |term| self.evaluate(term, focus))
    }

    /// An argument of one item, as System has it; `None` when empty.
    fn single_argument(
        &mut self,
        arguments: &'d [Term],
        at: usize,
        focus: &Focus<'d>,
    ) -> Result<Option<Item<'d>>, FhirPathError> {
        match self.argument(arguments, at, focus)?.as_slice() {
            [] => Ok(None),
            [one] => Ok(one.system()),
            _ => Err(FhirPathError::several("An argument")),
        }
    }

    fn iif(
        &mut self,
        items: Collection<'d>,
        arguments: &'d [Term],
        focus: &Focus<'d>,
    ) -> Result<Collection<'d>, FhirPathError> {
        // R4 calls it on a collection that may be empty (ctm-1): the criteria
        // then see the whole of it.
        let inner = match items.as_slice() {
            [one] => Focus::on(one.clone(), 0),
            _ => focus.clone(),
        };
        let [criteria, chosen, rest @ ..] = arguments else { return Ok(Vec::new()) };
        let met = match (criteria, items.as_slice()) {
            (Term::Path(None, steps), [] | [_, _, ..]) => {
                let mut found = items.clone();
                for step in steps {
                    found = self.step(found, step, focus)?;
                }
                truth(&found)?
            }
            _ => truth(&self.evaluate(criteria, &inner)?)?,
        };
        match (met, rest.first()) {
            (Some(true), _) => self.evaluate(chosen, &inner),
            (_, Some(otherwise)) => self.evaluate(otherwise, &inner),
            (_, None) => Ok(Vec::new()),
        }
    }
}

/// The one item, or none.
fn only<'d>(items: &[Item<'d>], what: &str) -> Result<Option<Item<'d>>, FhirPathError> {
    match items {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        _ => Err(FhirPathError::several(what)),
    }
}
