# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""What a shared library shows to others, against what it is to show."""
import re
import subprocess

PUBLIC = re.compile(r"\bWC_PUBLIC\b([^;(]*)[;(]", re.S)
NODE = re.compile(r"^(\w[\w.]*) \{(.*?)^\}", re.S | re.M)


def exported(library):
    """{symbol: version} of the symbols that the loader sees; the nodes of the versions are none of them."""
    out = subprocess.run(["readelf", "-W", "--dyn-syms", library], check=True, capture_output=True, text=True).stdout
    found = {}
    for line in out.splitlines():
        words = line.split()
        if len(words) >= 8 and words[4] in ("GLOBAL", "WEAK") and words[6] not in ("UND", "ABS"):
            name, _, version = words[7].partition("@")
            found[name] = version.lstrip("@")
    return found


def soname(library):
    out = subprocess.run(["readelf", "-W", "-d", library], check=True, capture_output=True, text=True).stdout
    return re.search(r"\(SONAME\).*\[(.+)\]", out)[1]


def declared(headers):
    """The names that headers mark with WC_PUBLIC: the last word before the parenthesis or the semicolon."""
    return {re.findall(r"\w+", text)[-1] for header in headers for text in PUBLIC.findall(open(header).read())}


def mapped(path):
    """{symbol: version} of a version map."""
    return {name: version for version, body in NODE.findall(open(path).read())
            for name in re.findall(r"^\s+(\w+);", body, re.M)}


def listed(path):
    """{symbol: version} of a symbols file of Debian."""
    return {match[1]: match[2] for match in re.finditer(r"^ (\w+)@(\S+) \S", open(path).read(), re.M)
            if match[1] != match[2]}


def differences(found, wanted, what):
    """Lines that say what is too much and what is missing."""
    return ([f"{name} is exported, but not in {what}" for name in sorted(set(found) - set(wanted))]
            + [f"{name} of {what} is not exported" for name in sorted(set(wanted) - set(found))])
