"""The style sheets and scripts of public pages, from a fixed list, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is given out; `tag` is its content's."""

    content: bytes
    kind: str
    tag: str


def read_assets(
    resources: Path, files: Mapping[str, tuple[str, str]], colour: str
) -> dict[str, Asset]:
    """Every file that a page may ask for, by the name in its address.

    `files` give path and content type of each; brand.css with the council's `colour` is one more.
    """
    brand = f":root {{ --govuk-brand-colour: {colour}; }}\n"
    return {
        **{
            name: _asset((resources / path).read_bytes(), kind)
            for name, (path, kind) in files.items()
        },
        "brand.css": _asset(brand.encode(), "text/css"),
    }


def answer(request: Request, asset: Asset, max_age_seconds: int) -> Response:
    """The file, unless the browser has it already."""
    headers = {"Cache-Control": f"public, max-age={max_age_seconds}", "ETag": asset.tag}
    if request.headers.get("if-none-match") == asset.tag:
        return Response(status_code=304, headers=headers)
    return Response(asset.content, media_type=asset.kind, headers=headers)


def _asset(content: bytes, kind: str) -> Asset:
    return Asset(content, kind, f'"{sha256(content).hexdigest()[:24]}"')
