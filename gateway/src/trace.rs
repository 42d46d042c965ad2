//! Traces: the context that callers hand over (W3C Trace Context, level 1) and
//! what is measured of a request under it.

use std::cell::Cell;
use std::time::{Instant, SystemTime};

use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::limits::SPANS_MAX;

const PARENT: HeaderName = HeaderName::from_static("traceparent");
const STATE: HeaderName = HeaderName::from_static("tracestate");

/// What a valid `traceparent` says; nothing of it is trusted for more than
/// naming a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parent {
    trace: u128,
    span: u64,
    sampled: bool,
}

impl Parent {
    /// No caller's trace.
    #[cfg(test)]
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads `traceparent` (§3.2): version, trace id, parent id, flags. A higher
    /// version may have more behind a hyphen. `None` when it is not valid: it is
    /// then as if it were not there (§4.3).
    pub fn read(text: &str) -> Option<Self> {
        let lower = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let mut parts = text.splitn(5, '-');
        let mut part =
            |digits: usize| parts.next().filter(|part| part.len() == digits && lower(part));
        let (version, trace, span, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        if version == "ff" || (version == "00" && parts.next().is_some()) {
            return None;
        }
        let trace = u128::from_str_radix(trace, 16).ok().filter(|trace| *trace != 0)?;
        let span = u64::from_str_radix(span, 16).ok().filter(|span| *span != 0)?;
        let sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
        Some(Self { trace, span, sampled })
    }

    fn of(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all(PARENT).iter();
        let first = all.next()?;
        if all.next().is_some() { None } else { Self::read(first.to_str().ok()?) }
    }
}

/// What a span is about (OTLP `SpanKind`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Within the process.
    Internal = 1,
    /// Asked of somebody else.
    Client = 3,
}

/// One thing that was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its id.
    pub id: u64,
    /// Within which.
    pub parent: u64,
    /// What it is: from code, never from a request.
    pub name: String,
    /// See [`Kind`].
    pub kind: Kind,
    /// Nanoseconds since 1970.
    pub start_ns: u64,
    /// Nanoseconds since 1970.
    pub end_ns: u64,
}

/// What is measured of one request.
#[derive(Clone, Debug)]
pub struct Spans {
    trace: u128,
    request: u64,
    parent: Option<u64>,
    function: u64,
    inside: bool,
    next: u64,
    began: Instant,
    began_ns: u64,
    spans: Vec<Span>,
    /// Spans that were too many.
    pub dropped: u32,
}

impl Spans {
    /// Of a request under a caller's trace, or the first of a trace of its own.
    /// `chance` must differ from that of any other request.
    pub fn begin(parent: Parent, chance: u64) -> Self {
        let mut draw = chance;
        let mut id = || loop {
            draw = mixed(draw);
            if draw != 0 {
                return draw;
            }
        };
        let own = (u128::from(id()) << 64) | u128::from(id());
        let (request, function) = (id(), id());
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self {
            trace: if parent.trace == 0 { own } else { parent.trace },
            request,
            parent: (parent.span != 0).then_some(parent.span),
            function,
            inside: false,
            next: mixed(function),
            began: Instant::now(),
            began_ns: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
            spans: Vec::new(),
            dropped: 0,
        }
    }

    /// Id of the trace.
    pub fn trace(&self) -> u128 {
        self.trace
    }

    /// Id of the request's own span.
    pub fn request_id(&self) -> u64 {
        self.request
    }

    /// The caller's span.
    pub fn parent(&self) -> Option<u64> {
        self.parent
    }

    /// When the request began, nanoseconds since 1970.
    pub fn began_ns(&self) -> u64 {
        self.began_ns
    }

    /// Now, by the clock of this request: a clock that is set meanwhile does not
    /// make it end before what is within it.
    pub fn now_ns(&self) -> u64 {
        self.at_ns(Instant::now())
    }

    fn at_ns(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.began).as_nanos();
        self.began_ns.saturating_add(u64::try_from(since).unwrap_or(u64::MAX))
    }

    /// What was measured, in the order in which it ended.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// What is to be handed on to another door.
    fn context(&self) -> String {
        format!("00-{:032x}-{:016x}-01", self.trace, self.request)
    }

    /// Something under the request ends.
    pub fn under_request(&mut self, began: Instant, kind: Kind, name: String) {
        let (id, parent) = (self.id(), self.request);
        self.push(id, parent, kind, began, name);
    }

    /// What follows is under the function.
    pub fn enter_function(&mut self) {
        self.inside = true;
    }

    /// The function ends.
    pub fn leave_function(&mut self, began: Instant, name: &str) {
        self.inside = false;
        let (id, parent) = (self.function, self.request);
        self.push(id, parent, Kind::Internal, began, name.to_owned());
    }

    /// A trip to the store ends.
    pub fn trip(&mut self, began: Instant, name: String) {
        let parent = if self.inside { self.function } else { self.request };
        let id = self.id();
        self.push(id, parent, Kind::Client, began, name);
    }

    fn id(&mut self) -> u64 {
        self.next = mixed(self.next).max(1);
        self.next
    }

    fn push(&mut self, id: u64, parent: u64, kind: Kind, began: Instant, name: String) {
        // The function's own span is the parent of others: it always has room.
        if self.spans.len() >= SPANS_MAX && id != self.function {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        let (start_ns, end_ns) = (self.at_ns(began), self.now_ns());
        self.spans.push(Span { id, parent, name, kind, start_ns, end_ns });
    }
}

/// Which requests are traced.
#[derive(Clone, Copy, Debug)]
pub struct Sampling {
    /// Of those that come without a trace, this share (0 to 1); `None` traces
    /// nothing and hands contexts on as they came.
    pub share: Option<f64>,
}

impl Sampling {
    /// Takes a request in: what is not valid of its context is taken away, and
    /// the context becomes ours when it is traced, so that whoever it is handed
    /// on to continues it. A caller that traces is traced.
    pub fn take_in(self, headers: &mut HeaderMap) -> Option<Spans> {
        let parent = Parent::of(headers);
        if parent.is_none() {
            headers.remove(PARENT);
            headers.remove(STATE);
        }
        let share = self.share?;
        let chance = chance();
        // Its upper 53 bits, as a share.
        let drawn = (chance >> 11) as f64 / (1u64 << 53) as f64;
        let sampled = parent.map_or(drawn < share, |parent| parent.sampled);
        if !sampled {
            return None;
        }
        let spans = Spans::begin(parent.unwrap_or_default(), chance);
        if let Ok(context) = HeaderValue::from_str(&spans.context()) {
            headers.insert(PARENT, context);
        }
        Some(spans)
    }
}

/// A number unlike any other of this process; a different sequence in each.
fn chance() -> u64 {
    thread_local! {
        static STATE: Cell<u64> = const { Cell::new(0) };
    }
    STATE.with(|state| {
        if state.get() == 0 {
            let mut seed = [0; 8];
            // Without chance ids repeat between processes, which spoils traces
            // and nothing else.
            let _ = getrandom::fill(&mut seed);
            state.set(u64::from_ne_bytes(seed) | 1);
        }
        state.set(state.get().wrapping_add(0x9E37_79B9_7F4A_7C15));
        mixed(state.get())
    })
}

/// Spreads a number over all bits, each number to another: multiplications by
/// odd numbers and xors with a shift can all be undone.
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    let number = (number ^ (number >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (number ^ (number >> 32)).wrapping_add(0x632B_E59B_D9B4_E019)
}

#[cfg(test)]
mod tests;
