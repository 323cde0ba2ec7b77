/* SPDX-License-Identifier: MIT
 *
 * A guest whose every case ends the VM in its own way. Called with "list" it
 * prints the cases for run-cases.sh, with a name it runs that one. A case that
 * returns ends with status 0.
 */
#ifndef TESTS_GUEST_CASES_H
#define TESTS_GUEST_CASES_H

#include <pvguest/pvguest.h>

struct test_case {
	const char *name;   /* no blanks */
	void (*run)(void);
	const char *status; /* "123", or "0|123" where both are right */
	const char *regex;  /* what stderr must match, in any case, for a status
			     * other than 0; "silent": there must be nothing */
};

static inline int cases_main(int argc, char **argv,
			     const struct test_case *cases, size_t count)
{
	bool list = argc == 2 && strcmp(argv[1], "list") == 0;

	for (size_t i = 0; i < count; i++) {
		const struct test_case *c = &cases[i];

		if (list) {
			pvg_printf("%s %s %s\n", c->name, c->status, c->regex);
		} else if (argc == 2 && strcmp(argv[1], c->name) == 0) {
			c->run();
			return 0;
		}
	}
	return list ? 0 : 2;
}

#define CASES_MAIN(cases)                                            \
	int main(int argc, char **argv)                              \
	{                                                            \
		return cases_main(argc, argv, cases,                 \
				  sizeof(cases) / sizeof(cases[0])); \
	}

#endif
