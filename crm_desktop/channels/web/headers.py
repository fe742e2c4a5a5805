"""The headers that keep a public answer safe."""

from __future__ import annotations

from starlette.responses import Response


def secure(response: Response, policy: str, *, https: bool) -> Response:
    """Add what every answer carries; `policy` is its Content-Security-Policy."""
    headers = response.headers
    headers["Content-Security-Policy"] = policy
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers.setdefault("Cache-Control", "no-store")
    if https:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
