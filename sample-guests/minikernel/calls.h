/* SPDX-License-Identifier: MIT
 *
 * The contract between the kernel and its programs: the only file both include.
 *
 * A program asks by SYSCALL: the call's number in rax, arguments in rdi, rsi, rdx.
 * The answer is in rax: 0 or more, or minus one of enum call_error.
 */
#ifndef MINIKERNEL_CALLS_H
#define MINIKERNEL_CALLS_H

enum call {
	CALL_EXIT,   /* (status): end, with a status of 0 to 127 */
	CALL_FORK,   /* (): the child's number; 0 in the child */
	CALL_EXEC,   /* (name, argv): go on as another program */
	CALL_WAIT,   /* (pid or -1, &status): the number of a child that ended */
	CALL_KILL,   /* (pid, or minus a group) */
	CALL_GETPID, /* (): own number */
	CALL_GROUP,  /* (): be a group, which children are born into */
	CALL_YIELD,  /* (): let others have a turn */
	CALL_SLEEP,  /* (nanoseconds) */
	CALL_CLOCK,  /* (): nanoseconds since the machine's start */
	CALL_SBRK,   /* (bytes, or minus bytes): the heap's end before */
	CALL_OPEN,   /* (name): a descriptor of a file on the disk */
	CALL_PIPE,   /* (&fd[2]): one to read, one to write */
	CALL_READ,   /* (fd, buffer, bytes): how many; 0 at the end */
	CALL_WRITE,  /* (fd, buffer, bytes): how many */
	CALL_CLOSE,  /* (fd) */
	CALL_DUP,    /* (fd, as): make fd known as another number, too */
	CALL_DISK_PAGES, /* (): how many whole pages of 4 KiB the disk has */
	CALL_DISK_READ   /* (page, buffer): one of them, as the device has it */
};

enum call_error {
	E_CALL = 1,  /* no such call */
	E_FAULT,     /* an address that is not the program's */
	E_ARGUMENT,  /* nonsense */
	E_NAME,      /* no such file */
	E_FORMAT,    /* no program */
	E_FILE,      /* no such descriptor, or none left */
	E_PIPE,      /* nobody will read it */
	E_MEMORY,    /* none left, or not for this process */
	E_PROCESSES, /* no room for another process */
	E_PROCESS,   /* no such process, or not to be killed */
	E_CHILD,     /* no such child */
	E_DISK       /* no such page of the disk, or it cannot be read */
};

/* A status of CALL_WAIT beyond 127: how a process was ended. */
enum death {
	DIED_ILLEGAL = 128 + 4,     /* an instruction that is not its to use */
	DIED_TRAP = 128 + 5,        /* a breakpoint or single step */
	DIED_MEMORY_OUT = 128 + 7,  /* it used more than it may, or there is */
	DIED_ARITHMETIC = 128 + 8,  /* a division by zero, or its like */
	DIED_KILLED = 128 + 9,      /* CALL_KILL */
	DIED_BAD_ADDRESS = 128 + 11 /* it touched what is not its own */
};

/* What a program finds in its address space (see space.c), and its bounds. All of it
 * is above the lowest 512 GiB: these are the kernel's where that is in ring 0. */
#define USER_START 0x8000000000ul /* where meson.build has programs linked */
#define USER_END 0x8040000000ul
#define STACK_BYTES (256ul << 10)
#define MEMORY_MAX_BYTES (8ul << 20) /* in use, not reserved */
#define ARGUMENTS_MAX 16
#define ARGUMENT_BYTES_MAX 1024 /* of all of them */
#define FILES_MAX 8
#define PROCESSES_MAX 1024

#endif
