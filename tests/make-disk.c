/* SPDX-License-Identifier: MIT
 *
 * make-disk FILE BYTES: writes a disk of the pattern of pattern.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include "pattern.h"

int main(int argc, char **argv)
{
	unsigned long long bytes, offset;
	FILE *disk;

	if (argc != 3)
		return EXIT_FAILURE;
	disk = fopen(argv[1], "wb");
	bytes = strtoull(argv[2], NULL, 10);
	if (!disk)
		return EXIT_FAILURE;
	for (offset = 0; offset < bytes; offset++)
		putc(pattern_byte(offset), disk);
	return fclose(disk) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
