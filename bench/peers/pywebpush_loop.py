"""pywebpush as its readme shows it: one push after the other, on one kept-alive connection."""

from __future__ import annotations

from py_vapid import Vapid
from pywebpush import webpush
from requests import Session

from bench.peers.job import Job, given, serve


def main() -> None:
    job = given()
    key = Vapid.from_raw(job.vapid_private_key.encode())
    with Session() as session:
        session.trust_env = False  # no proxy between
        session.verify = job.ca_path
        serve(lambda count: _push(job, key, session, count))


def _push(job: Job, key: Vapid, session: Session, count: int) -> None:
    for subscription in job.first(count):
        answer = webpush(
            subscription, job.payload, key, {"sub": job.subject}, ttl=job.ttl_seconds, requests_session=session
        )
        if answer.status_code != 201:
            raise RuntimeError(f"answered {answer.status_code}")


if __name__ == "__main__":
    main()
