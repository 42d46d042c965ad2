//! Narrative: well-formed XHTML without anything that acts, and with something
//! to read (FHIR R4, txt-1 and txt-2).

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

/// Elements that act, load or frame; a narrative must have none.
const ACTIVE: &[&str] = &[
    "script", "form", "iframe", "object", "embed", "base", "link", "frame", "frameset", "head",
    "body", "html", "input", "button", "textarea", "select", "applet", "meta", "svg",
];

const NO_DIV: &str = "A narrative is one <div> of XHTML; put the text inside it.";
const MALFORMED: &str =
    "A narrative is well-formed XHTML: close every element, and quote every attribute (txt-1).";
const ELEMENTS: &str = "A narrative has formatting only: no scripts, forms or frames (txt-1).";
const ATTRIBUTES: &str = "A narrative has no event handlers and no script addresses (txt-1).";
const EMPTY: &str = "A narrative has something to read: give its <div> a text or an image (txt-2).";

/// What is wrong with the content of `Narrative.div`.
pub(crate) fn fault(div: &str) -> Option<&'static str> {
    let mut reader = Reader::from_str(div.trim());
    let (mut depth, mut divs, mut filled) = (0_u32, 0_u32, false);
    loop {
        let Ok(event) = reader.read_event() else { return Some(MALFORMED) };
        match &event {
            Event::Start(tag) | Event::Empty(tag) => {
                if depth == 0 {
                    divs += 1;
                    if divs > 1 || tag.local_name().as_ref() != "div" {
                        return Some(NO_DIV);
                    }
                }
                if let Some(fault) = fault_of(tag) {
                    return Some(fault);
                }
                filled |= tag.local_name().as_ref() == "img";
                depth += u32::from(matches!(event, Event::Start(_)));
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Text(text) => {
                let blank = text.chars().all(char::is_whitespace);
                if depth == 0 && !blank {
                    return Some(NO_DIV);
                }
                filled |= !blank;
            }
            Event::GeneralRef(_) | Event::CData(_) => filled = true,
            Event::DocType(_) | Event::Decl(_) | Event::PI(_) => return Some(MALFORMED),
            Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    match (divs, depth, filled) {
        (0, ..) => Some(NO_DIV),
        (_, 0, true) => None,
        (_, 0, false) => Some(EMPTY),
        _ => Some(MALFORMED),
    }
}

fn fault_of(tag: &BytesStart<'_>) -> Option<&'static str> {
    let name = tag.local_name();
    if ACTIVE.iter().any(|active| name.as_ref().eq_ignore_ascii_case(active)) {
        return Some(ELEMENTS);
    }
    for attribute in tag.attributes() {
        let Ok(attribute) = attribute else { return Some(MALFORMED) };
        let key = attribute.key.as_ref();
        let handles = key.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("on"));
        if handles && key.len() > 2 {
            return Some(ATTRIBUTES);
        }
        // An address may be hidden in character references and white space.
        if attribute.value.contains([':', '&']) {
            let value = attribute.normalized_value_with(XmlVersion::Implicit1_0, 1, |_| Some(""));
            let Ok(value) = value else { return Some(MALFORMED) };
            let shown = value.chars().filter(|c| !c.is_whitespace() && !c.is_control());
            let shown: String = shown.map(|c| c.to_ascii_lowercase()).collect();
            if shown.contains("javascript:") {
                return Some(ATTRIBUTES);
            }
        }
    }
    None
}
