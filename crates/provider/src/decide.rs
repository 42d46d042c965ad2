//! Asking the one function that decides (`access::decision`).

use access::claims::Claims;
use access::decision::{Decision, Intended, decide};
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
        // What narrows the scopes is heeded where resources are shown (`crate::sight`).
        Decision::Allow { basis, .. } => Ok(basis),
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
