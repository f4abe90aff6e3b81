"""An app that uses every field of a pod."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.model import EnvRef, Health, Image, Resources, Route
from bggen.model.parts import EnvFrom, Mount, Placement, ServiceAccountSettings, Toleration
from tests.support.states import app_spec, component

if TYPE_CHECKING:
    from bggen.model import AppSpec, Component


def pod_spec(tag: str = "v1", theme: str = "light", kubernetes: str = "1.34") -> AppSpec:
    """Two components: `web` has all that a pod may have, `api` what else there is to choose."""
    return app_spec(
        "shop",
        _web(tag, theme),
        component(
            "api",
            image=Image("ghcr.io/acme/shop-api", tag),
            port=9090,
            files={"/etc/api.yaml": "a: 1\n"},
            writable=(),
            health=Health(start_seconds=60),
            security="baseline",
            service_account=ServiceAccountSettings(name="shop"),
            placement=Placement(color_anti_affinity="required"),
        ),
        kubernetes=kubernetes,
        namespace="shop",
        route=Route(hosts=("shop.example.com",), paths={"/": "web"}),
    )


def _web(tag: str, theme: str) -> Component:
    return component(
        "web",
        image=Image("ghcr.io/acme/shop-web", tag),
        port=8080,
        ports={"metrics": 9100, "admin": 9090},
        replicas=3,
        env={
            "LOG_LEVEL": "info",
            "SESSION_KEY": EnvRef("secret", "shop-session", "key"),
            "REGION": EnvRef("configMap", "region", "name"),
            "POD_IP": EnvRef("field", "status.podIP"),
            "COLOR": EnvRef("field", "metadata.labels['bggen.dev/color']"),
            "BIND": "$(POD_IP):8080",
            "API": "${api.url}",
        },
        env_from=(EnvFrom("secret", "shop-env"), EnvFrom("configMap", "region", "REGION_")),
        files={
            "/etc/shop/config.ini": f"theme = {theme}\n\tx: {{{{ y }}}}\n",
            "/etc/shop/more/config.ini": "",
            "/srv/a b.txt": "\U0001f600 # \u2028\n\n",
            "/srv/..x": "yes",
        },
        mounts={
            "/etc/tls": Mount("secret", "shop-tls"),
            "/etc/ca.crt": Mount("secret", "shop-tls", key="ca.crt"),
            "/etc/region": Mount("configMap", "region"),
            "/data": Mount("claim", "shop-data"),
            "/data-again": Mount("claim", "shop-data", read_only=True),
            "/scratch": Mount("empty", size="1Gi"),
            "/scratch-more": Mount("empty"),
        },
        writable=("/run/web", "/var/cache"),
        group=2000,
        user=1000,
        health=Health(ready="/ready", live="/health", start="/started", start_seconds=303, port="admin"),
        resources=Resources(cpu="100m", memory="128Mi"),
        service_account=ServiceAccountSettings(
            token=True, annotations={"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/shop"}
        ),
        image_pull_secrets=("acme-registry", "other"),
        placement=Placement(
            node_selector={"disk": "ssd", "example.com/on": "yes"},
            tolerations=(
                Toleration("dedicated", value="shop", effect="NoSchedule"),
                Toleration(operator="Exists", effect="NoExecute", seconds=300),
            ),
            priority_class="high",
            color_anti_affinity="preferred",
        ),
    )
