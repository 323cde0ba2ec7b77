/* SPDX-License-Identifier: MIT
 *
 * cat [FILE]...: copy files, or what is read, to what is written.
 */
#include "lib.h"

static void copy(int fd)
{
	char piece[512];
	long len;

	while ((len = read(fd, piece, sizeof(piece))) > 0)
		if (write_all(1, piece, (size_t)len) < (size_t)len)
			fail("cat: nobody reads it");
}

int main(int argc, char **argv)
{
	if (argc == 1)
		copy(0);
	for (int i = 1; i < argc; i++) {
		int fd = open(argv[i]);

		if (fd < 0)
			fail("cat: there is no %s", argv[i]);
		copy(fd);
		close(fd);
	}
	return 0;
}
