"""Import the examples of adoption into a scratch config repo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.cli import ConfigRepo

if TYPE_CHECKING:
    import pytest

    from tests.support.cli import Ran

EXAMPLES = Path(__file__).parents[1] / "examples" / "adoption"
SETTINGS = """\
apiVersion: bggen.dev/v1
kind: Repo
environments:
  prod: {}
kubernetes: "1.34"
"""


class Scratch(ConfigRepo):
    """A config repo without apps, and a folder for what is imported."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        super().__init__(path, monkeypatch, capfd)
        self.commit({"bggen.yaml": SETTINGS, "apps/hello/app.yaml": None}, "no apps")

    def adopt(self, text: str | bytes, *options: str) -> Ran:
        """Import some text as a file."""
        self.path.parent.joinpath("input.yaml").write_bytes(text.encode() if isinstance(text, str) else text)
        return self.bggen("import", "../input.yaml", *options)

    def adopted(self, text: str | bytes, *options: str) -> str:
        """Import what must be taken, commit it, and return the report."""
        ran = self.adopt(text, *options)
        assert ran.code == 0, ran.err
        self.git("add", "apps")
        self.git("commit", "--quiet", "--message", "adopt")
        return ran.out

    def spec(self) -> str:
        """Return the only app.yaml."""
        (path,) = (self.path / "apps").glob("*/app.yaml")
        return path.read_text(encoding="utf-8")
