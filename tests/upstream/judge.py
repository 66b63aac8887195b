# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""What DPDK's own checks say of the driver that was laid into its tree."""
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys

import lay

SUBJECT = "net/wcnic: introduce driver"
BODY = """The card of this driver takes packets in two ways: the CPU writes them
into windows of a PCI BAR that are mapped write-combining, or the card
fetches them from host memory. The driver judges each window and chooses.

The folder base/ has what the driver shares with the card's tools.
"""
# Complaints that have no weight, and why.
NO_WEIGHT = {
    "Declaring a variable inside for()": "a rule that DPDK dropped in 23.07, and into older releases comes no new driver",
    "CHECK:": "the kernel's script checks its own network drivers more strictly, and takes drivers/net/ for these",
}


# Names of the driver's files, in whatever folder the tree is.
OURS = re.compile(r"net[/_]wcnic|nics/(features/)?wcnic|\bwcnic\b(?!/)")


@dataclasses.dataclass
class Finding:
    check: str
    result: str  # ok, FAILED, skipped
    ours: list
    others: list  # lines about what is not the driver's
    why: str = ""


class Repository:
    """A small repository beside the tree: what DPDK has of the files that matter, and a commit that adds the driver.
    The tree may be none, and if it is one, its history and index are its owner's."""

    def __init__(self, folder, dpdk, files, edited, maintainer):
        shutil.rmtree(folder, ignore_errors=True)
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        name, mail = re.fullmatch(r"(.*) <(.*)>", maintainer).groups()
        self.env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null",
                    "GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": mail, "GIT_COMMITTER_NAME": name,
                    "GIT_COMMITTER_EMAIL": mail, "LC_ALL": "C.UTF-8"}
        self.git("init", "-q", "-b", "main")
        for part in ("devtools", "VERSION", "license", "doc/guides/nics/features", ".gitignore"):
            if (dpdk / part).exists():
                copy = shutil.copytree if (dpdk / part).is_dir() else shutil.copy
                (self.folder / part).parent.mkdir(parents=True, exist_ok=True)
                copy(dpdk / part, self.folder / part)
        for path in files:
            (self.folder / path).unlink(missing_ok=True)
        self.write({path: before for path, (before, _) in edited.items()})
        self.git("add", "-f", ".")
        self.git("commit", "-q", "-m", "DPDK")
        self.git("update-ref", "refs/remotes/origin/main", "HEAD")
        self.write(files)
        self.write({path: after for path, (_, after) in edited.items()})
        self.git("add", "-f", ".")
        self.git("commit", "-q", "-m", f"{SUBJECT}\n\n{BODY}\nSigned-off-by: {maintainer}")

    def write(self, files):
        for path, text in files.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_text(text)

    def git(self, *arguments):
        return self.run("git", *arguments, check=True).stdout

    def run(self, *command, check=False, **env):
        return subprocess.run(command, cwd=self.folder, env={**self.env, **env}, check=check, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace")


def has(dpdk, path):
    return (dpdk / path).is_file()


def split(lines):
    """Lines about the driver, and all others."""
    ours = [line for line in lines if OURS.search(line)]
    return ours, [line for line in lines if line.strip() and line not in ours]


def simple(repo, check, *command):
    """A check that prints what it does not like, a line each."""
    done = repo.run(*command)
    ours, others = split(done.stdout.splitlines())
    return Finding(check, "FAILED" if ours else "ok", ours, others)


def check_meson(repo, _):
    return simple(repo, "check-meson.py", sys.executable, "devtools/check-meson.py")


def check_spdx(repo, _):
    return simple(repo, "check-spdx-tag.sh", "sh", "devtools/check-spdx-tag.sh")


def check_doc_vs_code(repo, _):
    return simple(repo, "check-doc-vs-code.sh", "sh", "devtools/check-doc-vs-code.sh")


def check_git_log(repo, _):
    done = repo.run("sh", "devtools/check-git-log.sh", "-n1")
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    valid = done.returncode == 0
    return Finding("check-git-log.sh", "ok" if valid else "FAILED", [] if valid else lines, [])


def complaints(text):
    """What checkpatches.sh says, a line each: of the kernel's script with the place, of DPDK's own rules as they are."""
    found, pending = [], None
    for line in text.splitlines():
        match = re.match(r"(ERROR|WARNING|CHECK):(\S+): (.*)", line)
        place = re.match(r"#\d+: FILE: (\S+?):?$", line)
        if match:
            pending = f"{match[1]}:{match[2]}: {match[3]}"
            found.append(pending)
        elif place and pending:
            found[-1] = f"{place[1]}: {pending}"
            pending = None
        elif line.startswith("awk: ") or line.startswith("^+"):
            pass  # what another awk says of expressions that it does not know
        elif re.match(r"(Warning in |Please |[Uu]se |__rte_|[\w/.-]+:\d+:)", line):
            if found and found[-1].startswith("Warning in ") and not line.startswith("Warning in "):
                found[-1] += " " + line
            else:
                found.append(line)
        elif found and found[-1].startswith("Warning in ") and line.strip() and "valid patch" not in line:
            found[-1] += " " + line.strip()
    return found


def check_patches(repo, checkpatch):
    """With the kernel's script, or without: then DPDK's rules about tokens alone."""
    why = ""
    if checkpatch is None:
        why = "without the kernel's checkpatch.pl, which --checkpatch names"
        checkpatch = "/bin/true"
    if "GNU Awk" not in repo.run("awk", "--version").stdout:
        why += "; " * bool(why) + "some rules need GNU awk, which is not here"
    patch = repo.run("git", "format-patch", "--no-stat", "--stdout", "-1").stdout
    (repo.folder / ".git/patch").write_text(patch)
    done = repo.run("sh", "devtools/checkpatches.sh", ".git/patch", DPDK_CHECKPATCH_PATH=str(checkpatch),
                    DPDK_CHECKPATCH_CODESPELL="no")
    if done.returncode == 0:
        return Finding("checkpatches.sh", "ok", [], [], why)
    found = complaints(done.stdout)
    others = [f"{line} ({reason})" for line in found for rule, reason in NO_WEIGHT.items() if rule in line]
    ours = [line for line in found if not any(rule in line for rule in NO_WEIGHT)]
    return Finding("checkpatches.sh", "FAILED" if ours else "ok", ours, others, why)


CHECKS = (("devtools/check-meson.py", check_meson), ("devtools/check-doc-vs-code.sh", check_doc_vs_code),
          ("devtools/check-spdx-tag.sh", check_spdx), ("devtools/check-git-log.sh", check_git_log),
          ("devtools/checkpatches.sh", check_patches))


def findings(dpdk, repo, checkpatch):
    """One after the other, as they come."""
    for path, check in CHECKS:
        if has(dpdk, path):
            yield check(repo, checkpatch)
        else:
            yield Finding(pathlib.Path(path).name, "skipped", [], [], "this release has none")


@dataclasses.dataclass
class Build:
    name: str
    env: dict
    target: str
    options: list = dataclasses.field(default_factory=list)
    compiler: str = "cc"  # without it the build is skipped


def builds(dpdk, folder, install):
    """The driver in DPDK's tree: without any library of the project's, and with all of them; then only compiled, by
    another compiler and for another kind of CPU, as DPDK's own builds of patches do. There a warning is an error."""
    alone = {"PKG_CONFIG_LIBDIR": str(folder / "nothing"), "PKG_CONFIG_PATH": ""}
    archives = r"(libtmp_rte_net_wcnic|net/wcnic/libwcnic_\w+_lib)\.a"
    found = [Build("alone", alone, r"librte_net_wcnic\.so[.0-9]*", ["-Ddefault_library=shared"])]
    if install is not None:
        found.append(Build("with libraries", {"PKG_CONFIG_PATH": str(install)}, archives, ["-Ddefault_library=shared"]))
    known = (dpdk / "meson_options.txt").read_text()
    strict = ["-Dwerror=true", "-Ddefault_library=static"]
    strict += [option for option in ("-Ddeveloper_mode=enabled", "-Dcheck_includes=true", "-Denable_stdatomic=true")
               if f"'{option[2:].split('=')[0]}'" in known]
    found.append(Build("clang", {**alone, "CC": "clang"}, archives, strict, "clang"))
    cross = dpdk / "config/arm/arm64_armv8_linux_gcc"
    found.append(Build("arm64", alone, archives, [*strict, "--cross-file", str(cross)], "aarch64-linux-gnu-gcc"))
    return found


def build(dpdk, folder, install, log):
    """Errors or warnings of each."""
    for wanted in builds(dpdk, folder, install):
        if shutil.which(wanted.compiler):
            yield build_one(dpdk, folder / wanted.name.replace(" ", "-"), wanted, log)
        else:
            yield Finding(f"build, {wanted.name}", "skipped", [], [], f"no {wanted.compiler} here")


def build_one(dpdk, folder, wanted, log):
    env = {**os.environ, **wanted.env}

    def run(*command):
        done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace")
        log.write(f"$ {' '.join(command)}\n{done.stdout}\n")
        log.flush()
        return done

    check = f"build, {wanted.name}"
    if not (folder / "build.ninja").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        done = run("meson", "setup", str(folder), str(dpdk), "-Denable_drivers=bus/vdev,bus/pci,mempool/ring,net/wcnic",
                   "-Dtests=false", "-Denable_apps=", "-Denable_docs=false", *wanted.options)
        if done.returncode != 0:
            shutil.rmtree(folder, ignore_errors=True)
            return Finding(check, "FAILED", done.stdout.splitlines()[-5:], [], "it cannot be configured")
    listed = run("ninja", "-C", str(folder), "-t", "targets", "all").stdout
    targets = [line.split(":")[0] for line in listed.splitlines() if re.match(rf"drivers/{wanted.target}: ", line)]
    if not targets:
        return Finding(check, "FAILED", ["the driver is not built: meson-logs/meson-log.txt says why"], [])
    done = run("ninja", "-C", str(folder), *targets)
    lines = [line for line in done.stdout.splitlines() if re.search(r"\b(warning|error):|FAILED", line)]
    ours, others = split(lines)
    if done.returncode != 0 and not ours:
        ours = done.stdout.splitlines()[-5:]
    return Finding(check, "FAILED" if ours else "ok", ours, others)
