# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""What libwcbar.so and the plugin show to others: no more than headers, map and symbols file say, nothing at all.

test_exports.py LIBWCBAR PLUGIN ABI MAP SYMBOLS HEADER...
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

import exports

LIBWCBAR, PLUGIN, ABI, MAP, SYMBOLS, *HEADERS = sys.argv[1:]
EXTRA = "int wcbar_more(void);\nint wcbar_more(void)\n{\n\treturn 1;\n}\n"


class Libwcbar(unittest.TestCase):
    def test_exports__are_what_public_headers_declare(self):
        wanted = exports.declared(HEADERS)
        self.assertGreater(len(wanted), 50)
        self.assertEqual(exports.differences(exports.exported(LIBWCBAR), wanted, "the public headers"), [])

    def test_exports__have_the_versions_of_the_map_and_of_the_symbols_file(self):
        found = exports.exported(LIBWCBAR)
        self.assertEqual(found, exports.mapped(MAP))
        self.assertEqual(found, exports.listed(SYMBOLS))

    def test_soname__is_the_name_in_the_symbols_file(self):
        self.assertEqual(open(SYMBOLS).readline().split()[0], exports.soname(LIBWCBAR))


class Plugin(unittest.TestCase):
    def test_exports__are_none(self):
        self.assertEqual(exports.exported(PLUGIN), {})

    def test_soname__has_the_abi_of_the_dpdk_that_it_is_built_for(self):
        self.assertEqual(exports.soname(PLUGIN), f"librte_net_wcnic.so.{ABI}")


class TheCheckItself(unittest.TestCase):
    def test_differences__of_a_library_with_one_symbol_more_names_it(self):
        with tempfile.TemporaryDirectory() as work:
            library = pathlib.Path(work) / "libmore.so"
            subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-o", library, "-"], input=EXTRA, text=True, check=True)
            found = exports.exported(library)
        self.assertEqual(exports.differences(found, {}, "the map"), ["wcbar_more is exported, but not in the map"])

    def test_differences__of_a_library_that_lacks_one_names_it(self):
        self.assertEqual(exports.differences({}, {"wcbar_gone": "WCBAR_0.1"}, "the map"),
                         ["wcbar_gone of the map is not exported"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
