"""The tree of parts inside a mail, with bounded work whatever the bytes.

The standard library's parser recurses per level and checks every line against every open
boundary; a purpose-made mail makes it fail or run for hours. This one looks for one boundary at a
time in the raw bytes, never recurses, and stops at fixed numbers of parts and levels.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from crm_desktop.channels.email.decoding import decode_transfer
from crm_desktop.channels.email.headers import Headers, parameters, split_headers
from crm_desktop.channels.email.problems import Problems

MAX_PARTS = 1000
MAX_DEPTH = 25
#: Lines that begin like a boundary and are none; more than this is an attack.
MAX_FALSE_BOUNDARIES = 10_000


@dataclass(slots=True)
class Part:
    """One part: its headers, type and raw body, and the parts inside it.

    `media_type` is lower case and always has a slash; `depth` is 0 for the mail itself. A part
    with children has been split; its own body counts no more.
    """

    headers: Headers
    media_type: str
    params: dict[str, str]
    raw: bytes
    start: int
    end: int
    depth: int
    children: list[Part] = field(default_factory=list)

    @property
    def disposition(self) -> str:
        """`attachment`, `inline`, or empty."""
        return self.headers.token("content-disposition")

    @property
    def content_id(self) -> str:
        """The Content-ID without its angle brackets."""
        return self.headers.text("content-id").strip("<> ")[:200]

    @property
    def charset(self) -> str:
        """The charset as declared, or empty."""
        return self.params.get("charset", "")

    def content(self, problems: Problems) -> bytes:
        """The part's bytes with the transfer encoding undone."""
        encoding = self.headers.token("content-transfer-encoding")
        if self.media_type.startswith(("multipart/", "message/")) and encoding != "base64":
            encoding = ""
        return decode_transfer(self.raw[self.start : self.end], encoding, problems)


def parse_tree(raw: bytes, problems: Problems) -> Part:
    """The mail's root part with everything inside it."""
    if b"\n" not in raw[:65536] and b"\r" in raw[:65536]:
        raw = raw.replace(b"\r", b"\n")
    root = _part((raw, 0, len(raw)), 0, "text/plain", problems)
    waiting = [root]
    count = 1
    while waiting:
        part = waiting.pop(0)
        if not part.media_type.startswith(("multipart/", "message/rfc822", "message/global")):
            continue
        if part.depth >= MAX_DEPTH:
            problems.left_out(
                "Parts lie inside parts deeper than any real mail; they were not opened."
            )
            continue
        spans = _spans(part, MAX_PARTS - count, problems)
        default = "message/rfc822" if part.media_type == "multipart/digest" else "text/plain"
        for span in spans:
            child = _part(span, part.depth + 1, default, problems)
            part.children.append(child)
            waiting.append(child)
        count += len(spans)
    return root


def _part(span: tuple[bytes, int, int], depth: int, default: str, problems: Problems) -> Part:
    raw, start, end = span
    headers, body = split_headers(raw, start, end, problems)
    given = headers.raw("content-type")
    media_type = headers.token("content-type").replace(" ", "")
    if not given.strip():
        media_type = default
    elif media_type.count("/") != 1 or media_type[0] == "/" or media_type[-1] == "/":
        media_type = "text/plain"
    return Part(headers, media_type[:100], parameters(given), raw, body, end, depth)


def _spans(part: Part, room: int, problems: Problems) -> list[tuple[bytes, int, int]]:
    """Where the parts inside `part` lie: (bytes, start, end)."""
    if part.media_type.startswith("message/"):
        content = part.content(problems)
        return [(content, 0, len(content))] if room > 0 else []
    boundary = part.params.get("boundary", "").rstrip()
    if not boundary:
        problems.add("The mail's parts cannot be told apart: their boundary is missing.")
        part.media_type = "text/plain"
        return []
    marks = _marks(part, b"--" + boundary.encode("utf-8", "replace"), room + 1, problems)
    if not marks:
        problems.add("The mail's parts cannot be told apart: their boundary never comes.")
        part.media_type = "text/plain"
        return []
    ends = [mark_start for mark_start, _, _ in marks[1:]]
    if not marks[-1][2]:
        ends.append(part.end)
        if len(ends) <= room:
            problems.add("The mail breaks off before its end.")
    if len(ends) > room:
        problems.left_out(f"The mail has more than {MAX_PARTS} parts; the rest was not opened.")
        ends = ends[:room]
    return [
        (part.raw, min(after, end), end) for (_, after, _), end in zip(marks, ends, strict=False)
    ]


def _marks(
    part: Part, delimiter: bytes, most: int, problems: Problems
) -> list[tuple[int, int, bool]]:
    """Boundary lines as (where the content before ends, where the next begins, is it the last)."""
    raw, end = part.raw, part.end
    marks: list[tuple[int, int, bool]] = []
    false = 0
    position = part.start
    while len(marks) <= most and false <= MAX_FALSE_BOUNDARIES:
        if position == part.start and raw.startswith(delimiter, position, end):
            found = position
        else:
            found = raw.find(b"\n" + delimiter, max(position - 1, 0), end) + 1
        if not found and not (position == 0 and raw.startswith(delimiter)):
            return marks
        line_end = raw.find(b"\n", found, end)
        after = end if line_end < 0 else line_end + 1
        rest = raw[found + len(delimiter) : min(after, found + len(delimiter) + 80)]
        last = rest.startswith(b"--")
        if rest.strip() and not last:
            false += 1
        else:
            before = found - 1 if found > part.start else found
            before -= 1 if before > part.start and raw[before - 1 : before] == b"\r" else 0
            marks.append((max(before, part.start), after, last))
            if last:
                return marks
        position = after
        if position >= end:
            return marks
    if false > MAX_FALSE_BOUNDARIES:
        problems.left_out("The mail is built to confuse; not all of it was opened.")
    return marks
