# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Instructions per packet, by tests/perf/instructions: exact, so once is enough."""
import json
import subprocess
import time

from machine import Failure, die_with_parent
from pairs import MEMIF, OURS, VIRTIO, memif_vdevs, virtio_vdevs

# Of queues with checksum offloads: frames that ask for none, and frames that ask.
OFFLOADED = {"push+offloads": ["--offload"], "push+checksums": ["--offload", "--asks"],
             "fetch+offloads": ["--offload"], "fetch+checksums": ["--offload", "--asks"]}
# The card for drivers of ENA, whose program is beside the other: no driver is counted.
ENA = {"ena_push": [], "ena_fetch": ["--host"]}
FULL, QUICK = ("--depth", "1024", "--calls", "72"), ("--depth", "256", "--calls", "20")


def vdevs(name, folder):
    sock = folder / f"count-{name}.sock"
    if name in (*OURS, *OFFLOADED):
        return [f"net_wcnic0,thread=1,placement={name.split('+')[0]}"]
    if name in MEMIF:
        near, far = memif_vdevs(name, sock)
        # the same socket by another name: one process looks its sockets up by name
        return [near, far.replace("net_memif0", "net_memif1").replace(str(sock), f"{folder}/./{sock.name}")]
    if name in VIRTIO:
        return list(virtio_vdevs(name, sock, 1))
    return [f"net_{name}0"]


def start(program, name, folder, quick, huge, cpu):
    if name in ENA:
        command = [program.with_name("ena_instructions"), *(QUICK if quick else FULL), *ENA[name]]
    else:
        command = [program, "--cpu", cpu, *(QUICK if quick else FULL), *(["--huge"] if huge else []), *OFFLOADED.get(name, [])]
        for vdev in vdevs(name, folder):
            command += ["--vdev", vdev]
    return subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, preexec_fn=die_with_parent)


def result_of(process):
    out, err = process.communicate()
    if process.returncode != 0:
        raise Failure((err.strip() or f"status {process.returncode}").splitlines()[-1])
    return json.loads(out)


def count_all(program, names, folder, quick, huge, cpus, tell, left_out):
    """{name: what the program says of it}; one at a time on each CPU."""
    waiting, running, detail = list(names), {}, {}
    try:
        while waiting or running:
            for cpu in cpus:
                if cpu not in running and waiting:
                    name = waiting.pop(0)
                    running[cpu] = name, start(program, name, folder, quick, huge, cpu)
            tell(f"instructions {len(names) - len(waiting) - len(running)}/{len(names)}: "
                 + ", ".join(name for name, _ in running.values()))
            time.sleep(0.1)
            for cpu, (name, process) in list(running.items()):
                if process.poll() is None:
                    continue
                del running[cpu]
                try:
                    detail[name] = result_of(process)
                except Failure as failure:
                    if name in OURS or name in OFFLOADED or name in ENA:
                        raise
                    left_out[f"instructions of {name}"] = str(failure)
    finally:
        for _, process in running.values():
            process.kill()
            process.communicate()
    return {name: detail[name] for name in names if name in detail}


def per_packet(detail):
    """{name: Rx + Tx of the near end}, and `model`, a card's poll."""
    result = {}
    for name, kinds in detail.items():
        if name in ENA:
            continue
        shown = f"net_{name}" if name in ("null", "ring") else name
        result[shown] = round(kinds["near_rx"]["instructions"] + kinds["near_tx"]["instructions"], 2)
    for name, kinds in detail.items():
        if "model" in kinds:
            result["model" if name == "push" else f"model_{name}"] = kinds["model"]["instructions"]
    return result
