# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Which module may use which, and which symbols a library shows: read from the tree and the build.

The rules are the table under "## Modules" of doc/architecture.md and the prefixes below.
"""
import os
import re
import subprocess

TABLE = "doc/architecture.md"

# External symbols of an installed library begin with one of these.
PREFIXES = {
    "libwcbar.a": ("wcbar_",),
    "libwcnic_admin.a": ("wcadmin_",),
    "libwcnic_device.a": ("wcdev_",),
    "libwcnic_ena.a": ("ena_",),
    "libwcnic_iova.a": ("iova_",),
    "libwcnic_model.a": ("wcnic_card_", "card_"),
    "libwcnic_pcielink.a": ("pcielink_",),
    "libwcnic_port.a": ("wcnic_port_", "port_"),
    "libwcnic_vfio_user.a": ("vfu_",),
}

# What a library that others load shows, by the end of its name.
EXPORTS = (
    (re.compile(r"port\w*\.so"), re.compile(r"wcnic_port_plugin$")),
    (re.compile(r"libwcbar\.so"), re.compile(r"(wcbar_\w+|WCBAR_[0-9.]+)$")),
    (re.compile(r"librte_net_wcnic\.so"), re.compile(r"DPDK_\d+$")),  # the node of its version map
    (re.compile(r"libwcrun\.so$"), re.compile(r"(wcrun_)?(ioctl|mmap(64)?)$")),
)

# Headers of other projects, by the word that the table uses for them.
FOREIGN = (
    ("DPDK", re.compile(r"(rte_.*|ethdev_.*|bus_\w+_driver|dev_driver)\.h$")),
    ("libpcap", re.compile(r"(pcap/.*|pcap)\.h$")),
    ("json-c", re.compile(r"json-c/.*\.h$")),
    ("libarchive", re.compile(r"archive(_entry)?\.h$")),
    ("libnuma", re.compile(r"numa(if)?\.h$")),
    ("NLopt", re.compile(r"nlopt\.h$")),
    ("Vulkan", re.compile(r"vulkan/.*\.h$")),
    ("libdrm", re.compile(r"(xf86)?drm(_\w+)?\.h$")),
)

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
PRIVATE = re.compile(r"_(internal|priv)\.h$")


class Module:
    def __init__(self, path, row, may_use):
        self.path = path
        self.row = row  # of the table, to be quoted
        self.may_use = may_use

    def may(self, other):
        return other == self.path or other == "lib/base" or other in self.may_use


def read_table(root):
    """{path: Module} of the table in doc/architecture.md."""
    modules = {}
    inside = False
    with open(os.path.join(root, TABLE), encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("## "):
                inside = line.strip() == "## Modules"
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if not inside or not line.startswith("|") or len(cells) != 3:
                continue
            names = re.findall(r"`([^`]+)`", cells[0])
            uses = set(re.findall(r"`([^`]+)`", cells[2]))
            uses |= {word for word, _ in FOREIGN if re.search(rf"\b{word}\b", cells[2])}
            for name in names:
                modules[name] = Module(name, f"{name} may use: {cells[2]}", uses | set(names))
    return modules


class Untracked(Exception):
    """Nobody knows which files are tracked, and why not."""


def tracked(root):
    lists = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../config/source-files")
    out = subprocess.run([lists, "--of", root], check=False, capture_output=True)
    if out.returncode != 0:
        raise Untracked(out.stderr.decode().strip())
    return [path for path in out.stdout.decode().split("\0") if path]


def module_of(modules, path):
    """The module that a path is in, or None: the longest name that begins it."""
    names = [name for name in modules if path == name or path.startswith(name + "/")]
    return modules[max(names, key=len)] if names else None


def bad_paths(paths):
    return [f"{path!r}: a tracked path is made of A-Z a-z 0-9 . _ / and - only"
            for path in paths if not re.fullmatch(r"[A-Za-z0-9._/-]+", path)]


def places_without_module(modules, paths):
    """Folders with code that the table does not know."""
    unknown = {path for path in paths if path.startswith(("lib/", "app/", "drivers/"))
               and path.endswith((".c", ".h")) and module_of(modules, path) is None}
    return [f"{path}:1: {TABLE} has no row for the module of this file" for path in sorted(unknown)]


def meant(module, modules, path, name, headers):
    """The tracked headers that `name`, included by `path`, can mean; one in its own module first."""
    beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
    if beside in headers.get(os.path.basename(name), ()):
        return [beside]
    found = [header for header in headers.get(os.path.basename(name), ())
             if ("/" + header).endswith("/" + name)]
    own = [header for header in found if module_of(modules, header) is module]
    return own or found


def include_breaches(root, modules, paths):
    headers = {}
    for path in paths:
        if path.endswith(".h") and not path.startswith("tests/"):
            headers.setdefault(os.path.basename(path), []).append(path)
    breaches = []
    for path in paths:
        module = module_of(modules, path)
        if module is None or not path.endswith((".c", ".h", ".S")):
            continue
        with open(os.path.join(root, path), encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                match = INCLUDE.match(line)
                if match:
                    breaches += [f"{path}:{number}: {breach}" for breach in
                                 include_breach(module, modules, path, match[2], headers)]
    return breaches


def include_breach(module, modules, path, name, headers):
    found = meant(module, modules, path, name, headers)
    for header in found:
        other = module_of(modules, header)
        if other is None:
            yield f"includes {header}, which is in no module"
        elif not module.may(other.path):
            yield f"includes {name} of {other.path}; rule: {module.row}"
        elif other is not module and PRIVATE.search(header):
            yield f"includes {header}, a private header of {other.path}"
    if not found:
        for word, pattern in FOREIGN:
            if pattern.match(name) and word not in module.may_use:
                yield f"includes {name} of {word}; rule: {module.row}"


def meson_breaches(root, modules, paths):
    """Link dependencies, as the build files write them."""
    builds = [path for path in paths if os.path.basename(path) == "meson.build"]
    texts = {}
    for path in builds:
        with open(os.path.join(root, path), encoding="utf-8") as file:
            texts[path] = file.read()
    owner = {}
    for path, text in texts.items():
        module = module_of(modules, path)
        if module is not None:
            for name in re.findall(r"^\s*(\w+_dep)\s*=\s*declare_dependency\(", text,
                                   re.M):
                owner[name] = module.path
            for name, dep in re.findall(r"override_dependency\('([^']+)',\s*(\w+)\)", text):
                owner[f"'{name}'"] = module.path
    breaches = []
    for path, text in texts.items():
        module = module_of(modules, path)
        if module is None:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            for word in re.findall(r"\w+_dep\b|'[\w-]+'", line.split("#")[0]):
                if word in owner and not module.may(owner[word]):
                    breaches.append(f"{path}:{number}: links with {word.strip(chr(39))} of "
                                    f"{owner[word]}; rule: {module.row}")
    return breaches


SPDX = re.compile(r"/\* SPDX-License-Identifier: BSD-3-Clause\n"
                  r" \* Copyright\(c\) 2026 The wcnic authors\n \*/\n\n?")
GUARD = re.compile(r"#ifndef \w+\n#define \w+\n\n?")
CLOCKS = re.compile(r"getrusage|CLOCK_(PROCESS|THREAD)_CPUTIME|getloadavg|\btimes\(")


def head_breaches(root, paths):
    """A file says what it is for, before its includes."""
    breaches = []
    for path in paths:
        if path.endswith((".c", ".h")):
            with open(os.path.join(root, path), encoding="utf-8") as file:
                text = file.read()
            licence = SPDX.match(text)
            if licence is None:
                breaches.append(f"{path}:1: the file does not begin with the SPDX line and copyright")
                continue
            text = text[licence.end():]
            guard = GUARD.match(text) if path.endswith(".h") else None
            if not text[guard.end() if guard else 0:].startswith("/*"):
                breaches.append(f"{path}:4: a comment here must say what the file is for")
    return breaches


def clock_breaches(root, paths):
    """Tests that judge how much of a CPU something took: that depends on who else uses it."""
    breaches = []
    for path in paths:
        if path.startswith("tests/") and path.endswith((".c", ".h")) and "/perf/" not in path:
            with open(os.path.join(root, path), encoding="utf-8") as lines:
                breaches += [f"{path}:{number}: a test may not judge by the clock of a CPU: "
                             f"{line.strip()}" for number, line in enumerate(lines, 1)
                             if CLOCKS.search(line)]
    return breaches


LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors_of(path):
    """The headings of a page, as links name them."""
    with open(path, encoding="utf-8") as lines:
        heads = [line.lstrip("#").strip().lower() for line in prose(lines) if line.startswith("#")]
    return {re.sub(r"[^\w\- ]", "", head).replace(" ", "-") for head in heads}


def prose(lines):
    """The lines of a page with those of code blocks made empty."""
    block = False
    for line in lines:
        fence = line.startswith("```")
        block = block != fence
        yield "" if block or fence or line.startswith("    ") else line.rstrip("\n")


def prose_breaches(root, paths):
    breaches = []
    for path in paths:
        if not path.endswith(".md"):
            continue
        with open(os.path.join(root, path), encoding="utf-8") as lines:
            for number, line in enumerate(prose(lines), 1):
                if len(line) > 100 and not line.startswith("|"):
                    breaches.append(f"{path}:{number}: {len(line)} columns; "
                                    "rule: prose has at most 100")
                breaches += [f"{path}:{number}: links to {link}, which is not there"
                             for link in LINK.findall(line) if dead(root, path, link)]
    return breaches


def dead(root, path, link):
    if re.match(r"[a-z]+:", link):
        return False
    name, _, anchor = link.partition("#")
    target = os.path.join(root, os.path.dirname(path), name) if name else os.path.join(root, path)
    if not os.path.exists(target):
        return True
    return bool(anchor) and target.endswith(".md") and anchor not in anchors_of(target)


# ---- what the build made ------------------------------------------------------------------------


def objects_of(root, build):
    """{object file: source path} of the modules, by the build's list of compiler calls."""
    import json
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        calls = json.load(file)
    found = {}
    for call in calls:
        source = os.path.realpath(os.path.join(call["directory"], call["file"]))
        if source.startswith(os.path.realpath(root) + os.sep):
            found[os.path.join(call["directory"], call["output"])] = os.path.relpath(source, root)
    return found


def symbols_of(objects):
    """{object: (defined, undefined)} external symbols."""
    names = [name for name in objects if os.path.exists(name)]
    result = {name: (set(), set()) for name in names}
    for begin in range(0, len(names), 200):
        out = subprocess.run(["nm", "-A", "-g", *names[begin:begin + 200]], check=True,
                             capture_output=True, text=True).stdout
        for line in out.splitlines():
            name, rest = line.split(":", 1)
            kind, symbol = rest.split()[-2:]
            result[name][1 if kind in "Uwv" else 0].add(symbol)
    return result


class Graph:
    """Which source file of a module needs which symbol of which other file."""

    def __init__(self, root, build, modules):
        self.root = root
        self.modules = modules
        self.edges = {}  # file: {file: a symbol}
        objects = {name: source for name, source in objects_of(root, build).items()
                   if module_of(modules, source) is not None}
        symbols = symbols_of(objects)
        where = {}
        for name, (defined, _) in symbols.items():
            for symbol in defined:
                where.setdefault(symbol, set()).add(objects[name])
        for name, (_, undefined) in symbols.items():
            source = objects[name]
            for symbol in undefined:
                # main() and the like are defined by many: nobody's dependency.
                if len(where.get(symbol, ())) == 1:
                    (target,) = where[symbol]
                    if target != source:
                        self.edges.setdefault(source, {})[target] = symbol

    def line(self, source, symbol):
        with open(os.path.join(self.root, source), encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if re.search(rf"\b{re.escape(symbol)}\b", line):
                    return number
        return 1

    def breaches(self):
        for source, targets in sorted(self.edges.items()):
            module = module_of(self.modules, source)
            for target, symbol in sorted(targets.items()):
                other = module_of(self.modules, target)
                if not module.may(other.path):
                    yield (f"{source}:{self.line(source, symbol)}: uses {symbol} of {target}; "
                           f"rule: {module.row}")

    def knots(self):
        """Cycles between the files of one module."""
        for name in sorted(self.modules):
            module = self.modules[name]
            files = [f for f in self.edges if module_of(self.modules, f) is module]
            inner = {f: {t: s for t, s in self.edges[f].items() if t in files} for f in files}
            for component in strongly_connected(inner):
                if len(component) > 1:
                    yield from self.knot(sorted(component), inner)

    def knot(self, files, inner):
        yield f"{files[0]}:1: these files need one another: {', '.join(files)}"
        for source in files:
            for target, symbol in sorted(inner[source].items()):
                if target in files:
                    yield (f"    {source}:{self.line(source, symbol)}: uses {symbol} of "
                           f"{os.path.basename(target)}")


def strongly_connected(edges):
    """Tarjan's algorithm; edges: {node: iterable of nodes}."""
    index, low, stack, result = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in edges.get(node, ()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            component = []
            while True:
                component.append(stack.pop())
                if component[-1] == node:
                    break
            result.append(component)

    for node in edges:
        if node not in index:
            visit(node)
    return result


def visible_symbols(library, dynamic=False):
    """(name, visibility) of what a library defines for others."""
    table = "--dyn-syms" if dynamic else "--syms"
    out = subprocess.run(["readelf", "-W", table, library], check=True, capture_output=True,
                         text=True).stdout
    for line in out.splitlines():
        words = line.split()
        if len(words) >= 8 and words[4] in ("GLOBAL", "WEAK") and words[6] != "UND":
            yield words[7].partition("@")[0], words[5]


def symbol_breaches(prefix):
    """What is wrong with the symbols of the libraries installed under `prefix`."""
    archives, headers, plugins = [], "", []
    for folder, _, names in os.walk(prefix):
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith(".a"):
                archives.append(path)
            elif name.endswith(".h"):
                with open(path, encoding="utf-8") as file:
                    headers += file.read()
            elif ".so" in name:
                plugins.append(path)
    if not archives or not plugins:
        yield f"{prefix}: no libraries are installed there"
    declared = set(re.findall(r"\b(\w+)\s*\(", headers)) | set(re.findall(r"\b(\w+)\s*[;\[]", headers))
    for path in archives:
        name = os.path.basename(path)
        if name not in PREFIXES:
            yield f"{name}: tests/structure knows no prefix of this library"
            continue
        for symbol, visibility in visible_symbols(path):
            if not symbol.startswith(PREFIXES[name]):
                yield f"{name}: {symbol} does not begin with {' or '.join(PREFIXES[name])}"
            public = visibility == "DEFAULT"
            if public and symbol not in declared:
                yield f"{name}: {symbol} is visible, but no installed header declares it"
            if not public and not symbol.startswith(PREFIXES[name]):
                yield f"{name}: {symbol} is hidden and bare: a static program could clash with it"
    for path in plugins:
        allowed = [symbols for names, symbols in EXPORTS if names.search(os.path.basename(path))]
        for symbol, _ in visible_symbols(path, dynamic=True):
            if not any(symbols.match(symbol) for symbols in allowed):
                yield f"{os.path.basename(path)}: exports {symbol}, which no loader asks for"
