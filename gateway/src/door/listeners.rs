//! The listening sockets of this process, so that its successor can have them:
//! both then accept from one queue, and no connection is refused between them.
//! (With `SO_REUSEPORT` each has a queue of its own, and the kernel resets what
//! waits in the one that is closed.)

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};

/// Sockets by their address.
type Sockets = Vec<(SocketAddr, TcpListener)>;

/// Those that this process listens on.
static OPEN: Mutex<Sockets> = Mutex::new(Vec::new());
/// Those that it was given, and has not asked for yet.
static GIVEN: Mutex<Sockets> = Mutex::new(Vec::new());

fn held(sockets: &Mutex<Sockets>) -> MutexGuard<'_, Sockets> {
    sockets.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes sockets of the process before.
///
/// # Errors
/// When one is no socket.
pub fn give(sockets: Vec<OwnedFd>) -> Result<()> {
    for socket in sockets {
        let listener = TcpListener::from(socket);
        let address = listener.local_addr().context("what was handed over is no listener")?;
        held(&GIVEN).push((address, listener));
    }
    Ok(())
}

/// The socket that listens at `address`: as it was given, or bound now.
///
/// # Errors
/// Says which address is taken.
pub fn listen(address: SocketAddr) -> Result<TcpListener> {
    let given = {
        let mut given = held(&GIVEN);
        let at = given.iter().position(|(held, _)| *held == address);
        at.map(|at| given.remove(at).1)
    };
    let listener = match given {
        Some(listener) => listener,
        None => bound(address)?,
    };
    if let (Ok(own), Ok(address)) = (listener.try_clone(), listener.local_addr()) {
        held(&OPEN).push((address, own));
    }
    Ok(listener)
}

fn bound(address: SocketAddr) -> Result<TcpListener> {
    let domain = socket2::Domain::for_address(address);
    let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None)?;
    // A restarted gateway takes its address back at once.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into()).with_context(|| format!("{address} cannot be listened on"))?;
    socket.listen(1_024)?;
    Ok(socket.into())
}

/// Closes what was given and nobody asked for.
pub fn forget_rest() {
    held(&GIVEN).clear();
}

/// Whether this process listens at each of these.
pub fn has(addresses: &[SocketAddr]) -> bool {
    let open = held(&OPEN);
    addresses.iter().all(|address| open.iter().any(|(held, _)| held == address))
}

/// Hands all sockets to `pass`, which may send them to another process.
///
/// # Errors
/// What `pass` says.
pub fn with_all<T>(pass: impl FnOnce(&[BorrowedFd<'_>]) -> io::Result<T>) -> io::Result<T> {
    use std::os::fd::AsFd;
    let open = held(&OPEN);
    let sockets: Vec<BorrowedFd<'_>> = open.iter().map(|(_, socket)| socket.as_fd()).collect();
    pass(&sockets)
}

#[cfg(test)]
mod tests;
