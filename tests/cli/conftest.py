"""A config repo for every test of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.cli import ConfigRepo

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> ConfigRepo:
    """`hello` in `prod`, committed; nothing released yet."""
    return ConfigRepo(tmp_path / "config", monkeypatch, capfd)


@pytest.fixture
def live(repo: ConfigRepo) -> ConfigRepo:
    """`hello` with v1 in blue, active, and v2 in green, pending."""
    repo.ok("bump", "--image", "v1")
    repo.ok("bump", "--image", "v2")
    return repo
