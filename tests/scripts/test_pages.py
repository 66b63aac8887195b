# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""test_pages.py BUILD: pages of the manual and completions against what the programs print for --help, read here by
other means; and what is made of texts that nobody should write."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "app/pages"))
sys.dont_write_bytecode = True

import completion
import man
import usage

BUILD = pathlib.Path()
# Loads a completion, and asks it for what it offers at the end of a line.
ASK = """. "$1"
set -- $(complete -p "$2") "$3"
COMP_LINE=${@: -1} COMP_POINT=${#COMP_LINE}
COMP_WORDS=($COMP_LINE)
[[ $COMP_LINE != *" " ]] || COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
${@: -3:1}
printf '%s\\n' "${COMPREPLY[@]}"
"""


def installed():
    """What `meson install` installs: the file in the build folder by its place."""
    found = json.loads((BUILD / "meson-info/intro-installed.json").read_text())
    return {pathlib.Path(place): pathlib.Path(file) for file, place in found.items()}


def programs():
    return {place.name: file for place, file in installed().items() if place.parent.name == "bin"}


def offered(file, line, folder=ROOT):
    done = subprocess.run(["bash", "-c", ASK, "bash", file, line.split()[0].rpartition("/")[2], line], cwd=folder,
                          capture_output=True, text=True, check=True)
    return sorted(done.stdout.split())


def printed(*command):
    return subprocess.run([*command, "--help"], capture_output=True, text=True, check=True, cwd=ROOT,
                          env={**os.environ, "COLUMNS": "80"}).stdout


def options_printed(text):
    """Of the lines that begin with an option: all words there that look like one, up to the first that does not."""
    found = []
    for line in text.splitlines():
        words = line.split() if re.match(r" {2,4}-", line) else []
        while words and words[0].startswith("-"):
            found.append(words[0].rstrip(","))
            words = words[1:] if words[0].endswith(",") else []
    return sorted(set(found))


class Installed(unittest.TestCase):
    """What wcbench does by commands is in pages of its own."""
    commands = {"wcbench": ("raw", "packets", "report", "fit")}

    def places(self, part):
        found = {place.name: file for place, file in installed().items() if part in str(place)}
        self.assertTrue(found)
        return found

    def test_every_program__has_a_page_with_every_option(self):
        pages = self.places("/man/man")
        asked = [(name, [file]) for name, file in programs().items()]
        asked += [(f"{name}-{word}", [programs()[name], word]) for name, words in self.commands.items() for word in words]
        self.assertGreater(len(asked), 8)
        for name, command in asked:
            page = next((file for page, file in pages.items() if page.rpartition(".")[0] == name), None)
            self.assertIsNotNone(page, f"{name} is installed without a page")
            text = page.read_text().replace("\\-", "-")
            lines = options_printed(printed(*command))
            heads = {word for line in re.findall(r"^\.TP\n(.*)", text, re.M) for word in re.findall(r"\\fB(-[\w-]+)\\fP", line)}
            self.assertLessEqual(set(lines), heads, name)
            self.assertLessEqual({word for word in heads if word.startswith("--")},
                                 set(re.findall(r"--[\w-]+", printed(*command))), name)

    def test_every_program_and_command__says_its_version_and_commit(self):
        version = json.loads((BUILD / "meson-info/intro-projectinfo.json").read_text())["version"]
        asked, commits = [], set()
        for name, file in programs().items():
            asked += [(name, [file]), *((name, [file, word]) for word in usage.help_of([file]).commands())]
        self.assertGreater(len(asked), 11)
        for name, command in asked:
            done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), command)
            # What wcbench does by commands says that it is wcbench.
            match = re.fullmatch(rf"{name.partition('-')[0]} {re.escape(version)} \((\S+)\)\n", done.stdout)
            self.assertIsNotNone(match, f"{command}: {done.stdout}")
            commits.add(match[1])
        self.assertEqual(len(commits), 1, commits)
        self.assertRegex(commits.pop(), r"^([0-9a-f]{12}(-modified)?|unknown)$")

    def test_pages__are_without_complaint(self):
        if not shutil.which("mandoc"):
            self.skipTest("mandoc is missing")
        for file in self.places("/man/man").values():
            done = subprocess.run(["mandoc", "-T", "lint", "-W", "style", file], capture_output=True, text=True, check=False)
            self.assertEqual(done.stdout + done.stderr, "", file)

    def test_every_program__has_a_completion_of_all_its_options(self):
        scripts = self.places("/bash-completion/completions")
        self.assertEqual(sorted(scripts), sorted(programs()))
        for name, file in scripts.items():
            asked = {f"{name} x -": [programs()[name]]}
            if name in self.commands:
                asked = {f"{name} {word} {'-- ' if word == 'packets' else ''}-": [programs()[name], word]
                         for word in self.commands[name]}
            for line, command in asked.items():
                self.assertEqual(offered(file, line), options_printed(printed(*command)), line)

    def test_commands_and_values__are_offered(self):
        scripts = self.places("/bash-completion/completions")
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "one.json").write_text("")
            (folder / "two").mkdir()
            for line, what in (("wcbench ", ["fit", "packets", "raw", "report"]), ("wcbench r", ["raw", "report"]),
                               ("wcbench raw --type ", ["uc", "wc"]), ("wcbench raw --type=w", ["wc"]),
                               ("wcbench raw --json ", ["one.json", "two"]), ("wcbench report --out ", ["two"]),
                               ("wcbench raw --rounds ", []), ("wcbench packets ", []),
                               ("wcbench packets -", ["--", "--help", "--version"]), ("wcrun ", ["hold"]),
                               ("wcrun --tables ", ["two"]), ("wcprobe --root o", ["one.json"]),
                               ("wclab_replay ", ["one.json", "two"])):
                self.assertEqual(offered(scripts[line.split()[0]], line, folder), what, line)
        self.assertIn("printf", offered(scripts["wcrun"], "wcrun -- printf"))


class Run(unittest.TestCase):
    """config/completion, for ./run."""
    def offered(self, line):
        return offered(ROOT / "config/completion", line)

    def test_commands__are_those_of_help(self):
        words = sorted(re.findall(r"^  ([a-z]+)", printed("./run"), re.M))
        self.assertIn("demo", words)
        self.assertEqual(self.offered("./run "), words)
        self.assertEqual(self.offered("./run -"), options_printed(printed("./run")))

    def test_options__are_those_of_each_command(self):
        text = printed("./run")
        for command in re.findall(r"^  ([a-z]+)", text, re.M):
            part = re.search(rf"^  {command}( .*)?\n(?: {{5,}}.*\n)*", text, re.M)[0]
            want = {*re.findall(r"\[(--[\w-]+)", part), "--help"}
            its = printed("./run", command)
            want |= set(options_printed(its)) if its != text else set()
            want |= set(options_printed(printed("./run", command, "--scale"))) if command == "bench" else set()
            self.assertEqual(self.offered(f"./run {command} -"), sorted(want), command)

    def test_values__are_offered(self):
        self.assertEqual(self.offered("./run soak --sanitizer t"), ["thread"])
        self.assertEqual(self.offered("./run guest --capture con"), ["config"])
        self.assertEqual(self.offered("./run --no-install demo READ"), ["README.md"])

    def test_another_projects_run__gets_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "run").write_text("#!/bin/sh\nfalse\n")
            self.assertEqual(offered(ROOT / "config/completion", f"{folder}/run "), [])


class Text(unittest.TestCase):
    def test_option_out_of_its_column__is_refused(self):
        text = "usage: a [OPTION]...\n\n  --one N   first\n  --two     second\n  --three     third\n"
        with self.assertRaisesRegex(usage.Failure, "column 12.*--three"):
            usage.Help(text)

    def test_text_without_usage__is_refused(self):
        with self.assertRaisesRegex(usage.Failure, "does not begin with 'usage: '"):
            usage.Help("a: what it does\n")

    def test_characters_of_troff__are_only_characters(self):
        found = usage.Help("usage: a [OPTION]...\n\n.so /etc/passwd 'x' \\n(.V\n\n  --x   .TH\n  --help, --version\n")
        page = man.page(found, "a", "1", "about -x", ["b(1)"], "1", 0)
        self.assertNotRegex(page, r"(?m)^\.so|^\.TH\n|[^\\]\\n")

    def test_lists_in_an_entry__are_kept_as_they_are(self):
        found = usage.Help("usage: a [OPTION]...\n\n  --x KIND  one of\n              b=1  first\n              c=2  second\n")
        self.assertIn(".nf\nb=1  first\nc=2  second\n.fi", man.page(found, "a", "1", "about", [], "1", 0))
        self.assertIn("'--x other'", completion.script("a", found, {}))


if __name__ == "__main__":
    BUILD = pathlib.Path(sys.argv.pop(1))
    unittest.main()
