"""A council's own website: two pages of another origin, with a strict policy and unkind styles."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

#: What a careless or a hostile style sheet does to everything that it can reach.
_UNKIND = """
html { font-size: 62.5%; }
body, body *, crm-chat {
  all: unset !important; color: red !important; font-size: 9px !important;
}
body *, button, crm-chat, section, textarea {
  display: block !important; position: static !important; visibility: hidden !important;
  opacity: 0 !important; width: 3px !important;
}
body { transform: rotate(0deg); filter: blur(0); overflow: hidden; }
"""
_KIND = """
body { font-family: sans-serif; margin: 2rem; max-width: 50rem; }
"""
_PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
  <meta charset="utf-8">
  <title>{title}</title>
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <link rel="stylesheet" href="/style.css">
  <script src="{gateway}/chat/widget.js" data-site="{key}" defer></script>
</head>
<body>
  <main>
    <h1>{title}</h1>
    <p>What you can do here is said on this page, at some length, as councils do.</p>
    <p><a href="/other">Another page</a> <a href="/">The first page</a></p>
  </main>
</body>
</html>
"""


@dataclass
class CouncilSite:
    """A running site; what is not its `origin` may be changed between page views."""

    origin: str
    gateway: str = ""
    key: str = "norbridge"
    language: str = "en"
    unkind: bool = False
    variables: str = ""

    def answer(self, path: str) -> tuple[str, str]:
        """Content type and content of a page or its style sheet."""
        if path == "/style.css":
            return "text/css", f":root {{ {self.variables} }}" + (_UNKIND if self.unkind else _KIND)
        title = "Another page" if path == "/other" else "Bins and recycling"
        page = _PAGE.format(title=title, gateway=self.gateway, key=self.key, language=self.language)
        return "text/html; charset=utf-8", page

    @property
    def policy(self) -> str:
        """The strictest policy under which docs/CHAT.md says that the chat works."""
        gateway, talk = self.gateway, self.gateway.replace("http", "ws", 1)
        return (
            f"default-src 'none'; style-src 'self'; script-src {gateway}; "
            f"connect-src {gateway} {talk}; img-src {gateway} blob:; "
            "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
        )


@contextmanager
def council_site() -> Iterator[CouncilSite]:
    """Serve the pages on a loopback port."""
    site = CouncilSite("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, content = site.answer(urlsplit(self.path).path)
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Security-Policy", site.policy)
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.origin = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
