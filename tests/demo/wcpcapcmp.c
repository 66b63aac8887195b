/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The program that compares two captures; its result as JSON. */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "pcapcmp.h"

static const char usage[] =
	"Usage: wcpcapcmp [--json] [--max-frame BYTES] IN.pcap [OUT.pcap]\n"
	"Compares a capture of what went in with one of what came out, byte for byte and in the\n"
	"order of each flow. With one file: tells what is in it.\n"
	"  --max-frame BYTES  longer frames of the input are expected to be missing (9238)\n"
	"Exit status: 0 the same, 1 not the same, 2 the files could not be compared.\n";

static void
print_json(const struct pcapcmp_result *result, bool compared)
{
	const struct {
		const char *name;
		uint64_t value;
	} counts[] = {
		{"packets_in", result->packets_in},
		{"packets_out", result->packets_out},
		{"lost", result->lost},
		{"altered", result->altered},
		{"duplicated", result->duplicated},
		{"reordered", result->reordered},
		{"oversize", result->oversize},
		{"runts", result->runts},
	};
	struct json_object *root = json_object_new_object();

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		json_object_object_add(root, counts[i].name,
				       json_object_new_int64((int64_t)counts[i].value));
	json_object_object_add(root, "truncated", json_object_new_boolean(result->truncated));
	if (compared) {
		json_object_object_add(root, "out_truncated",
				       json_object_new_boolean(result->out_truncated));
		json_object_object_add(root, "in_order", json_object_new_boolean(result->in_order));
		json_object_object_add(root, "same", json_object_new_boolean(pcapcmp_same(result)));
	}
	puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_SPACED));
	json_object_put(root);
}

static void
print_text(const struct pcapcmp_result *result, bool compared)
{
	printf("in          %" PRIu64 " (%" PRIu64 " oversize, %" PRIu64 " runts)%s\n",
	       result->packets_in, result->oversize, result->runts,
	       result->truncated ? ", cut at its end" : "");
	if (!compared)
		return;
	printf("out         %" PRIu64 "%s\n", result->packets_out,
	       result->out_truncated ? ", cut at its end" : "");
	printf("lost        %" PRIu64 "\naltered     %" PRIu64 "\nduplicated  %" PRIu64
	       "\nreordered   %" PRIu64 " within a flow\n",
	       result->lost, result->altered, result->duplicated, result->reordered);
	printf("total order %s\n", result->in_order ? "kept" : "not kept");
}

/* The value of --max-frame, or 0. */
static uint32_t
parse_bytes(const char *text)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	return errno != 0 || *end != '\0' || value > 65535 ? 0 : (uint32_t)value;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'},
						{"max-frame", required_argument, NULL, 'm'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	struct pcapcmp_result result;
	uint32_t max_frame_bytes = 9238;
	const char *out_path;
	bool json = false;
	char why[512];
	int opt;

	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (opt == 'j') {
			json = true;
		} else if (opt == 'm') {
			max_frame_bytes = parse_bytes(optarg);
		} else {
			fputs(usage, opt == 'h' ? stdout : stderr);
			return opt == 'h' ? 0 : 2;
		}
	}
	if (argc - optind < 1 || argc - optind > 2 || max_frame_bytes < PCAPCMP_MIN_FRAME_BYTES) {
		fprintf(stderr, "wcpcapcmp: %s\n%s",
			max_frame_bytes < PCAPCMP_MIN_FRAME_BYTES
				? "--max-frame wants a number of bytes from 14 to 65535"
				: "one or two captures are wanted",
			usage);
		return 2;
	}
	out_path = argv[optind + 1];
	if (pcapcmp_compare(argv[optind], out_path, max_frame_bytes, stderr, &result, why,
			    sizeof(why)) != 0) {
		fprintf(stderr, "wcpcapcmp: %s\n", why);
		return 2;
	}
	if (result.truncated)
		fprintf(stderr, "wcpcapcmp: %s is cut or damaged after %" PRIu64 " whole frames\n",
			argv[optind], result.packets_in);
	if (json)
		print_json(&result, out_path != NULL);
	else
		print_text(&result, out_path != NULL);
	return pcapcmp_same(&result) ? 0 : 1;
}
