//! Gathers a request's body before a function sees any of it.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::time::timeout;

use crate::door::admission::Held;
use crate::door::refused::Refused;
use crate::limits;
use crate::region::Region;

/// The whole body, and the share of the budget that it holds.
///
/// # Errors
/// 413 over the limit, 408 when it comes too slowly, 400 when it breaks off,
/// 503 when the door holds too many bodies already.
pub async fn gather(region: &Arc<Region>, mut body: Incoming) -> Result<(Bytes, Held), Refused> {
    let mut held = Held::nothing(Arc::clone(region));
    if body.is_end_stream() {
        return Ok((Bytes::new(), held));
    }
    if body.size_hint().lower() > limits::BODY_BYTES_MAX as u64 {
        return Err(Refused::BodyTooLarge);
    }
    let whole = gather_frames(&mut body, &mut held);
    match timeout(Duration::from_millis(limits::BODY_READ_MS), whole).await {
        Ok(gathered) => gathered.map(|bytes| (bytes, held)),
        Err(_) => Err(Refused::BodyTooSlow),
    }
}

async fn gather_frames(body: &mut Incoming, held: &mut Held) -> Result<Bytes, Refused> {
    let silence = Duration::from_millis(limits::BODY_SILENCE_MS);
    let mut first = Bytes::new();
    let mut gathered = BytesMut::new();
    loop {
        let frame = match timeout(silence, body.frame()).await {
            Err(_) => return Err(Refused::BodyTooSlow),
            Ok(None) => break,
            Ok(Some(Err(_))) => return Err(Refused::BodyBroken),
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(data) = frame.into_data() else { continue };
        if gathered.len() + first.len() + data.len() > limits::BODY_BYTES_MAX {
            return Err(Refused::BodyTooLarge);
        }
        if !held.more(data.len()) {
            return Err(Refused::BodiesFull);
        }
        // Most bodies are one frame, and that one need not be copied.
        if first.is_empty() && gathered.is_empty() {
            first = data;
        } else {
            if gathered.is_empty() {
                gathered.extend_from_slice(&std::mem::take(&mut first));
            }
            gathered.extend_from_slice(&data);
        }
    }
    Ok(if gathered.is_empty() { first } else { gathered.freeze() })
}
