# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
#
# All that `./run test` checks; read by ./run, whose functions it uses.

suites=(--suite unit --suite loop --suite socket --suite fuzz --suite perf)
passed=0 failed=0 skipped=0

# check NAME COMMAND...: one check of ours. Status 77: skipped, and the last line says why.
check() {
	local name=$1 status=0
	step "$@" || status=$?
	case $status in
	0) passed=$((passed + 1)) && echo "ok       $name" ;;
	77)
		skipped=$((skipped + 1))
		echo "skipped  $name: $(tail -n 1 "out/log/${name//[^a-zA-Z0-9]/-}.log")"
		;;
	*) failed=$((failed + 1)) && echo "FAILED   $name" ;;
	esac
}

# Adds the results of the last `meson test` in a folder, and names the tests that did not pass.
count_tests() {
	local ok bad skip
	read -r ok bad skip < <(python3 - "$1" <<-'END'
		import collections, json, sys
		good, skip = ("OK", "EXPECTEDFAIL"), ("SKIP",)
		count = collections.Counter()
		for line in open(sys.argv[1] + "/meson-logs/testlog.json"):
		    test = json.loads(line)
		    kind = "ok" if test["result"] in good else "skip" if test["result"] in skip else "bad"
		    count[kind] += 1
		    if kind == "bad":
		        print(f"FAILED   {test['name']} ({sys.argv[1]}): {test['result']}", file=sys.stderr)
		print(count["ok"], count["bad"], count["skip"])
	END
	)
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
	echo "$([ "$bad" -eq 0 ] && echo 'ok      ' || echo 'FAILED  ') tests in $1: $ok passed, $bad failed, $skip skipped"
}

# build_and_test FOLDER [MESON-OPTION...]: fails if there is nothing to go on with.
build_and_test() {
	local folder=$1
	if ! build "$@"; then
		failed=$((failed + 1))
		echo "FAILED   build $folder"
		return 1
	fi
	rm -f "$folder/meson-logs/testlog.json"
	step "tests in $folder" meson test -C "$folder" --no-rebuild --print-errorlogs "${suites[@]}" || true
	[ -f "$folder/meson-logs/testlog.json" ] || {
		failed=$((failed + 1))
		echo "FAILED   tests in $folder did not start"
		return 1
	}
	count_tests "$folder"
}

# Every setting of ./run guest is a check of its own.
test_guests() {
	local ok bad
	rm -f out/guest.json
	step "guests" ./run guest --quick --no-kernel-builds --capture out/demo/generated.pcap ||
		tail -n 40 out/log/guests.log
	read -r ok bad skip < <(python3 - <<-'END'
		import json
		try:
		    report = json.load(open("out/guest.json"))
		except OSError:
		    report = {"runs": [], "left_out": []}
		runs = report["runs"]
		results = [run["result"] for run in runs]
		ok, skipped = results.count("ok"), results.count("skipped")
		print(ok, len(runs) - ok - skipped if runs else 1, len(report["left_out"]) + skipped)
	END
	)
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
	echo "$([ "$bad" -eq 0 ] && echo 'ok      ' || echo 'FAILED  ') guests: $ok passed, $bad failed, $skip skipped"
}

# Every program of DPDK's is a check of its own.
test_stock() {
	local ok bad skip
	rm -f out/stock.json
	step "stock programs" tests/stock/run --build build --out out/stock --cache "$WCNIC_CACHE" ||
		tail -n 40 out/log/stock-programs.log
	read -r ok bad skip < <(python3 - <<-'END'
		import collections, json
		try:
		    runs = json.load(open("out/stock.json"))["runs"]
		except OSError:
		    runs = []
		count = collections.Counter(run["result"] for run in runs)
		print(count["ok"], count["FAILED"] if runs else 1, count["skipped"])
	END
	)
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
	echo "$([ "$bad" -eq 0 ] && echo 'ok      ' || echo 'FAILED  ') stock programs: $ok passed, $bad failed, $skip skipped"
}

# Every setting of the comparison is a check of its own, and so is each host of the experiment beside it.
test_lab() {
	local ok bad
	rm -f out/lab/lab.json out/lab/vmm.json
	step "lab" ./run lab --quick --capture out/demo/generated.pcap || tail -n 40 out/log/lab.log
	read -r ok bad < <(python3 - <<-'END'
		import json
		runs = []
		for name, key in (("lab", "runs"), ("vmm", "hosts")):
		    try:
		        runs += [run["result"] for run in json.load(open(f"out/lab/{name}.json"))[key]]
		    except OSError:
		        runs.append(f"{name} left no results")
		bad = [result for result in runs if result != "ok"]
		print(len(runs) - len(bad), len(bad))
	END
	)
	passed=$((passed + ok)) failed=$((failed + bad))
	echo "$([ "$bad" -eq 0 ] && echo 'ok      ' || echo 'FAILED  ') lab: $ok passed, $bad failed"
}

# Every other release that has a DPDK is a check of its own.
test_versions() {
	local release
	for release in $(tests/versions/run --cache "$WCNIC_CACHE" --list); do
		check "built for and tested with the DPDK of $release" tests/versions/run --cache "$WCNIC_CACHE" "$release"
	done
}

# What needs the build in build/.
test_build() {
	check "install" tests/checks install_here
	check "structure" tests/structure/check --build build --installed out/install
	check "public headers alone" tests/checks headers_alone
	check "program against installed libraries" tests/checks program_builds
	check "driver in DPDK's own tree" tests/checks drop_in
	check "threads of the driver, under ThreadSanitizer" tests/checks threads
	check "demo" tests/checks demo_generated
	check "silicon, on a software renderer" tests/silicon/check out/silicon-check
	check "bundle" ./run bundle
	check "bundle for arm64" ./run bundle --arm64
	check "bundle in an old user space" tests/silicon/bundle out "$WCNIC_CACHE"
	test_stock
	test_guests
	check "lab failures" tests/lab/failures --build-amd64 build --build-arm64 build-arm64 \
		--out out/lab-failures --cache "$WCNIC_CACHE" --capture out/demo/generated.pcap
	test_lab
	# build-thread is the folder of "threads of the driver" above
	check "soak, under ThreadSanitizer" ./run --no-install soak --minutes 1 --sanitizer thread --out out/soak-thread
}

# promtool_find: it judges the metrics of wcprobe; without it those tests are skipped.
promtool_find() {
	local tree
	command -v promtool >/dev/null && return
	tree=$(app/wclab/lab/trees.py "$WCNIC_CACHE" promtool) || return 0
	mkdir -p out/bin
	ln -sf "$tree/usr/bin/promtool" out/bin/
	PATH=$PATH:$PWD/out/bin
}

test_all() {
	# Another checkout's objects are good enough: nobody debugs these.
	export CCACHE_NOHASHDIR=1
	mkdir -p out/demo
	promtool_find
	check "format" ./run fmt
	check "documentation site" doc/site/build --out out/doc
	build_and_test build -Dpkgconfig.relocatable=true && test_build
	CC=clang build_and_test build-clang -Db_sanitize=address,undefined \
		-Db_lundef=false -Dc_args=-fno-sanitize-recover=undefined || true
	check "soak, under AddressSanitizer" ./run --no-install soak --minutes 1 --sanitizer address --out out/soak-address
	test_versions
	check "mutations are noticed" tests/loop/mutate out/mutate
	check "proofs, bounded" tests/verify/run --bounded --out out/verify-bounded
	echo
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed -eq 0 ]
}
