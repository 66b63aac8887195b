/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Checksums of bytes, against answers that RFCs give. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <wcdev_csum.h>

static uint16_t
sum_of(const void *data, size_t bytes)
{
	struct wcdev_csum csum = {0};
	uint16_t words;
	uint8_t be[2];

	wcdev_csum_add(&csum, data, bytes);
	words = wcdev_csum_fold(&csum);
	memcpy(be, &words, sizeof(be));
	return (uint16_t)(be[0] << 8 | be[1]);
}

static void
csum__examples__are_as_published(void **state)
{
	/* RFC 1071, section 3 */
	static const uint8_t rfc1071[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	/* An IPv4 header whose checksum, 0xb861, has been removed (Wikipedia, "IPv4 header
	 * checksum"). */
	static const uint8_t ipv4[] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
				       0x00, 0x00, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};

	(void)state;
	assert_int_equal(sum_of(rfc1071, sizeof(rfc1071)), 0xddf2);
	assert_int_equal(sum_of(ipv4, sizeof(ipv4)), 0xffff - 0xb861);
	assert_int_equal(sum_of(NULL, 0), 0);
	assert_int_equal(sum_of("\xff", 1), 0xff00);
}

/* One word after the other, as RFC 1071 describes it. */
static uint16_t
sum_slowly(const uint8_t *data, size_t bytes)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < bytes; i++) {
		sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

static void
csum__any_length_and_cut__is_that_of_the_whole(void **state)
{
	uint8_t data[200];
	uint16_t words;
	uint8_t be[2];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 151 + 200);
	for (size_t bytes = 0; bytes < sizeof(data); bytes++) {
		assert_int_equal(sum_of(data, bytes), sum_slowly(data, bytes));
		for (size_t cut = 0; cut <= bytes; cut += 1 + cut / 3) {
			struct wcdev_frag frags[4] = {
				{data, (uint32_t)cut},
				{data, 0},
				{data + cut, (uint32_t)((bytes - cut) / 2)},
				{data + cut + (bytes - cut) / 2,
				 (uint32_t)(bytes - cut - (bytes - cut) / 2)}};
			struct wcdev_frame frame = {
				.frags = frags, .n_frags = 4, .bytes = (uint32_t)bytes};
			struct wcdev_csum csum = {0};
			uint32_t off = (uint32_t)bytes / 3;

			wcdev_csum_add_frame(&csum, &frame, off, (uint32_t)bytes - off);
			words = wcdev_csum_fold(&csum);
			memcpy(be, &words, sizeof(be));
			assert_int_equal(be[0] << 8 | be[1], sum_slowly(data + off, bytes - off));
			assert_int_equal(wcdev_crc32c_frame(WCDEV_CRC32C_INIT, &frame, off,
							    (uint32_t)bytes - off),
					 wcdev_crc32c(WCDEV_CRC32C_INIT, data + off, bytes - off));
		}
	}
}

static void
csum__long_input__does_not_overflow(void **state)
{
	static uint8_t data[65535];

	(void)state;
	memset(data, 0xff, sizeof(data));
	assert_int_equal(sum_of(data, sizeof(data)), sum_slowly(data, sizeof(data)));
}

static void
crc32c__examples__are_as_published(void **state)
{
	static const uint8_t zeroes[32];
	uint8_t ones[32], up[32], down[32];

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	for (uint8_t i = 0; i < 32; i++) {
		up[i] = i;
		down[i] = 31 - i;
	}
	/* RFC 3720, B.4, as numbers: the bytes there are in the order of the wire */
	assert_int_equal(~wcdev_crc32c(WCDEV_CRC32C_INIT, zeroes, 32), 0x8a9136aau);
	assert_int_equal(~wcdev_crc32c(WCDEV_CRC32C_INIT, ones, 32), 0x62a8ab43u);
	assert_int_equal(~wcdev_crc32c(WCDEV_CRC32C_INIT, up, 32), 0x46dd794eu);
	assert_int_equal(~wcdev_crc32c(WCDEV_CRC32C_INIT, down, 32), 0x113fdb5cu);
	assert_int_equal(~wcdev_crc32c(WCDEV_CRC32C_INIT, "123456789", 9), 0xe3069283u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csum__examples__are_as_published),
		cmocka_unit_test(csum__any_length_and_cut__is_that_of_the_whole),
		cmocka_unit_test(csum__long_input__does_not_overflow),
		cmocka_unit_test(crc32c__examples__are_as_published),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
