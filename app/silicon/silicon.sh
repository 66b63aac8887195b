#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
#
# What write combining does on this machine, measured in a GPU's memory. Needs no root, and only what every
# system has: it is part of the bundle, and what ./run silicon runs.

usage="usage: silicon.sh [OPTION]...
Measures in about two minutes what write combining does on this machine, in memory of a GPU that its
own driver maps for any user. Changes no setting, and writes to nothing but its own allocations.
  --out DIR        where the results go (silicon)
  --device DEVICE  of Vulkan: an index, a PCI address, or a part of a name
  --quick          a few rounds: whether it runs, no figures to keep
  --wcbench FILE   the programs, if they are not beside this script
  --wcprobe FILE
Exit status: 0 measured; 2 bad arguments; 3 it could not be done."

say() {
	printf 'silicon: %s\n' "$1" >&2
}

bad() {
	say "$1"
	exit 2
}

set -u
LC_ALL=C
export LC_ALL
here=$(cd "$(dirname "$0")" && pwd)
out=silicon device='' quick='' parse='' wcbench=$here/wcbench wcprobe=$here/wcprobe
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help)
		printf '%s\n' "$usage"
		exit 0
		;;
	--quick) quick=yes ;;
	--only-parse) parse=yes ;; # for ./run: whether it understands its arguments
	--out | --device | --wcbench | --wcprobe)
		[ $# -gt 1 ] && [ -n "$2" ] || bad "$1 takes a value; see --help"
		case $1 in
		--out) out=$2 ;;
		--device) device=$2 ;;
		--wcbench) wcbench=$2 ;;
		--wcprobe) wcprobe=$2 ;;
		esac
		shift
		;;
	*) bad "unknown argument '$1'; see --help" ;;
	esac
	shift
done
mkdir -p "$out/devices" 2>/dev/null || bad "the folder $out cannot be made; --out names another"
{ [ -w "$out" ] && [ -w "$out/devices" ]; } || bad "the folder $out cannot be written to; --out names another"
[ -z "$parse" ] || exit 0
# Of an earlier run.
rm -f "$out"/raw.json "$out"/raw.txt "$out"/raw-errors.txt "$out"/wcprobe.json "$out"/wcprobe-now.json \
	"$out"/wcprobe.txt "$out"/report.html "$out"/report.md "$out"/report.json "$out"/devices/*:*:*.*.json

# A signal ends what runs too, or it would keep the GPU busy for another minute.
stop() {
	trap '' HUP INT TERM
	[ ! -s "$out/pid.txt" ] || kill "$(cat "$out/pid.txt")" 2>/dev/null
	wait
	rm -f "$out/pid.txt" "$out/status.txt" "$out/start.txt"
	say "stopped by a signal: nothing was measured"
	exit "$1"
}
trap 'stop 129' HUP
trap 'stop 130' INT
trap 'stop 143' TERM

# Whether the programs start at all, on another C library for instance.
for program in "$wcprobe" "$wcbench"; do
	if ! "$program" --version >/dev/null 2>"$out/start.txt"; then
		say "$program does not start on this machine: $(head -n 1 "$out/start.txt")"
		say "it needs glibc 2.28 or later, and the bundle of this architecture, $(uname -m)"
		exit 3
	fi
done
rm -f "$out/start.txt"

# ---- every PCI device: what is known of its BARs; nothing is opened

say "what is known of the PCI devices"
"$wcprobe" --json >"$out/wcprobe.json" 2>"$out/wcprobe.txt" || say "$(tail -n 1 "$out/wcprobe.txt")"
"$wcprobe" --now --json >"$out/wcprobe-now.json" 2>>"$out/wcprobe.txt"
for path in /sys/bus/pci/devices/*; do
	[ -e "$path" ] || continue
	name=${path##*/}
	"$wcprobe" "$name" --json >"$out/devices/$name.json" 2>>"$out/wcprobe.txt"
	# Bad arguments: it has no BAR that could be mapped.
	[ $? -ne 2 ] || rm -f "$out/devices/$name.json"
done

# ---- the GPU

# Its output goes to raw.txt. What it says meanwhile is seen, and kept: the last line is why it failed.
run_wcbench() {
	status=0
	"$wcbench" "$@" 2>&1 >"$out/raw.txt" &
	echo $! >"$out/pid.txt"
	wait $! || status=$?
	echo $status >"$out/status.txt"
}

say "stores into memory of the GPU, and what the GPU sees of them"
set -- raw --vulkan --far-end --setting silicon --json "$out/raw.json"
# Each of the two parts ends after so many seconds, whether or not all rounds are done.
if [ -n "$quick" ]; then
	set -- "$@" --rounds 5
else
	set -- "$@" --rounds 2001 --seconds 45
fi
[ -z "$device" ] || set -- "$@" "$device"
# In the background: a shell takes signals only while it waits.
run_wcbench "$@" | tee "$out/raw-errors.txt" >&2 &
wait $!
status=$(cat "$out/status.txt")
rm -f "$out/status.txt" "$out/pid.txt"
# A run that gave up before it measured anything says so in its file, too.
[ ! -e "$out/raw.json" ] || grep -qs '"schema"' "$out/raw.json" || rm -f "$out/raw.json"
why=$(tail -n 1 "$out/raw-errors.txt" | sed 's/^wcbench: //')

# ---- the report, where there is a Python

set -- report --silicon --out "$out"
[ ! -s "$out/raw.json" ] || set -- "$@" "$out/raw.json"
for path in "$out"/devices/*.json; do
	[ ! -s "$path" ] || set -- "$@" --probe "$path"
done
[ "$status" -eq 0 ] || set -- "$@" --why "$why"
if python3 -c 'import sys; sys.exit(sys.version_info < (3, 6))' 2>/dev/null; then
	"$wcbench" "$@" || status=3
else
	cat "$out/raw.txt"
	say "no Python 3.6 or later here, so no report: wcbench report --silicon makes it elsewhere of the files in $out"
fi
# Stores may have been measured although the GPU could not be asked what it saw.
if [ "$status" -ne 0 ] && grep -q '"ns_per_line":{"basis"\|"ns_per_line": *{' "$out/raw.json" 2>/dev/null; then
	say "not all could be measured: $why"
	status=0
fi
[ "$status" -eq 0 ] || status=3
exit $status
