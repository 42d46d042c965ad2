//! What an operator may ask of a running gateway, on a socket in a folder that
//! only this user can enter: to take new functions, and to hand its doors to the
//! process that follows it.
//!
//! One command a connection, in a line; the answer is a line.
//! - `upgrade`: see [`crate::upgrade`].
//! - `take over ADDRESS…`: the sockets that it listens on come with the answer;
//!   when the other one then says `open`, this one leaves.

mod sockets;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::door::listeners;
use crate::limits;
use crate::upgrade::Upgrader;

const UPGRADE: &str = "upgrade";
const TAKE_OVER: &str = "take over";
const OPEN: &str = "open";
/// How an answer begins.
const DONE: &str = "done: ";
const REFUSED: &str = "refused: ";

/// Folder of the sockets of gateways over this data, each named by its process.
fn folder(data: &Path) -> PathBuf {
    data.join("operations").join("gateways")
}

/// A path to `name` in a folder, short however deep that lies: the name of a
/// socket has at most 107 bytes (unix(7)).
fn short(folder: &fs::File, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}/{name}", folder.as_raw_fd()))
}

/// The socket of this process; dropped, it is gone.
pub struct Control(PathBuf);

impl Drop for Control {
    fn drop(&mut self) {
        // Who finds it left clears it away.
        let _ = fs::remove_file(&self.0);
    }
}

/// Listens, on a thread of its own, for as long as the process runs. `leave` gets
/// a word when the doors have passed to another process.
///
/// # Errors
/// When the socket cannot be made.
pub fn listen(data: &Path, upgrader: Arc<Upgrader>, leave: mpsc::Sender<()>) -> Result<Control> {
    let folder = folder(data);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let name = std::process::id().to_string();
    let path = folder.join(&name);
    let _ = fs::remove_file(&path);
    let listener = UnixListener::bind(short(&fs::File::open(&folder)?, &name))
        .with_context(|| format!("making {}", path.display()))?;
    let handle = Handle::current();
    std::thread::Builder::new().name("control".into()).spawn(move || {
        for stream in listener.incoming().flatten() {
            // What goes wrong on a connection is its other end's to tell.
            let _ = answer(stream, &upgrader, &leave, &handle);
        }
    })?;
    Ok(Control(path))
}

fn answer(
    stream: UnixStream,
    upgrader: &Upgrader,
    leave: &mpsc::Sender<()>,
    handle: &Handle,
) -> Result<()> {
    stream.set_read_timeout(Some(Duration::from_millis(limits::CONTROL_MS)))?;
    let command = line(&stream)?;
    if command == UPGRADE {
        let told = match upgrader.run(handle) {
            Ok(told) => format!("{DONE}{told}\n"),
            Err(why) => format!("{REFUSED}{}\n", format!("{why:#}").replace('\n', " ")),
        };
        return Ok((&stream).write_all(told.as_bytes())?);
    }
    let Some(asked) = command.strip_prefix(TAKE_OVER) else {
        return Ok((&stream).write_all(format!("{REFUSED}no such command\n").as_bytes())?);
    };
    let asked: Vec<SocketAddr> = asked.split_whitespace().flat_map(str::parse).collect();
    if asked.is_empty() || !listeners::has(&asked) {
        return Ok((&stream).write_all(format!("{REFUSED}other doors\n").as_bytes())?);
    }
    listeners::with_all(|open| sockets::send(&stream, format!("{DONE}\n").as_bytes(), open))?;
    if line(&stream)? == OPEN {
        leave.blocking_send(())?;
        (&stream).write_all(format!("{DONE}leaving\n").as_bytes())?;
    }
    Ok(())
}

/// One line, without its end.
fn line(stream: &UnixStream) -> Result<String> {
    let most = u64::try_from(limits::CONTROL_BYTES_MAX).unwrap_or(u64::MAX);
    let mut line = String::new();
    BufReader::new(stream.take(most)).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

/// Connections to the gateways that run over this data, with their process
/// numbers; what dead ones left is cleared away.
fn others(data: &Path) -> Result<Vec<(String, UnixStream)>> {
    let folder = folder(data);
    let Ok(opened) = fs::File::open(&folder) else { return Ok(Vec::new()) };
    let own = std::process::id().to_string();
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name == own {
            continue;
        }
        match UnixStream::connect(short(&opened, &name)) {
            Ok(stream) => found.push((name, stream)),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                let _ = fs::remove_file(folder.join(&name));
            }
            Err(error) => return Err(error).with_context(|| format!("asking gateway {name}")),
        }
    }
    Ok(found)
}

/// Has every gateway over this data take new functions, one after another. Gives
/// what each of them did.
///
/// # Errors
/// When there is none, and at the first that refuses: those after it go on as
/// they are.
pub fn upgrade_all(data: &Path, mut told: impl FnMut(&str, &str)) -> Result<()> {
    let others = others(data)?;
    ensure!(!others.is_empty(), "no gateway runs over {}", data.display());
    for (name, stream) in others {
        (&stream).write_all(format!("{UPGRADE}\n").as_bytes())?;
        let answer = line(&stream)?;
        match answer.strip_prefix(DONE) {
            Some(done) => told(&name, done),
            None => bail!(
                "gateway {name} goes on as it was: {}",
                answer.strip_prefix(REFUSED).unwrap_or("it ended")
            ),
        }
    }
    Ok(())
}

/// The process before this one, which waits until this one is open.
pub struct Predecessor(UnixStream);

/// Takes the listening sockets of the gateway that has these doors; `None` when
/// there is none, so that this one opens them itself.
///
/// # Errors
/// When it breaks off.
pub fn take_over(data: &Path, doors: &[SocketAddr]) -> Result<Option<Predecessor>> {
    let doors: Vec<String> = doors.iter().map(ToString::to_string).collect();
    for (name, stream) in others(data)? {
        (&stream).write_all(format!("{TAKE_OVER} {}\n", doors.join(" ")).as_bytes())?;
        let (answer, given) = sockets::receive(&stream)
            .with_context(|| format!("taking the doors of gateway {name}"))?;
        if answer.starts_with(DONE.as_bytes()) {
            listeners::give(given)?;
            return Ok(Some(Predecessor(stream)));
        }
    }
    Ok(None)
}

impl Predecessor {
    /// Says that this process is open: the one before leaves.
    ///
    /// # Errors
    /// When it is gone already.
    pub fn dismiss(self) -> Result<()> {
        listeners::forget_rest();
        (&self.0).write_all(format!("{OPEN}\n").as_bytes())?;
        let answer = line(&self.0)?;
        ensure!(answer.starts_with(DONE), "the gateway before this one does not leave");
        Ok(())
    }
}
