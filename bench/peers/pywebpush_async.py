"""pywebpush's coroutine, many at once over aiohttp's kept-alive connections."""

from __future__ import annotations

import asyncio
import ssl

import aiohttp
from py_vapid import Vapid
from pywebpush import webpush_async

from bench.peers.job import Job, given, serve


class Pusher:
    def __init__(self, job: Job) -> None:
        self._job = job
        self._key = Vapid.from_raw(job.vapid_private_key.encode())
        tls = ssl.create_default_context(cafile=job.ca_path)
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls, limit=job.at_once))

    async def push(self, count: int) -> None:
        subscriptions = self._job.first(count)

        async def sender() -> None:
            for subscription in subscriptions:
                await self._push_to(subscription)

        await asyncio.gather(*(sender() for _ in range(self._job.at_once)))

    async def _push_to(self, subscription: dict[str, object]) -> None:
        job = self._job
        answer = await webpush_async(
            subscription,
            job.payload,
            self._key,
            {"sub": job.subject},
            ttl=job.ttl_seconds,
            aiohttp_session=self._session,
        )
        if isinstance(answer, str) or answer.status != 201:
            raise RuntimeError(f"answered {answer}")

    async def close(self) -> None:
        await self._session.close()


async def _opened(job: Job) -> Pusher:
    return Pusher(job)


def main() -> None:
    with asyncio.Runner() as runner:
        pusher = runner.run(_opened(given()))
        serve(lambda count: runner.run(pusher.push(count)))
        runner.run(pusher.close())


if __name__ == "__main__":
    main()
