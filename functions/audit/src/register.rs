//! `AuditEvent/$register`: the register of accesses as CSV (RFC 4180), a page at
//! a time; a link header leads to the next.

use contracts::{Answer, Charts, Directory, Intent, Interaction, Journal, JournalFilter, Registry};
use http::{Response, StatusCode};
use rest::answer::{json, set};
use rest::ask::Ask;
use trace::register;

use crate::handler::decoded;
use crate::when::{Asked, here};

/// Answers with one page.
pub async fn answer<H: Journal + Charts + Registry + Directory>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
) -> Answer<Response<Vec<u8>>> {
    let here = here(host).await?;
    let asked = Asked::parse(ask.query, &["region"], &here.zone)?;
    let intent = Intent::asking(Interaction::ReadAudit, asked.link("AuditEvent/$register", None));
    let filter = JournalFilter {
        region: asked.other("region"),
        from_ms: asked.from_ms,
        to_ms: asked.to_ms,
        cursor: asked.page.clone(),
        ..JournalFilter::newest(ask.count()?)
    };
    let page = host.journal_read(session, intent, filter).await?;
    let mut text = register::heading();
    for bytes in &page.entries {
        text.push_str(&register::line(&decoded(bytes)?));
    }
    let mut answer = json(StatusCode::OK, text.into_bytes());
    let headers = answer.headers_mut();
    set(headers, "content-type", "text/csv; charset=utf-8");
    if let Some(next) = &page.next {
        let url = asked.link(&format!("{}/AuditEvent/$register", ask.base), Some(next));
        set(headers, "link", &format!("<{url}>; rel=\"next\""));
    }
    Ok(answer)
}
