# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Whether every link between the pages of a site leads to a file that is there, and to a place in it."""
import html.parser
import pathlib
import urllib.parse


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.places, self.links = {"", "top"}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        for key, value in attrs:
            if key == "id" or (key == "name" and tag == "a"):
                self.places.add(value)
            elif key in ("href", "src") and value is not None:
                self.links.append((self.getpos()[0], value))


def broken(folder):
    """A line for each broken link, and how many were looked at. What is on other machines is not asked."""
    folder = pathlib.Path(folder).resolve()
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.html"))}
    lines, count = [], 0
    for path, page in pages.items():
        for number, link in page.links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            count += 1
            where = f"{path.relative_to(folder)}:{number}: {link}"
            name, place = urllib.parse.unquote(parts.path), urllib.parse.unquote(parts.fragment)
            target = (path.parent / name).resolve() if name else path
            if folder not in (target, *target.parents):
                lines.append(f"{where} leads out of the site")
            elif not target.is_file():
                lines.append(f"{where}: there is no such file")
            elif place and target in pages and place not in pages[target].places:
                lines.append(f"{where}: there is no such place in {target.relative_to(folder)}")
    return lines, count
