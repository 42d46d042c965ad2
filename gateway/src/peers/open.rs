//! At start: keys, addresses, and the doors for gateways.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;
use regions::{Directory, Phase};
use tokio::net::TcpListener;

use super::peer::Peer;
use super::{AUTHORITY, PeerDoor, Peers, keys, probe};
use crate::door;
use crate::log::Log;

/// Options of the way between gateways.
#[derive(Args, Clone, Debug)]
pub struct Choice {
    /// Folder of the keys by which gateways know each other, as `dossier regions
    /// keys` makes them [default: peers under --data; made there when it is
    /// missing and only this machine can be reached]
    #[arg(long, value_name = "DIR")]
    peer_keys: Option<PathBuf>,
    /// Ports of the doors for gateways [default: those of the region files; any
    /// free one where --ports chooses the door]
    #[arg(long, value_name = "06=7406,04=7404", value_delimiter = ',', value_parser = port)]
    peer_ports: Vec<(String, u16)>,
    /// Where other gateways are reached [default: `peer` of the region files]
    #[arg(long, value_name = "13=HOST:PORT", value_delimiter = ',', value_parser = address)]
    peers: Vec<(String, String)>,
}

impl Choice {
    /// Folder of the keys by which gateways know each other.
    pub fn folder(&self, data: &Path) -> PathBuf {
        self.peer_keys.clone().unwrap_or_else(|| data.join("peers"))
    }

    /// Where the gateways are reached of the regions that have a door.
    ///
    /// # Errors
    /// An address of no region.
    pub fn addresses(&self, directory: &Directory) -> Result<BTreeMap<String, String>> {
        let mut addresses = BTreeMap::new();
        for region in directory.regions().iter().filter(|region| region.phase != Phase::Planned) {
            if let Some(address) = &region.peer {
                addresses.insert(region.code.clone(), address.clone());
            }
        }
        for (code, address) in &self.peers {
            let Some(_) = directory.region(code) else {
                bail!("--peers names region {code}, which is not in the region files");
            };
            addresses.insert(code.clone(), address.clone());
        }
        Ok(addresses)
    }
}

fn port(text: &str) -> Result<(String, u16), String> {
    let (code, port) = text.split_once('=').ok_or("write ports as 06=7406,04=7404")?;
    let port = port.parse().map_err(|_| format!("{port} is not a port"))?;
    Ok((code.to_owned(), port))
}

fn address(text: &str) -> Result<(String, String), String> {
    let wrong = "write addresses as 13=host:port,16=host:port";
    let (code, address) = text.split_once('=').ok_or(wrong)?;
    let (host, port) = address.rsplit_once(':').ok_or(wrong)?;
    if host.is_empty() || port.parse::<u16>().is_err() {
        return Err(wrong.into());
    }
    Ok((code.to_owned(), address.to_owned()))
}

/// One region's way to others, and theirs to it.
pub struct Opened {
    /// The others.
    pub peers: Arc<Peers>,
    /// Where they come in; `None` without keys.
    pub door: Option<(TcpListener, PeerDoor)>,
}

/// What [`open`] is told of the regions that this process serves: code, whether
/// its door's port was chosen on the command line, and where it listens.
pub type Served<'a> = (&'a str, bool, IpAddr);

/// Opens the doors for gateways of the regions that this process serves, and
/// begins to probe the others.
///
/// # Errors
/// Keys that are damaged or of another region, and ports that are taken.
pub fn open(
    choice: &Choice,
    data: &Path,
    directory: &Directory,
    served: &[Served<'_>],
    log: &Arc<Log>,
) -> Result<BTreeMap<String, Opened>> {
    for code in choice.peer_ports.iter().map(|(code, _)| code) {
        if !served.iter().any(|(held, ..)| held == code) {
            bail!("--peer-ports names region {code}, which is not served here");
        }
    }
    let folder = choice.folder(data);
    let own: Vec<String> = served.iter().map(|(code, ..)| (*code).to_owned()).collect();
    let private = served.iter().all(|(_, _, ip)| ip.is_loopback());
    if choice.peer_keys.is_none() && private {
        keys::make(&folder, &own)?;
    }
    if choice.peer_keys.is_none() && !folder.join(AUTHORITY).exists() {
        log.event("no keys for gateways: nothing is passed on; see dossier regions keys", None);
        let none = |code: &String| {
            (code.clone(), Opened { peers: Arc::new(Peers::none(code)), door: None })
        };
        return Ok(own.iter().map(none).collect());
    }
    let mut listeners = BTreeMap::new();
    for (code, chosen, ip) in served {
        let listener =
            door::listen(SocketAddr::new(*ip, own_port(choice, directory, code, *chosen)))?;
        listeners.insert((*code).to_owned(), listener);
    }
    let mut addresses = choice.addresses(directory)?;
    for (code, listener) in &listeners {
        if !choice.peers.iter().any(|(held, _)| held == code) {
            addresses.insert(code.clone(), listener.local_addr()?.to_string());
        }
    }
    let mut opened = BTreeMap::new();
    for (code, listener) in listeners {
        let way = way(&folder, &code, directory, &addresses, log)?;
        opened.insert(code, Opened { peers: way.0, door: Some((listener, way.1)) });
    }
    Ok(opened)
}

/// Port of a served region's door for gateways: as told, or as in its file; any
/// when its door is elsewhere than in its file, or its file says none.
fn own_port(choice: &Choice, directory: &Directory, code: &str, chosen: bool) -> u16 {
    let told = choice.peer_ports.iter().find(|(held, _)| held == code).map(|(_, port)| *port);
    let file = directory.region(code).and_then(|region| region.peer.as_deref());
    let file = file.and_then(|address| address.rsplit_once(':')?.1.parse().ok());
    told.or(file.filter(|_| !chosen)).unwrap_or(0)
}

fn way(
    folder: &Path,
    code: &str,
    directory: &Directory,
    addresses: &BTreeMap<String, String>,
    log: &Arc<Log>,
) -> Result<(Arc<Peers>, PeerDoor)> {
    let identity = keys::load(folder, code)?;
    let mut peers = Vec::new();
    for (other, address) in addresses.iter().filter(|(other, _)| *other != code) {
        let region = directory.region(other).context("an address of no region")?;
        peers.push(Peer::new(other, address.clone(), region.link.is_narrow())?);
    }
    for peer in &peers {
        let (tls, log) = (identity.connector.clone(), Arc::clone(log));
        tokio::spawn(probe::keep(code.to_owned(), Arc::clone(peer), tls, log));
    }
    let admitted = admitted(directory, code);
    let peers = Arc::new(Peers::new(code, peers, admitted, Some(identity.connector)));
    let door = PeerDoor { acceptor: identity.acceptor, peers: Arc::clone(&peers) };
    Ok((peers, door))
}

/// Whose gateways may come to the door of `code`: all that have one themselves.
pub fn admitted(directory: &Directory, code: &str) -> Vec<String> {
    let others = directory.regions().iter().filter(|region| region.phase != Phase::Planned);
    others.map(|region| region.code.clone()).filter(|other| other != code).collect()
}
