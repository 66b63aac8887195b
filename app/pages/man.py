# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""A page of the manual in man(7), of what a program prints for --help."""
import itertools
import re
import textwrap
import time

WIDTH = 60  # of a line of the source, before its characters are escaped
OPTION = re.compile(r"(?<![\w/-])(--?[A-Za-z][\w-]*)")
HELP_AND_VERSION = {"--help, --version": ["prints this help, or the version, and ends"], "--help": ["prints this help, and ends"]}


def plain(text):
    """Characters that troff takes as themselves."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga").replace("^", "\\(ha")
    return text.replace("~", "\\(ti")


def line(text):
    """The same at the beginning of a line, where a dot would be a request."""
    return "\\&" + text if text.startswith((".", "'")) else text


def prose(text):
    """Options are bold in it."""
    return line("".join(f"\\fB{plain(part)}\\fP" if OPTION.fullmatch(part) else plain(part)
                        for part in OPTION.split(text)))


def call(text):
    """Names and options bold, what stands for something else in italics: --json FILE."""
    parts = re.split(r"((?<![\w.-])-{0,2}[A-Za-z][\w.-]*)", text)
    return line("".join(plain(part) if index % 2 == 0 else
                        f"\\fI{plain(part)}\\fP" if re.match(r"[A-Z][A-Z]|[A-Z]$", part) else f"\\fB{plain(part)}\\fP"
                        for index, part in enumerate(parts)))


def kept(lines):
    return [".nf", *(line(plain(text)) for text in lines), ".fi"]


def flow(lines):
    """Lines that are filled, and between them those that are indented, which are kept."""
    out = []
    for indented, block in itertools.groupby(lines, lambda text: text.startswith(" ")):
        if indented:
            out += [".RS 2", *kept(textwrap.dedent("\n".join(block)).split("\n")), ".RE"]
        else:
            out += [prose(text) for text in textwrap.wrap(" ".join(block), WIDTH, break_on_hyphens=False)]
    return out


def entry_of(head, lines):
    """What follows a list in an entry is to begin where the entry's text does."""
    first = list(itertools.takewhile(lambda text: not text.startswith(" "), lines))
    rest = lines[len(first):]
    return [".TP", call(head), *flow(first), *([".RS", *flow(rest), ".RE"] if rest else [])]


def options(groups):
    out = [".SH OPTIONS"]
    for title, entries in groups:
        out += [f'.SS "{plain(title[:1].upper() + title[1:])}"'] if title else []
        for entry in entries:
            out += entry_of(entry.head, entry.lines or HELP_AND_VERSION.get(entry.head, [""]))
    return out


def page(found, name, section, about, see, version, now):
    """`see`: pages as "wcprobe(8)", and what else there is to read."""
    date = time.strftime("%Y-%m-%d", time.gmtime(now))
    out = ['.\\" Made of what the program prints for --help.', f'.TH {name.upper()} {section} {date} "wcnic {version}" wcnic',
           ".SH NAME", f"{plain(name)} \\- {plain(about)}", ".SH SYNOPSIS"]
    for number, usage in enumerate(found.usages):
        out += [".br"] if number else []
        out.append(call(usage.words))
    about = [entry_of(usage.words, [usage.about]) for usage in found.usages if usage.about]
    out += [".SH DESCRIPTION", *itertools.chain(*about)]
    for number, lines in enumerate(found.before):
        out += [".PP", *flow(lines)] if about or number else flow(lines)
    out += options(found.groups) if found.groups else []
    if found.status:
        out += [".SH \"EXIT STATUS\"", *kept(found.status)]
    if found.after:
        out.append(".SH NOTES")
        for number, lines in enumerate(found.after):
            out += [".PP"] if number else []
            out += flow(lines)
    out.append(".SH \"SEE ALSO\"")
    pages = [re.sub(r"(\S+)\((\d)\)", r".BR \1 (\2)", each) for each in see]
    out += [each.replace("-", "\\-") + ("," if index + 1 < len(pages) else "") for index, each in enumerate(pages)]
    return "\n".join(out) + "\n"
