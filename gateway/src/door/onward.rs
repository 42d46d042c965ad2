//! Whether a request is answered at this door, and by whom otherwise.

use std::sync::Arc;

use bytes::Bytes;
use http::header::HeaderMap;
use http::request::Parts;
use http::{Request, Response};
use http_body_util::Full;
use regions::{Action, Decision, Reason};

use report::slice::Event;

use crate::door::refused::Refused;
use crate::door::request::Arriving;
use crate::peers::{Onward, changes, forward};
use crate::region::Region;

/// Where a request is answered.
#[derive(Debug, PartialEq, Eq)]
pub enum Way {
    /// Here. What is refused is refused here as well: by the function, which
    /// journals it.
    Here,
    /// Here, for this region, which is away.
    StandIn(String),
    /// By the first of these regions that answers, for the first-named one; this
    /// door's own among them stands in.
    Onward(String, Vec<String>),
}

/// Decides it, from whom the token names. A bad token is refused here.
///
/// # Errors
/// The caller is to go elsewhere, or nobody can answer.
pub async fn way(region: &Region, arriving: &Arriving, parts: &Parts) -> Result<Way, Refused> {
    let path = parts.uri.path();
    if regions::any_door(path) {
        return Ok(Way::Here);
    }
    let bearer = region.walls.bearer(rest::ask::authorization(&parts.headers)).await;
    let Some(establishment) = bearer.as_ref().and_then(|claims| claims.establishment.as_deref())
    else {
        return Ok(Way::Here);
    };
    // Most requests are at home.
    let at_home = region.walls.with_directory(|directory| {
        directory.establishment(establishment).is_none_or(|(home, _)| home.code == region.code)
    });
    if at_home {
        return Ok(Way::Here);
    }
    let down = region.peers.away();
    let asked = regions::Request {
        writes: changes(&parts.method, path),
        redirect: prefers_redirect(&parts.headers),
        forwards: region.peers.forwards(),
        hop: arriving.hop,
        down: &down,
        ..regions::Request::new(establishment, &region.code)
    };
    let mut decision = region.walls.with_directory(|directory| directory.route(&asked));
    // That a region is paused is said by its own gateway, which journals it.
    if decision.reason == Reason::Paused && !arriving.hop {
        let reading = regions::Request { writes: false, ..asked };
        decision = region.walls.with_directory(|directory| directory.route(&reading));
    }
    told(region, parts, decision)
}

fn told(region: &Region, parts: &Parts, decision: Decision) -> Result<Way, Refused> {
    let home = decision.region.clone().unwrap_or_default();
    match (decision.action, decision.reason) {
        (Action::Serve, Reason::StandIn) => Ok(Way::StandIn(home)),
        (Action::Refuse, Reason::Unreachable) => Err(Refused::Unreachable),
        (Action::Serve | Action::Refuse, _) => Ok(Way::Here),
        (Action::Redirect, _) => Err(elsewhere(region, parts, &decision)),
        (Action::Forward, _) => {
            match decision.target.as_ref().is_some_and(|code| region.peers.leads_to(code)) {
                true => Ok(Way::Onward(home, targets(region, &decision))),
                // Its region file says no way for gateways; clients have theirs.
                false => Err(elsewhere(region, parts, &decision)),
            }
        }
    }
}

/// The regions to try: the one decided on, this door if it stands in, then the
/// others that do.
fn targets(region: &Region, decision: &Decision) -> Vec<String> {
    let mut targets: Vec<String> = decision.target.iter().cloned().collect();
    let here = |code: &&str| *code == region.code;
    let up = decision.endpoints.iter().filter(|endpoint| endpoint.up);
    let others: Vec<&str> = up.map(|endpoint| endpoint.region.as_str()).collect();
    let own = others.iter().copied().filter(here);
    for code in own.chain(others.iter().copied().filter(|code| !here(code))) {
        if !targets.iter().any(|held| held == code) {
            targets.push(code.to_owned());
        }
    }
    targets
}

fn elsewhere(region: &Region, parts: &Parts, decision: &Decision) -> Refused {
    let Some(base) = &decision.endpoint else { return Refused::Unreachable };
    region.peers.redirects();
    region.series.event(Event::Redirected);
    let origin = base.strip_suffix("/fhir").unwrap_or(base);
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    Refused::Elsewhere(format!("{origin}{target}"))
}

/// `Prefer: routing=redirect`, a preference of ours (RFC 7240 §2).
fn prefers_redirect(headers: &HeaderMap) -> bool {
    let lists = headers.get_all("prefer").iter().filter_map(|list| list.to_str().ok());
    let mut preferences = lists.flat_map(|list| list.split([',', ';']));
    preferences.any(|preference| {
        let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
        name.trim().eq_ignore_ascii_case("routing")
            && value.trim().trim_matches('"').eq_ignore_ascii_case("redirect")
    })
}

/// Marks an answer that another region gave.
#[derive(Clone, Copy)]
pub struct PassedOn;

/// Another region's answer; `None` when this door is to stand in for it.
///
/// # Errors
/// No region answered.
pub async fn passed_on(
    region: &Arc<Region>,
    targets: &[String],
    request: Request<Bytes>,
    arriving: &Arriving,
) -> Result<Option<Response<Full<Bytes>>>, Refused> {
    let said = crate::peers::Hop { left: arriving.left(), ..arriving.said.clone() };
    let id = &arriving.origin.request_id;
    match forward(&region.peers, targets, request, &said, id).await {
        Onward::Answered(answer) => {
            let mut answer = answer.map(Full::new);
            answer.extensions_mut().insert(PassedOn);
            Ok(Some(answer))
        }
        Onward::Here => Ok(None),
        Onward::Unsent => Err(Refused::Unreachable),
        Onward::Full => Err(Refused::RegionFull),
        Onward::Garbled => Err(Refused::Garbled),
        Onward::Late => Err(Refused::Late),
    }
}

#[cfg(test)]
mod tests;
