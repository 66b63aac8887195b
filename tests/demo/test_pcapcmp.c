/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tests of the comparison of captures. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <pcap/pcap.h>

#include "pcapcmp.h"

struct files {
	char folder[64];
	char in[96];
	char out[96];
};

static int
setup(void **state)
{
	struct files *files = calloc(1, sizeof(*files));

	strcpy(files->folder, "/tmp/pcapcmp-XXXXXX");
	if (mkdtemp(files->folder) == NULL)
		return -1;
	snprintf(files->in, sizeof(files->in), "%s/in.pcap", files->folder);
	snprintf(files->out, sizeof(files->out), "%s/out.pcap", files->folder);
	*state = files;
	return 0;
}

static int
teardown(void **state)
{
	struct files *files = *state;

	unlink(files->in);
	unlink(files->out);
	rmdir(files->folder);
	free(files);
	return 0;
}

/*
 * Frames by letters: UDP over IPv4 of 100 bytes whose last byte is the letter. Lower case letters
 * are of one flow, capitals of another; '<' is a runt, '>' a jumbo frame, 'v' is tagged, '1' and
 * '2' are later fragments of one datagram, '3' of another.
 */
static void
write_letter(pcap_dumper_t *dumper, char letter)
{
	uint8_t frame[9300] = {[12] = 0x08, [14] = 0x45, [23] = 17, [26] = 10, [30] = 10};
	struct pcap_pkthdr header = {.caplen = 100, .len = 100};

	frame[35] = letter >= 'A' && letter <= 'Z' ? 1 : 2;
	if (letter >= '1' && letter <= '3') {
		frame[21] = (uint8_t)(letter - '0');
		frame[19] = letter == '3' ? 9 : 8;
	}
	if (letter == 'v') {
		frame[12] = 0x81;
		frame[15] = 7;
		frame[16] = 0x08;
	}
	if (letter == '<')
		header.caplen = header.len = 13;
	if (letter == '>')
		header.caplen = header.len = 9239;
	frame[header.caplen - 1] = (uint8_t)letter;
	pcap_dump((u_char *)dumper, &header, frame);
}

static void
write_capture(const char *path, int link_type, const char *letters)
{
	pcap_t *pcap = pcap_open_dead(link_type, 65535);
	pcap_dumper_t *dumper = pcap_dump_open(pcap, path);

	assert_non_null(dumper);
	for (; *letters != '\0'; letters++)
		write_letter(dumper, *letters);
	pcap_dump_close(dumper);
	pcap_close(pcap);
}

static struct pcapcmp_result
compare(const struct files *files, const char *in, const char *out)
{
	struct pcapcmp_result result;
	char why[256];

	write_capture(files->in, DLT_EN10MB, in);
	write_capture(files->out, DLT_EN10MB, out);
	assert_int_equal(
		pcapcmp_compare(files->in, files->out, 9238, NULL, &result, why, sizeof(why)), 0);
	assert_int_equal(result.packets_in, strlen(in));
	assert_int_equal(result.packets_out, strlen(out));
	return result;
}

static void
assert_counts(struct pcapcmp_result result, unsigned int lost, unsigned int altered,
	      unsigned int duplicated, unsigned int reordered)
{
	assert_int_equal(result.lost, lost);
	assert_int_equal(result.altered, altered);
	assert_int_equal(result.duplicated, duplicated);
	assert_int_equal(result.reordered, reordered);
	assert_int_equal(pcapcmp_same(&result), lost + altered + duplicated + reordered == 0);
}

static void
compare__equal_captures_same_and_in_order(void **state)
{
	struct pcapcmp_result result = compare(*state, "aaBcvD123", "aaBcvD123");

	assert_counts(result, 0, 0, 0, 0);
	assert_true(result.in_order);
	assert_false(result.truncated);
}

static void
compare__empty_captures_same(void **state)
{
	assert_counts(compare(*state, "", ""), 0, 0, 0, 0);
}

static void
compare__frames_missing_counted_as_lost(void **state)
{
	assert_counts(compare(*state, "abcd", "acd"), 1, 0, 0, 0);
	assert_counts(compare(*state, "abcd", "abc"), 1, 0, 0, 0);
	assert_counts(compare(*state, "aabc", "abc"), 1, 0, 0, 0);
	assert_counts(compare(*state, "abcd", ""), 4, 0, 0, 0);
}

static void
compare__frame_with_other_bytes_altered_and_not_lost(void **state)
{
	assert_counts(compare(*state, "abcd", "abxd"), 0, 1, 0, 0);
	assert_counts(compare(*state, "abcd", "abx"), 1, 1, 0, 0);
	assert_counts(compare(*state, "ab", "abx"), 0, 1, 0, 0);
}

static void
compare__frame_twice_duplicated(void **state)
{
	assert_counts(compare(*state, "abcd", "abbcd"), 0, 0, 1, 0);
	assert_counts(compare(*state, "abcd", "abcda"), 0, 0, 1, 0);
}

static void
compare__flow_out_of_order_reordered(void **state)
{
	assert_counts(compare(*state, "abcd", "acbd"), 0, 0, 0, 1);
	assert_counts(compare(*state, "abcd", "bcda"), 0, 0, 0, 1);
	assert_counts(compare(*state, "12", "21"), 0, 0, 0, 1);
}

static void
compare__other_flow_overtakes_no_reordering(void **state)
{
	struct pcapcmp_result result = compare(*state, "aBcDv13", "vBD3ac1");

	assert_counts(result, 0, 0, 0, 0);
	assert_false(result.in_order);
}

static void
compare__runts_and_oversize_may_be_missing(void **state)
{
	struct pcapcmp_result result = compare(*state, "a<b>>c", "abc");

	assert_counts(result, 0, 0, 0, 0);
	assert_int_equal(result.runts, 1);
	assert_int_equal(result.oversize, 2);
}

static void
compare__oversize_that_came_out_altered(void **state)
{
	assert_counts(compare(*state, "a>", "a>"), 0, 1, 0, 0);
}

static void
compare__input_cut_whole_frames_compared(void **state)
{
	struct files *files = *state;
	struct pcapcmp_result result;
	struct stat st;
	char why[256];

	write_capture(files->in, DLT_EN10MB, "abc");
	write_capture(files->out, DLT_EN10MB, "ab");
	assert_int_equal(stat(files->in, &st), 0);
	assert_int_equal(truncate(files->in, st.st_size - 50), 0);
	assert_int_equal(
		pcapcmp_compare(files->in, files->out, 9238, NULL, &result, why, sizeof(why)), 0);
	assert_true(result.truncated);
	assert_int_equal(result.packets_in, 2);
	assert_counts(result, 0, 0, 0, 0);
}

static void
compare__bad_files_named(void **state)
{
	struct files *files = *state;
	struct pcapcmp_result result;
	char why[256];
	FILE *text;

	assert_int_equal(pcapcmp_compare(files->in, NULL, 9238, NULL, &result, why, sizeof(why)),
			 -ENOENT);
	assert_non_null(strstr(why, files->in));

	text = fopen(files->in, "w");
	fputs("certainly not a capture", text);
	fclose(text);
	assert_int_equal(pcapcmp_compare(files->in, NULL, 9238, NULL, &result, why, sizeof(why)),
			 -EINVAL);
	assert_non_null(strstr(why, "not a capture"));

	write_capture(files->in, DLT_RAW, "a");
	assert_int_equal(pcapcmp_compare(files->in, NULL, 9238, NULL, &result, why, sizeof(why)),
			 -EINVAL);
	assert_non_null(strstr(why, "not of Ethernet"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(compare__equal_captures_same_and_in_order, setup,
						teardown),
		cmocka_unit_test_setup_teardown(compare__empty_captures_same, setup, teardown),
		cmocka_unit_test_setup_teardown(compare__frames_missing_counted_as_lost, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			compare__frame_with_other_bytes_altered_and_not_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(compare__frame_twice_duplicated, setup, teardown),
		cmocka_unit_test_setup_teardown(compare__flow_out_of_order_reordered, setup,
						teardown),
		cmocka_unit_test_setup_teardown(compare__other_flow_overtakes_no_reordering, setup,
						teardown),
		cmocka_unit_test_setup_teardown(compare__runts_and_oversize_may_be_missing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(compare__oversize_that_came_out_altered, setup,
						teardown),
		cmocka_unit_test_setup_teardown(compare__input_cut_whole_frames_compared, setup,
						teardown),
		cmocka_unit_test_setup_teardown(compare__bad_files_named, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
