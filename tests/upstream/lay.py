# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Lays the driver into a source tree of DPDK: its folder, its page, and a few lines in files of DPDK's."""
import hashlib
import json
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DRIVER = "drivers/net/wcnic"
GUIDE = "doc/guides/nics/wcnic.rst"
FEATURES = "doc/guides/nics/features/wcnic.ini"
RECORD = ".wcnic-upstream.json"  # what was laid, so that it can be told from what somebody changed since
OLDEST = (22, 11)
# What the driver shares with the tools. Other files of these folders are for other programs.
SHARED = ("lib/abi", "lib/wcadmin", "lib/wcbar")
WORDS = {"wcbase.h": HERE / "wcbase_dpdk.h", "wcfile.h": ROOT / "lib/base/wcfile.h"}
ISA = {"avx2": "_avx2.c", "avx512f": "_avx512.c"}


class Refused(Exception):
    """The folder is left as it was."""


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def version_of(dpdk):
    """The release of a tree, as (year, month); it must look like DPDK's."""
    wanted = ("VERSION", "MAINTAINERS", "drivers/net/meson.build", "doc/guides/nics/index.rst")
    missing = [path for path in wanted if not (dpdk / path).is_file()]
    if missing:
        raise Refused(f"{dpdk} is no source tree of DPDK: it has no {missing[0]}")
    text = (dpdk / "VERSION").read_text().strip()
    match = re.match(r"(\d+)\.(\d+)\.", text)
    if not match:
        raise Refused(f"{dpdk}/VERSION says '{text}', which is no release of DPDK such as 24.11.0")
    release = int(match[1]), int(match[2])
    if release < OLDEST:
        raise Refused(f"{dpdk} is DPDK {text}; the driver needs {OLDEST[0]}.{OLDEST[1]} or later")
    return release


def resolve(text, begins, otherwise, ends, verdict):
    """Takes out conditions that are known in that tree. verdict(line): True, False, or None for those that stay.
    Returns the lines that remain; in Meson's files those of a condition move to the left."""
    out, stack = [], []
    for line in text.splitlines(keepends=True):
        word = line.strip()
        if begins(word):
            known = verdict(word)
            stack.append([known, True if known is None else known])
            if known is not None:
                continue
        elif word == otherwise and stack and stack[-1][0] is not None:
            stack[-1][1] = not stack[-1][1]
            continue
        elif word == ends and stack:
            if stack.pop()[0] is not None:
                continue
        if all(shown for _, shown in stack):
            indent = 4 * sum(known is not None for known, _ in stack) if otherwise == "else" else 0
            out.append(line[indent:] if line[:indent].isspace() else line)
    return re.sub(r"\n{3,}", "\n\n", "".join(out))


def compat(text, release):
    """What differs between releases, for one of them."""
    def verdict(word):
        match = re.fullmatch(r"#if RTE_VERSION >= RTE_VERSION_NUM\((\d+), (\d+), 0, 0\)", word)
        return release >= (int(match[1]), int(match[2])) if match else None
    return resolve(text, lambda word: word.startswith("#if"), "#else", "#endif", verdict)


def untargeted(text):
    """Without the word for the CPU that a function is for: in DPDK's tree the build says so. As the argument of a macro
    it stays, and is empty."""
    for name in re.findall(r'^#define (\w+) WC_TARGET\(".*"\)\n', text, re.M):
        if not re.search(rf"\b{name}\b[,)]", text):
            text = re.sub(rf'(/\*.*\*/\n)?#define {name} WC_TARGET\(".*"\)\n\n?', "", text)
            text = re.sub(rf"^{name}\s", "", text, flags=re.M)
    return re.sub(r'^WC_TARGET\("[^"]*"\)\s', "", text, flags=re.M)


def plain_inline(text):
    """Without the order to inline, which DPDK 26.07 forbids. It is for functions that are part of others for one kind
    of CPU: in DPDK's tree all functions of a file are for the same."""
    return re.sub(r"\b(__rte_always_inline|WC_ALWAYS_INLINE)\b", "inline", text)


def meson(text):
    """The driver's build file without what is for the project's own tree."""
    def verdict(word):
        return False if word == "if is_variable('wcnic_attach_options')" else None
    return resolve(text, lambda word: word.startswith("if "), "else", "endif", verdict)


def base_meson(names):
    """The build file of base/: which file is for which CPU is in its name."""
    listed = lambda files, indent: "".join(f"{indent}        '{name}',\n" for name in files)
    sources = [name for name in names if name.endswith(".c")]
    isa = {flag: [name for name in sources if name.endswith(end)] for flag, end in ISA.items()}
    x86 = [name for name in sources if name.endswith("_x86.c")]
    arm = [name for name in sources if name.endswith("_arm64.c")]
    plain = [name for name in sources if name not in x86 + arm + sum(isa.values(), [])]
    text = "# SPDX-License-Identifier: BSD-3-Clause\n# Copyright(c) 2026 The wcnic authors\n\n"
    text += "includes += include_directories('.')\n\nsources += files(\n" + listed(plain, "") + ")\n\n"
    text += "if arch_subdir == 'x86'\n    sources += files(\n" + listed(x86, "    ") + "    )\n"
    for flag, files in isa.items():
        text += f"    sources_isa += {{'{flag}': sources_isa['{flag}'] + files(\n"
        text += listed(files, "    ") + "    )}\n"
    text += "else\n    sources += files(\n" + listed(arm, "    ") + "    )\nendif\n"
    return text


def driver_files(release):
    """Path: text, of all that is the driver's own."""
    files = {}
    for path in sorted((ROOT / DRIVER).glob("*.[ch]")):
        files[f"{DRIVER}/{path.name}"] = compat(plain_inline(untargeted(path.read_text())), release)
    files[f"{DRIVER}/meson.build"] = meson((ROOT / DRIVER / "meson.build").read_text())
    shared = {name: path.read_text() for name, path in WORDS.items()}
    for folder in SHARED:
        shared.update({path.name: plain_inline(untargeted(path.read_text())) for path in (ROOT / folder).glob("*.[ch]")})
    shared["meson.build"] = base_meson(sorted(shared))
    files.update({f"{DRIVER}/base/{name}": text for name, text in sorted(shared.items())})
    if release < (23, 3):  # later releases make one themselves
        files[f"{DRIVER}/version.map"] = f"DPDK_{release[0] - (release[1] < 11)} {{\n\tlocal: *;\n}};\n"
    files[GUIDE] = (ROOT / GUIDE).read_text()
    files[FEATURES] = (ROOT / FEATURES).read_text()
    return files


def in_order(text, entry, pattern):
    """Puts a line behind the last of its list that sorts before it, or before the first."""
    name = re.fullmatch(pattern, entry.strip("\n"))[1]
    lines = text.splitlines(keepends=True)
    matches = [re.fullmatch(pattern, line.strip("\n")) for line in lines]
    listed = [number for number, match in enumerate(matches) if match]
    if not listed:
        raise Refused(f"there is no list in which {entry.strip()} has a place")
    at = max((number + 1 for number in listed if matches[number][1] < name), default=listed[0])
    return "".join(lines[:at]) + entry + "".join(lines[at:])


def behind(text, anchor, block, path):
    if text.count(anchor) != 1:
        raise Refused(f"{path} has no place for the driver: {anchor.strip()!r} is not there once")
    return text.replace(anchor, anchor + block)


def before(text, anchor, block, path):
    found = list(re.finditer(anchor, text, re.M))
    if len(found) != 1:
        raise Refused(f"{path} has no place for the driver: {anchor!r} is not there once")
    return text[:found[0].start()] + block + text[found[0].start():]


def edits(dpdk, release, maintainer, bare):
    """Path, block of lines, and how it comes into the text. `bare`: files without what was laid before."""
    notes = f"doc/guides/rel_notes/release_{release[0]:02}_{release[1]:02}.rst"
    entry = (HERE / "MAINTAINERS").read_text().replace("@MAINTAINER@", maintainer)
    note = (HERE / "release-note.rst").read_text()
    found = [
        ("drivers/net/meson.build", "        'wcnic',\n", lambda t, b: in_order(t, b, r" +'([a-z]\w*)',")),
        ("doc/guides/nics/index.rst", "    wcnic\n", lambda t, b: in_order(t, b, r"    ([m-z]\w*)")),
        ("MAINTAINERS", entry,
         lambda t, b: behind(t, "F: doc/guides/nics/features/vmxnet3.ini\n\n", b, "MAINTAINERS")),
        (notes, note, lambda t, b: before(t, r"^\n?Removed Items\n-+$", b, notes)),
    ]
    known = bare.get(".mailmap") or ((dpdk / ".mailmap").read_text() if (dpdk / ".mailmap").is_file() else maintainer)
    if maintainer not in known:
        found.append((".mailmap", f"{maintainer}\n", lambda t, b: in_order(t, b, r"(.*<.*>)")))
    missing = [path for path, _, _ in found if not (dpdk / path).is_file()]
    if missing:
        raise Refused(f"{dpdk} has no {missing[0]}")
    return found


def read_record(dpdk):
    try:
        return json.loads((dpdk / RECORD).read_text())
    except FileNotFoundError:
        return {"files": {}, "blocks": {}}
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise Refused(f"{dpdk / RECORD} cannot be read: {error}") from error


def local_changes(dpdk, record):
    """What is not as it was laid."""
    changed = [path for path, sha in record["files"].items()
               if not (dpdk / path).is_file() or digest((dpdk / path).read_text()) != sha]
    changed += [path for path, block in record["blocks"].items()
                if not (dpdk / path).is_file() or (dpdk / path).read_text().count(block) != 1]
    there = [str(path.relative_to(dpdk)) for path in (dpdk / DRIVER).rglob("*") if path.is_file()]
    there += [path for path in (GUIDE, FEATURES) if (dpdk / path).exists()]
    return sorted(set(changed + [path for path in there if path not in record["files"]]))


def lay(dpdk, maintainer):
    """Returns what was laid: path: text, and path: (text before, text after) of DPDK's files."""
    release = version_of(dpdk)
    record = read_record(dpdk)
    changed = local_changes(dpdk, record)
    if changed:
        raise Refused(f"{dpdk} has changes of its own that would be lost: {', '.join(changed[:5])}"
                      + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")
                      + "; take them out or use a fresh tree")
    files, edited = driver_files(release), {}
    bare = {path: (dpdk / path).read_text().replace(block, "") for path, block in record["blocks"].items()}
    blocks = {}
    for path, text in bare.items():
        edited[path] = (text, text)
    for path, block, place in edits(dpdk, release, maintainer, bare):
        text = bare.get(path) or (dpdk / path).read_text()
        if "wcnic" in text and path != ".mailmap":
            raise Refused(f"{dpdk / path} names a driver wcnic that was not laid by this program")
        edited[path] = (text, place(text, block))
        blocks[path] = block
    for path in set(record["files"]) - set(files):
        (dpdk / path).unlink()
    for path, text in {**files, **{path: after for path, (_, after) in edited.items()}}.items():
        target = dpdk / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.is_file() or target.read_text() != text:  # its time is what builds go by
            target.write_text(text)
    record = {"files": {path: digest(text) for path, text in files.items()}, "blocks": blocks}
    (dpdk / RECORD).write_text(json.dumps(record, indent=1) + "\n")
    return release, files, edited
