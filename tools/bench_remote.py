"""Remotes at scale: a bump without a checkout, a push, a hundred apps at once and fifty writers, in a large repo.

Git's own part of a push grows with the repo, whoever pushes: the server looks at every folder of the branch's newest
commit. What is compared here therefore pays it as well.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    # mypy names modules from the top of the checkout, Python from the folder of the script.
    from tests.support.servers.http import GitHttpServer
    from tools import bench_repo
    from tools.bench_render import Result
else:
    import bench_repo
    from bench_render import Result

_BGGEN = str(Path(sys.executable).parent / "bggen")
_FEW = 10
_BATCH = 100
_WRITERS = 50
_RUNS, _BATCH_RUNS, _MOST_MEASUREMENTS = 5, 3, 3
_AGAINST_CLONE, _AGAINST_FEW, _AGAINST_SCRIPT, _AGAINST_ONE, _AGAINST_ALONE = 0.15, 2.0, 0.6, 3.0, 60.0
_MOST_BYTES = 8_000_000
_MOST_FETCHES = 3
_ALONE, _TOGETHER = 0, 1000
_SERVED = {
    "uploadpack.allowFilter": "true",
    "uploadpack.allowAnySHA1InWant": "true",
    "http.receivepack": "true",
    # Neither side tidies up while the clock runs.
    "receive.autogc": "false",
    "gc.auto": "0",
}
_WHO = {
    f"GIT_{role}_{what}": text
    for role in ("AUTHOR", "COMMITTER")
    for what, text in (("NAME", "Bench"), ("EMAIL", "bench@example.com"))
}


@dataclass(frozen=True, slots=True)
class _Subject:
    """Something that is timed; it is given a number that is another one at every run."""

    name: str
    run: Callable[[int], None]


def results(many: int) -> Iterator[Result | str]:
    """Measure and yield the limits in turn."""
    checkouts = bench_repo.clones(many, ["bump", "by-hand"])
    small = bench_repo.clones(_FEW, ["bump"])[0]
    folder = bench_repo.FOLDER / "served"
    if folder.exists():
        bench_repo.put_away(folder)
    folder.mkdir(parents=True)
    large_bare, by_hand_bare = (_serve(checkout, folder / f"{checkout.name}.git") for checkout in checkouts)
    few_bare = _serve(small, folder / "few.git")
    with _http_server(folder) as server:
        for scheme in ("file", "http"):
            large, by_hand, few = (
                bare.as_uri() if scheme == "file" else server.url(bare) for bare in (large_bare, by_hand_bare, few_bare)
            )
            yield from _without_checkout(many, scheme, large, few)
            for checkout, url in zip(checkouts, (large, by_hand), strict=True):
                bench_repo.git(checkout, "remote", "set-url", "origin", url)
                # A batch is stored as a pack, and of fifty of them git would begin to make one.
                bench_repo.git(checkout, "config", "gc.autoPackLimit", "0")
                bench_repo.git(checkout, "pull", "--quiet", "--ff-only", "origin", "main")
            yield from _in_checkouts(many, scheme, checkouts)
        yield from _needs(server, large_bare)
    yield _writers(large_bare)
    bench_repo.sweep()


def _without_checkout(many: int, scheme: str, large: str, few: str) -> Iterator[Result]:
    bump = _Subject(f"bump --repo {scheme}://, {many:,}", lambda n: _bump(large, many // 2, n))
    clone = _Subject("git clone --depth 1, sed, commit, push", lambda n: _clone_and_push(large, many - 1, n))
    # It writes every file of the repo, takes as long as many bumps, and the limit is far away.
    yield _in_turns(bump, clone, _AGAINST_CLONE, runs=_RUNS, baselines=1)
    yield _in_turns(bump, _Subject(f"the same, {_FEW} apps", lambda n: _bump(few, _FEW // 2, n)), _AGAINST_FEW)
    batch = _Subject(f"--match of {_BATCH} apps, {scheme}://", lambda n: _bump_batch(large, n))
    yield _in_turns(batch, _Subject("one app", bump.run), _AGAINST_ONE, runs=_BATCH_RUNS)


def _in_checkouts(many: int, scheme: str, checkouts: Sequence[Path]) -> Iterator[Result]:
    ours, theirs = checkouts
    push = _Subject(f"bump --push, {scheme}://", lambda n: _bump(ours, many // 2, n, "--push"))
    script = _Subject("sed, git add, git commit, git push", lambda n: _by_hand(theirs, many // 2, n))
    yield _in_turns(push, script, _AGAINST_SCRIPT)
    if scheme == "file":
        # Without a push no remote takes part.
        batch = _Subject(f"--match of {_BATCH} apps, a checkout", lambda n: _bump_batch(ours, n))
        yield _in_turns(batch, _Subject("one app", lambda n: _bump(ours, many // 2, n)), _AGAINST_ONE, runs=_BATCH_RUNS)
        bench_repo.git(ours, "push", "--quiet", "origin", "main")


def _needs(server: GitHttpServer, bare: Path) -> Iterator[Result]:
    """Yield what one bump receives, keeps on disk, and how often it goes to the remote before it pushes."""
    server.exchanges.clear()
    _bump(server.url(bare), 1, _number())
    name = "one bump over HTTP"
    yield Result(f"bytes to {name}", server.exchanges.sent, "what it may receive", _MOST_BYTES, 1.0)
    asked = server.exchanges.all(refs=True)
    # Each program that fetches, or asks for refs, begins with the list of what the server can do.
    before = next(index for index, one in enumerate(asked) if one.service == "receive-pack")
    yield Result(f"fetches of {name}", before, "conversations before the push", _MOST_FETCHES, 1.0)
    with tempfile.TemporaryDirectory(dir=bench_repo.FOLDER) as cache:
        _bump(server.url(bare), 1, _number(), "--cache-dir", cache)
        kept = sum(path.lstat().st_blocks * 512 for path in Path(cache).rglob("*"))
    yield Result(f"bytes on disk of {name}", kept, "what it may keep", _MOST_BYTES, 1.0)


def _writers(bare: Path) -> Result:
    """Let many processes change as many apps of one remote at once; every one of them has to land."""
    url = bare.as_uri()
    alone = median(_seconds(lambda number: _bump(url, _ALONE, number)) for _ in range(_RUNS))
    before = int(bench_repo.git(bare, "rev-list", "--count", "main"))
    start = time.perf_counter()
    running = [
        subprocess.Popen(_words(url, _TOGETHER + each, _number()), env=_environment(), stdout=subprocess.DEVNULL)
        for each in range(_WRITERS)
    ]
    codes = [process.wait() for process in running]
    took = time.perf_counter() - start
    landed = int(bench_repo.git(bare, "rev-list", "--count", "main")) - before
    if any(codes) or landed != _WRITERS:
        raise RuntimeError(f"{_WRITERS} writers: {landed} landed, exit codes {sorted(set(codes))}")
    return Result(f"{_WRITERS} writers at once, file://", took * 1000, "one alone", alone * 1000, _AGAINST_ALONE)


def _in_turns(
    subject: _Subject, baseline: _Subject, limit: float, *, runs: int = _RUNS, baselines: int = _RUNS
) -> Result:
    """Measure both in turns; a ratio that is over the limit is measured three times, and the middle one counts."""
    found: list[Result] = []
    while not found or (found[0].value > limit * found[0].baseline and len(found) < _MOST_MEASUREMENTS):
        # The first run of each warms up; a baseline that runs once has no time for that.
        subject.run(_number())
        if baselines > 1:
            baseline.run(_number())
        times: tuple[list[float], list[float]] = ([], [])
        for run in range(runs):
            times[0].append(_seconds(subject.run))
            if run < min(runs, baselines):
                times[1].append(_seconds(baseline.run))
        ours, theirs = (median(each) * 1000 for each in times)
        found.append(Result(subject.name, ours, baseline.name, theirs, limit))
    return sorted(found, key=lambda one: one.value / one.baseline)[len(found) // 2]


def _seconds(run: Callable[[int], None]) -> float:
    number = _number()
    start = time.perf_counter()
    run(number)
    return time.perf_counter() - start


def _number() -> int:
    """Return what no earlier run has used."""
    return time.time_ns() // 1_000


def _words(repo: Path | str, app: int, number: int, *options: str) -> list[str]:
    name = bench_repo.app_name(app)
    where = ["--repo", str(repo), "--app", name, "--env", bench_repo.ENV]
    return [_BGGEN, "bump", *where, "--image", f"v{number}", *options]


def _bump(repo: Path | str, app: int, number: int, *options: str) -> None:
    _run(_words(repo, app, number, *options))


def _bump_batch(repo: Path | str, number: int) -> None:
    pattern = f"{bench_repo.app_name(_BATCH)[:-2]}*"
    where = ["--repo", str(repo), "--match", pattern, "--env", bench_repo.ENV]
    _run([_BGGEN, "bump", *where, "--image", f"v{number}"])


def _by_hand(checkout: Path, app: int, number: int) -> None:
    _run(["sh", "-ec", f"{_edit(app, number)}; git push"], checkout)


def _clone_and_push(url: str, app: int, number: int) -> None:
    folder = Path(tempfile.mkdtemp(dir=bench_repo.FOLDER)) / "clone"
    try:
        script = f"git clone --quiet --depth 1 {url} {folder}; cd {folder}; {_edit(app, number)}; git push --quiet"
        _run(["sh", "-ec", script])
    finally:
        bench_repo.put_away(folder.parent)


def _edit(app: int, number: int) -> str:
    """Return what people run without bggen: a new image into one file, and a commit of it.

    It leaves the app's manifests as no state renders them, so no bump may be for the same app.
    """
    name = bench_repo.app_name(app)
    file = f"apps/{name}/{bench_repo.ENV}/manifests/deployment-{name}-green.yaml"
    return f"sed -i -E 's#(image: .*):v[0-9]+#\\1:v{number}#' {file}; git add {file}; git commit --message 'v{number}'"


def _run(words: Sequence[str], folder: Path | None = None) -> None:
    done = subprocess.run(words, cwd=folder, env=_environment(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")


def _environment() -> dict[str, str]:
    return bench_repo.clean_environment() | _WHO


def _serve(repo: Path, bare: Path) -> Path:
    """Make a bare repository, as a forge sets it up, of what a checkout holds; most of it is linked, not copied."""
    shutil.rmtree(bare, ignore_errors=True)
    bench_repo.git(repo, "clone", "--quiet", "--bare", str(repo), str(bare))
    for name, value in _SERVED.items():
        bench_repo.git(bare, "config", name, value)
    return bare


@contextlib.contextmanager
def _http_server(folder: Path) -> Iterator[GitHttpServer]:
    """Serve the bare repositories of a folder over HTTP on loopback, by the server of the tests."""
    sys.path.append(str(Path(__file__).resolve().parents[1]))
    from tests.support.servers.http import GitHttpServer  # noqa: PLC0415 - the path to it was not there before

    with GitHttpServer(folder) as server:
        yield server
