"""What servers say to a push, and what it means."""

from __future__ import annotations

import pytest

from bggen.git.outcome import failure, last_words, push_outcome

REF = "refs/heads/main"


@pytest.mark.parametrize(
    ("reason", "remote", "verdict"),
    [
        ("[rejected] (fetch first)", "", "moved"),
        ("[rejected] (non-fast-forward)", "", "moved"),
        ("[rejected] (stale info)", "", "moved"),
        ("[rejected] (already exists)", "", "moved"),
        (f"[remote rejected] (cannot lock ref '{REF}': is at {'a' * 40} but expected {'b' * 40})", "", "moved"),
        (f"[remote rejected] (cannot lock ref '{REF}': reference already exists)", "", "moved"),
        ("[remote rejected] (failed to update ref)", "", "moved"),
        ("[remote rejected] (incorrect old value provided)", "", "moved"),
        ("[remote rejected] (failed to lock)", "", "moved"),
        (
            f"[remote rejected] (TF401028: The reference '{REF}' has already been updated by another client)",
            "",
            "moved",
        ),
        ("[remote rejected] (pre-receive hook declined)", f"error: cannot lock ref '{REF}'", "moved"),
        ("[remote rejected] (pre-receive hook declined)", "GitLab: You are not allowed to push", "rejected"),
        ("[remote rejected] (protected branch hook declined)", "error: GH006: Protected branch update", "rejected"),
        ("[remote rejected] (push declined due to repository rule violations)", "error: GH013", "rejected"),
        ("[remote rejected] (pre-receive hook declined)", "Gitea: Not allowed to push to protected branch", "rejected"),
        ("[remote rejected] (TF402455: Pushes to this branch are not permitted; use a pull request)", "", "rejected"),
        ("[remote rejected] (prohibited by Gerrit: not permitted: update)", "", "rejected"),
        ("[remote rejected] (n/a (unpacker error))", "", "rejected"),
        ("[remote rejected] (Internal Server Error)", "", "lost"),
        ("[remote failure] (remote failed to report status)", "", "lost"),
    ],
)
def test_refused(reason: str, remote: str, verdict: str) -> None:
    out = f"To https://host/x.git\n!\t{'a' * 40}:{REF}\t{reason}\nDone\n".encode()
    err = (f"remote: {remote}        \n" if remote else "").encode() + b"error: failed to push some refs to 'x'\n"
    outcome = push_outcome(1, out, err, ref=REF, lease=False)
    assert outcome.verdict == verdict
    assert remote in outcome.words


def test_done_and_a_server_that_forbids_overwriting() -> None:
    for flag in " *=+":
        out = f"To x\n{flag}\t{'a' * 40}:{REF}\tabc..def\nDone\n".encode()
        assert push_outcome(0, out, b"", ref=REF, lease=False).verdict == "done"
    out = f"To x\n!\t{'a' * 40}:{REF}\t[remote rejected] (non-fast-forward)\nDone\n".encode()
    assert push_outcome(1, out, b"", ref=REF, lease=True).verdict == "rejected"


@pytest.mark.parametrize(
    ("err", "cause"),
    [
        ("fatal: unable to access 'https://x/': Could not resolve host: x", "network"),
        ("fatal: unable to access 'https://x/': Failed to connect to x port 443: Connection refused", "network"),
        ("fatal: unable to access 'https://x/': server certificate verification failed. CAfile: none", "network"),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 403", "auth"),
        ("fatal: Authentication failed for 'https://x/'", "auth"),
        ("fatal: could not read Username for 'https://x': terminal prompts disabled", "auth"),
        ("Host key verification failed.\nfatal: Could not read from remote repository.", "auth"),
        ("git@x: Permission denied (publickey).\nfatal: Could not read from remote repository.", "auth"),
        ("remote: Repository not found.\nfatal: repository 'https://x/' not found", "missing"),
        ("fatal: '/x' does not appear to be a git repository", "missing"),
        ("send-pack: unexpected disconnect while reading sideband packet\nfatal: the remote end hung up", "cut"),
        ("error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502", "cut"),
        ("fatal: something else", "other"),
    ],
)
def test_failure(err: str, cause: str) -> None:
    assert failure(err.encode()) == cause
    assert last_words(err.encode()).isprintable()
