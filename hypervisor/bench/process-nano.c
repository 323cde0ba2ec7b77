/* SPDX-License-Identifier: MIT
 *
 * The nano-benchmarks in a Linux process: what tests/bench/nano.c is in a guest, as
 * far as a process has something like it. Where it is only like it, the comment above
 * says what was taken, and `--explain` says it to the user. One operation is the same
 * as there; the process is a child, and may be killed at any time.
 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "../clock.h"
#include "cold-code.h"
#include "techniques.h"

#define PAGE_BYTES 4096u

__attribute__((noreturn)) static void give_up(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static void *map(size_t bytes, int protection)
{
	void *at = mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);

	if (at == MAP_FAILED)
		give_up("mmap");
	madvise(at, bytes, MADV_NOHUGEPAGE);
	return at;
}

/* ---- what a kernel is called or interrupted for */

static uint64_t run_syscall(uint64_t times)
{
	uint64_t start_ns = hv_host_ns();

	for (uint64_t i = 0; i < times; i++)
		syscall(SYS_getppid);
	return hv_host_ns() - start_ns;
}

static void skip_division(int number, siginfo_t *info, void *context)
{
	ucontext_t *at = context;

	(void)number;
	(void)info;
	at->uc_mcontext.gregs[REG_RIP] += 2; /* div %ecx */
}

/* A signal: the kernel takes the exception, and the process after it. */
static uint64_t run_divide(uint64_t times)
{
	struct sigaction action = { .sa_sigaction = skip_division,
				    .sa_flags = SA_SIGINFO };
	uint64_t start_ns;

	sigaction(SIGFPE, &action, NULL);
	start_ns = hv_host_ns();
	for (uint64_t i = 0; i < times; i++)
		__asm__ volatile("xorl %%eax, %%eax\n\t"
				 "xorl %%edx, %%edx\n\t"
				 "xorl %%ecx, %%ecx\n\t"
				 "div %%ecx"
				 :
				 :
				 : "eax", "ecx", "edx", "cc");
	return hv_host_ns() - start_ns;
}

/* The host's kernel handles it, and zeroes a page for each; madvise takes the page
 * away again. */
static uint64_t run_page_fault(uint64_t times)
{
	void *page = map(PAGE_BYTES, PROT_READ | PROT_WRITE);
	volatile uint64_t *at = page;
	uint64_t start_ns = hv_host_ns();

	for (uint64_t i = 0; i < times; i++) {
		*at += 1;
		madvise(page, PAGE_BYTES, MADV_DONTNEED);
	}
	start_ns = hv_host_ns() - start_ns;
	munmap(page, PAGE_BYTES);
	return start_ns;
}

/* mprotect: one page, there and back in two operations. */
static uint64_t run_pte_modify(uint64_t times)
{
	volatile uint8_t *page = map(PAGE_BYTES, PROT_READ | PROT_WRITE);
	void *at = (void *)(uintptr_t)page;
	uint64_t start_ns;

	*page = 1;
	start_ns = hv_host_ns();
	for (uint64_t i = 0; i < times; i++) {
		mprotect(at, PAGE_BYTES,
			 i % 2 ? PROT_READ | PROT_WRITE : PROT_READ);
		(void)*page;
	}
	start_ns = hv_host_ns() - start_ns;
	munmap(at, PAGE_BYTES);
	return start_ns;
}

/* Signals are what a process holds back. */
static uint64_t run_mask(uint64_t times)
{
	sigset_t set, before;
	uint64_t start_ns = hv_host_ns();

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	for (uint64_t i = 0; i < times; i++) {
		sigprocmask(SIG_BLOCK, &set, &before);
		sigprocmask(SIG_SETMASK, &before, NULL);
	}
	return hv_host_ns() - start_ns;
}

/* ---- what needs nobody */

/* As guests are compiled: with a frame pointer. */
__attribute__((naked, noinline)) static void only_return(void)
{
	__asm__ volatile("pushq %rbp\n\tmovq %rsp, %rbp\n\tpopq %rbp\n\tret");
}

static uint64_t run_call_return(uint64_t times)
{
	uint64_t start_ns = hv_host_ns();

	for (uint64_t i = 0; i < times; i++)
		__asm__ volatile("call %P0" : : "i"(only_return) : "memory");
	return hv_host_ns() - start_ns;
}

static uint64_t run_pushf(uint64_t times)
{
	uint64_t start_ns = hv_host_ns();

	for (uint64_t i = 0; i < times; i++)
		__asm__ volatile("pushfq\n\tpopfq" : : : "memory", "cc");
	return hv_host_ns() - start_ns;
}

static uint64_t run_timer_read(uint64_t times)
{
	uint64_t start_ns = hv_host_ns();

	for (uint64_t i = 0; i < times; i++)
		hv_host_ns();
	return hv_host_ns() - start_ns;
}

/* ---- two that take turns on one CPU */

static void stay_on_this_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((unsigned)sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void wait_on(_Atomic uint32_t *word, uint32_t value)
{
	syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

static void wake(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* Whose turn it is: 0 or 1. */
struct turns {
	_Atomic uint32_t turn;
	uint64_t times;
	volatile uint8_t *look; /* NULL, or pages to look at in each turn */
};

#define LOOKS 8u

static void look(const volatile uint8_t *pages)
{
	for (unsigned i = 0; pages && i < LOOKS; i++)
		(void)pages[i * PAGE_BYTES];
}

static void take_turns(struct turns *turns, uint32_t mine)
{
	for (uint64_t i = 0; i < turns->times; i++) {
		while (turns->turn != mine)
			wait_on(&turns->turn, !mine);
		look(turns->look);
		turns->turn = !mine;
		wake(&turns->turn);
	}
}

static void *second_thread(void *turns)
{
	take_turns(turns, 1);
	return NULL;
}

/* `times` switches, half of them to the other; both run on CPUs as the caller has
 * them. */
static uint64_t run_threads(uint64_t times)
{
	struct turns turns = { .times = (times + 1) / 2 };
	uint64_t start_ns;
	pthread_t other;

	if (pthread_create(&other, NULL, second_thread, &turns))
		give_up("pthread_create");
	start_ns = hv_host_ns();
	take_turns(&turns, 0);
	pthread_join(other, NULL);
	return (hv_host_ns() - start_ns) * times / (2 * turns.times);
}

static uint64_t run_context_switch(uint64_t times)
{
	stay_on_this_cpu();
	return run_threads(times);
}

/* A thread on another CPU is woken, and wakes this one. */
static uint64_t run_event(uint64_t times)
{
	return run_threads(2 * times);
}

/* As between threads, but the other has an address space of its own. */
static uint64_t run_space_switch(uint64_t times)
{
	struct turns *turns = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t start_ns;
	pid_t other;

	if (turns == MAP_FAILED)
		give_up("mmap");
	stay_on_this_cpu();
	turns->times = (times + 1) / 2;
	turns->look = map(LOOKS * PAGE_BYTES, PROT_READ | PROT_WRITE);
	other = fork();
	if (other < 0)
		give_up("fork");
	if (other == 0) {
		take_turns(turns, 1);
		_exit(0);
	}
	start_ns = hv_host_ns();
	take_turns(turns, 0);
	waitpid(other, NULL, 0);
	start_ns = (hv_host_ns() - start_ns) * times / (2 * turns->times);
	munmap((void *)(uintptr_t)turns->look, LOOKS * PAGE_BYTES);
	munmap(turns, PAGE_BYTES);
	return start_ns;
}

/* ---- code that runs for the first time */

/* The code is written at one place and executed at another, so that neither is a page
 * fault. An operation is one instruction. */
static uint64_t run_cold_code(uint64_t times)
{
	static uint32_t number;
	const size_t bytes = HV_COLD_PAGES * PAGE_BYTES;
	uint8_t page_code[HV_COLD_BYTES];
	int file = memfd_create("paravane-cold-code", MFD_CLOEXEC);
	uint8_t *to, *code;
	uint64_t pages = (times + HV_COLD_EACH - 1) / HV_COLD_EACH, took_ns = 0;

	if (file < 0 || ftruncate(file, (off_t)bytes) < 0)
		give_up("memfd_create");
	to = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		  file, 0);
	code = mmap(NULL, bytes, PROT_READ | PROT_EXEC,
		    MAP_SHARED | MAP_POPULATE, file, 0);
	if (to == MAP_FAILED || code == MAP_FAILED)
		give_up("mmap");
	hv_cold_make(page_code);
	for (uint64_t page = 0; page < pages; page++) {
		uint64_t at = page % HV_COLD_PAGES * PAGE_BYTES, start_ns;

		hv_cold_number(page_code, number++);
		memcpy(to + at, page_code, sizeof(page_code));
		start_ns = hv_host_ns();
		((uint32_t (*)(uint32_t))(uintptr_t)(code + at))(7);
		took_ns += hv_host_ns() - start_ns;
	}
	munmap(to, bytes);
	munmap(code, bytes);
	close(file);
	return (uint64_t)((double)took_ns * (double)times /
			  (double)(pages * HV_COLD_EACH));
}

/* Port input and control registers are a kernel's alone. */
static const struct {
	const char *key;
	uint64_t (*run)(uint64_t times); /* ns */
} rows[] = {
	{ "syscall", run_syscall },
	{ "call-return", run_call_return },
	{ "page-fault", run_page_fault },
	{ "divide", run_divide },
	{ "pte-modify", run_pte_modify },
	{ "mask", run_mask },
	{ "pushf", run_pushf },
	{ "timer-read", run_timer_read },
	{ "space-switch", run_space_switch },
	{ "event", run_event },
	{ "context-switch", run_context_switch },
	{ "cold-code", run_cold_code },
};

/* A tenth of the budget to find out how often fits it. */
static void measure(const char *key, uint64_t (*run)(uint64_t),
		    uint64_t budget_ns)
{
	uint64_t times = 1, ns = run(times);

	while (ns < budget_ns / 10) {
		times *= 2;
		ns = run(times);
	}
	times = (uint64_t)((double)times * (double)budget_ns / (double)(ns + 1)) + 1;
	printf("%s %lu %lu\n", key, run(times), times);
	fflush(stdout);
}

int hv_process_nano(void *arg)
{
	const struct hv_call *call = arg;
	uint64_t budget_ns = strtoull(call->word[0], NULL, 10) * 1000;
	cpu_set_t all;

	sched_getaffinity(0, sizeof(all), &all);
	for (unsigned i = 1; i < call->words; i++)
		for (size_t row = 0; row < sizeof(rows) / sizeof(*rows); row++)
			if (strcmp(call->word[i], rows[row].key) == 0) {
				measure(rows[row].key, rows[row].run, budget_ns);
				sched_setaffinity(0, sizeof(all), &all);
			}
	return 0;
}
