use super::{forget_rest, give, has, listen};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;

#[test]
fn a_socket_that_was_given_is_the_same_queue_and_not_bound_again() {
    let before = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = before.local_addr().unwrap();
    // Nobody else can have the address.
    assert!(listen(address).is_err());
    give(vec![OwnedFd::from(before.try_clone().unwrap())]).unwrap();
    // Waits in the queue while its owner changes.
    let mut client = TcpStream::connect(address).unwrap();
    let after = listen(address).unwrap();
    drop(before);
    assert!(has(&[address]));
    client.write_all(b"x").unwrap();
    after.set_nonblocking(false).unwrap();
    let (mut accepted, _) = after.accept().unwrap();
    let mut byte = [0];
    accepted.read_exact(&mut byte).unwrap();
    assert_eq!(&byte, b"x");
    forget_rest();
    assert!(!has(&[SocketAddr::from(([127, 0, 0, 1], 1))]));
}
