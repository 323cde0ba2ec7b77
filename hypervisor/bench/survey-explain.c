/* SPDX-License-Identifier: MIT
 *
 * Why a task takes what it takes under a technique: a sentence each, for --explain and
 * the HTML report. See techniques.h. Under trap-and-emulate there are two, for what is
 * true of a processor that virtualizes and what of a KVM that interprets ring 0.
 */
#include <string.h>

#include "techniques.h"

enum when { ALWAYS, PROCESSOR, INTERPRETED };

static const struct {
	const char *task, *technique;
	enum when when;
	const char *why;
} reasons[] = {
	{ "syscall", "paravirt", ALWAYS,
	  "SYSCALL of user mode leaves for the hypervisor, which enters the kernel "
	  "in its own address space, and back by a second exit." },
	{ "syscall", "native", PROCESSOR,
	  "SYSCALL enters the kernel without anybody's help: no exit. Most of the "
	  "time goes to registers that are saved and restored." },
	{ "syscall", "native", INTERPRETED,
	  "Each of the kernel's instructions between SYSCALL and SYSRET is "
	  "interpreted at about a microsecond." },
	{ "syscall", "translation", ALWAYS,
	  "The change of the mode is a function of the translator's, and so is each "
	  "instruction that saves or restores the program's vector registers." },
	{ "syscall", "process", ALWAYS,
	  "getppid: the host's kernel is entered and left by the processor." },

	{ "port-in", "paravirt", ALWAYS,
	  "There are no ports: the cheapest operation of the hypervisor stands in "
	  "for one, one exit." },
	{ "port-in", "native", PROCESSOR,
	  "IN is an exit to KVM and from there to the program that has the device." },
	{ "port-in", "native", INTERPRETED,
	  "IN is interpreted, as is what is around it, and goes to the program that "
	  "has the device." },
	{ "port-in", "translation", ALWAYS,
	  "IN became a call of the device's function in the same process: nothing "
	  "is left, which is why translation beats hardware here." },

	{ "cr-write", "paravirt", ALWAYS,
	  "No control register is the guest's: a mask of event ports in shared "
	  "memory stands in, which is a store and a look at what is pending." },
	{ "cr-write", "native", PROCESSOR,
	  "CR8: no exit where the processor keeps a shadow of the local APIC's "
	  "priority, else one for each write." },
	{ "cr-write", "native", INTERPRETED,
	  "Interpreted, with the checks that the processor would make." },
	{ "cr-write", "translation", ALWAYS,
	  "A call of a function that tells the emulated local APIC." },

	{ "call-return", "paravirt", ALWAYS,
	  "The processor runs it: as in a process." },
	{ "call-return", "native", PROCESSOR,
	  "The processor runs it: as in a process." },
	{ "call-return", "native", INTERPRETED,
	  "Ring 0 is interpreted, even where nothing is privileged: this is what "
	  "each instruction of a kernel costs here." },
	{ "call-return", "translation", ALWAYS,
	  "A return leads where only memory knows: each is looked up in a table of "
	  "translations, which costs several times the instruction." },
	{ "call-return", "process", ALWAYS,
	  "The processor predicts where a return leads." },

	{ "page-fault", "paravirt", ALWAYS,
	  "Two exits: for the fault, when the hypervisor puts a frame on the kernel's "
	  "stack and enters its handler, and for the flush after the page is taken "
	  "away. The tables are changed by plain stores." },
	{ "page-fault", "native", PROCESSOR,
	  "With nested page tables the kernel's own faults never exit; with shadow "
	  "tables each does, and each change of its tables." },
	{ "page-fault", "native", INTERPRETED,
	  "KVM keeps shadow tables, gets each fault first, and interprets the "
	  "handler." },
	{ "page-fault", "translation", ALWAYS,
	  "The translator walks the guest's tables in software at each miss of its "
	  "own table of translations, and unwinds to the instruction." },
	{ "page-fault", "process", ALWAYS,
	  "The host's kernel handles it and zeroes a page each time, which the "
	  "guests' handlers do not; madvise takes it away." },

	{ "divide", "paravirt", ALWAYS,
	  "The exception exits; the hypervisor puts a frame on the kernel's stack and "
	  "enters its handler, which returns by itself." },
	{ "divide", "native", PROCESSOR,
	  "The processor delivers it by the guest's own table: no exit." },
	{ "divide", "native", INTERPRETED,
	  "The interpreter raises it, and interprets the handler." },
	{ "divide", "translation", ALWAYS,
	  "The division is a function of the translator's that finds the zero, "
	  "leaves the translated code and delivers the exception." },
	{ "divide", "process", ALWAYS,
	  "SIGFPE: the kernel builds a frame with all registers, and a system call "
	  "takes it down." },

	{ "pte-modify", "paravirt", ALWAYS,
	  "The change is a store; that it is seen takes a flush by the hypervisor, "
	  "one exit to it and more inside of KVM, which forgets its own tables." },
	{ "pte-modify", "native", PROCESSOR,
	  "A store and INVLPG; with nested page tables neither exits." },
	{ "pte-modify", "native", INTERPRETED,
	  "KVM guards the guest's tables against writing: the store is a fault that "
	  "it emulates, and INVLPG an instruction that it interprets." },
	{ "pte-modify", "translation", ALWAYS,
	  "A store, and INVLPG as a function that forgets one entry; the next access "
	  "walks the tables in software." },
	{ "pte-modify", "process", ALWAYS,
	  "mprotect of a page: a system call, and the kernel's bookkeeping." },

	{ "mask", "paravirt", ALWAYS,
	  "Two stores and a look at shared memory: no exit unless events came "
	  "meanwhile." },
	{ "mask", "native", PROCESSOR,
	  "CLI and STI run on the processor." },
	{ "mask", "native", INTERPRETED,
	  "CLI and STI are interpreted." },
	{ "mask", "translation", ALWAYS,
	  "CLI is a store to the translator's idea of the flags; after STI it has "
	  "to leave the translated code and look for interrupts." },
	{ "mask", "process", ALWAYS,
	  "Signals are what a process can hold back: two system calls." },

	{ "pushf", "paravirt", ALWAYS,
	  "The processor runs it; POPF cannot change what is privileged, and the "
	  "kernel keeps that elsewhere." },
	{ "pushf", "native", PROCESSOR,
	  "The processor runs it." },
	{ "pushf", "native", INTERPRETED,
	  "Two instructions that are interpreted." },
	{ "pushf", "translation", ALWAYS,
	  "The flags are computed only when somebody looks, as here; POPF is a "
	  "function, since it may allow interrupts." },
	{ "pushf", "process", ALWAYS,
	  "POPF is slow on the processor itself." },

	{ "timer-read", "paravirt", ALWAYS,
	  "RDTSC, and a multiplication by what the hypervisor keeps in shared "
	  "memory." },
	{ "timer-read", "native", PROCESSOR,
	  "RDTSC does not exit where KVM gives the guest the host's counter." },
	{ "timer-read", "native", INTERPRETED,
	  "RDTSC and the arithmetic around it are interpreted." },
	{ "timer-read", "translation", ALWAYS,
	  "RDTSC is a function that reads the host's clock." },
	{ "timer-read", "process", ALWAYS,
	  "clock_gettime: RDTSC in the page of code that the kernel gives each "
	  "process." },

	{ "space-switch", "paravirt", ALWAYS,
	  "An exit: the hypervisor looks for the root among those it has checked, "
	  "and gives KVM another CR3." },
	{ "space-switch", "native", PROCESSOR,
	  "With nested page tables a write of CR3 does not exit; what it costs is "
	  "the translations that are forgotten." },
	{ "space-switch", "native", INTERPRETED,
	  "Interpreted; KVM looks for the shadow tables of the new root." },
	{ "space-switch", "translation", ALWAYS,
	  "The table of translations is emptied, and filled again by walks in "
	  "software." },
	{ "space-switch", "process", ALWAYS,
	  "Two processes in turns on one CPU: a futex, the scheduler and the switch "
	  "of address spaces." },

	{ "event", "paravirt", ALWAYS,
	  "Each of the two exits once to send and once to sleep; the hypervisor's "
	  "threads wake each other, as those of a process do." },
	{ "event", "native", PROCESSOR,
	  "Inter-processor interrupts: HLT exits, the write to the local APIC too "
	  "unless the processor virtualizes it, and KVM wakes the other thread." },
	{ "event", "native", INTERPRETED,
	  "The write to the local APIC is emulated, KVM wakes the other thread, and "
	  "the kernel's way to its handler and back is interpreted." },
	{ "event", "translation", ALWAYS,
	  "vCPUs are threads of QEMU's, which sleep in HLT and wake each other." },
	{ "event", "process", ALWAYS,
	  "Two threads wake each other by a futex." },

	{ "context-switch", "paravirt", ALWAYS,
	  "Registers and the stack are exchanged by the guest's library: nothing "
	  "privileged, no exit." },
	{ "context-switch", "native", PROCESSOR,
	  "The same code as the paravirtual kernel's, at ring 0: no exit." },
	{ "context-switch", "native", INTERPRETED,
	  "The same code as the paravirtual kernel's, but interpreted." },
	{ "context-switch", "translation", ALWAYS,
	  "The same code; its returns lead to another place each time and are "
	  "looked up." },
	{ "context-switch", "process", ALWAYS,
	  "Two threads of Linux in turns on one CPU by a futex: two system calls "
	  "and the scheduler, where the guests' threads are the library's." },

	{ "cold-code", "paravirt", ALWAYS,
	  "The processor fetches and decodes it: nothing has to be made first." },
	{ "cold-code", "native", PROCESSOR,
	  "The processor fetches and decodes it: nothing has to be made first." },
	{ "cold-code", "native", INTERPRETED,
	  "An interpreter does not care whether it saw an instruction before." },
	{ "cold-code", "translation", ALWAYS,
	  "It has to be translated before it runs once: thousands of instructions "
	  "of the translator for one." },
	{ "cold-code", "process", ALWAYS,
	  "The processor fetches and decodes it: nothing has to be made first." },

	{ "fork", "paravirt", ALWAYS,
	  "Two exits for each system call, and one for each fault of copy on write "
	  "and each switch of address spaces." },
	{ "fork", "native", PROCESSOR,
	  "System calls and faults do not exit; time goes into copying pages and "
	  "tables." },
	{ "fork", "native", INTERPRETED,
	  "All of the kernel's work, of which a fork is made, is interpreted." },
	{ "fork", "translation", ALWAYS,
	  "Each new address space empties the table of translations; each program's "
	  "code, in pages of its own, is translated again." },
	{ "fork", "process", ALWAYS,
	  "Linux does more in a fork than this kernel, but does it on the "
	  "processor." },

	{ "pipe", "paravirt", ALWAYS,
	  "System calls and switches of address spaces are exits: two and one for "
	  "each." },
	{ "pipe", "native", PROCESSOR,
	  "No exits: system calls and switches run on the processor." },
	{ "pipe", "native", INTERPRETED,
	  "The kernel's part of each system call is interpreted." },
	{ "pipe", "translation", ALWAYS,
	  "System calls are cheap here; emptied tables of translations at each "
	  "switch are not." },
	{ "pipe", "process", ALWAYS,
	  "Two system calls and a switch by Linux's scheduler each way." },

	{ "demand", "paravirt", ALWAYS,
	  "Each first touch exits, then the kernel gives a page by a store." },
	{ "demand", "native", PROCESSOR,
	  "The guest's fault does not exit; where the host has no page behind the "
	  "guest's yet, KVM's own fault does." },
	{ "demand", "native", INTERPRETED,
	  "KVM gets each fault first, and the kernel's handler is interpreted." },
	{ "demand", "translation", ALWAYS,
	  "Each first touch is a miss, a walk in software, and an exception "
	  "delivered by hand." },
	{ "demand", "process", ALWAYS,
	  "Linux's own demand paging." },

	{ "compile", "paravirt", ALWAYS,
	  "Between its system calls and faults, user code runs on the processor." },
	{ "compile", "native", PROCESSOR,
	  "Next to no exits: as the processor runs it." },
	{ "compile", "native", INTERPRETED,
	  "User code runs on the processor; each entry of the kernel costs what the "
	  "interpreter takes for it." },
	{ "compile", "translation", ALWAYS,
	  "All code is translated, user code too, and much of it runs only a few "
	  "times." },
	{ "compile", "process", ALWAYS,
	  "The processor, and Linux's system calls." },

	{ "copy", "paravirt", ALWAYS, "User mode on the processor: as a process." },
	{ "copy", "native", ALWAYS,
	  "User mode runs on the processor, also where ring 0 is interpreted." },
	{ "copy", "translation", ALWAYS,
	  "Each access goes by a table of translations in software, and a string "
	  "instruction is a loop." },
	{ "copy", "process", ALWAYS, "The processor." },
	{ "sha256", "paravirt", ALWAYS,
	  "User mode on the processor: as a process." },
	{ "sha256", "native", ALWAYS,
	  "User mode runs on the processor, also where ring 0 is interpreted." },
	{ "sha256", "translation", ALWAYS,
	  "Hot code that is translated once; what is left is that the flags and "
	  "registers are kept in memory, and the processor sees more "
	  "instructions." },
	{ "sha256", "process", ALWAYS, "The processor." },
	{ "sieve", "paravirt", ALWAYS,
	  "User mode on the processor: as a process." },
	{ "sieve", "native", ALWAYS,
	  "User mode runs on the processor, also where ring 0 is interpreted." },
	{ "sieve", "translation", ALWAYS,
	  "Each store goes by a table of translations in software." },
	{ "sieve", "process", ALWAYS, "The processor." },

	{ "disk", "paravirt", ALWAYS,
	  "Requests go by a ring in shared memory and a doorbell, answers by an "
	  "event; the hypervisor reads with io_uring." },
	{ "disk", "native", PROCESSOR,
	  "A virtio device: each kick is an exit, each answer an interrupt whose "
	  "end is written to the APIC." },
	{ "disk", "native", INTERPRETED,
	  "A virtio device, whose driver is interpreted, and whose registers are "
	  "emulated." },
	{ "disk", "translation", ALWAYS,
	  "A virtio device in the same process; interrupts come between blocks of "
	  "translated code." },
	{ "disk", "process", ALWAYS,
	  "pread of a file, mostly from the page cache." },
};

const char *hv_task_why(const struct hv_task *task, const char *technique,
			bool interpreted)
{
	enum when other = interpreted ? PROCESSOR : INTERPRETED;

	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (strcmp(reasons[i].task, task->key) == 0 &&
		    strcmp(reasons[i].technique, technique) == 0 &&
		    reasons[i].when != other)
			return reasons[i].why;
	return NULL;
}
