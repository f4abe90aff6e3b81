"""Fixtures of the git tests: an environment shut off from this machine's git, and a small config repo."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support.repos import Repo, clean_environment, fill, make_repo
from tests.support.servers.repos import make_config

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.repos import BareRepo


@pytest.fixture(autouse=True)
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    home = tmp_path / "home"
    home.mkdir()
    clean = clean_environment(home)
    for name in os.environ.keys() - clean.keys():
        monkeypatch.delenv(name)
    for name, value in clean.items():
        monkeypatch.setenv(name, value)
    return clean


@pytest.fixture
def repo(tmp_path: Path, env: dict[str, str]) -> Repo:
    made = make_repo(tmp_path / "config repo ü", env)
    fill(made)
    return made


@pytest.fixture
def bare(served: Path) -> BareRepo:
    return make_config(served / "config.git", apps=3)
