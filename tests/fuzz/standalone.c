/* SPDX-License-Identifier: MIT
 *
 * Runs a fuzz target without libFuzzer: over the files it is given, else over
 * random inputs from a fixed seed for so many seconds.
 *
 *	fuzz-NAME [-max_total_time=SECONDS] [FILE...]
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../random.h"

#define INPUT_MAX 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static uint8_t input[INPUT_MAX];

/* Few set bits now and then: fields that must be zero often are. */
static size_t fill(void)
{
	size_t bytes = random_next() % INPUT_MAX;
	uint64_t sparse = random_next() & 3;

	for (size_t i = 0; i < bytes; i++)
		input[i] = sparse && random_next() % 8 ? 0 : (uint8_t)random_next();
	return bytes;
}

static int run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	size_t bytes;

	if (!file) {
		perror(path);
		return EXIT_FAILURE;
	}
	bytes = fread(input, 1, sizeof(input), file);
	fclose(file);
	return LLVMFuzzerTestOneInput(input, bytes);
}

static void run_random(time_t seconds)
{
	time_t end = time(NULL) + seconds;
	unsigned long runs = 0;

	do {
		for (int i = 0; i < 100; i++, runs++)
			LLVMFuzzerTestOneInput(input, fill());
	} while (time(NULL) < end);
	printf("%lu random inputs\n", runs);
}

int main(int argc, char **argv)
{
	static const char option[] = "-max_total_time=";
	time_t seconds = 1;
	int status = EXIT_SUCCESS, files = 0;

	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], option, strlen(option)) == 0) {
			seconds = atol(argv[i] + strlen(option));
		} else if (argv[i][0] != '-') {
			status |= run_file(argv[i]);
			files++;
		}
	}
	if (!files)
		run_random(seconds);
	return status;
}
