# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The check of the tree's structure, on small trees that keep a rule and break it."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import structure

TABLE = """# A tree
## Modules
| module | what lives there | may use |
|---|---|---|
| `lib/abi` | the words | nothing |
| `lib/low` | the bottom | libc |
| `lib/high` | the top | `lib/low`, DPDK |
## More
| `lib/other` | not a module | nothing |
"""

FILES = {
    "doc/architecture.md": TABLE,
    "lib/abi/abi.h": "#define ABI 1\n",
    "lib/low/low.h": "int low_get(void);\n",
    "lib/low/low_internal.h": "int low_inner(void);\n",
    "lib/low/low.c": '#include <stdio.h>\n#include "low.h"\nint low_get(void) { return 1; }\n',
    "lib/low/meson.build": "low_dep = declare_dependency(link_with: low_lib)\n"
                           "meson.override_dependency('x-low', low_dep)\n",
    "lib/high/high.c": '#include <rte_mbuf.h>\n#include <low.h>\nint high(void);\n'
                       'int high(void) { return low_get(); }\n',
    "lib/high/meson.build": "high_lib = static_library('high', dependencies: low_dep)\n"
                            "high_dep = declare_dependency(link_with: high_lib)\n",
}


class Tree:
    """A tree of files under git, with `changes` in them."""

    def __init__(self, root, changes):
        self.root = root
        for path, text in {**FILES, **changes}.items():
            os.makedirs(os.path.dirname(os.path.join(self.root, path)) or ".", exist_ok=True)
            with open(os.path.join(self.root, path), "w", encoding="utf-8") as file:
                file.write(text)
        for command in (["init", "-q"], ["add", "-A"]):
            subprocess.run(["git", "-C", self.root, *command], check=True)
        self.modules = structure.read_table(self.root)
        self.paths = structure.tracked(self.root)

    def includes(self):
        return structure.include_breaches(self.root, self.modules, self.paths)

    def links(self):
        return structure.meson_breaches(self.root, self.modules, self.paths)

    def graph(self):
        """Compiles all of lib/; the list of calls is as Meson writes it."""
        calls = []
        for path in self.paths:
            if path.endswith(".c"):
                output = path.replace("/", "_") + ".o"
                subprocess.run(["cc", "-w", "-Wno-error=implicit-function-declaration", "-c", "-DRTE", "-x", "c",
                                "-o", output, "-"], check=True,
                               cwd=self.root, input=self.without_includes(path), text=True)
                calls.append({"directory": self.root, "file": path, "output": output})
        with open(os.path.join(self.root, "compile_commands.json"), "w", encoding="utf-8") as file:
            json.dump(calls, file)
        return structure.Graph(self.root, self.root, self.modules)

    def without_includes(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8") as file:
            return "".join(line for line in file if not line.startswith("#include"))


@unittest.skipUnless(shutil.which("git"), "git is missing")
class TreeTest(unittest.TestCase):
    def tree(self, changes=None):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return Tree(folder.name, changes or {})


class Table(TreeTest):
    def test_rows_of_the_section_alone_are_modules(self):
        modules = self.tree().modules
        self.assertEqual(set(modules), {"lib/abi", "lib/low", "lib/high"})
        self.assertTrue(modules["lib/high"].may("lib/low"))
        self.assertFalse(modules["lib/low"].may("lib/high"))

    def test_code_outside_of_every_module_is_named(self):
        tree = self.tree({"lib/new/new.c": ""})
        self.assertEqual(structure.places_without_module(tree.modules, tree.paths),
                         ["lib/new/new.c:1: doc/architecture.md has no row for the module of this file"])


class Paths(TreeTest):
    def test_strange_letters_are_refused(self):
        tree = self.tree({"lib/low/a b": "", "lib/low/c\n": "", "d'": ""})
        self.assertEqual(len(structure.bad_paths(tree.paths)), 3)

    def test_plain_ones_are_not(self):
        self.assertEqual(structure.bad_paths(self.tree().paths), [])


class Includes(TreeTest):
    def test_allowed_ones_pass(self):
        self.assertEqual(self.tree().includes(), [])

    def test_planted_one_is_named_with_file_line_and_rule(self):
        tree = self.tree({"lib/low/low.c": '#include <stdio.h>\n#include "low.h"\n#include <abi.h>\n'})
        self.assertEqual(tree.includes(), ["lib/low/low.c:3: includes abi.h of lib/abi; "
                                           "rule: lib/low may use: libc"])

    def test_relative_path_does_not_hide_it(self):
        tree = self.tree({"lib/low/low.c": '#include "../abi/abi.h"\n'})
        self.assertEqual(len(tree.includes()), 1)

    def test_private_header_of_an_allowed_module_is_refused(self):
        tree = self.tree({"lib/high/high.c": "#include <low_internal.h>\n"})
        self.assertEqual(tree.includes(), ["lib/high/high.c:1: includes lib/low/low_internal.h, "
                                           "a private header of lib/low"])

    def test_foreign_library_must_be_in_the_row(self):
        tree = self.tree({"lib/low/low.c": "#include <rte_mbuf.h>\n#include <pcap/pcap.h>\n"})
        self.assertEqual(tree.includes(),
                         ["lib/low/low.c:1: includes rte_mbuf.h of DPDK; rule: lib/low may use: libc",
                          "lib/low/low.c:2: includes pcap/pcap.h of libpcap; "
                          "rule: lib/low may use: libc"])

    def test_header_of_the_same_name_in_the_own_module_comes_first(self):
        self.assertEqual(self.tree({"lib/low/abi.h": "", "lib/low/low.c": '#include "abi.h"\n'}).includes(),
                         [])


class Links(TreeTest):
    def test_allowed_ones_pass(self):
        self.assertEqual(self.tree().links(), [])

    def test_dependency_that_the_table_lacks_is_named(self):
        for word in ("high_dep", "'x-high'"):
            tree = self.tree({"lib/high/meson.build": "high_dep = declare_dependency()\n"
                         "meson.override_dependency('x-high', high_dep)\n",
                         "lib/low/meson.build": f"# high_dep\nfoo = [{word}]\n"})
            self.assertEqual(tree.links(), [f"lib/low/meson.build:2: links with {word.strip(chr(39))} "
                                            "of lib/high; rule: lib/low may use: libc"])


class Objects(TreeTest):
    def test_allowed_use_passes(self):
        graph = self.tree().graph()
        self.assertIn("lib/high/high.c", graph.edges)
        self.assertEqual(list(graph.breaches()) + list(graph.knots()), [])

    def test_use_without_an_include_is_found(self):
        tree = self.tree({"lib/low/low.c": "int high(void);\nint low_get(void) { return high(); }\n"})
        self.assertEqual(list(tree.graph().breaches()),
                         ["lib/low/low.c:1: uses high of lib/high/high.c; "
                          "rule: lib/low may use: libc"])

    def test_files_that_need_one_another_are_a_knot(self):
        tree = self.tree({"lib/low/a.c": "int b(void);\nint a(void) { return b(); }\n",
                     "lib/low/b.c": "int a(void);\nint b(void) { return a(); }\n"})
        knots = list(tree.graph().knots())
        self.assertEqual(len(knots), 3)
        self.assertIn("lib/low/a.c, lib/low/b.c", knots[0])
        self.assertIn("lib/low/a.c:1: uses b of b.c", knots[1])


class Prose(TreeTest):
    def breaches(self, text):
        tree = self.tree({"doc/page.md": text, "doc/other.md": "# One page\n## A `b` (c)\n"})
        return structure.prose_breaches(tree.root, ["doc/page.md"])

    def test_plain_page_passes(self):
        self.assertEqual(self.breaches("[a](other.md#a-b-c), [b](https://x.example), [c](#d)\n# D\n"), [])

    def test_long_line_is_named_but_in_tables_and_blocks(self):
        long = "x" * 101
        self.assertEqual(self.breaches(f"{long}\n| {long} |\n    {long}\n```\n{long}\n```\n"),
                         ["doc/page.md:1: 101 columns; rule: prose has at most 100"])

    def test_dead_links_are_named(self):
        self.assertEqual(self.breaches("[a](none.md)\n[b](other.md#none) [c](#none)\n"),
                         ["doc/page.md:1: links to none.md, which is not there",
                          "doc/page.md:2: links to other.md#none, which is not there",
                          "doc/page.md:2: links to #none, which is not there"])


class Heads(TreeTest):
    LICENCE = ("/* SPDX-License-Identifier: BSD-3-Clause\n * Copyright(c) 2026 The wcnic authors\n */\n")

    def breaches(self, name, text):
        return structure.head_breaches(self.tree({name: text}).root, [name])

    def test_comment_before_the_includes_passes(self):
        self.assertEqual(self.breaches("a.c", self.LICENCE + "\n/* What. */\n\n#include <x.h>\n"), [])
        self.assertEqual(self.breaches("a.h", self.LICENCE + "#ifndef A\n#define A\n\n/* What. */\n"),
                         [])

    def test_missing_ones_are_named(self):
        self.assertEqual(self.breaches("a.c", self.LICENCE + "#include <x.h>\n/* Late. */\n"),
                         ["a.c:4: a comment here must say what the file is for"])
        self.assertEqual(len(self.breaches("a.c", "/* What. */\n")), 1)


class Clocks(TreeTest):
    def test_share_of_a_cpu_is_named_in_tests_but_benchmarks(self):
        files = {name: "\tgetrusage(RUSAGE_SELF, &u);\n" for name in ("tests/unit/a.c", "tests/perf/b.c")}
        self.assertEqual(structure.clock_breaches(self.tree(files).root, list(files)),
                         ["tests/unit/a.c:1: a test may not judge by the clock of a CPU: "
                          "getrusage(RUSAGE_SELF, &u);"])


class Symbols(unittest.TestCase):
    def breaches(self, source, header="int iova_get(void);\n", plugin="", name="pmd.so"):
        with tempfile.TemporaryDirectory() as prefix:
            def run(*command, text=None):
                subprocess.run(command, check=True, cwd=prefix, input=text, text=True)
            with open(os.path.join(prefix, "iova.h"), "w", encoding="utf-8") as file:
                file.write(header)
            run("cc", "-w", "-fvisibility=hidden", "-c", "-x", "c", "-o", "x.o", "-", text=source)
            run("ar", "rc", "libwcnic_iova.a", "x.o")
            run("cc", "-w", "-fvisibility=hidden", "-shared", "-fPIC", "-x", "c", "-o", name, "-",
                text=plugin)
            os.remove(os.path.join(prefix, "x.o"))
            return list(structure.symbol_breaches(prefix))

    PUBLIC = "__attribute__((visibility(\"default\"))) "

    def test_declared_public_and_hidden_ones_with_the_prefix_pass(self):
        self.assertEqual(self.breaches(self.PUBLIC + "int iova_get(void) { return 0; }\n"
                                       "int iova_inner(void) { return 0; }\n"), [])

    def test_bare_one_is_named(self):
        self.assertIn("libwcnic_iova.a: get does not begin with iova_",
                      self.breaches("int get(void) { return 0; }\n"))

    def test_visible_one_that_no_header_declares_is_named(self):
        self.assertEqual(self.breaches(self.PUBLIC + "int iova_other(void) { return 0; }\n"),
                         ["libwcnic_iova.a: iova_other is visible, but no installed header "
                          "declares it"])

    def test_export_of_a_plugin_is_named(self):
        self.assertEqual(self.breaches("", plugin=self.PUBLIC + "int extra(void) { return 0; }\n"),
                         ["pmd.so: exports extra, which no loader asks for"])

    def test_interposer_shows_the_calls_that_it_takes_over_alone(self):
        source = self.PUBLIC + "int mmap64(void) { return 0; }\n" + self.PUBLIC + "int mmap65(void) { return 0; }\n"
        self.assertEqual(self.breaches("", plugin=source, name="libwcrun.so"),
                         ["libwcrun.so: exports mmap65, which no loader asks for"])

    def test_empty_folder_is_no_success(self):
        with tempfile.TemporaryDirectory() as prefix:
            self.assertEqual(len(list(structure.symbol_breaches(prefix))), 1)


if __name__ == "__main__":
    unittest.main()
