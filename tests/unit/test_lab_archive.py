#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Where the lab's packages come from: apt's configuration in each of its forms."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "app/wclab/lab"))
import archive
from life import Failure

KEY = "/usr/share/keyrings/debian-archive-keyring.gpg"
LINES = f"""# deb http://old.invalid/debian bookworm main
deb-src http://src.invalid/debian bookworm main
deb cdrom:[Debian 12]/ bookworm main
deb [arch=amd64] https://apt.invalid/tools bookworm main   # not Debian's
deb [ arch=amd64 signed-by={KEY} ] http://a.invalid/debian/ bookworm main contrib # ours
deb http://a.invalid/debian bookworm-updates main
deb http://a.invalid/debian-security bookworm-security main
"""
STANZAS = f"""Types: deb deb-src
# http://old.invalid/debian
URIs: http://b.invalid/debian/
Suites: bookworm bookworm-updates
 bookworm-backports
Components: main
Signed-By: {KEY}

Types: deb
URIs: http://off.invalid/debian-security
Suites: bookworm-security
Components: main
Enabled: no

Types: deb-src
URIs: http://src.invalid/debian-security
Suites: bookworm-security
Components: main

types: deb
uris: http://b.invalid/debian-security
suites: bookworm-security
components: main
signed-by:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
 -----END PGP PUBLIC KEY BLOCK-----
"""
DEBIAN_A = ("http://a.invalid/debian", "http://a.invalid/debian-security")
DEBIAN_B = ("http://b.invalid/debian", "http://b.invalid/debian-security")


def chosen(found, release="bookworm"):
    return archive.choose(found, release, "these files")


class Archive(unittest.TestCase):
    def test_lines__options_comments_and_others_archives__debians_own(self):
        self.assertEqual(chosen(archive.of_lines(LINES)), DEBIAN_A)

    def test_stanzas__disabled_and_folded_fields__what_is_enabled(self):
        found = archive.of_stanzas(STANZAS)
        self.assertEqual([source.suite for source in found],
                         ["bookworm", "bookworm-updates", "bookworm-backports", "bookworm-security"])
        self.assertEqual(chosen(found), DEBIAN_B)

    def test_mirror_of_another_name__is_taken(self):
        self.assertEqual(chosen(archive.of_lines("deb http://c.invalid/pub/mirror bookworm main")),
                         ("http://c.invalid/pub/mirror", None))

    def test_security__of_the_same_mirror_or_none(self):
        self.assertEqual(chosen(archive.of_lines("deb http://c.invalid/debian bookworm main")),
                         ("http://c.invalid/debian", None))

    def test_suite_by_its_place__is_taken_where_the_release_is_not_named(self):
        text = "deb http://c.invalid/debian stable main\ndeb http://c.invalid/debian-security stable-security main\n"
        self.assertEqual(chosen(archive.of_lines(text)),
                         ("http://c.invalid/debian", "http://c.invalid/debian-security"))
        self.assertEqual(chosen(archive.of_lines(LINES + text)), DEBIAN_A)

    def test_indexes__say_who_signed_them_and_come_first(self):
        text = ("Vendor|Vendor|bookworm|http://d.invalid/debian/\n"
                "Debian|Debian|bookworm-updates|http://e.invalid/debian/\n"
                "Debian|Debian|bookworm|http://e.invalid/other/\n"
                "Debian|Debian-Security|bookworm-security|http://e.invalid/security/\n")
        self.assertEqual(chosen(archive.of_indexes(text, "bookworm") + archive.of_lines(LINES)),
                         ("http://e.invalid/other", "http://e.invalid/security"))
        self.assertEqual(chosen(archive.of_indexes("", "bookworm") + archive.of_lines(LINES)), DEBIAN_A)

    def test_files__all_that_apt_reads_in_its_order(self):
        with tempfile.TemporaryDirectory() as folder:
            parts = pathlib.Path(folder, "sources.list.d")
            sourcelist = pathlib.Path(folder, "sources.list")
            self.assertEqual(archive.of_files(sourcelist, parts), [])
            parts.mkdir()
            (parts / "b.sources").write_text(STANZAS)
            (parts / "a.list").write_text("deb https://apt.invalid/x nodistro main\n")
            (parts / "c.list.save").write_text("deb http://saved.invalid/debian bookworm main\n")
            self.assertEqual(chosen(archive.of_files(sourcelist, parts)), DEBIAN_B)
            sourcelist.write_text(LINES)
            self.assertEqual(chosen(archive.of_files(sourcelist, parts)), DEBIAN_A)

    def test_no_archive__says_what_was_read_and_what_is_needed(self):
        with self.assertRaises(Failure) as caught:
            chosen(archive.of_lines("deb http://c.invalid/debian trixie main\n"
                                    "deb http://c.invalid/debian bookworm contrib\n"))
        for word in ("bookworm", "these files", "component main"):
            self.assertIn(word, str(caught.exception))


if __name__ == "__main__":
    unittest.main()
