"""Each test of the contract runs against every forge."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.support.forges.kinds import KINDS, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bggen.forge.protocol import Forge
    from tests.support.forges.base import FakeForge

HEAD = "bggen/prod/shop/flip"


@dataclass
class There:
    """A forge, bggen's way to it, and how long bggen waited."""

    kind: Kind
    fake: FakeForge
    forge: Forge
    waited: list[float] = field(default_factory=list)

    def again(self, **changes: str) -> Forge:
        """Return another way to the same forge."""
        token = {"token": changes["token"]} if "token" in changes else {}
        api, project = changes.get("api", self.fake.api), changes.get("project", self.fake.project)
        return self.kind.connect(api, project, pause=self.waited.append, **token)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def there(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[There]:
    kind: Kind = request.param
    with kind.fake(tmp_path) as fake:
        fake.commit(HEAD, "release.yaml", "active: green\n")
        waited: list[float] = []
        yield There(kind, fake, kind.connect(fake.api, fake.project, pause=waited.append), waited)
