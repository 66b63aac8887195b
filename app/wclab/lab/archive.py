# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Where Debian packages come from: the archive that this machine's apt installs from, and no other. Other suites and
architectures than the machine's own are on the same mirror."""
import pathlib
import re
import shlex
import subprocess
import urllib.parse

import life
from life import Failure

# A suite by its place in the archive, where a machine does not name its release.
ALIASES = ("stable", "oldstable", "oldoldstable", "testing")


class Source:
    """One suite at one address, as apt's configuration has it."""

    def __init__(self, uri, suite, components, signed_by=""):
        self.uri, self.suite = uri.rstrip("/"), suite.rstrip("/")
        self.components, self.signed_by = components, signed_by

    def is_debians(self):
        """Not somebody else's who names his suites as Debian does."""
        place = urllib.parse.urlsplit(self.uri).path.rstrip("/").rpartition("/")[2]
        return "debian-archive" in self.signed_by or place in ("debian", "debian-security")


def of_lines(text):
    """sources.list: `deb [option=value ...] URI SUITE COMPONENT...`."""
    found = []
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[([^]]*)\]\s*)?(\S+)\s+(\S+)([^#]*)", line)
        if match is None or match[2].startswith("cdrom:"):
            continue
        options = dict(word.split("=", 1) for word in (match[1] or "").split() if "=" in word)
        found.append(Source(match[2], match[3], match[4].split(), options.get("signed-by", "")))
    return found


def stanzas(text):
    """deb822: fields by their names in lower case; a line that begins with a space goes on with the field before."""
    fields, name = {}, None
    for line in text.splitlines() + [""]:
        if line.startswith("#"):
            continue
        if not line.strip():
            if fields:
                yield fields
            fields, name = {}, None
        elif line[0] in " \t":
            if name is not None:
                fields[name] += "\n" + line.strip()
        elif ":" in line:
            name, value = line.split(":", 1)
            name = name.strip().lower()
            fields[name] = value.strip()


def of_stanzas(text):
    """*.sources: each of the addresses with each of the suites."""
    found = []
    for fields in stanzas(text):
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                if not uri.startswith("cdrom:"):
                    found.append(Source(uri, suite, fields.get("components", "").split(), fields.get("signed-by", "")))
    return found


def of_files(sourcelist, parts):
    """All that apt reads, in its order."""
    found = of_lines(sourcelist.read_text()) if sourcelist.is_file() else []
    for path in sorted(parts.iterdir()) if parts.is_dir() else []:
        if path.suffix == ".list":
            found += of_lines(path.read_text())
        elif path.suffix == ".sources":
            found += of_stanzas(path.read_text())
    return found


def choose(found, release, read):
    """The addresses of the archive and of its security updates; None for the latter where the machine has none.
    `read` says what was read."""
    main = security = None
    for name in (release, *ALIASES):
        at = [source for source in found if "main" in source.components]
        here = [source for source in at if source.suite == name]
        main = main or next(iter(sorted(here, key=lambda source: not source.is_debians())), None)
        security = security or next((source for source in at if source.suite in (f"{name}-security", f"{name}/updates")
                                     and source.is_debians()), None)
    if main is None:
        raise Failure(f"apt is configured for no archive with Debian {release}: {read} have no enabled 'deb' entry "
                      f"of suite {release} with component main. Add one, as in sources.list(5); apt-get install needs "
                      f"it too")
    return main.uri, security.uri if security else None


def of_indexes(text, release):
    """What apt has downloaded indexes from: it knows who signed them. Lines of ORIGIN|LABEL|CODENAME|ADDRESS."""
    found = []
    for line in text.splitlines():
        origin, label, codename, uri = line.split("|")
        if (origin, label, codename) in (("Debian", "Debian", release),
                                         ("Debian", "Debian-Security", f"{release}-security")):
            found.append(Source(uri, codename, ["main"], "debian-archive"))
    return found


def output(*command):
    return life.tool(command, stdout=subprocess.PIPE).decode()


def mirrors(release):
    """See choose(); indexes first, then what the next apt-get update would read."""
    paths = dict(word.split("=", 1) for word in shlex.split(output(
        "apt-config", "shell", "LIST", "Dir::Etc::sourcelist/f", "PARTS", "Dir::Etc::sourceparts/d")))
    sourcelist, parts = pathlib.Path(paths["LIST"]), pathlib.Path(paths["PARTS"])
    indexes = output("apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(CODENAME)|$(REPO_URI)",
                     "Created-By: Packages")
    return choose(of_indexes(indexes, release) + of_files(sourcelist, parts), release, f"{sourcelist} and {parts}")
