# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""What the checks of proofs share: their programs, how models and mutations run, the table and the file of results."""
import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(1, str(ROOT / "app/wclab/lab"))

import life
from life import Failure


class Program:
    """A program of this machine, or of another release of Debian, unpacked in the cache with its libraries."""

    def __init__(self, name, tree, version_option, version):
        """Of this machine if that is of `version` or a later one: a number, of the first there is."""
        self.command, self.tree = None, None
        found = shutil.which(name)
        if found and self.version(found, version_option) >= version:
            self.command = [found]
            return
        import trees
        try:
            self.tree = trees.Trees(life.cache_folder(), life.progress).get(tree)
        except (Failure, OSError) as error:
            raise Missing(f"{name} is not installed, and not to be had: {str(error).splitlines()[0]}") from None
        libraries = ":".join(str(folder) for folder in (*self.tree.glob("usr/lib/*-linux-gnu*"), self.tree / "usr/lib"))
        loader = next(iter(sorted(self.tree.glob("usr/lib*/ld-linux-*.so.*")) +
                           sorted(self.tree.glob("usr/lib/*/ld-linux-*.so.*"))))
        self.command = [str(loader), "--library-path", libraries, str(self.tree / "usr/bin" / name)]

    @staticmethod
    def version(program, option):
        said = subprocess.run([program, option], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        match = re.search(r"\d+", said.stdout)
        return int(match[0]) if match else 0


class Missing(Exception):
    """There is no program to check with."""


def run(command, limit_s=None, **options):
    """The output, the status, and the seconds of CPU time. `options` may say that errors go elsewhere. No process is
    left behind. TimeoutError: it ran for `limit_s` seconds, and was ended."""
    with tempfile.TemporaryFile() as out:
        # pylint: disable-next=consider-using-with
        process = subprocess.Popen([str(word) for word in command],
                                   **{"stdout": out, "stderr": out, **life.tied(), **options})
        over = threading.Event()

        def end():
            over.set()
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)

        timer = threading.Timer(limit_s or 0, end)
        if limit_s is not None:
            timer.start()
        try:
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        finally:
            timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        if over.is_set():
            raise TimeoutError(f"{command[0]} took more than {limit_s} s")
        out.seek(0)
        return out.read().decode(errors="replace"), process.returncode, used.ru_utime + used.ru_stime


def mutate(file, expression, to):
    """Writes `file` with a change of sed's to `to`. An expression that changes nothing is out of date."""
    before = (ROOT / file).read_text()
    after = subprocess.run(["sed", expression], input=before, stdout=subprocess.PIPE, text=True, check=True).stdout
    if after == before:
        raise Failure(f"the expression {expression} does not match {file} any more")
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(after)


def run_all(tool, jobs):
    """Runs jobs, pairs of a name and a function, as many at a time as there are CPUs. Their results by name."""
    results, lock, done = {}, threading.Lock(), []
    tty = sys.stderr.isatty()

    def one(name, job):
        began = time.monotonic()
        result = job()
        with lock:
            done.append(name)
            took = time.monotonic() - began
            if tty or took >= 2:
                print(f"{chr(13) if tty else '  '}{tool}: {len(done)} of {len(jobs)}, {name}: {took:.1f} s".ljust(100),
                      end="" if tty else "\n", file=sys.stderr, flush=True)
        return result

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        futures = {name: pool.submit(one, name, job) for name, job in jobs}
        try:
            for name, future in futures.items():
                results[name] = future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if tty:
        print("\r" + " " * 100 + "\r", end="", file=sys.stderr, flush=True)
    return results


def rows(tool, models):
    """A table's rows, as words."""
    for model in models:
        size = f"{model['states']} states" if "states" in model else f"{model.get('checks', 0)} checks"
        noticed = sum(mutation["result"] == "noticed" for mutation in model["mutations"])
        yield (tool, model["name"], model["property"], size, "all" if model["complete"] else "bounded",
               f"{model['seconds']:.1f}", f"{noticed} of {len(model['mutations'])}", model["result"])


HEAD = ("tool", "model", "property", "size", "inputs", "CPU s", "mutations", "result")


def table(lines):
    """For a terminal: a long property is cut short there, and is whole in the file of results."""
    lines = [(*line[:2], textwrap.shorten(line[2], 60, placeholder=" ..."), *line[3:]) for line in (HEAD, *lines)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    return "\n".join("  ".join(word.ljust(width) for word, width in zip(line, widths)).rstrip() for line in lines)


def bad(models):
    """What failed, in a line each."""
    for model in models:
        if model["result"] != "ok":
            yield f"{model['name']}: FAILED: {model['property']}; {'; '.join(model.get('failures', [])[:4])}"
        for mutation in model["mutations"]:
            if mutation["result"] != "noticed":
                yield f"{model['name']}: MISSED: without {mutation['what']} it is proved all the same"


def finish(tool, models, out):
    """Prints the table, writes the file, and returns the exit status."""
    report = {"tool": tool, "models": models}
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / f"{tool}.json").write_text(json.dumps(report, indent=1) + "\n")
    print(table(rows(tool, models)))
    failures = list(bad(models))
    for line in failures:
        print(line)
    return 1 if failures else 0


@contextlib.contextmanager
def reported(tool):
    """Ends the program: 77 if there is no tool, 2 with what went wrong."""
    try:
        yield
    except Missing as why:
        print(f"{tool}: {why}")
        sys.exit(77)
    except (Failure, OSError) as error:
        print(f"{tool}: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
