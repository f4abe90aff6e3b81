"""What all tests share: no user's git configuration, no colour, and how hard hypothesis tries."""

from __future__ import annotations

import os
import signal

from hypothesis import HealthCheck, settings

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # What a shell starts in the background is deaf to Ctrl-C, and so would be what the tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["tests.support.servers.fixtures"]

# Examples start git and render manifests, so that their time says nothing; the machine's other core may be busy too.
_COMMON = settings(
    deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.register_profile("default", _COMMON, max_examples=40)
settings.register_profile("long", _COMMON, max_examples=500)
settings.load_profile(os.environ.get("BGGEN_HYPOTHESIS", "default"))

# A developer's own settings must neither help nor break a test.
for name in [name for name in os.environ if name.startswith(("GIT_", "BGGEN_")) and name != "BGGEN_HYPOTHESIS"]:
    del os.environ[name]
os.environ["GIT_CONFIG_GLOBAL"] = os.devnull
os.environ["GIT_CONFIG_SYSTEM"] = os.devnull
os.environ["GIT_CONFIG_NOSYSTEM"] = "1"
os.environ["NO_COLOR"] = "1"
