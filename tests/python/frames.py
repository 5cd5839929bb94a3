"""Takes frames from a peer, or sends them, as fast as the released package's YMQ goes. Arguments: ADDRESS receive|send COUNT BYTES.

Like the released managers: one message after the other, awaited in an event loop. The peer has the clock: it is told by one
frame more that all has been taken, and tells likewise.
"""

import asyncio
import sys

from scaler.io.ymq import Bytes, ConnectorSocket, IOContext


async def main():
    address, way, count, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    socket = await ConnectorSocket.async_connect(IOContext(), "frames", address)
    if way == "receive":
        for _ in range(count):
            message = await socket.recv_message()
            assert len(message.payload) == size
        await socket.send_message(Bytes(b"taken"))
    else:
        frame = b"\x07" * size
        for _ in range(count):
            await socket.send_message(Bytes(frame))
    await socket.recv_message()


if __name__ == "__main__":
    asyncio.run(main())
