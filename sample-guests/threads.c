/* SPDX-License-Identifier: MIT
 *
 * Preemption made visible: threads that never yield share the vCPUs all the same.
 * Prints who ran when, and ends by itself after some two seconds.
 *
 *	paravane run --vcpus 2 threads.elf -- [THREADS]
 */
#include <pvguest/pvguest.h>

PVG_NOTE(PV_FEATURE_UPCALLS | PV_FEATURE_TIMER,
	 PV_FEATURES_V1 | PV_FEATURES_KERNEL, 0, 0);

#define THREADS_MAX 26 /* letters to call them by */
#define SLICE_NS UINT64_C(20000000)
#define COLUMNS 60

/* Who was seen running on a vCPU in each slice of time. */
static char chart[PV_VCPUS_MAX][COLUMNS];
static uint64_t start_ns;
static bool over;

/* Each thread's own: no two of them see the same number. */
static __thread unsigned long primes;
static __thread unsigned long candidate = 2;

/* What threads tell main when they are done, and how it waits for that. */
static struct {
	struct pvg_mutex mutex;
	struct pvg_condition changed;
	unsigned done;
	unsigned long primes[THREADS_MAX];
} results;

static bool is_prime(unsigned long n)
{
	for (unsigned long i = 2; i * i <= n; i++)
		if (n % i == 0)
			return false;
	return true;
}

/* Between the two the thread cannot be moved: the vCPU is the one it is on. */
static void sign(char name)
{
	uint64_t column = (pvg_clock_ns() - start_ns) / SLICE_NS;

	if (column >= COLUMNS)
		return;
	pvg_preempt_off();
	chart[pvg_vcpu_number()][column] = name;
	pvg_preempt_on();
}

/* Nothing in here waits or yields. */
static void compute(void *arg)
{
	unsigned number = (unsigned)(uintptr_t)arg;

	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		for (int i = 0; i < 100; i++)
			primes += is_prime(candidate++);
		sign((char)('A' + number));
	}
	pvg_mutex_lock(&results.mutex);
	results.primes[number] = primes;
	results.done++;
	pvg_condition_signal(&results.changed);
	pvg_mutex_unlock(&results.mutex);
}

static void wait_for_all(unsigned threads)
{
	pvg_mutex_lock(&results.mutex);
	while (results.done < threads)
		pvg_condition_wait(&results.changed, &results.mutex);
	pvg_mutex_unlock(&results.mutex);
}

static unsigned columns_of(char name, unsigned vcpus)
{
	unsigned count = 0;

	for (unsigned v = 0; v < vcpus; v++)
		for (unsigned i = 0; i < COLUMNS; i++)
			count += chart[v][i] == name;
	return count;
}

static void print_chart(unsigned vcpus)
{
	bool gaps = false;

	for (unsigned v = 0; v < vcpus; v++) {
		for (unsigned i = 0; i < COLUMNS; i++) {
			if (chart[v][i])
				continue;
			chart[v][i] = '.';
			gaps = true;
		}
		pvg_printf("vCPU %2u  %.*s\n", v, COLUMNS, chart[v]);
	}
	if (gaps)
		pvg_puts("A dot: nobody was seen; the host ran something else.");
}

static void print_summary(unsigned threads, unsigned vcpus)
{
	struct pvg_sched_stats sum = { 0, 0, 0, 0 };

	pvg_puts("");
	for (unsigned i = 0; i < threads; i++)
		pvg_printf("thread %c ran in %3u of %u columns and found %lu "
			   "primes\n", 'A' + i,
			   columns_of((char)('A' + i), vcpus), vcpus * COLUMNS,
			   results.primes[i]);
	for (unsigned v = 0; v < vcpus; v++) {
		struct pvg_sched_stats stats = pvg_sched_stats(v);

		sum.switches += stats.switches;
		sum.preemptions += stats.preemptions;
	}
	pvg_printf("\n%lu switches, %lu of them by preemption\n", sum.switches,
		   sum.preemptions);
}

int main(int argc, char **argv)
{
	struct pvg_thread *thread[THREADS_MAX];
	int vcpus = pvg_sched_start(0);
	unsigned threads;

	if (vcpus < 0)
		pvg_panic("no scheduler: %s", pvg_error_text(vcpus));
	threads = argc > 1 ? (unsigned)atoi(argv[1]) : (unsigned)vcpus * 3;
	if (threads == 0 || threads > THREADS_MAX)
		threads = THREADS_MAX;
	pvg_sched_slice(SLICE_NS);
	pvg_printf("%u threads that never yield, on %d vCPU%s. A column is %lu "
		   "ms.\n\n", threads, vcpus, vcpus > 1 ? "s" : "",
		   SLICE_NS / 1000000);
	start_ns = pvg_clock_ns();
	for (unsigned i = 0; i < threads; i++)
		if (pvg_thread_create(&thread[i], compute, (void *)(uintptr_t)i,
				      NULL) != 0)
			pvg_panic("no memory for thread %c", 'A' + i);
	pvg_sleep_until(start_ns + COLUMNS * SLICE_NS);
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	wait_for_all(threads);
	for (unsigned i = 0; i < threads; i++)
		pvg_thread_join(thread[i]);
	print_chart((unsigned)vcpus);
	print_summary(threads, (unsigned)vcpus);
	return 0;
}
