"""The load: users who send finished requests over connections that stay open, and how long each answer took.

Run as a process of its own by `acknowledge.py`. Each line on standard input names a file with one job; each line on
standard output is its result. Plain sockets instead of an HTTP library: what a client costs would be added to both
servers alike, and so hide the difference between them.
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass
class Tally:
    """Seconds until the whole answer was there, and how many answers were not 200."""

    seconds: list[float]
    failed: int = 0


async def fire(port: int, users: int, requests: list[bytes]) -> Tally:
    """Closed loop: each user sends the next request as soon as the answer to the last one is there."""
    tally, queue = Tally([]), iter(requests)
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(users)]
    await asyncio.gather(*(_user(reader, writer, queue, tally) for reader, writer in connections))
    for _, writer in connections:
        writer.close()
        await writer.wait_closed()
    return tally


async def _user(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, queue: Iterator[bytes], to: Tally) -> None:
    for request in queue:
        began = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = next((line for line in head.split(b"\r\n") if line.startswith(b"content-length:")), b":0")
        await reader.readexactly(int(length.partition(b":")[2]))
        to.seconds.append(time.perf_counter() - began)
        to.failed += not head.startswith(b"http/1.1 200")


def main() -> None:
    gc.disable()
    for line in sys.stdin:
        job: dict[str, Any] = json.loads(Path(line.strip()).read_text(encoding="latin-1"))
        requests = [text.encode("latin-1") for text in job["requests"]]
        tally = asyncio.run(fire(job["port"], job["users"], requests))
        print(json.dumps({"seconds": tally.seconds, "failed": tally.failed}), flush=True)


if __name__ == "__main__":
    main()
