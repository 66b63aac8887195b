# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Reads the JSON of a run, and checks every field that the report uses."""
import json
import stat


SCHEMA = 1  # of a run; see run.h
BASES = {basis: basis.capitalize().replace(" ram", " RAM") for basis in (
    "measured", "measured under emulation", "measured in RAM", "measured in RAM under emulation",
    "measured in unknown memory", "measured in unknown memory under emulation")}
PERCENTS = ("p10", "p50", "p90", "p99")
TRIP_PERCENTS = ("p50", "p90", "p99", "p99.9")
COUNTS = {"stores_per_line": "stores per line", "tlps_per_line": "TLPs per line", "tlps_per_packet": "TLPs per packet",
          "wire_bytes_per_packet": "wire bytes per packet"}
FACTS = ("stage1", "stage2", "effective", "verdict", "auto_placement")
NUMBER_MAX = 1e15


class Failure(Exception):
    """What went wrong, in a sentence for the user."""


KINDS = {str: "a text", bool: "true or false", list: "a list", dict: "an object", float: "a number"}


def need(where, data, key, kind, optional=False):
    """data[key], of that kind; says where what is missing or wrong. Optional: may be null or absent."""
    value = data.get(key)
    if value is None:
        if optional:
            return None
        raise Failure(f"{where}: {key} is missing; expected {KINDS[kind]}")
    kinds = (int, float) if kind is float else kind
    if not isinstance(value, kinds) or isinstance(value, bool) != (kind is bool):
        raise Failure(f"{where}: {key} is {json.dumps(value)[:40]}; expected {KINDS[kind]}")
    if kind is float and not abs(value) < NUMBER_MAX:  # nor what JSON does not have, NaN
        raise Failure(f"{where}: {key} is {json.dumps(value)[:40]}; expected a number below {NUMBER_MAX:g}")
    return value


def items(where, data, key):
    """The objects of a list, each with where it is."""
    for i, item in enumerate(need(where, data, key, list)):
        if not isinstance(item, dict):
            raise Failure(f"{where}: {key}[{i}] is {json.dumps(item)[:40]}; expected an object")
        yield f"{where}: {key}[{i}]", item


def figure(where, data, key, percents=PERCENTS):
    """A measured figure with its percentiles."""
    value = need(where, data, key, dict)
    where = f"{where}.{key}"
    if need(where, value, "basis", str) not in BASES:
        raise Failure(f"{where}: basis is '{value['basis']}'; expected one of {', '.join(BASES)}: modelled figures "
                      "belong into the run's object \"modelled\" alone")
    need(where, value, "unit", str)
    for name in ("n", *percents):
        if need(where, value, name, float) < 0:
            raise Failure(f"{where}: {name} is {value[name]}; expected 0 or more")
    return value


def word_rows(common, at, mapping):
    """What older runs do not have: single stores and reads, and streams of several threads."""
    for kind, key in (("stores", "ns_per_store"), ("reads", "ns_per_read")):
        for where, row in items(at, mapping, kind) if kind in mapping else ():
            yield kind, {**common, "bytes": need(where, row, "bytes", float), **figure(where, row, key)}
    for where, row in items(at, mapping, "streams") if "streams" in mapping else ():
        if need(where, row, "threads", float) < 1:
            raise Failure(f"{where}: threads is {row['threads']}; expected a number of threads")
        yield "streams", {**common, "primitive": need(where, row, "primitive", str), "threads": int(row["threads"]),
                          **figure(where, row, "bytes_per_second")}


def raw_rows(run, name, data):
    target = need(name, data, "target", dict, optional=True) or {}
    memory = need(f"{name}: target", target, "memory", str, optional=True)
    for at, mapping in items(name, data, "mappings"):
        need(at, mapping, "intended", str)
        if need(at, mapping, "error", str, optional=True):
            continue
        common = {"run": run, "intended": mapping["intended"], "type": need(at, mapping, "type", str),
                  "rung": need(at, mapping, "rung", str, optional=True),
                  "direct": need(at, mapping, "direct", bool), "memory": memory}
        common["mapping"] = common["type"]
        if common["type"] != common["intended"]:
            common["mapping"] += f" (intended {common['intended']})"
        for where, line in items(at, mapping, "lines"):
            if need(where, line, "burst", float) < 1:
                raise Failure(f"{where}: burst is {line['burst']}; expected a number of lines")
            yield "raw", {**common, "primitive": need(where, line, "primitive", str),
                          "order": need(where, line, "order", str), "burst": int(need(where, line, "burst", float)),
                          **figure(where, line, "ns_per_line")}
        for where, line in items(at, mapping, "doorbell"):
            yield "doorbell", {**common, "order": need(where, line, "order", str),
                               **figure(where, line, "ns_per_store")}
        yield from word_rows(common, at, mapping)


def packet_rows(run, name, data):
    for at, port in items(name, data, "ports"):
        common = {"run": run, "port": need(at, port, "name", str),
                  "direct": need(at, port, "direct", bool, optional=True)}
        for key in ("placement", "burst_mode", "type", "rung", "primitive"):
            common[key] = need(at, port, key, str, optional=True)
        after = need(at, port, "burst_mode_after", str, optional=True)
        common["decided"] = after.split()[0] if after else None
        for where, rate in items(at, port, "rates"):
            yield "packets", {**common, "mode": need(where, rate, "mode", str),
                              "size": need(where, rate, "size", str), "sent": need(where, rate, "sent", float),
                              "lost": need(where, rate, "lost", float), **figure(where, rate, "packets_per_second")}
        latency = need(at, port, "latency", dict, optional=True)
        if latency:
            where = f"{at}.latency"
            yield "latency", {**common, "size": need(where, latency, "size", float),
                              **figure(where, latency, "round_trip_ns", TRIP_PERCENTS)}


def modelled_value(where, data, key):
    """A number, or value, low and high; or None. As value, low, high."""
    value = data.get(key)
    if isinstance(value, dict):
        at = f"{where}.{key}"
        result = {name: need(at, value, name, float) for name in ("value", "low", "high")}
        if not result["low"] <= result["value"] <= result["high"]:
            raise Failure(f"{at}: value {result['value']} is not between low {result['low']} and high "
                          f"{result['high']}")
        return result
    value = need(where, data, key, float, optional=True)
    return None if value is None else {"value": value, "low": value, "high": value}


def modelled_read(name, data):
    modelled = need(name, data, "modelled", dict, optional=True)
    if modelled is None:
        return {}
    where = f"{name}: modelled"
    result = {key: need(where, modelled, key, str, optional=True) for key in FACTS}
    result.update({key: modelled_value(where, modelled, key) for key in COUNTS})
    links = need(where, modelled, "modelled_mpps", dict, optional=True) or {}
    for link in links:
        mpps = modelled_value(f"{where}.modelled_mpps", links, link)
        if mpps is None:
            raise Failure(f"{where}.modelled_mpps: {link} is null; expected value, low and high")
        result[f"mpps {link}"] = mpps
    return {key: value for key, value in result.items() if value is not None}


MODELLED_ROWS = {  # lists of a run's "modelled": what is a text or number in their objects, and what has a band
    "lines": ({"mapping": str, "primitive": str, "order": str, "link": str, "burst": float},
              ("tlps_per_line", "ns_per_line")),
    "packets": ({"placement": str, "size": str, "link": str},
                ("stores_per_line", "tlps_per_line", "tlps_per_packet", "wire_bytes_per_packet", "mpps")),
    "commits": ({"rule": str, "burst": float, "link": str}, ("tlps_per_packet", "wire_bytes_per_packet", "ns_per_packet")),
    "sensitivity": ({"link": str, "parameter": str, "mpps_at_low": float, "mpps_at_high": float}, ()),
}


def modelled_rows(name, data):
    modelled = data.get("modelled") or {}
    for kind, (keys, figures) in MODELLED_ROWS.items():
        for at, row in items(f"{name}: modelled", modelled, kind) if kind in modelled else ():
            yield kind, {**{key: need(at, row, key, type_) for key, type_ in keys.items()},
                         **{key: modelled_value(at, row, key) for key in figures}}


def json_read(path):
    try:
        if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
            raise Failure(f"{path}: it is a FIFO, a socket or a device; a regular file is needed")
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise Failure(f"{path}: not JSON: {error}") from None


def run_read(path):
    name = str(path)
    data = json_read(path)
    if not isinstance(data, dict) or data.get("program") != "wcbench" or "schema" not in data:
        raise Failure(f"{name}: not a run of wcbench; wcbench raw and wcbench packets write them with --json")
    if data["schema"] != SCHEMA:
        raise Failure(f"{name}: schema {data['schema']} of wcbench's runs; this program knows {SCHEMA}")
    if not need(name, data, "ok", bool):
        raise Failure(f"{name}: this run is void: {data.get('error')}")
    rows = {"raw": raw_rows, "packets": packet_rows}.get(need(name, data, "kind", str))
    if rows is None:
        raise Failure(f"{name}: kind is '{data['kind']}'; expected raw or packets")
    need(name, data, "setting", str)
    machine = need(name, data, "machine", dict)
    for key, kind in (("arch", str), ("kernel", str), ("hypervisor", bool), ("emulated", bool)):
        need(f"{name}: machine", machine, key, kind)
    need(f"{name}: machine", machine, "cpu", str, optional=True)
    for key in ("host_kernel", "commit", "ended"):
        need(name, data, key, str, optional=True)
    data["rows"] = list(rows(path.name, name, data))
    facts = modelled_read(name, data)
    data["modelled_rows"] = list(modelled_rows(name, data))
    data["modelled"] = facts
    return data
