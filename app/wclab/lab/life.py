# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""How a run ends, whatever ends it: its processes end with it, its work folder goes, its results are whole or not
there, and what went wrong is said in words."""
import contextlib
import ctypes
import errno
import fcntl
import multiprocessing
import multiprocessing.connection
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)
FULL_BYTES = 64 << 10  # with less than this a disk is full
MIB = 1 << 20
# What takes so long hangs. A busy machine or an emulated one may be slow: nothing else is judged by the clock.
PATIENCE_S = 900


class Failure(Exception):
    pass


@contextlib.contextmanager
def progress(what):
    """On a terminal what is done now; what took two seconds also afterwards."""
    began = time.monotonic()
    print(f"  {what} ...", end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)
    yield
    if sys.stderr.isatty() or time.monotonic() - began >= 2:
        print(f"  {what}: {time.monotonic() - began:.1f} s ", file=sys.stderr, flush=True)


# ---- processes

def tied(end_signal=signal.SIGKILL):
    """Options for a process that gets this signal when the one which started it is no more, however it ended."""
    parent = os.getpid()

    def tie():
        LIBC.prctl(PR_SET_PDEATHSIG, int(end_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)  # that was faster

    # In a session of its own: a terminal's Ctrl-C is for the run alone, which then ends this one.
    return {"preexec_fn": tie, "start_new_session": True}


def start(command, **options):
    try:
        return subprocess.Popen(command, **tied(), **options)
    except OSError as error:
        raise Failure(f"{command[0]} cannot be started: {error.strerror}") from None


def run(command, **options):
    return subprocess.run(command, **tied(), **options)


def tool(command, **options):
    """A program that must succeed; else the failure has what it said. Its output as bytes, if that was asked for."""
    done = run(command, stderr=subprocess.PIPE, **options)
    if done.returncode != 0:
        raise Failure(f"{shlex.join(map(str, command))[:200]} ended with status {done.returncode}:\n"
                      + done.stderr.decode(errors="replace")[-2000:])
    return done.stdout


def jobs_default():
    """How many machines run side by side: each keeps about one CPU busy, and takes up to 4 GiB."""
    return max(1, min(4, os.cpu_count() or 1, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (6 << 30)))


def spread(items, jobs, work):
    """work(item) for each item, `jobs` at a time, each in a process of its own; the results in the order of the items.
    What one raises ends them all, and is raised here."""
    if jobs == 1 or len(items) == 1:
        return [work(item) for item in items]
    waiting, running, results = list(items), {}, {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                item = waiting.pop(0)
                ours, theirs = multiprocessing.Pipe(duplex=False)
                process = multiprocessing.get_context("fork").Process(target=part, args=(theirs, os.getpid(), work, item))
                process.start()
                theirs.close()
                running[ours] = item, process
            for ended in multiprocessing.connection.wait(running):
                item, process = running[ended]
                try:
                    results[item], error = ended.recv()
                except EOFError:
                    error = Failure(f"{item}: its process was killed")
                del running[ended]
                process.join()
                if error:
                    raise error
    finally:
        for _, process in running.values():
            process.terminate()
            process.join()
    return [results[item] for item in items]


def part(pipe, parent, work, item):
    """One of them; it ends with its parent, however that ends."""
    LIBC.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    try:
        pipe.send((work(item), None))
    except (Failure, OSError, subprocess.CalledProcessError) as error:
        pipe.send((None, error))


# ---- files

@contextlib.contextmanager
def naming(path):
    """Errors of writing have no file's name by themselves."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


class Out(type(pathlib.Path())):
    """A folder of results, or a file in it: which is written whole or not at all."""

    def write_text(self, text, **options):
        part = pathlib.Path(f"{self}.part")
        try:
            with naming(self):
                part.write_text(text, **options)
                os.replace(part, self)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return len(text)


def cache_folder():
    """Where downloads are kept, as ./run has it. Where there can be none the run ends, and says why on standard error."""
    found = subprocess.run([pathlib.Path(__file__).resolve().parents[3] / "config/cache-folder"], stdout=subprocess.PIPE,
                           text=True, check=False)
    if found.returncode != 0:
        sys.exit(found.returncode)
    return pathlib.Path(found.stdout.rstrip("\n"))


@contextlib.contextmanager
def work_folder(cache, name):
    """A folder for one run. What runs have left that were killed goes first: of a living one the folder is locked."""
    base = cache / "work"
    base.mkdir(parents=True, exist_ok=True)
    with open(base / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in base.iterdir():
            if left.is_dir() and not in_use(left):
                shutil.rmtree(left, ignore_errors=True)
        work = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}.", dir=base))
        descriptor = locked(work)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
        os.close(descriptor)


def locked(folder):
    """Its descriptor, or None if somebody else has locked it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def in_use(folder):
    descriptor = locked(folder)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is None


def space(folder):
    usage = shutil.disk_usage(folder)
    return f"{folder} has {usage.free / MIB:.1f} of {usage.total / MIB:.1f} MiB free"


def full(*folders):
    """Those of the folders whose disk is full, in words; empty if none is."""
    return "; ".join(space(folder) for folder in folders if shutil.disk_usage(folder).free < FULL_BYTES)


# ---- the end

def interrupted(number, _):
    signal.signal(number, signal.SIG_DFL)  # the next one ends it at once, and its processes with it
    sys.exit(128 + number)


@contextlib.contextmanager
def reported(name, needs):
    """Around all that a program does: whatever ends it is reported in a line or a few, and gives the exit status. `needs`:
    the folders that it writes to, and how many MiB it needs in each."""
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell had made them ignored
        signal.signal(number, interrupted)
    try:
        yield
    except Failure as failure:
        sys.exit(f"{name}: {failure}")
    except subprocess.CalledProcessError as error:  # it has said why
        sys.exit(f"{name}: {shlex.join(map(str, error.cmd))[:200]} ended with status {error.returncode}")
    except OSError as error:
        where = error.filename2 or error.filename
        text = f"{name}: {where}: {error.strerror}" if where else f"{name}: {error}"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            text += "".join(f"\n{name}: {space(folder)}; about {mib} MiB are needed there" for folder, mib in needs.items()
                            if os.path.isdir(folder) and shutil.disk_usage(folder).free < mib * MIB)
        sys.exit(text)
    except SystemExit as end:
        if end.code in (128 + signal.SIGINT, 128 + signal.SIGTERM):
            print(f"{name}: interrupted by {signal.Signals(end.code - 128).name}; its processes were ended",
                  file=sys.stderr, flush=True)
        raise
