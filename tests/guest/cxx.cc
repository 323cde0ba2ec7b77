/* SPDX-License-Identifier: MIT
 *
 * Is a guest in C++ a guest? Global objects, templates, virtual functions, and
 * the headers as C++ sees them.
 */
#include "tap.h"

namespace
{

int constructed, destroyed;

struct shape {
	virtual unsigned corners() const = 0;

protected:
	~shape() = default;
};

struct square final : shape {
	unsigned corners() const override
	{
		return 4;
	}
};

struct counted {
	counted()
	{
		constructed++;
	}
	~counted()
	{
		destroyed++;
		tap_ok(constructed == 1 && destroyed == 1,
		       "a global object is destroyed after main");
		pvg_op_exit(static_cast<uint64_t>(tap_done()));
	}
};

counted global;

template <typename T> T largest(T a, T b)
{
	return a > b ? a : b;
}

struct lazy {
	int value = 42;
};

lazy &instance()
{
	static lazy only;

	return only;
}

} // namespace

int main()
{
	square one;
	const shape &some = one;
	const uint64_t numbers[] = { 1, 2, 3 };
	uint64_t sum = 0;

	tap_equal(constructed, 1, "a global object is constructed before main");
	tap_equal(some.corners(), 4, "virtual functions");
	tap_ok(largest(3L, 2L) == 3 && largest(3u, 4u) == 4, "templates");
	tap_equal(instance().value, 42, "a local static object");
	for (uint64_t i : numbers)
		sum += i;
	tap_equal(static_cast<int64_t>(sum), 6, "range-based for");
	tap_equal(static_cast<int64_t>(pvg_boot.vcpus), 1, "the contract in C++");
	tap_ok(pvg_clock_ns() > 0, "the library in C++");
	return 1;
}
