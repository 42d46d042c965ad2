"""A gateway of a region that does not behave: it lies, stalls, or answers garbage."""

import socket
import ssl
import threading
import time

READY = b"HTTP/1.1 200 OK\r\nx-dossier-region: %s\r\ncontent-type: text/plain\r\ncontent-length: 3\r\n\r\nok\n"


class FalsePeer:
    """Listens where the region's own gateway should, and answers probes well unless it stalls."""

    def __init__(self, province, code: str, shows: str | None = None):
        """`shows` is the region whose certificate it has."""
        self.code, self.behaviour = code, "honest"
        self.asked: list[bytes] = []
        self.lines: list[socket.socket] = []
        keys, shows = province.keys(), shows or code
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(keys / f"{shows}.pem", keys / f"{shows}.key")
        self.context.load_verify_locations(keys / "authority.pem")
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.listener = socket.create_server(("127.0.0.1", province.peer_ports[code]), reuse_port=False)
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self) -> None:
        # Only this wakes the thread that accepts, and so gives the port back.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for line in self.lines:
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def accept(self) -> None:
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(plain,), daemon=True).start()

    def serve(self, plain: socket.socket) -> None:
        try:
            with self.context.wrap_socket(plain, server_side=True) as line:
                self.lines.append(line)
                while head := self.head(line):
                    self.answer(line, head)
        except OSError:
            plain.close()

    @staticmethod
    def head(line) -> bytes:
        read = b""
        while b"\r\n\r\n" not in read:
            chunk = line.recv(65536)
            if not chunk:
                return b""
            read += chunk
        head, _, body = read.partition(b"\r\n\r\n")
        fields = dict(part.lower().split(b": ", 1) for part in head.split(b"\r\n")[1:])
        length = int(fields.get(b"content-length", b"0"))
        while len(body) < length:
            body += line.recv(65536)
        return head

    def answer(self, line, head: bytes) -> None:
        if self.behaviour == "stalls":
            time.sleep(30)
            return
        if head.startswith(b"GET /readyz"):
            line.sendall(READY % self.code.encode())
            return
        self.asked.append(head)
        fields = dict(part.lower().split(b": ", 1) for part in head.split(b"\r\n")[1:])
        line.sendall(getattr(self, self.behaviour)(fields[b"x-request-id"]))
        if self.behaviour in ("breaks_off", "speaks_nonsense"):
            line.close()

    def wrapped(self, request_id: bytes, body: bytes, region: bytes | None = None, length: int | None = None) -> bytes:
        fields = [b"HTTP/1.1 200 OK", b"content-type: application/fhir+json", b"x-request-id: " + request_id,
                  b"x-dossier-region: " + (region or self.code.encode()), b"content-length: %d" % (length or len(body))]
        return b"\r\n".join(fields) + b"\r\n\r\n" + body

    def honest(self, request_id: bytes) -> bytes:
        return self.wrapped(request_id, b'{"resourceType":"Basic"}')

    def claims_another_region(self, request_id: bytes) -> bytes:
        return self.wrapped(request_id, b'{"resourceType":"Basic"}', region=b"04")

    def answers_another_request(self, request_id: bytes) -> bytes:
        return self.wrapped(b"another", b'{"resourceType":"Basic"}')

    def speaks_html(self, request_id: bytes) -> bytes:
        return self.wrapped(request_id, b"<html>It works!</html>")

    def breaks_off(self, request_id: bytes) -> bytes:
        return self.wrapped(request_id, b'{"resourceType":"Basic"', length=5000)

    def speaks_nonsense(self, request_id: bytes) -> bytes:
        return b"\x00\x01\x02 nonsense\r\n\r\n"

    def says_no_region(self, request_id: bytes) -> bytes:
        return b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


LIES = ["claims_another_region", "answers_another_request", "speaks_html", "breaks_off", "speaks_nonsense", "says_no_region"]
