"""Who may do what on a git server over HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.servers.exchanges import Exchange


@dataclass(slots=True)
class Access:
    """Who may do what. Without users everybody may do everything."""

    # User name → password; the name `*` stands for any, as forges take a token with any name.
    users: dict[str, str] = field(default_factory=dict)
    # These may fetch but not push: 403.
    readers: set[str] = field(default_factory=set)
    # Whether one may fetch without a password.
    public: bool = False
    # Names of repositories that are 404 for everybody, as forges answer for what one may not see.
    hidden: set[str] = field(default_factory=set)

    def verdict(self, exchange: Exchange) -> int:
        """Return 200, 401, 403 or 404, and note the user."""
        given = exchange.basic()
        if self.users:
            user, password = given or ("", "")
            expected = self.users.get(user, self.users.get("*"))
            if given is None and self.public and exchange.service == "upload-pack":
                pass
            elif given is None or expected is None or password != expected:
                return 401
            elif user in self.readers and exchange.service == "receive-pack":
                return 403
            exchange.user = user or None
        return 404 if exchange.path.strip("/").split("/")[0].removesuffix(".git") in self.hidden else 200
