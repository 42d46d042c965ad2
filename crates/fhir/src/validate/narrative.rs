//! Narrative: XHTML without anything that acts (FHIR R4, txt-1).

/// Elements that act, load or frame; a narrative must have none.
const ACTIVE: &[&str] = &[
    "script", "form", "iframe", "object", "embed", "base", "link", "frame", "frameset", "head",
    "body", "html", "input", "button", "textarea", "select", "applet", "meta", "svg",
];

/// What is wrong with the content of `Narrative.div`.
pub(crate) fn fault(div: &str) -> Option<&'static str> {
    let inner = div.trim();
    let opened = inner.strip_prefix("<div").and_then(|rest| rest.chars().next());
    if !opened.is_some_and(|next| next == '>' || next == '/' || next.is_ascii_whitespace()) {
        return Some("A narrative is one <div> of XHTML; put the text inside it.");
    }
    let mut rest = inner;
    while let Some((_, tag)) = rest.split_once('<') {
        let tag = tag.trim_start_matches('/');
        let end = tag.find(|c: char| !c.is_ascii_alphanumeric() && c != ':').unwrap_or(tag.len());
        let name = tag.get(..end).unwrap_or_default();
        if ACTIVE.iter().any(|active| name.eq_ignore_ascii_case(active)) {
            return Some("A narrative has formatting only: no scripts, forms or frames (txt-1).");
        }
        let attributes = tag.split_once('>').map_or(tag, |(inside, _)| inside);
        if acts(attributes) {
            return Some("A narrative has no event handlers and no script addresses (txt-1).");
        }
        rest = tag;
    }
    None
}

/// Whether a tag has an `on…=` attribute or a `javascript:` address.
fn acts(tag: &str) -> bool {
    let handler = tag.split_ascii_whitespace().skip(1).any(|attribute| {
        let name = attribute.split('=').next().unwrap_or_default();
        attribute.len() > name.len()
            && name.len() > 2
            && name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("on"))
            && name.bytes().all(|byte| byte.is_ascii_alphabetic())
    });
    let compact = || {
        let letters = tag.chars().filter(|c| !c.is_ascii_whitespace());
        letters.map(|c| c.to_ascii_lowercase()).collect::<String>()
    };
    handler || (tag.contains(':') && compact().contains("javascript:"))
}
