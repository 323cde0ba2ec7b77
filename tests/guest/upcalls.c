/* SPDX-License-Identifier: MIT
 *
 * Upcalls: do events interrupt the program when they may, and only then?
 *
 * Clauses: U1 to U10, U12, P5, O14.
 */
#include "all-registers.h"
#include "backend.h"
#include "tap.h"

#define MILLISECOND UINT64_C(1000000)
#define STORM 500

static unsigned port, calls, depth, depth_max;
static uint64_t argument;

static void count(unsigned of_port, void *arg)
{
	if (of_port != port || arg != &argument || !pvg_masked() ||
	    pvg_port_pending(port))
		argument = 1; /* told below */
	calls++;
}

/* An event of one's own is pending before the operation returns, and so is the
 * upcall. */
static void delivery(void)
{
	tap_equal(pvg_upcalls_start(), 0, "upcalls start");
	tap_ok(!pvg_masked(), "and are unmasked then");
	pvg_port_handle(port, count, &argument);
	pvg_event_send(0, port);
	tap_equal(calls, 1, "an event enters its handler");
	pvg_event_send(0, port);
	pvg_event_send(0, port);
	tap_equal(calls, 3, "each time");
	tap_equal((int64_t)argument, 0,
		  "with its port, its argument, upcalls masked, the bit clear");
	tap_ok(!pvg_masked(), "upcalls are unmasked after it");
}

static void masking(void)
{
	calls = 0;
	pvg_mask();
	pvg_event_send(0, port);
	pvg_event_send(0, port);
	pvg_op_nop();
	pvg_op_yield();
	tap_equal(calls, 0, "no handler runs while upcalls are masked");
	tap_ok(pvg_port_pending(port), "but the port becomes pending");
	pvg_unmask();
	tap_equal(calls, 1, "unmasking runs it, once for all events");
	pvg_port_mask(port);
	pvg_event_send(0, port);
	tap_equal(calls, 1, "nor while its port is masked");
	pvg_port_unmask(port);
	tap_equal(calls, 2, "until that is unmasked");
	pvg_port_handle(port, NULL, NULL);
	pvg_event_send(0, port);
	tap_equal(calls, 2, "a port without a handler enters nothing");
	tap_ok(pvg_port_clear(port), "and stays pending");
}

static void reenter(unsigned of_port, void *arg)
{
	(void)arg;
	if (++depth > depth_max)
		depth_max = depth;
	calls++;
	if (calls < 10)
		pvg_event_send(0, of_port);
	pvg_op_nop();
	depth--;
}

static void nesting(void)
{
	calls = 0;
	pvg_port_handle(port, reenter, NULL);
	pvg_event_send(0, port);
	tap_equal(calls, 10, "what a handler raises is handled");
	tap_equal(depth_max, 1, "after it: handlers do not nest");
}

static void tick(unsigned of_port, void *arg)
{
	(void)of_port, (void)arg;
	registers_destroy();
	if (++calls < STORM)
		pvg_timer_set(pvg_clock_ns() + 20000);
	else
		registers_done = 1;
}

static void storm(void)
{
	bool survived;

	calls = 0;
	registers_done = 0;
	pvg_port_handle(PV_PORT_TIMER, tick, NULL);
	pvg_timer_set(0);
	survived = registers_survive();
	tap_ok(survived, "all registers and the red zone survive a storm of them");
	tap_equal(calls, STORM, "which was one");
}

static void tick_once(unsigned of_port, void *arg)
{
	(void)of_port, (void)arg;
	calls++;
}

static void blocking(void)
{
	uint64_t start = pvg_clock_ns();

	calls = 0;
	pvg_port_handle(PV_PORT_TIMER, tick_once, NULL);
	pvg_timer_set(start + 10 * MILLISECOND);
	tap_equal(pvg_op_block(PV_FOREVER), 0, "a port with a handler ends BLOCK");
	tap_equal(calls, 1, "and its handler has run then");
	tap_ok(pvg_clock_ns() >= start + 10 * MILLISECOND, "not before its time");

	calls = 0;
	pvg_timer_set(pvg_clock_ns() + 5 * MILLISECOND);
	start = pvg_clock_ns();
	pvg_sleep_ns(30 * MILLISECOND);
	tap_equal(calls, 1, "a handler runs while the program sleeps");
	tap_ok(pvg_clock_ns() - start >= 30 * MILLISECOND,
	       "which does not end the sleep");

	calls = 0;
	pvg_mask();
	pvg_timer_set(0);
	pvg_sleep_ns(5 * MILLISECOND);
	tap_equal(calls, 1, "also when it went to sleep with upcalls masked");
	tap_ok(pvg_masked(), "which are masked again after it");
	pvg_unmask();
}

static void wake(unsigned of_port, void *arg)
{
	unsigned *other = arg;

	(void)of_port;
	pvg_event_send(0, *other);
}

static void waiting(void)
{
	unsigned other = (unsigned)pvg_port_alloc();

	pvg_port_handle(PV_PORT_TIMER, wake, &other);
	pvg_timer_set(pvg_clock_ns() + 5 * MILLISECOND);
	tap_equal(pvg_port_wait(other, PV_FOREVER), 0,
		  "a handler can end a wait for another port");
	tap_equal(pvg_port_wait(other, pvg_clock_ns() + MILLISECOND),
		  -PV_ETIMEDOUT, "which is over then");
	pvg_port_free(other);
}

static void from_inside(unsigned of_port, void *arg)
{
	char **text = arg;

	(void)of_port;
	*text = malloc(100);
#if KERNEL_HAS_VECTORS
	pvg_snprintf(*text, 100, "%.3f", 1.0 / 8);
#else
	pvg_snprintf(*text, 100, "0.%d", 125);
#endif
	pvg_printf("# a handler prints\n");
}

static void library(void)
{
	char *text = NULL;

	pvg_port_handle(port, from_inside, &text);
	pvg_event_send(0, port);
	tap_ok(text && strcmp(text, "0.125") == 0,
	       "handlers can use the heap, the console and floating point");
	free(text);
}

static void wrong_events(void)
{
	tap_equal(pvg_event_send(pvg_vcpus(), port), -PV_ENODEV,
		  "no event for a vCPU there is not");
	tap_equal(pvg_event_send(0, PV_PORT_TIMER), -PV_EINVAL,
		  "nor for a fixed port");
	tap_equal(pvg_event_send(0, PV_PORTS), -PV_EINVAL, "nor for none");
	tap_equal(pvg_op_set_upcall((void *)(UINT64_C(1) << 62), NULL),
		  -PV_EINVAL, "no handler at an address that is not canonical");
}

static uint8_t stack[16384] PV_ALIGNED(64);
static uintptr_t stack_seen;

static void look_at_stack(unsigned of_port, void *arg)
{
	(void)of_port, (void)arg;
	stack_seen = (uintptr_t)__builtin_frame_address(0);
}

#ifdef PVG_NATIVE
static const bool has_own_stack = false; /* an interrupt comes on the one in use */
#else
static const bool has_own_stack = true;
#endif

/* The library uses the stack it interrupts; a program of its own may not. */
static void own_stack(void)
{
	extern const uint8_t pvg_upcall_entry[];

	tap_equal(pvg_op_set_upcall(pvg_upcall_entry, stack + sizeof(stack)),
		  has_own_stack ? 0 : -PV_EOPNOTSUPP,
		  "a handler can have a stack of its own, or is told");
	pvg_port_handle(port, look_at_stack, NULL);
	pvg_event_send(0, port);
	tap_ok((stack_seen - (uintptr_t)stack < sizeof(stack)) == has_own_stack,
	       "and runs on it, or on the one in use");
	tap_equal(pvg_op_set_upcall(NULL, NULL), 0, "upcalls can be ended");
	stack_seen = 0;
	pvg_event_send(0, port);
	tap_ok(!stack_seen && pvg_port_pending(port), "and then none comes");
}

int main(void)
{
	if (!tap_granted(PV_FEATURE_UPCALLS | PV_FEATURE_TIMER))
		return tap_done();
	port = (unsigned)pvg_port_alloc();
	delivery();
	masking();
	nesting();
	storm();
	blocking();
	waiting();
	library();
	wrong_events();
	own_stack();
	return tap_done();
}
