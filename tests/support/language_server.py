"""yaml-language-server, which reads our schemas in VS Code, Neovim and Helix, driven as an editor drives it."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

COMMAND = "yaml-language-server"
# A server that says nothing must not keep the tests waiting for ever.
_LONGEST = 60
# Nothing is fetched: the schemas are the repo's own.
_SETTINGS = {"schemaStore": {"enable": False}, "validate": True, "hover": True, "completion": True}


class LanguageServer:
    """One server for one folder. Lines and characters count from 0, as in the protocol."""

    def __init__(self, root: Path, env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [COMMAND, "--stdio"], cwd=root, env=dict(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._timer = threading.Timer(_LONGEST, self._process.kill)
        self._timer.start()
        self._last = 0
        self._diagnostics: dict[str, list[str]] = {}
        completion = {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}}
        document = {"completion": completion, "hover": {"contentFormat": ["markdown"]}, "publishDiagnostics": {}}
        self._ask(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": root.as_uri(),
                "workspaceFolders": [{"uri": root.as_uri(), "name": "config"}],
                "capabilities": {"textDocument": document, "workspace": {"configuration": True}},
            },
        )
        self._tell("initialized", {})
        self._tell("workspace/didChangeConfiguration", {"settings": {"yaml": _SETTINGS}})

    def open(self, path: Path, text: str) -> list[str]:
        """Open a file as if it held the text, and return what the server finds wrong with it."""
        uri = path.as_uri()
        self._diagnostics.pop(uri, None)
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._tell("textDocument/didOpen", {"textDocument": document})
        while uri not in self._diagnostics:
            self._take(self._read())
        return self._diagnostics[uri]

    def complete(self, path: Path, line: int, character: int) -> dict[str, str]:
        """Return what is offered at a place, by label, with its documentation."""
        answer = self._ask("textDocument/completion", self._place(path, line, character))
        items = answer["items"] if isinstance(answer, dict) else answer
        found = {}
        for item in items:
            words = item.get("documentation") or ""
            found[item["label"]] = str(words["value"] if isinstance(words, dict) else words)
        return found

    def hover(self, path: Path, line: int, character: int) -> str:
        """Return the text, in Markdown, that is shown for a place."""
        return str(self._ask("textDocument/hover", self._place(path, line, character))["contents"]["value"])

    def close(self) -> None:
        """End the server."""
        self._timer.cancel()
        self._process.kill()
        self._process.communicate()

    def _place(self, path: Path, line: int, character: int) -> dict[str, Any]:
        return {"textDocument": {"uri": path.as_uri()}, "position": {"line": line, "character": character}}

    def _ask(self, method: str, params: Any) -> Any:
        self._last += 1
        self._send({"id": self._last, "method": method, "params": params})
        while True:
            message = self._read()
            if message.get("id") == self._last and "method" not in message:
                return message["result"]
            self._take(message)

    def _tell(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def _take(self, message: dict[str, Any]) -> None:
        """Keep diagnostics, and answer what the server asks its editor."""
        if message.get("method") == "textDocument/publishDiagnostics":
            params = message["params"]
            self._diagnostics[params["uri"]] = [found["message"] for found in params["diagnostics"]]
        elif "id" in message:
            items = message["params"]["items"] if message["method"] == "workspace/configuration" else []
            wanted = [_SETTINGS if item.get("section") == "yaml" else {} for item in items]
            self._send({"id": message["id"], "result": wanted or None})

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout
        size = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            size = int(value) if name.lower() == b"content-length" else size
        assert size, "the language server went away"
        message: dict[str, Any] = json.loads(self._process.stdout.read(size))
        return message
