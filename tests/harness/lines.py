"""TCP lines on loopback that can be cut as a network is: what is sent over a line that is cut is neither refused nor
lost, it stands still, and arrives, late, when the line is whole again."""

import asyncio
import contextlib
import threading


class Line:
    """From a port of its own to another."""

    def __init__(self, to: int):
        self.to = to
        self.port = 0
        self.whole = asyncio.Event()
        self.whole.set()

    async def lay(self) -> "Line":
        self.server = await asyncio.start_server(self.carry, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.whole.wait()
        with contextlib.suppress(OSError), contextlib.closing(writer):
            there, back = await asyncio.open_connection("127.0.0.1", self.to)
            with contextlib.closing(back):
                await asyncio.gather(self.pump(reader, back), self.pump(there, writer))

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self.whole.wait()
            writer.write(data)
            await writer.drain()
        await self.whole.wait()
        writer.write_eof()


class Lines:
    """Lines, all carried by one thread."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.lines: list[Line] = []

    def lay(self, to: int) -> Line:
        async def laid():
            return await Line(to).lay()
        line = asyncio.run_coroutine_threadsafe(laid(), self.loop).result(10)
        self.lines.append(line)
        return line

    def cut(self, lines: list[Line]) -> None:
        for line in lines:
            self.loop.call_soon_threadsafe(line.whole.clear)

    def mend(self, lines: list[Line]) -> None:
        for line in lines:
            self.loop.call_soon_threadsafe(line.whole.set)

    def close(self) -> None:
        self.mend(self.lines)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
