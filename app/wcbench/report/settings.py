# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""A setting: a machine and its configuration, and all runs that were made in it."""
import json

from runs import BASES, COUNTS, MODELLED_ROWS, Failure, run_read


class Setting:
    def __init__(self, name):
        self.name, self.runs, self.modelled, self.said_by = name, [], {}, {}
        self.rows = {kind: [] for kind in ("raw", "doorbell", "stores", "reads", "streams", "packets", "latency")}
        self.modelled_rows = {kind: [] for kind in MODELLED_ROWS}

    def add(self, path, run):
        self.runs.append({"file": path.name, "kind": run["kind"], "commit": run.get("commit"),
                          "ended": run.get("ended"), "machine": run["machine"]})
        facts = dict(run["modelled"])
        if run.get("host_kernel"):
            facts["host_kernel"] = run["host_kernel"]
        for key, value in facts.items():
            if key in self.modelled and self.modelled[key] != value:
                raise Failure(f"setting {self.name}: {self.said_by[key]} and {path.name} say different things of "
                              f"{key}: {json.dumps(self.modelled[key])} and {json.dumps(value)}")
            self.modelled[key] = value
            self.said_by.setdefault(key, path.name)
        for kind, row in run["rows"]:
            self.rows[kind].append(row)
        for kind, row in run["modelled_rows"]:
            self.modelled_rows[kind].append(row)

    def auto_placement(self):
        """What the lab noted, else what the driver chose with placement=auto."""
        chosen = {row["decided"] for row in self.rows["packets"]
                  if row["placement"] == "auto" and row["decided"]}
        return self.modelled.get("auto_placement") or ("/".join(sorted(chosen)) or None)

    def one(self, key):
        """The values that the runs saw, in one text."""
        seen = dict.fromkeys(str(row[key]) for kind in ("raw", "packets") for row in self.rows[kind]
                             if row.get(key) is not None)
        return ", ".join(seen)

    def machine(self, key):
        return ", ".join(dict.fromkeys(str(run["machine"].get(key)) for run in self.runs))

    def mpps(self):
        return {key[5:]: value for key, value in self.modelled.items() if key.startswith("mpps ")}

    def report(self):
        facts = {key: self.modelled.get(key) for key in ("host_kernel", "stage1", "stage2", "effective", "verdict")}
        counts = {key: self.modelled[key] for key in COUNTS if key in self.modelled}
        measured = {basis.replace(" ", "_"): {kind: rows_of(self, kind, basis) for kind in self.rows}
                    for basis in BASES}
        return {"name": self.name, **facts, "auto_placement": self.auto_placement(),
                "push": {key: counts[key]["value"] if key in counts else None for key in COUNTS},
                "push_band": {key: [count["low"], count["high"]] for key, count in counts.items()},
                "modelled_mpps": self.mpps(), "modelled": self.modelled_rows, "runs": self.runs, **measured}


def settings_make(paths):
    settings = {}
    for path in paths:
        run = run_read(path)
        settings.setdefault(run["setting"], Setting(run["setting"])).add(path, run)
    return list(settings.values())


def rows_of(setting, kind, basis):
    return [row for row in setting.rows[kind] if row["basis"] == basis]
