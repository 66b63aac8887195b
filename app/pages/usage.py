# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""What a program prints for --help, taken apart: usage, prose, options, exit status.

The text is made of paragraphs. The first is the usage. A paragraph of lines that begin with two spaces lists options or
arguments; a line above them that ends with ":" is their title. What an entry says begins in one column of the whole
text, or on the next line; lines that begin further right are a list or an example, and are kept as they are.
"""
import collections
import os
import re
import subprocess

TITLE_MAX = 40
STATUS = "exit status:"


class Failure(Exception):
    """Text that nobody could read a page from, named."""


class Entry:
    """An option or an argument, and the lines that say what it is."""

    def __init__(self, head, lines):
        self.head, self.lines = head, lines
        self.options = re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", head)
        self.value = re.sub(r"(?<![\w-])--?[A-Za-z][\w-]*,? *", "", head).strip() if self.options else head


class Usage:
    """One way to call the program, and what that does."""

    def __init__(self, words, about):
        self.words, self.about = words, about


def indent_of(line):
    return len(line) - len(line.lstrip(" "))


class Help:
    def __init__(self, text):
        self.text = text
        paragraphs = [paragraph.split("\n") for paragraph in re.split(r"\n\n+", text.rstrip("\n"))]
        if not paragraphs[0][0].startswith("usage: "):
            raise Failure(f"it does not begin with 'usage: ', but with {paragraphs[0][0]!r}")
        self.usages = self.usages_of(paragraphs[0])
        self.column = self.column_of(paragraphs[1:])
        self.before, self.groups, self.after, self.status = [], [], [], []
        for lines in paragraphs[1:]:
            self.paragraph(lines)

    @staticmethod
    def usages_of(lines):
        """A line that begins with the program's name is a way to call it. What follows two spaces, or stands alone
        in a column to the right, says what that does."""
        found, column = [], None
        name = lines[0].split()[1]
        for line in ["       " + lines[0].removeprefix("usage: "), *lines[1:]]:
            words, indent = line.strip(), indent_of(line)
            if words.split()[0] == name and indent < len("usage: ") + 2:
                gap = re.search(r"\S( {2,})\S", line)
                if gap:
                    column = gap.end() - 1
                    words = line[:column].strip()
                found.append(Usage(words, line[column:].strip() if gap else ""))
            elif words[0] in "[-<" or (column is None and not words[0].islower()):
                found[-1].words += " " + words
            else:
                found[-1].about = (found[-1].about + " " + words).strip()
        return found

    @staticmethod
    def entries_begin(lines):
        """The number of lines before a paragraph's entries, or None if it has none."""
        if lines[0].startswith("  "):
            return 0
        titled = len(lines) > 1 and lines[0].endswith(":") and len(lines[0]) <= TITLE_MAX
        return 1 if titled and lines[1].startswith("  ") else None

    def column_of(self, paragraphs):
        count = collections.Counter()
        for lines in paragraphs:
            if self.entries_begin(lines) is not None:
                gaps = (re.match(r"  \S.*?( {2,})(?=\S)", line) for line in lines)
                count.update(gap.end() for gap in gaps if gap)
        return count.most_common(1)[0][0] if count else 0

    def paragraph(self, lines):
        for number, line in enumerate(lines):
            if line.startswith(STATUS):
                self.status = [line.removeprefix(STATUS).strip()] + [rest.strip() for rest in lines[number + 1:]]
                lines = lines[:number]
                break
        if not lines:
            return
        begin = self.entries_begin(lines)
        if begin is None:
            (self.after if self.groups else self.before).append(lines)
        else:
            self.groups.append((lines[0].rstrip(":") if begin else "", self.entries(lines[begin:])))

    def entries(self, lines):
        found = []
        for line in lines:
            indent = indent_of(line)
            if indent == 2:
                beside = len(line) > self.column > 2 and line[self.column - 1] == " " and line[self.column] != " "
                head = line[2:self.column].rstrip() if beside else line.strip()
                if "  " in head:
                    raise Failure(f"what this line says does not begin in column {self.column}: {line!r}")
                found.append(Entry(head, [line[self.column:]] if beside else []))
            elif found and indent >= self.column:
                found[-1].lines.append(line[self.column:])
            else:
                raise Failure(f"this line does not begin in column {self.column}: {line!r}")
        return found

    def all_entries(self):
        return [entry for _, entries in self.groups for entry in entries]

    def commands(self):
        """The words that may follow the program's name instead of options: `wcbench raw`."""
        seconds = (usage.words.split()[1:2] for usage in self.usages)
        return list(dict.fromkeys(word[0] for word in seconds if word and re.fullmatch(r"[a-z]+", word[0])))


def text_of(command):
    """What a command prints for --help."""
    done = subprocess.run([*command, "--help"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={**os.environ, "COLUMNS": "80", "LC_ALL": "C.UTF-8"}, check=False)
    if done.returncode != 0:
        raise Failure(f"its --help ended with status {done.returncode}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode()


def help_of(command):
    try:
        return Help(text_of(command))
    except (Failure, OSError) as error:
        raise Failure(f"{' '.join(map(str, command))} --help: {error}") from None
