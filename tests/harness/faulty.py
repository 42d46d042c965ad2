"""A way to the store that can be made to fail: refuse a table, or lose replies."""

import http.client
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem")


class FaultyWay:
    """Stands between a gateway and `dossier store`, on a port of its own."""

    def __init__(self, store_port: int):
        self.store_port = store_port
        # Requests that name a table with this ending are refused.
        self.refused_table: str | None = None
        # Of each so many writes, the reply of one is lost after it was done.
        self.lost_one_in = 0
        self.writes = 0
        self.lost = 0
        self.lock = threading.Lock()
        way = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                way.pass_on(self)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def pass_on(self, asked: BaseHTTPRequestHandler) -> None:
        body = asked.rfile.read(int(asked.headers.get("content-length", 0)))
        operation = asked.headers.get("x-amz-target", "").rsplit(".", 1)[-1]
        if self.refused_table and re.search(rb'"TableName"\s*:\s*"[^"]*%s"' % self.refused_table.encode(), body):
            return self.reply(asked, 500, b'{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}')
        onward = http.client.HTTPConnection("127.0.0.1", self.store_port, timeout=30)
        headers = {name: value for name, value in asked.headers.items() if name.lower() not in ("host", "connection")}
        try:
            onward.request("POST", asked.path, body, headers | {"Host": f"127.0.0.1:{self.store_port}"})
            answer = onward.getresponse()
            status, text = answer.status, answer.read()
        except OSError:
            return self.reply(asked, 500, b'{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}')
        finally:
            onward.close()
        if self.is_lost(operation):
            asked.close_connection = True
            asked.connection.close()
            return None
        return self.reply(asked, status, text)

    def is_lost(self, operation: str) -> bool:
        if not self.lost_one_in or operation not in WRITES:
            return False
        with self.lock:
            self.writes += 1
            lost = self.writes % self.lost_one_in == 0
            self.lost += lost
            return lost

    @staticmethod
    def reply(asked: BaseHTTPRequestHandler, status: int, text: bytes) -> None:
        asked.send_response(status)
        asked.send_header("Content-Type", "application/x-amz-json-1.0")
        asked.send_header("Content-Length", str(len(text)))
        asked.end_headers()
        asked.wfile.write(text)
