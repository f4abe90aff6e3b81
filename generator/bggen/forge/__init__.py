"""Pull requests, on every forge behind one small protocol.

`connect` imports a room full of clients and is therefore imported where it is needed: `bggen.forge.connecting`.
"""

from bggen.forge.pages import request_url
from bggen.forge.place import recognise
from bggen.forge.protocol import AutoMerge, Forge, Request, Wanted
from bggen.forge.pushing import PushRequest, push_request

__all__ = ["AutoMerge", "Forge", "PushRequest", "Request", "Wanted", "push_request", "recognise", "request_url"]
