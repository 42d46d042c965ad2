//! Asking the one function that decides (`access::decision`).

use access::claims::Claims;
use access::decision::{Decision, Intended, Reason, decide};
use access::entry::{Basis, Interaction};
use contracts::Refusal;

/// By what right, or the refusal and the word for it in the journal.
pub(crate) fn permitted(
    claims: &Claims,
    interaction: Interaction,
    resource_type: &str,
    person: Option<&str>,
) -> Result<Basis, (&'static str, Refusal)> {
    let intended = Intended { interaction, resource_type, person, purpose: claims.purpose };
    match decide(claims, &intended) {
        Decision::Allow { basis, constrained: false } => Ok(basis),
        // Nothing asks a view of each resource here, so that what narrows the
        // scopes would not be heeded.
        Decision::Allow { constrained: true, .. } => {
            let reason = Reason::Scope;
            Err((reason.word(), Refusal::forbidden(sentence(reason.text()))))
        }
        Decision::Deny { reason, text } => Err((reason.word(), Refusal::forbidden(sentence(text)))),
    }
}

/// A text as a sentence.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => {
            let rest = letters.as_str().trim_end_matches('.');
            format!("{}{rest}.", first.to_uppercase())
        }
        None => String::new(),
    }
}
