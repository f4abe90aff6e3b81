"""Pull requests, on every forge behind one small protocol."""

from bggen.forge.protocol import Forge, Request, Wanted

__all__ = ["Forge", "Request", "Wanted"]
