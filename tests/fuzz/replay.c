/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a fuzz target over files: seeds and every input that ever failed.
 * Stands in for libFuzzer, so that any compiler can replay them. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The whole file, in memory of exactly its size so that the address sanitizer
 * sees a read past its end. */
static uint8_t *
read_file(const char *path, size_t *size_out)
{
	FILE *file = fopen(path, "rb");
	long size;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 ||
	    (size = ftell(file)) < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
	rewind(file);
	*size_out = (size_t)size;
	uint8_t *bytes = malloc(*size_out);
	if (*size_out > 0 && fread(bytes, *size_out, 1, file) != 1) {
		fprintf(stderr, "%s: cannot be read\n", path);
		exit(1);
	}
	fclose(file);
	return bytes;
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		size_t size;
		uint8_t *bytes = read_file(argv[i], &size);

		/* Said first: if it crashes, this was the one. */
		printf("%s\n", argv[i]);
		fflush(stdout);
		LLVMFuzzerTestOneInput(bytes, size);
		free(bytes);
	}
	return 0;
}
