"""Settings: every fault is named at once, and nothing starts without what it needs."""

from __future__ import annotations

import pytest

from chalicelib.config import BadSettings, Settings, Stage, read, settings

GOOD = {
    "STAGE": "prod",
    "PREFIX": "pushsaas",
    "PUBLIC_URL": "https://api.example.com",
    "KMS_KEY": "alias/pushsaas",
    "BLOBS_BUCKET": "pushsaas-blobs",
    "MAIL_FROM": "hello@example.com",
    "SECRET_JWT": "/pushsaas/jwt",
    "SECRET_PEPPER": "/pushsaas/pepper",
    "SECRET_INSTALLATION": "/pushsaas/installation",
}


def test_a_whole_environment_is_read() -> None:
    found = read(GOOD | {"PATH": "/bin", "WINDOW": "25", "LOG_LEVEL": "DEBUG"})
    assert (found.stage, found.window, found.log_level, found.rows_per_batch) == (Stage.PROD, 25, "DEBUG", 512)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        read(GOOD).stage = Stage.DEV  # type: ignore[misc]  # that it is frozen is the point


def test_an_empty_environment_names_all_that_is_missing() -> None:
    with pytest.raises(BadSettings) as refused:
        read({})
    assert all(f"{name} is missing" in str(refused.value) for name in GOOD)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STAGE", "production"),
        ("PREFIX", ""),
        ("PREFIX", "x" * 201),
        ("PUBLIC_URL", "api.example.com"),
        ("PUBLIC_URL", "https://api.example.com/"),
        ("PUBLIC_URL", "https://api.example.com\n"),
        ("PUBLIC_URL", "https://api.example.com/prod/"),
        ("PUBLIC_URL", "https://api.example.com/prod\n"),
        ("PUBLIC_URL", "https://api.example.com/a/b"),
        ("PUBLIC_URL", 'https://api.example.com/"'),
        ("PUBLIC_URL", "https://api.example.com/prod?x=1"),
        ("PUBLIC_URL", "ftp://api.example.com"),
        ("LOG_LEVEL", "TRACE"),
        ("LOG_LEVEL", "INFO\n"),
        ("WINDOW", "0"),
        ("WINDOW", "1025"),
        ("WINDOW", "many"),
        ("ROWS_PER_BATCH", "2049"),
        ("CAREFUL_WINDOW", "1.5"),
    ],
)
def test_a_bad_value_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(BadSettings, match=f"^{name}: "):
        read(GOOD | {name: value})


def test_all_faults_are_told_together() -> None:
    with pytest.raises(BadSettings) as refused:
        read({**GOOD, "STAGE": "x", "WINDOW": "0"} | {"PREFIX": ""})
    assert [part.split(":")[0] for part in str(refused.value).split("; ")] == ["STAGE", "PREFIX", "WINDOW"]


@pytest.mark.parametrize(("url", "path"), [("https://api.example.com", ""), ("https://x.example:8443/prod", "/prod")])
def test_the_address_may_carry_the_stage(url: str, path: str) -> None:
    found = read(GOOD | {"PUBLIC_URL": url})
    assert (found.public_url, found.public_path) == (url, path)


@pytest.mark.parametrize("stage", Stage)
def test_plain_http_origins_are_for_building_sites(stage: Stage) -> None:
    assert read(GOOD | {"STAGE": stage}).allows_http_origins is (stage is not Stage.PROD)


def test_settings_are_read_once() -> None:
    assert settings() is settings()
    assert isinstance(settings(), Settings)
