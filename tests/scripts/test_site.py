# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The site of the documentation: which pages and links are refused, of small trees."""
import importlib.machinery
import importlib.util
import pathlib
import shutil
import sys
import tempfile
import unittest
import unittest.mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "doc/site"))

import links

LOADER = importlib.machinery.SourceFileLoader("site_build", str(ROOT / "doc/site/build"))
SITE = importlib.util.module_from_spec(importlib.util.spec_from_loader("site_build", LOADER))
LOADER.exec_module(SITE)

FILES = {
    "README.md": "# A tree\n\nSee [one](doc/one.md#the-two) and ![a picture](doc/a.svg).\n",
    "doc/one.md": "# One\n\n## The two\n\n[back](../README.md), [more](sub/README.md)\n\n    code --x\n",
    "doc/sub/README.md": "# More\n\n[one](../one.md)\n",
    "doc/a.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>\n',
    "doc/site/order": "# a comment\n= Part\none\nsub/README A title\n",
    "meson.build": "    version: '1.2.3',\n",
}


class Folder(unittest.TestCase):
    def setUp(self):
        kept = tempfile.TemporaryDirectory()
        self.addCleanup(kept.cleanup)
        self.folder = pathlib.Path(kept.name).resolve()

    def put(self, files):
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)


class Links(Folder):
    def broken(self, text):
        self.put({"a/page.html": text, "b.html": '<h1 id="there">b</h1><a name="named"></a>', "c.png": ""})
        return links.broken(self.folder)

    def test_links_that_hold__are_counted(self):
        lines, count = self.broken('<a href="../b.html#there"></a><a href="../b.html#named"></a><img src="../c.png">'
                                   '<a href="#"></a><p id="own"><a href="#own"></a><a href="https://a.example/x#y"></a>')
        self.assertEqual((lines, count), ([], 5))

    def test_links_that_do_not__are_named(self):
        for link, why in (("../d.html", "no such file"), ("../b.html#nowhere", "no such place in b.html"), ("#gone", "no such place"),
                          ("../../x.html", "out of the site"), ("../c", "no such file"), ("..", "no such file")):
            lines, count = self.broken(f'\n<a href="{link}"></a>')
            self.assertEqual((len(lines), count), (1, 1), link)
            self.assertTrue(lines[0].startswith(f"a/page.html:2: {link}"), lines)
            self.assertIn(why, lines[0])


class Site(Folder):
    def setUp(self):
        super().setUp()
        self.put(FILES)
        (self.folder / "config").mkdir()
        shutil.copy(ROOT / "config/commit", self.folder / "config")

    def refused(self, files, why):
        self.put(files)
        with self.assertRaisesRegex(SITE.Failure, why):
            SITE.site(self.folder, self.folder / "out")
        self.assertFalse((self.folder / "out").exists())

    def test_page_without_a_place__is_refused(self):
        self.refused({"doc/two.md": "# Two\n"}, "order lacks two, and has nothing")

    def test_place_without_a_page__is_refused(self):
        self.refused({"doc/site/order": "= Part\none\nsub/README\nthree\n"}, "lacks nothing, and has three")

    def test_full_disk__is_named(self):
        program = self.folder / "python"
        program.write_text("#!/bin/sh\necho 'OSError: [Errno 28] No space left on device'\nexit 2\n")
        program.chmod(0o755)
        with unittest.mock.patch.object(SITE.sys, "executable", program), self.assertRaisesRegex(OSError, "No space left .*/out"):
            SITE.sphinx(self.folder, self.folder, self.folder / "out")

    @unittest.skipIf(SITE.missing(), "Sphinx is missing")
    def test_links__decide(self):
        pages, count = SITE.site(self.folder, self.folder / "out")
        self.assertGreaterEqual(pages, 3)
        self.assertGreater(count, 10)
        text = (self.folder / "out/index.html").read_text()
        self.assertRegex(text, 'href="doc/one.html#the-two"')
        self.assertRegex(text, r"1.2.3 \(unknown\)")
        self.assertRegex((self.folder / "out/doc/one.html").read_text(), 'href="../index.html"')
        shutil.rmtree(self.folder / "out")
        self.refused({"doc/one.md": "# One\n\n[away](sub/README.md#nowhere) [more](../nothing.md)\n"},
                     "(?s)nowhere.*nothing.md|nothing.md.*nowhere")
        self.refused({"doc/one.md": "# One\n\n[more](sub/README.md)\n"}, "README.md:3: .*the-two")


if __name__ == "__main__":
    unittest.main()
