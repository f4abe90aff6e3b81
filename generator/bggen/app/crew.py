"""Do the same to many apps, on more than one core where that pays, and give back what came of it in their order.

A job is copied into every worker process. What it gives back is small data; what is large (texts to be written) it
keeps where it was made, and `finish` deals with it there, once it is known that all went well.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, cast

from bggen.errors import BggenError, GitError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from bggen.app.progress import Progress

Method = Literal["fork", "spawn"]

WORKERS = "BGGEN_WORKERS"
# Each has its own copy of what it imported, about 40 MB. More of them than this would cost more memory than time.
_MOST_WORKERS = 4
# How many apps a worker must have to do, to make up for its start.
_LEAST_EACH: dict[Method, int] = {"fork": 60, "spawn": 300}
_CHUNK = 16
# Chunks that a worker has been given and not given back: while one result is on its way, the next is worked on.
_AHEAD = 2
_LAST_WORDS = 3.0

Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


class Job(Protocol[Result_co]):
    """What is done to each app. It must be fit for pickling."""

    def look(self, app: str) -> Result_co:
        """Look at one app; nothing may be changed yet."""

    def finish(self) -> Iterator[None]:
        """Do what is left to do for each app that was looked at here, one a step."""


def start_method() -> Method:
    """Return how worker processes begin here.

    A fork is there within a millisecond and has everything imported. But it is not safe in a process with threads, nor
    on macOS, whose own libraries start some: https://docs.python.org/3/library/multiprocessing.html
    """
    return "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"


def worker_count(apps: int, method: Method) -> int:
    """Return how many workers so many apps are worth; 1 stands for none but this process.

    Raises:
        UsageError: the environment variable for it holds no number.
    """
    wanted = os.environ.get(WORKERS)
    if wanted:
        if not wanted.isascii() or not wanted.isdigit() or int(wanted) < 1:
            raise UsageError(f"{WORKERS} must be a whole number from 1, not {wanted!r}")
        return min(int(wanted), max(apps, 1))
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return max(1, min(cores, _MOST_WORKERS, apps // _LEAST_EACH[method]))


@contextlib.contextmanager
def crew(job: Job[Result], apps: int) -> Iterator[Crew[Result]]:
    """Give the workers for so many apps; they are gone afterwards, whatever happens."""
    method = start_method()
    count = worker_count(apps, method)
    if count == 1:
        yield Alone(job)
        return
    workers = Workers()
    try:
        workers.begin(job, count, method)
        yield workers
    except BaseException:
        workers.end()
        raise
    workers.close()


class Crew(Protocol[Result]):
    """Those who do a job."""

    def look(self, apps: Sequence[str], progress: Progress) -> list[Result]:
        """Return what came of each app, in the order given, with a step of progress for each.

        Raises:
            Exception: what the job raised, for the first app of those for which it raised anything.
            GitError: a worker was killed.
        """

    def finish(self, progress: Progress) -> None:
        """Finish the job, everywhere, with a step of progress for each app that was looked at.

        Raises:
            Exception: what the job raised; how far the others came then is not certain.
            GitError: a worker was killed.
        """


class Alone:
    """Does the job in this process."""

    def __init__(self, job: Job[Result]) -> None:
        self._job = job

    def look(self, apps: Sequence[str], progress: Progress) -> list[Any]:
        """Return what came of each app; see Crew."""
        results = []
        for app in apps:
            results.append(self._job.look(app))
            progress.advance()
        return results

    def finish(self, progress: Progress) -> None:
        """Finish the job; see Crew."""
        for _ in self._job.finish():
            progress.advance()


class Workers:
    """Does the job in processes of its own."""

    def __init__(self) -> None:
        self._workers: dict[Connection, BaseProcess] = {}

    def begin(self, job: Job[Result], count: int, method: Method) -> None:
        """Start the processes; `end` or `close` must follow."""
        import multiprocessing  # noqa: PLC0415 - a few apps need no workers

        context = multiprocessing.get_context("fork") if method == "fork" else multiprocessing.get_context("spawn")
        # A Ctrl-C while a worker starts must find it either not there or deaf to it: this process tells it to end.
        with _signals_wait():
            for _ in range(count):
                ours, theirs = context.Pipe()
                # A worker that is forked has our ends of the pipes, too; while those are open, no pipe ever ends.
                inherited = [*self._workers, ours] if method == "fork" else []
                process = context.Process(target=_work, args=(job, theirs, inherited, os.getpid()), daemon=True)
                process.start()
                theirs.close()
                self._workers[ours] = process

    def look(self, apps: Sequence[str], progress: Progress) -> list[Any]:
        """Return what came of each app; see Crew."""
        starts = deque(range(0, len(apps), _CHUNK))
        results: list[Any] = [None] * len(apps)
        under_way = dict.fromkeys(self._workers, 0)
        failures: dict[int, Exception] = {}
        while True:
            for pipe in under_way:
                while starts and under_way[pipe] < _AHEAD:
                    start = starts.popleft()
                    self._send(pipe, (start, apps[start : start + _CHUNK]))
                    under_way[pipe] += 1
            if not any(under_way.values()):
                break
            for pipe in self._ready([pipe for pipe, count in under_way.items() if count]):
                number, answers, failure = self._receive(pipe)
                under_way[pipe] -= 1
                results[number : number + len(answers)] = answers
                for _ in answers:
                    progress.advance()
                if failure is not None:
                    failures[number + len(answers)] = failure
                    # What comes later cannot matter; what came before still can.
                    starts = deque(start for start in starts if start < number)
        if failures:
            raise failures[min(failures)]
        return results

    def finish(self, progress: Progress) -> None:
        """Finish the job in all workers at once; see Crew."""
        waiting = list(self._workers)
        failures = []
        for pipe in waiting:
            self._send(pipe, None)
        while waiting:
            for pipe in self._ready(waiting):
                _, answers, failure = self._receive(pipe)
                for _ in answers:
                    progress.advance()
                if failure is not None:
                    failures.append(failure)
                if failure is not None or not answers:
                    waiting.remove(pipe)
        if failures:
            raise failures[0]

    def close(self) -> None:
        """Let the workers go."""
        for pipe in self._workers:
            pipe.close()
        for process in self._workers.values():
            process.join(_LAST_WORDS)
            if process.is_alive():
                process.kill()
                process.join()

    def end(self) -> None:
        """Tell the workers to leave what they are at, and wait until they are gone."""
        for process in self._workers.values():
            process.terminate()
        self.close()

    def _send(self, pipe: Connection, message: object) -> None:
        try:
            pipe.send(message)
        except OSError as error:
            raise self._gone(pipe) from error

    def _receive(self, pipe: Connection) -> tuple[int, list[Any], Exception | None]:
        try:
            answer: tuple[int, list[Any], Exception | None] = pipe.recv()
        except (EOFError, OSError) as error:
            raise self._gone(pipe) from error
        return answer

    @staticmethod
    def _ready(pipes: list[Connection]) -> list[Connection]:
        from multiprocessing.connection import wait  # noqa: PLC0415 - a few apps need no workers

        return cast("list[Connection]", wait(pipes))

    def _gone(self, pipe: Connection) -> GitError:
        process = self._workers[pipe]
        process.join(_LAST_WORDS)
        code = process.exitcode
        how = f"was killed by signal {-code}" if code is not None and code < 0 else f"ended with {code}"
        return GitError(
            f"a worker process {how}",
            hint=f"where memory is scarce, {WORKERS}=1 does everything in one process",
            kind="files",
        )


def _work(job: Job[object], pipe: Connection, inherited: Sequence[Connection], boss: int) -> None:
    """Be a worker: until the pipe ends, or the process at its other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    for other in inherited:
        other.close()
    # The other end is gone: nobody wants to know any more.
    with contextlib.suppress(EOFError, OSError):
        while True:
            message = pipe.recv()
            if message is not None:
                start, apps = message
                pipe.send(_looked(job, start, apps, boss))
                continue
            for answer in _finished(job, boss):
                pipe.send(answer)


def _looked(job: Job[object], number: int, apps: Sequence[str], boss: int) -> tuple[int, list[object], object]:
    answers: list[object] = []
    try:
        for app in apps:
            _stay_only_for(boss)
            answers.append(job.look(app))
    except Exception as error:  # noqa: BLE001 - it is raised again where the work was begun
        return number, answers, _with_trace(error)
    return number, answers, None


def _finished(job: Job[object], boss: int) -> Iterator[tuple[int, list[object], object]]:
    """Yield how many apps are done since the last time, and at the end none, or why it is the end."""
    done: list[object] = []
    try:
        for _ in job.finish():
            done.append(None)
            if len(done) == _CHUNK:
                yield 0, done, None
                done = []
            _stay_only_for(boss)
    except Exception as error:  # noqa: BLE001 - it is raised again where the work was begun
        yield 0, done, _with_trace(error)
        return
    if done:
        yield 0, done, None
    yield 0, [], None


def _with_trace(error: Exception) -> Exception:
    """Return the error with where it arose, which its way to another process loses, where that matters: for a bug."""
    if not isinstance(error, BggenError):
        import traceback  # noqa: PLC0415 - only a bug needs it

        error.add_note("".join(traceback.format_exception(error)))
    return error


def _stay_only_for(boss: int) -> None:
    # Of a boss that was killed no signal comes.
    if os.getppid() != boss:
        raise SystemExit


def _leave(*_: object) -> None:
    raise SystemExit


_SIGNALS = {signal.SIGINT, signal.SIGTERM}


@contextlib.contextmanager
def _signals_wait() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
