"""A snapshot brings everything back, and never brings the product down."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from moto.sqs.models import sqs_backends

from infra.local import aws, moto_patch, snapshot
from infra.local.queue_levers import release_in_flight
from infra.local.snapshot import Keeper, SetAside, Snapshot

CONTEXT = {"tenant": "t"}


@pytest.fixture
def saved(tmp_path: Path) -> Snapshot:
    return Snapshot(tmp_path / "state" / "aws.snapshot")


def test_a_first_start_has_no_snapshot(saved: Snapshot) -> None:
    assert saved.load() is None


def test_everything_comes_back(saved: Snapshot) -> None:
    with aws.running():
        aws.create_resources("test", secrets={"/test/jwt": "a secret"})
        sealed, plain = fill()
        saved.save({"advanced_seconds": 60})
        aws.client("dynamodb").delete_item(TableName="test-core", Key=key("kept"))
    with aws.running():
        assert saved.load() == {"advanced_seconds": 60}
        assert aws.create_resources("test", secrets={"/test/jwt": "another"}) == []
        assert aws.client("dynamodb").get_item(TableName="test-core", Key=key("kept"))["Item"]["blob"] == {
            "B": b"\x00\xff"
        }
        assert aws.client("kms").decrypt(CiphertextBlob=sealed, EncryptionContext=CONTEXT)["Plaintext"] == plain
        secret = aws.client("ssm").get_parameter(Name="/test/jwt", WithDecryption=True)
        assert secret["Parameter"]["Value"] == "a secret"
        blob = aws.client("s3").get_object(Bucket=f"test-blobs-{aws.ACCOUNT}", Key="a/b")
        assert blob["Body"].read() == b"blob"
        assert aws.client("ses").get_send_quota()["SentLast24Hours"] == 1


def test_messages_come_back_in_flight_and_can_be_released(saved: Snapshot) -> None:
    with aws.running():
        aws.create_resources("test")
        sqs = aws.client("sqs")
        url = sqs.get_queue_url(QueueName="test-send")["QueueUrl"]
        for body in ("held", "waiting"):
            sqs.send_message(QueueUrl=url, MessageBody=body)
        handle = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1)["Messages"][0]["ReceiptHandle"]
        saved.save({})
    with aws.running():
        saved.load()
        sqs = aws.client("sqs")
        assert [message["Body"] for message in receive(sqs, url)] == ["waiting"]
        assert release_in_flight("test-") == 2
        again = {message["Body"]: message["Attributes"]["ApproximateReceiveCount"] for message in receive(sqs, url)}
        assert again == {"held": "2", "waiting": "2"}
        sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)  # the old life's handle still names its message
        assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"][IN_FLIGHT] == "1"


def test_whoever_waits_for_a_message_after_a_restart_gets_it(saved: Snapshot) -> None:
    with aws.running():
        aws.create_resources("test")
        url = aws.client("sqs").get_queue_url(QueueName="test-send")["QueueUrl"]
        aws.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=1)  # somebody has waited at this queue before
        saved.save({})
    with aws.running(), ThreadPoolExecutor(1) as other:
        saved.load()
        waiting = other.submit(aws.client("sqs").receive_message, QueueUrl=url, WaitTimeSeconds=10)
        aws.client("sqs").send_message(QueueUrl=url, MessageBody="at last")
        assert waiting.result()["Messages"][0]["Body"] == "at last"


def test_a_captured_state_can_be_restored_again_and_again(resources: str) -> None:
    fresh = snapshot.capture()
    dynamodb = aws.client("dynamodb")
    for _ in range(3):
        dynamodb.put_item(TableName=f"{resources}-core", Item=key("here") | {"n": {"N": "1"}})
        snapshot.restore(fresh)
        assert "Item" not in dynamodb.get_item(TableName=f"{resources}-core", Key=key("here"))


def truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


def of_another_moto(content: bytes) -> bytes:
    return content.replace(b'"moto": "5.2.5"', b'"moto": "4.0.0"')


def with_a_flipped_bit(content: bytes) -> bytes:
    return content[:-20] + bytes([content[-20] ^ 1]) + content[-19:]


@pytest.mark.parametrize(
    "damage",
    [
        truncated, of_another_moto, with_a_flipped_bit, lambda _: b"", lambda _: b"\n", lambda _: b"not a snapshot",
        lambda _: b"[]\n", lambda _: b"{}\n", lambda _: b"\xff\xfe\x00" * 1000, lambda content: content.split(b"\n")[0],
    ],
)  # fmt: skip
def test_a_useless_snapshot_is_set_aside_with_a_message(
    saved: Snapshot, resources: str, damage: Callable[[bytes], bytes]
) -> None:
    saved.save({})
    saved.path.write_bytes(useless := damage(saved.path.read_bytes()))
    with pytest.raises(SetAside, match=r"aws\.aside-1"):
        saved.load()
    assert not saved.path.exists()
    assert saved.path.with_name("aws.aside-1").read_bytes() == useless
    aws.create_resources(resources)  # the product starts empty
    saved.save({})
    assert saved.load() == {}


def test_what_is_set_aside_never_replaces_what_was_set_aside_before(saved: Snapshot, resources: str) -> None:
    for number in (1, 2, 3):
        saved.path.parent.mkdir(exist_ok=True)
        saved.path.write_bytes(b"%d" % number)
        with pytest.raises(SetAside):
            saved.load()
    assert sorted(file.read_bytes() for file in saved.path.parent.iterdir()) == [b"1", b"2", b"3"]


def test_saving_while_others_write_tears_nothing(saved: Snapshot, resources: str) -> None:
    dynamodb = aws.client("dynamodb")

    def transfer(number: int) -> None:
        """Both rows or none: any snapshot must agree."""
        row = {"n": {"N": str(number)}}
        puts = [{"Put": {"TableName": f"{resources}-core", "Item": key(name) | row}} for name in ("left", "right")]
        dynamodb.transact_write_items(TransactItems=puts)

    keeper = Keeper(saved, notes=dict, every_seconds=0.01)
    keeper.start()
    for number in range(100):
        transfer(number)
    keeper.stop()
    saved.load()
    rows = [dynamodb.get_item(TableName=f"{resources}-core", Key=key(name))["Item"]["n"] for name in ("left", "right")]
    assert rows == [{"N": "99"}, {"N": "99"}]


def test_a_keeper_survives_a_snapshot_that_fails(saved: Snapshot, resources: str) -> None:
    asked: list[int] = []

    def notes() -> dict[str, Any]:
        asked.append(1)
        if len(asked) < 3:
            raise OSError("no space left on device")
        return {"asked": 3}

    keeper = Keeper(saved, notes=notes, every_seconds=0.01)
    keeper.start()
    deadline = time.monotonic() + 10
    while not saved.path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    keeper.stop()
    assert saved.load() == {"asked": 3}


def test_a_state_that_cannot_be_captured_leaves_the_last_snapshot_and_the_lock(saved: Snapshot, resources: str) -> None:
    saved.save({"number": 1})
    queues: Any = sqs_backends[aws.ACCOUNT][aws.REGION]
    queues.odd = memoryview(b"")
    with pytest.raises(TypeError, match="memoryview"):
        saved.save({"number": 2})
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(moto_patch.LOCK.acquire, blocking=False).result()
        pool.submit(moto_patch.LOCK.release).result()
    assert saved.load() == {"number": 1}


def test_a_folder_in_its_place_is_set_aside_too(saved: Snapshot, resources: str) -> None:
    saved.path.mkdir(parents=True)
    with pytest.raises(SetAside):
        saved.load()


KILLED = """
import sys
from pathlib import Path
from infra.local import aws
from infra.local.snapshot import Snapshot
saved = Snapshot(Path(sys.argv[1]))
with aws.running():
    aws.create_resources("test")
    for number in range(100_000):
        item = {"pk": {"S": str(number % 50)}, "sk": {"S": "-"}, "blob": {"B": bytes(20_000)}}
        aws.client("dynamodb").put_item(TableName="test-core", Item=item)
        saved.save({"number": number})
        print(number, flush=True)
"""


@pytest.mark.slow
def test_a_process_killed_while_saving_leaves_a_whole_snapshot(saved: Snapshot) -> None:
    command = [sys.executable, "-c", KILLED, str(saved.path)]
    for saves in (5, 17, 41):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for _ in range(saves):
            assert process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with aws.running():
            notes = saved.load()
            assert notes is not None
            assert notes["number"] >= saves - 1
            assert aws.client("dynamodb").get_item(TableName="test-core", Key=key("0"))["Item"]


IN_FLIGHT = "ApproximateNumberOfMessagesNotVisible"


def key(name: str) -> dict[str, Any]:
    return {"pk": {"S": name}, "sk": {"S": "-"}}


def fill() -> tuple[bytes, bytes]:
    """One thing of each kind; returns a wrapped data key and what it wraps."""
    aws.client("dynamodb").put_item(TableName="test-core", Item=key("kept") | {"blob": {"B": b"\x00\xff"}})
    aws.client("s3").put_object(Bucket=f"test-blobs-{aws.ACCOUNT}", Key="a/b", Body=b"blob")
    text = {"Data": "x"}
    aws.client("ses").send_email(
        Source="push@example.com",
        Destination={"ToAddresses": ["ada@example.com"]},
        Message={"Subject": text, "Body": {"Text": text}},
    )
    fresh = aws.client("kms").generate_data_key(KeyId="alias/test", KeySpec="AES_256", EncryptionContext=CONTEXT)
    return fresh["CiphertextBlob"], fresh["Plaintext"]


def receive(sqs: Any, url: str) -> list[dict[str, Any]]:
    names = ["ApproximateReceiveCount"]
    messages: list[dict[str, Any]] = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=names
    ).get("Messages", [])
    return messages
