/* SPDX-License-Identifier: MIT
 *
 * See snapshot.h.
 */
#include "snapshot.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <time.h>

#include "vm.h"

#define SIGNAL SIGUSR2
/* A vCPU that is kept out of the guest ends what it does for it soon, unless it
 * waits for something, such as a reader of the console. */
#define REST_MOST_MS 200

/* The handler has no argument. */
static struct {
	struct hv_vm *vm;
	const struct hv_dump_file *file;
	void (*told)(const struct hv_dump_file *file, const struct hv_error *err);
	sem_t wanted;
	_Atomic bool stopping;
	bool started;
	pthread_t thread;
} snapshots;

static void on_signal(int number)
{
	int saved = errno;

	(void)number;
	sem_post(&snapshots.wanted);
	errno = saved;
}

static bool all_at_rest(struct hv_vm *vm)
{
	for (unsigned i = 0; i < vm->vcpus; i++)
		if (!hv_vcpu_at_rest(&vm->vcpu[i]))
			return false;
	return true;
}

static void await_rest(struct hv_vm *vm)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	/* One that was seen down may have been brought up by one seen later: whoever
	 * is at rest at the second look stays so. */
	for (int i = 0; i < REST_MOST_MS; i++) {
		if (all_at_rest(vm) && all_at_rest(vm))
			break;
		nanosleep(&ms, NULL);
	}
}

/* At its end a dump is written anyway, by then without us. */
static void take(struct hv_vm *vm)
{
	struct hv_error err = { .text = "" };
	bool ended;

	hv_vcpus_pause(vm);
	await_rest(vm);
	ended = atomic_load(&vm->ending);
	if (!ended)
		hv_dump_write(vm, snapshots.file, &err);
	hv_vcpus_resume(vm);
	if (!ended)
		snapshots.told(snapshots.file, err.text[0] ? &err : NULL);
}

/* Many signals while one dump is written are one more. */
static bool await_signal(void)
{
	while (sem_wait(&snapshots.wanted) < 0 && errno == EINTR)
		;
	while (sem_trywait(&snapshots.wanted) == 0)
		;
	return !atomic_load(&snapshots.stopping);
}

static void *thread(void *argument)
{
	(void)argument;
	while (await_signal())
		take(snapshots.vm);
	return NULL;
}

static int start_thread(void)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&snapshots.thread, NULL, thread, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -r;
}

int hv_snapshots_start(struct hv_vm *vm, const struct hv_dump_file *file,
		       void (*told)(const struct hv_dump_file *file,
				    const struct hv_error *err))
{
	struct sigaction action = { .sa_handler = on_signal };
	int status;

	snapshots.vm = vm;
	snapshots.file = file;
	snapshots.told = told;
	sem_init(&snapshots.wanted, 0, 0);
	status = start_thread();
	if (status < 0)
		return status;
	snapshots.started = true;
	sigaction(SIGNAL, &action, NULL);
	return 0;
}

/* A signal that comes too late is not to end the program. */
void hv_snapshots_stop(void)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	if (!snapshots.started)
		return;
	sigaction(SIGNAL, &ignore, NULL);
	atomic_store(&snapshots.stopping, true);
	sem_post(&snapshots.wanted);
	pthread_join(snapshots.thread, NULL);
	snapshots.started = false;
}
