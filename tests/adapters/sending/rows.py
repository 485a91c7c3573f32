"""Runs and records with something in every field, for the stores and the golden files."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.channels.message import Action, Message
from chalicelib.core.identity import Mode
from chalicelib.features.sending.model.batch import Batch, Grave, Progress, Wait
from chalicelib.features.sending.model.run import Chosen, Estimate, Order, Run, Source, State

ADA, CYD = "ten_ada", "ten_cyd"
AT = datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)
MESSAGE = Message(
    title="Grüße 👋",
    url="https://shop.example/neu",
    body="Die neue Kollektion",
    icon="https://shop.example/i.png",
    image="https://shop.example/p.png",
    badge="https://shop.example/b.png",
    tag="news",
    lang="de",
    actions=(Action(action="open", title="Öffnen", url="https://shop.example/o"),),
    ttl_seconds=60,
    urgency="high",
    topic="news",
    require_interaction=True,
    silent=True,
    app_badge=3,
    extra={"order": 7, "vip": True, "share": 0.5, "note": "ja"},
)
K1, K2, K3 = (bytes([digit]) * 16 for digit in (1, 2, 3))
PROGRESS = Progress(
    cursor=K3,
    is_read=True,
    passes=2,
    counts={"accepted": 9, "gone:ended": 1, "failed:too_large": 2, "unknown": 1},
    in_doubt={K1: None},
    later={
        Wait(1_772_366_405_000, 2, "throttled"): {K2: None, K3: None},
        Wait(1_772_366_410_000, 1, "service_busy"): {K1: None},
    },
    gone={"fcm.googleapis.com": [Grave(K1, 1_772_000_000_000)]},
    hosts={"fcm.googleapis.com": [10, 1], "web.push.apple.com": [2, 0]},
)


def a_run(**changes: Any) -> Run:
    full = Run(
        id="run_01kjmv5dz0000000000000000a",
        tenant_id=ADA,
        site_id="site_01kjmv5dz0000000000000000b",
        campaign_id="cmp_01kjmv5dz0000000000000000c",
        source=Source.CAMPAIGN,
        mode=Mode.TEST,
        order=Order(
            message=MESSAGE, cutoff=1_772_366_400_123, careful=True, chosen=(Chosen(K1), Chosen(K2, b"8 bytes!"))
        ),
        created_at=AT,
        expires_at=AT + timedelta(days=14),
        state=State.SENDING,
        look_at=AT + timedelta(minutes=1),
        batches=16,
        estimate=Estimate(4_711, exact=False),
        reissued_at=AT,
        totals={"accepted": 1},
        waves=3,
    )
    return replace(full, **changes)


def a_batch(run: Run, number: int = 0, **changes: Any) -> Batch:
    return replace(Batch.unstarted(run, number), **{"progress": deepcopy(PROGRESS), **changes})
