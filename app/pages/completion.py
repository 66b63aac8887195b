# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""A completion for bash, of what a program prints for --help."""
import pathlib
import re
import shlex

# Every completion has it: bash loads them one by one.
OFFER = (pathlib.Path(__file__).resolve().parent / "offer.bash").read_text().split("\n\n", 1)[1]


def kind_of(value):
    """What to offer for a value, by what --help calls it; None: there is none, or it need not be."""
    if not value or value.startswith("["):
        return None
    if re.fullmatch(r"[a-z0-9]+(\|[a-z0-9]+)+", value):
        return "word:" + value
    words = set(re.split(r"[^A-Z]+", value))
    if words & {"FILE", "PATH", "PLACE", "STREAM"} or re.search(r"[A-Z]\.[a-z]", value):
        return "file"
    if "DIR" in words:
        return "folder"
    return "device" if "BDF" in words else "other"


def positional(found):
    """Of what is no option: the first word of the usage that says what it is."""
    for usage in found.usages:
        for word in usage.words.replace("[", " ").replace("]", " ").split(" -- ")[0].split()[1:]:
            if word[0].isupper() and word not in ("OPTION", "EAL-ARGUMENT..."):
                before = re.search(rf"(--?\w[\w-]*) \[?{re.escape(word)}", usage.words)
                if not before:
                    return kind_of(word) or "other"
    return "other"


def offer(found, first=None):
    """`first`: what is offered in place of what is no option."""
    entries = []
    for entry in found.all_entries():
        value = kind_of(entry.value)
        entries += [f"{option} {value}" if value else option for option in entry.options]
    return shlex.join(["_wcnic_offer", first or positional(found), *dict.fromkeys(entries)])


def with_dashes(found):
    """The lines of a completion in which "--" may have a meaning."""
    usage = "\n".join(usage.words for usage in found.usages)
    if re.search(r" -- COMMAND\b", usage):
        return ['if [ -z "$dashes" ]; then', "\t" + offer(found), "elif [ $COMP_CWORD -eq $((dashes + 1)) ]; then",
                '\tmapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")', "fi"]
    if re.search(r"\.\.\. -- \[OPTION\]", usage):
        return ['if [ -n "$dashes" ]; then', "\t" + offer(found), "else", "\t_wcnic_offer other -- --help --version", "fi"]
    return [offer(found)]


def script(name, found, commands):
    """`commands`: the Help of each word that may follow the name, by these words; empty if there is none."""
    function = "_" + name.replace("-", "_")
    lines = ["COMPREPLY=()", "for ((i = 1; i < COMP_CWORD; i++)); do",
             '\t[ "${COMP_WORDS[i]}" != -- ] || { dashes=$i && break; }', "done"]
    if commands:
        lines += ["if [ $COMP_CWORD -eq 1 ]; then", "\t" + offer(found, "word:" + "|".join(commands)), "\treturn", "fi",
                  "case ${COMP_WORDS[1]} in"]
        for word, its in commands.items():
            lines += [f"{word})", *("\t" + each for each in with_dashes(its)), "\t;;"]
        # Commands with a help of their own are all that the program does.
        alone = all(its.text != found.text for its in commands.values())
        rest = [offer(found)] if alone else with_dashes(found)
        lines += ["*)", *("\t" + each for each in rest), "\t;;", "esac"]
    else:
        lines += with_dashes(found)
    return "\n".join([f"# bash completion for {name}; made of what it prints for --help.", OFFER.strip("\n"), "",
                      function + "() {", "\tlocal dashes= i", *("\t" + each for each in lines), "}",
                      f"complete -o default -F {function} {name}"]) + "\n"
