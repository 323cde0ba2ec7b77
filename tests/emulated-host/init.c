/* SPDX-License-Identifier: MIT
 *
 * The first program of the emulated host (see run): it loads the modules, puts
 * the root together, runs the command there, and hands its output and its
 * status to the machine outside. Statically linked; nothing else is needed
 * before the shared root is there.
 *
 * Output goes byte by byte through three I/O ports, QEMU's isa-debugcon: each
 * write has arrived when the instruction ends, so that none is lost at the end,
 * and no terminal changes what it carries.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* As in run. */
#define OUT_PORT 0x620
#define ERR_PORT 0x628
#define STATUS_PORT 0x630

static void put(unsigned short port, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		outb((unsigned char)bytes[i], port);
}

/* Without a status, run tells that this host failed, and prints why. */
__attribute__((noreturn, format(printf, 1, 2)))
static void fail(const char *format, ...)
{
	char text[512];
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vsnprintf(text, sizeof text - 1, format, arguments);
	va_end(arguments);
	if (len > (int)sizeof text - 2)
		len = (int)sizeof text - 2;
	text[len++] = '\n';
	put(ERR_PORT, text, (size_t)len);
	reboot(RB_POWER_OFF);
	_exit(1);
}

static void mount_at(const char *what, const char *where, const char *type,
		     unsigned long flags, const char *options)
{
	if (mount(what, where, type, flags, options) < 0)
		fail("emulated host: cannot mount %s at %s: %s", type, where,
		     strerror(errno));
}

/* One a line: FILE [PARAMETER...], in the order in which they need each other.
 * QEMU has no security processor: ccp is there for the symbols that kvm-amd
 * takes from it, and its probing fails without harm. */
static void load_modules(void)
{
	FILE *list = fopen("/modules/list", "re");
	char line[256], path[300];

	if (list == NULL)
		fail("emulated host: there is no list of modules");
	while (fgets(line, sizeof line, list) != NULL) {
		char *parameters;
		int fd;

		line[strcspn(line, "\n")] = '\0';
		parameters = line + strcspn(line, " ");
		if (*parameters != '\0')
			*parameters++ = '\0';
		snprintf(path, sizeof path, "/modules/%s", line);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 ||
		    syscall(SYS_finit_module, fd, parameters, 0) < 0)
			fail("emulated host: cannot load %s: %s", line,
			     strerror(errno));
		close(fd);
	}
	fclose(list);
}

/* The host's files with a disk over them that takes all changes: the same paths,
 * writable, and nothing of it is ever seen outside. */
static void make_root(void)
{
	const char *shared = "trans=virtio,version=9p2000.L,msize=262144,"
			     "cache=loose";
	char kept[4096 + 8] = "/root";
	ssize_t len = 0;
	int fd;

	mount_at("shared", "/shared", "9p", MS_RDONLY, shared);
	mount_at("/dev/vda", "/disk", "ext4", 0, "");
	mkdir("/disk/upper", 0755);
	mkdir("/disk/work", 0755);
	mount_at("overlay", "/root", "overlay", 0,
		 "lowerdir=/shared,upperdir=/disk/upper,workdir=/disk/work");
	mount_at("proc", "/root/proc", "proc", 0, "");
	mount_at("sysfs", "/root/sys", "sysfs", 0, "");
	mount_at("devtmpfs", "/root/dev", "devtmpfs", 0, "");
	mkdir("/root/dev/shm", 01777);
	mount_at("tmpfs", "/root/dev/shm", "tmpfs", 0, "mode=1777");
	mkdir("/root/dev/pts", 0755);
	mount_at("devpts", "/root/dev/pts", "devpts", 0, "ptmxmode=666");
	mount_at("tmpfs", "/root/run", "tmpfs", 0, "mode=755");
	if (symlink("/proc/self/fd", "/root/dev/fd") < 0 ||
	    symlink("/proc/self/fd/0", "/root/dev/stdin") < 0 ||
	    symlink("/proc/self/fd/1", "/root/dev/stdout") < 0 ||
	    symlink("/proc/self/fd/2", "/root/dev/stderr") < 0)
		fail("emulated host: links in /dev: %s", strerror(errno));

	fd = open("/kept", O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		len = read(fd, kept + 5, sizeof kept - 6);
	if (len > 0)
		mount_at("kept", kept, "9p", 0,
			 "trans=virtio,version=9p2000.L,msize=262144");
	close(fd);
}

/* It has its address then. */
static void loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		fail("emulated host: no loopback: %s", strerror(errno));
	close(fd);
}

static pid_t start(const int out[2], const int err[2])
{
	int script = open("/command", O_RDONLY);
	pid_t pid = fork();
	sigset_t none;

	if (script < 0 || pid < 0)
		fail("emulated host: cannot start the command: %s",
		     strerror(errno));
	if (pid > 0) {
		close(script);
		return pid;
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL); /* a shell's wait needs SIGCHLD */
	setsid();
	dup2(out[1], 1);
	dup2(err[1], 2);
	close(out[0]);
	close(out[1]);
	close(err[0]);
	close(err[1]);
	if (chroot("/root") < 0 || chdir("/") < 0)
		_exit(126);
	close(0);
	open("/dev/null", O_RDONLY);
	if (script != 9) {
		dup2(script, 9);
		close(script);
	}
	execl("/bin/sh", "sh", "/dev/fd/9", (char *)NULL);
	_exit(127);
}

static void on_child(int signal)
{
	(void)signal;
}

/* Until the command has ended and nobody is left who could write. */
static int pump(pid_t command, int out, int err)
{
	struct pollfd fds[] = {
		{ .fd = out, .events = POLLIN },
		{ .fd = err, .events = POLLIN },
	};
	const unsigned short ports[] = { OUT_PORT, ERR_PORT };
	int status = 0, child_status;
	bool ended = false;
	sigset_t none;

	sigemptyset(&none);
	while (!ended || fds[0].fd >= 0 || fds[1].fd >= 0) {
		char buffer[4096];
		pid_t child;

		/* SIGCHLD comes only here. */
		ppoll(fds, 2, NULL, &none);
		for (int i = 0; i < 2; i++) {
			ssize_t len;

			if (fds[i].fd < 0 || fds[i].revents == 0)
				continue;
			len = read(fds[i].fd, buffer, sizeof buffer);
			if (len > 0)
				put(ports[i], buffer, (size_t)len);
			else if (len == 0)
				fds[i].fd = -1;
		}
		while ((child = waitpid(-1, &child_status, WNOHANG)) > 0) {
			if (child != command)
				continue;
			ended = true;
			status = child_status;
			kill(-1, SIGKILL); /* spares us */
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(void)
{
	char text[16];
	int out[2], err[2], status;
	sigset_t child;

	if (iopl(3) < 0)
		reboot(RB_POWER_OFF);
	mount("devtmpfs", "/dev", "devtmpfs", 0, "");
	load_modules();
	make_root();
	loopback_up();
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	signal(SIGCHLD, on_child);
	if (pipe2(out, 0) < 0 || pipe2(err, 0) < 0)
		fail("emulated host: no pipes: %s", strerror(errno));
	status = start(out, err);
	close(out[1]);
	close(err[1]);
	status = pump(status, out[0], err[0]);
	snprintf(text, sizeof text, "%d\n", status);
	put(STATUS_PORT, text, strlen(text));
	reboot(RB_POWER_OFF);
	return 1;
}
