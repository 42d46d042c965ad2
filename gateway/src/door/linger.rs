//! The end of a connection whose client may still be sending: closing on bytes
//! that nobody read makes the kernel send a reset, which can overtake the answer
//! (RFC 9112 §9.6). So writing ends first, and what comes is thrown away for a
//! while.

use std::cell::Cell;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use crate::limits;

/// A stream that lingers when it is shut down with bytes unread.
pub struct Lingering<Stream> {
    stream: Stream,
    /// Whether more is sure to come: part of a request was left unread.
    expecting: Rc<Cell<bool>>,
    ending: Option<Ending>,
}

struct Ending {
    until: Instant,
    silence: Pin<Box<Sleep>>,
    bytes_left: u64,
    written: bool,
}

impl<Stream> Lingering<Stream> {
    /// Wraps a stream; `expecting` is set by whoever leaves a request unread.
    pub fn new(stream: Stream, expecting: Rc<Cell<bool>>) -> Self {
        Self { stream, expecting, ending: None }
    }
}

impl Ending {
    fn new() -> Self {
        let until = Instant::now() + Duration::from_millis(limits::LINGER_MS);
        let silence = Duration::from_millis(limits::LINGER_SILENCE_MS);
        let silence = Box::pin(sleep(silence));
        Self { until, silence, bytes_left: limits::LINGER_BYTES_MAX, written: false }
    }

    fn heard(&mut self, bytes: usize) {
        self.bytes_left = self.bytes_left.saturating_sub(bytes as u64);
        let quiet = Instant::now() + Duration::from_millis(limits::LINGER_SILENCE_MS);
        self.silence.as_mut().reset(quiet.min(self.until));
    }
}

impl<Stream: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<Stream> {
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let ending = this.ending.get_or_insert_with(Ending::new);
        if !ending.written {
            std::task::ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            ending.written = true;
        }
        let mut thrown_away = [MaybeUninit::uninit(); 8 * 1024];
        while ending.bytes_left > 0 {
            let mut buffer = ReadBuf::uninit(&mut thrown_away);
            match Pin::new(&mut this.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    ending.heard(buffer.filled().len());
                    // Who sent on unasked goes on sending: a head that is too
                    // long, most likely.
                    this.expecting.set(true);
                }
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending if !this.expecting.get() => return Poll::Ready(Ok(())),
                Poll::Pending => return ending.silence.as_mut().poll(cx).map(Ok),
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
}

impl<Stream: AsyncRead + Unpin> AsyncRead for Lingering<Stream> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

#[cfg(test)]
mod tests;
