"""Mail HTML that can be shown: no scripts, nothing fetched, few styles; and its plain text."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import nh3

from crm_desktop.channels.email.decoding import clean_text
from crm_desktop.channels.email.problems import Problems

MAX_HTML = 1_000_000
#: The sanitiser's time grows with the square of the nesting.
MAX_NESTING = 2000

_TAGS = {
    "a", "abbr", "address", "b", "blockquote", "br", "caption", "center", "cite", "code", "col",
    "colgroup", "dd", "del", "div", "dl", "dt", "em", "figcaption", "figure", "font", "h1", "h2",
    "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "ol", "p", "pre", "q", "s",
    "samp", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "tt", "u", "ul", "var",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"dir", "lang", "title", "align", "style"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "table": {"border", "cellpadding", "cellspacing", "width", "bgcolor"},
    "td": {"colspan", "rowspan", "width", "valign", "bgcolor"},
    "th": {"colspan", "rowspan", "width", "valign", "bgcolor"},
    "tr": {"valign", "bgcolor"},
    "font": {"color", "size"},
    "ol": {"start", "type"},
    "col": {"span", "width"},
}
_STYLES = {
    "color", "background-color", "font-weight", "font-style", "font-size", "text-align",
    "text-decoration", "vertical-align", "white-space", "border", "border-collapse",
    "padding", "margin",
}  # fmt: skip
_LINK = re.compile(r"\s*(?:https?://|mailto:|tel:)", re.IGNORECASE)
_OPENING = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param",
         "source", "track", "wbr"}  # fmt: skip
_IMAGE = re.compile(r'<img((?:\s+[a-z-]+(?:="[^"]*")?)*)\s*/?>')
_ALT = re.compile(r'\salt="([^"]*)"')
_ANY_TAG = re.compile(r"<[^<>]*>")


def sanitise(source: str, problems: Problems) -> str:
    """HTML that runs nothing and fetches nothing; pictures only from the mail itself (`cid:`)."""
    if len(source) > MAX_HTML:
        problems.left_out("The mail's formatted text is very long; only its beginning is shown.")
        source = source[:MAX_HTML]
    if _nesting(source) > MAX_NESTING:
        problems.left_out("The mail's formatting is built to confuse; only its text is shown.")
        source = html.escape(html.unescape(_ANY_TAG.sub(" ", source)))
    cleaned = nh3.clean(
        source,
        tags=_TAGS,
        clean_content_tags={"script", "style", "title", "template", "noscript", "svg", "math"},
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        link_rel="noopener noreferrer",
        filter_style_properties=_STYLES,
    )
    return clean_text(_IMAGE.sub(_picture, cleaned)).strip()


def _nesting(source: str) -> int:
    depth = deepest = 0
    for closing, name in _OPENING.findall(source):
        if name.lower() in _VOID:
            continue
        depth = max(0, depth - 1) if closing else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _attribute(_tag: str, name: str, value: str) -> str | None:
    if name == "src":
        return value if value.strip().lower().startswith("cid:") else None
    if name == "href":
        return value if _LINK.match(value) else None
    if name == "style" and re.search(r"url|expression|import|\\|@", value, re.IGNORECASE):
        return None
    return value


def _picture(found: re.Match[str]) -> str:
    if 'src="' in found[1]:
        return found[0]
    alt = _ALT.search(found[1])
    return f"[{alt[1].strip()}]" if alt and alt[1].strip() else ""


def content_ids(sanitised: str) -> frozenset[str]:
    """The Content-IDs of the pictures that sanitised HTML shows."""
    return frozenset(html.unescape(each) for each in re.findall(r'src="cid:([^"]*)"', sanitised))


_BLOCKS = {"p", "div", "table", "tr", "ul", "ol", "dl", "dt", "dd", "li", "pre", "hr", "figure",
           "h1", "h2", "h3", "h4", "h5", "h6", "address", "center", "caption"}  # fmt: skip


class _Text(HTMLParser):
    """Writes the text of sanitised HTML with line breaks where a reader would see them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._quotes = 0
        self._pre = 0
        self._href = ""
        self._link_from = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a block, a quote or a link."""
        if tag == "br":
            self._line()
        elif tag == "blockquote":
            self._block()
            self._quotes += 1
        elif tag in ("p", "ul", "ol", "table") or (tag.startswith("h") and len(tag) == 2):
            self._block()
        elif tag in _BLOCKS:
            self._fresh()
        elif tag in ("td", "th"):
            self._write(" ")
        self._pre += tag == "pre"
        if tag == "li":
            self._write("- ")
        if tag == "a":
            self._href = dict(attrs).get("href") or ""
            self._link_from = len(self.out)
        if tag == "img" and (alt := dict(attrs).get("alt")):
            self._write(f"[{alt.strip()}]")

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened; a link says where it leads when its words do not."""
        if tag == "a":
            self._end_link()
        elif tag == "blockquote":
            self._fresh()
            self._quotes = max(0, self._quotes - 1)
        elif tag == "p":
            self._block()
        elif tag in _BLOCKS:
            self._fresh()
        if tag == "pre":
            self._pre = max(0, self._pre - 1)

    def handle_data(self, data: str) -> None:
        """Write text, white space folded unless it is preformatted."""
        if self._pre:
            for number, line in enumerate(data.split("\n")):
                if number:
                    self._line()
                self._write(line)
        else:
            self._write(re.sub(r"[ \t\r\n\f]+", " ", data))

    def _end_link(self) -> None:
        words = "".join(self.out[self._link_from :]).strip()
        target = self._href.removeprefix("mailto:").removeprefix("tel:")
        if target and self._href.startswith("http") and target.rstrip("/") not in words:
            self._write(f" ({self._href[:500]})")
        self._href = ""

    def _write(self, text: str) -> None:
        start = not self.out or self.out[-1].endswith("\n")
        if start and not self._pre:
            text = text.lstrip(" ")
        if not text:
            return
        if start and self._quotes:
            self.out.append("> " * min(self._quotes, 10))
        self.out.append(text)

    def _line(self) -> None:
        if self._quotes and (not self.out or self.out[-1].endswith("\n")):
            self.out.append(("> " * min(self._quotes, 10)).rstrip())
        self.out.append("\n")

    def _fresh(self) -> None:
        if self.out and not self.out[-1].endswith("\n"):
            self.out.append("\n")

    def _block(self) -> None:
        self._fresh()
        if self.out and not (len(self.out) > 1 and self.out[-2].strip("> \n") == ""):
            self._line()


def to_text(sanitised: str) -> str:
    """The plain text of sanitised HTML; quoted blocks get `> `, links their targets."""
    parser = _Text()
    parser.feed(sanitised)
    parser.close()
    lines = (line.rstrip(" \t\u00a0") for line in "".join(parser.out).split("\n"))
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return clean_text(text.replace("\u00a0", " "))


def from_text(text: str) -> str:
    """Plain text as HTML: escaped, paragraphs and line breaks kept."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "".join(f"<p>{html.escape(each).replace(chr(10), '<br>')}</p>" for each in paragraphs)
