"""What a push came to, from what git prints: each in the words of the server that is named."""

from __future__ import annotations

import pytest

from bggen.git.outcome import Outcome, failure_kind, outcome_of, reason_of, remote_words

MAIN = "refs/heads/main"
TO = "To https://git.example.com/acme/config.git\n"
FAILED = "error: failed to push some refs to 'https://git.example.com/acme/config.git'\n"


def told(row: str, err: str = "", code: int = 1) -> Outcome:
    """Return the outcome of a row of the form that `--porcelain` has."""
    flag, _, summary = row.partition(" ")
    out = f"{TO}{flag or ' '}\t0123456789abcdef0123456789abcdef01234567:{MAIN}\t{summary}\n"
    return outcome_of(code, f"{out}{'Done' if code == 0 else ''}\n", f"{err}{FAILED if code else ''}", MAIN)


@pytest.mark.parametrize(
    "row",
    [
        " 1a2b3c4..5d6e7f8",
        "* [new branch]",
        "+ 1a2b3c4...5d6e7f8 (forced update)",
        "= [up to date]",
    ],
)
def test_landed(row: str) -> None:
    assert told(row, code=0).kind == "landed"


def test_what_was_there_already_is_there_whatever_the_exit_code() -> None:
    assert told("= [up to date]", code=1).kind == "landed"


@pytest.mark.parametrize(
    ("row", "sent"),
    [
        # git itself, before it sends anything.
        ("! [rejected] (fetch first)", False),
        ("! [rejected] (non-fast-forward)", False),
        ("! [rejected] (stale info)", False),
        ("! [rejected] (needs force)", False),
        ("! [rejected] (remote ref updated since checkout)", False),
        # git's receive-pack.
        ("! [remote rejected] (failed to update ref)", True),
        ("! [remote rejected] (incorrect old value provided)", True),
        ("! [remote rejected] (failed to lock)", True),
        ("! [remote rejected] (reference already exists)", True),
        ("! [remote rejected] (atomic push failure)", True),
        ("! [remote rejected] (non-fast-forward)", True),
        # GitHub.
        (
            (
                "! [remote rejected] (cannot lock ref 'refs/heads/main': is at 98bf7e54a615d7e23cbcf8688d22c40 "
                "but expected 00da1b358846ae9a8ffa71b34eb1e330e3a37e3d)"
            ),
            True,
        ),
        (
            "! [remote rejected] (cannot lock ref 'refs/heads/main': Unable to create '/data/main.lock': File exists.)",
            True,
        ),
        # Gerrit.
        ("! [remote rejected] (LOCK_FAILURE)", True),
        ("! [remote rejected] (lock failure)", True),
        # Azure DevOps.
        (
            (
                "! [remote rejected] (TF401028: The reference 'refs/heads/main' has already been updated by another "
                "client, so you cannot update it. Please try again.)"
            ),
            True,
        ),
    ],
)
def test_somebody_else_was_faster(row: str, sent: bool) -> None:  # noqa: FBT001 - a column of the table
    outcome = told(row)
    assert (outcome.kind, outcome.sent) == ("race", sent)
    assert outcome.reason


@pytest.mark.parametrize(
    ("row", "err", "words"),
    [
        # GitHub's branch protection, its rules, and its limit of sizes.
        (
            "! [remote rejected] (protected branch hook declined)",
            (
                "remote: error: GH006: Protected branch update failed for refs/heads/main.        \n"
                "remote: error: Changes must be made through a pull request.        \n"
            ),
            "GH006: Protected branch update failed for refs/heads/main. error: Changes must be made through a pull",
        ),
        (
            "! [remote rejected] (push declined due to repository rule violations)",
            (
                "remote: error: GH013: Repository rule violations found for refs/heads/main.        \nremote: \n"
                "remote: - Cannot update this protected ref.        \nremote: \n"
            ),
            "GH013: Repository rule violations found for refs/heads/main. Cannot update this protected ref.",
        ),
        (
            "! [remote rejected] (pre-receive hook declined)",
            "remote: error: GH001: Large files detected.\nremote: error: a file already exists\n",
            "GH001: Large files detected.",
        ),
        ("! [remote rejected] (refusing to allow an OAuth App to create or update workflow)", "", "OAuth App"),
        # GitLab.
        (
            "! [remote rejected] (pre-receive hook declined)",
            "remote: GitLab: You are not allowed to push code to protected branches on this project.\n",
            "GitLab: You are not allowed to push code to protected branches on this project.",
        ),
        (
            "! [remote rejected] (pre-receive hook declined)",
            "remote: GitLab: Commit message does not follow the pattern 'JIRA-\\d+'\n",
            "does not follow the pattern",
        ),
        # Gitea and Forgejo.
        (
            "! [remote rejected] (pre-receive hook declined)",
            "remote: \nremote: Gitea: Not allowed to push to protected branch main\n",
            "Gitea: Not allowed to push to protected branch main",
        ),
        # Bitbucket Cloud and Data Center.
        (
            "! [remote rejected] (pre-receive hook declined)",
            (
                "remote: permission denied to update branch main. See "
                "https://bitbucket.example.com/branch-permissions for details\n"
            ),
            "permission denied to update branch main",
        ),
        (
            "! [remote rejected] (pre-receive hook declined)",
            (
                "remote: \nremote: ------------------------------------------------------\n"
                "remote: Branch refs/heads/main can only be modified through pull requests.\n"
                "remote: Check your branch permissions configuration with the project administrator.\n"
                "remote: ------------------------------------------------------\nremote: \n"
            ),
            "Branch refs/heads/main can only be modified through pull requests. Check your branch permissions",
        ),
        # Azure DevOps.
        (
            (
                "! [remote rejected] (TF402455: Pushes to this branch are not permitted; you must use a pull request "
                "to update this branch.)"
            ),
            "",
            "TF402455: Pushes to this branch are not permitted",
        ),
        (
            "! [remote rejected] (TF401027: You need the Git 'GenericContribute' permission to perform this action.)",
            "",
            "TF401027",
        ),
        # Gerrit.
        ("! [remote rejected] (prohibited by Gerrit: not permitted: update)", "", "prohibited by Gerrit"),
        ("! [remote rejected] (no new changes)", "", "no new changes"),
        # git's receive-pack and its settings.
        (
            "! [remote rejected] (failed to update ref)",
            "remote: error: cannot lock ref 'refs/heads/main/x': 'refs/heads/main' exists; cannot create it\n",
            "exists; cannot create",
        ),
        ("! [remote rejected] (hook declined)", "remote: no\n", "no (hook declined)"),
        ("! [remote rejected] (branch is currently checked out)", "", "branch is currently checked out"),
        ("! [remote rejected] (shallow update not allowed)", "", "shallow update not allowed"),
        ("! [remote rejected] (unpacker error)", "remote: fatal: no space\n", "no space (unpacker error)"),
        ("! [remote rejected] (deny updating a hidden ref)", "", "hidden ref"),
    ],
)
def test_a_rule_refuses(row: str, err: str, words: str) -> None:
    outcome = told(row, err)
    assert outcome.kind == "rejected"
    assert words in outcome.reason


@pytest.mark.parametrize(
    "said",
    [
        "remote: error: cannot lock ref 'refs/heads/main': is at 98bf7e54a6 but expected 00da1b3588\n",
        "remote: error: cannot lock ref 'refs/heads/main': Unable to create 'main.lock': File exists.\n",
        "remote: fatal: incorrect old value provided\n",
        "remote: GitLab: Failed to update ref refs/heads/main: lock failure\n",
    ],
)
def test_a_hook_that_tells_of_a_lock_is_a_race(said: str) -> None:
    outcome = told("! [remote rejected] (pre-receive hook declined)", said)
    assert (outcome.kind, outcome.sent) == ("race", True)


def test_a_lock_that_only_the_words_beside_tell_of_is_a_race() -> None:
    said = "remote: error: cannot lock ref 'refs/heads/main': is at 98bf7e54a6 but expected 00da1b3588\n"
    assert told("! [remote rejected] (failed)", said).kind == "race"


@pytest.mark.parametrize(
    ("out", "err"),
    [
        ("", "fatal: the remote end hung up unexpectedly\n"),
        ("", "error: RPC failed; curl 18 transfer closed with outstanding read data remaining\n"),
        (f"{TO}!\tabc:{MAIN}\t[remote failure] (remote failed to report status)\nDone\n", FAILED),
        # Of another ref.
        (f"{TO} \tabc:refs/heads/other\t1..2\nDone\n", ""),
        (f"{TO} \tabc:{MAIN}\t1a2b3c4..5d6e7f8\n", "fatal: the remote end hung up unexpectedly\n"),
    ],
)
def test_nobody_can_say(out: str, err: str) -> None:
    outcome = outcome_of(128, out, err, MAIN)
    assert (outcome.kind, bool(outcome.reason)) == ("unknown", True)


@pytest.mark.parametrize(
    ("err", "kind"),
    [
        ("fatal: Authentication failed for 'https://git.example.com/acme/config.git/'", "auth"),
        ("fatal: could not read Username for 'https://github.com': terminal prompts disabled", "auth"),
        ("git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.", "auth"),
        ("remote: Permission to acme/config.git denied to eve.\nfatal: unable to access '…': error: 403", "auth"),
        ("remote: HTTP Basic: Access denied\nfatal: Authentication failed for 'https://gitlab.com/a.git/'", "auth"),
        ("fatal: unable to access 'https://h/a/': The requested URL returned error: 403", "auth"),
        ("Host key verification failed.\nfatal: Could not read from remote repository.", "auth"),
        ("remote: Write access to repository not granted.", "auth"),
        ("fatal: unable to access 'https://h/a/': Could not resolve host: h", "network"),
        ("fatal: unable to access 'https://h/a/': Failed to connect to h port 443: Connection refused", "network"),
        ("fatal: unable to access 'https://h/a/': SSL certificate problem: unable to get local issuer", "network"),
        ("fatal: unable to access 'https://h/a/': The requested URL returned error: 503", "network"),
        ("fatal: unable to access 'https://h/a/': The requested URL returned error: 429", "network"),
        ("ssh: connect to host h port 22: Connection timed out\nfatal: Could not read from remote", "network"),
        ("error: RPC failed; HTTP 500 curl 22\nfatal: the remote end hung up unexpectedly", "network"),
        ("remote: Repository not found.\nfatal: repository 'https://github.com/a/b.git/' not found", "missing"),
        ("fatal: '/srv/none.git' does not appear to be a git repository", "missing"),
        ("fatal: unable to access 'https://h/a/': The requested URL returned error: 404", "missing"),
        ("fatal: bad object HEAD", "git"),
        ("", "git"),
    ],
)
def test_why_git_did_not_get_an_answer(err: str, kind: str) -> None:
    assert failure_kind(err) == kind


def test_words_are_one_line_without_ornaments_and_end_somewhere() -> None:
    err = "remote: \nremote: *** no \x1b[31mred\x07 ***\nremote: ---\nwarning: other\nfatal: over\n"
    assert remote_words(err) == "no  [31mred"
    assert remote_words(err).isprintable()
    assert reason_of(err) == "no  [31mred; over"
    assert reason_of("") == "git gave no reason"
    assert len(remote_words("remote: " + "x" * 5000)) < 700
    twice = "error: unable to open\nerror: unable to open\nhint: try\nfatal: gone\n"
    assert reason_of(twice) == "unable to open; gone"
