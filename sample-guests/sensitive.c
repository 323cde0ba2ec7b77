/* SPDX-License-Identifier: MIT
 *
 * What becomes of each instruction that shows or changes the state of the machine:
 * the list that Robin and Irvine made of the Pentium's, for x86-64. Run it as a
 * paravirtual guest, at ring 3, and as an ordinary kernel, at ring 0, and compare.
 *
 *	paravane run sensitive.elf [-- NAME...]
 *
 * A line each: name, class, what happened, and what the instruction showed.
 *	privileged   the processor traps it outside of ring 0, as Popek and Goldberg
 *	             ask of all that is sensitive
 *	sensitive    it is not trapped, and tells or does something else there
 *	harmless     the same everywhere
 */
#include <pvguest/pvguest.h>

PVG_NOTE(PV_FEATURE_TRAPS, PVG_FEATURES_DEFAULT, 0, 0);

enum class { HARMLESS, SENSITIVE, PRIVILEGED };

/* Where to go on if the instruction traps, and which vector that was. */
static volatile uint64_t recover;
static volatile int trapped;

static void on_trap(struct pvg_trap *trap)
{
	trapped = (int)trap->frame.vector;
	trap->frame.rip = recover;
}

/* One instruction, or a few around it that need no privilege. It leaves in rax what
 * it showed; rbx is whatever `in` was. */
#define TRY(name, in, code)                                                   \
	static uint64_t name(void)                                            \
	{                                                                     \
		uint64_t shown = 0, given = (uint64_t)(in);                   \
                                                                              \
		__asm__ volatile("leaq 77f(%%rip), %%rcx\n\t"                 \
				 "movq %%rcx, %[recover]\n\t"                 \
				 "xorl %%ecx, %%ecx\n\t" code "\n"            \
				 "77:"                                        \
				 : "+a"(shown), "+b"(given),                  \
				   [recover] "=m"(recover)                    \
				 :                                            \
				 : "rcx", "rdx", "rsi", "rdi", "r8", "r9",    \
				   "cc", "memory");                           \
		return shown;                                                 \
	}

/* Descriptor tables as SGDT stores them: a limit and a base. */
static struct {
	uint64_t unused[2];
	uint16_t pad[3], limit;
	uint64_t base;
} table PV_ALIGNED(16);
#define TABLE (&table.limit)

TRY(add, 1, "movq %%rbx, %%rax; addq $1, %%rax")
TRY(load, &recover, "movq (%%rbx), %%rax; xorl %%eax, %%eax")

/* Interrupts are let in again, where that was not refused. */
TRY(cli, 0, "cli; sti")
TRY(sti, 0, "sti")
TRY(in, 0, "movl $0x3fd, %%edx; inb %%dx, %%al")
TRY(out, 0, "outb %%al, $0x80")
TRY(read_cr0, 0, "movq %%cr0, %%rax")
TRY(read_cr3, 0, "movq %%cr3, %%rax")
TRY(write_cr3, 0, "movq %%cr3, %%rax; movq %%rax, %%cr3; xorl %%eax, %%eax")
TRY(write_cr4, 0, "movq %%cr4, %%rax; movq %%rax, %%cr4")
TRY(write_cr8, 0, "xorl %%eax, %%eax; movq %%rax, %%cr8")
TRY(read_dr7, 0, "movq %%dr7, %%rax")
TRY(rdmsr, 0, "movl $0xc0000080, %%ecx; rdmsr")
TRY(wrmsr, 0, "movl $0xc0000080, %%ecx; rdmsr; wrmsr")
TRY(clts, 0, "clts")
TRY(lmsw, 0, "smsw %%rax; lmsw %%ax")
TRY(lgdt, TABLE, "sgdt (%%rbx); lgdt (%%rbx)")
TRY(lidt, TABLE, "sidt (%%rbx); lidt (%%rbx)")
TRY(lldt, 0, "lldt %%ax")
TRY(invlpg, &table, "invlpg (%%rbx)")
TRY(wbinvd, 0, "wbinvd")
TRY(swapgs, 0, "swapgs; swapgs")

TRY(sgdt, TABLE, "sgdt (%%rbx); movq 2(%%rbx), %%rax")
TRY(sidt, TABLE, "sidt (%%rbx); movq 2(%%rbx), %%rax")
TRY(sldt, 0, "sldt %%eax")
TRY(str, 0, "str %%eax")
TRY(smsw, 0, "smsw %%rax")
TRY(pushf, 0, "pushfq; popq %%rax")
/* Try to turn the interrupt flag over, show the flags there are then, and put all back:
 * POPF at ring 3 says nothing, and leaves it. */
TRY(popf, 0, "pushfq; popq %%rdx; movq %%rdx, %%rax; xorq $0x200, %%rax;"
	     "pushq %%rax; popfq; pushfq; popq %%rax; pushq %%rdx; popfq")
TRY(mov_cs, 0, "movl %%cs, %%eax")
TRY(push_ss, 0, "movl %%ss, %%eax")
TRY(mov_ds, 0, "movl %%ss, %%eax; movl %%ds, %%edx; movl %%eax, %%ds;"
	       "movl %%edx, %%ds")
TRY(lar, 0, "movl %%cs, %%edx; larl %%edx, %%eax")
TRY(lsl, 0, "movl %%cs, %%edx; lsll %%edx, %%eax")
TRY(verr, 0, "movl %%cs, %%edx; verr %%dx; setz %%al")
TRY(verw, 0, "movl %%ss, %%edx; verw %%dx; setz %%al")
TRY(far_return, 0, "movl %%cs, %%edx; pushq %%rdx; leaq 1f(%%rip), %%rdx;"
		   "pushq %%rdx; lretq; 1: movl %%cs, %%eax")
TRY(iret, 0, "movq %%rsp, %%rcx; movl %%ss, %%edx; pushq %%rdx; pushq %%rcx;"
	     "pushfq; movl %%cs, %%edx; pushq %%rdx; leaq 1f(%%rip), %%rdx;"
	     "pushq %%rdx; iretq; 1: movl %%cs, %%eax")
TRY(int3, 0, "int3; nop")
TRY(int_n, 0, "int $0x80")
/* CR4.FSGSBASE decides; GS stays as it is. */
TRY(rdgsbase, 0, "rdgsbase %%rax")
TRY(rdtsc, 0, "rdtsc; xorl %%eax, %%eax")
TRY(rdpmc, 0, "rdpmc")
/* Bit 31 of leaf 1's ecx: "there is a hypervisor". */
TRY(cpuid, 0, "movl $1, %%eax; cpuid; movl %%ecx, %%eax; shrl $31, %%eax")
TRY(xgetbv, 0, "xgetbv")

static const struct {
	const char *name;
	enum class class;
	uint64_t (*fn)(void);
} instructions[] = {
	{ "add", HARMLESS, add },
	{ "mov-memory", HARMLESS, load },
	{ "cli", PRIVILEGED, cli },
	{ "sti", PRIVILEGED, sti },
	{ "in", PRIVILEGED, in },
	{ "out", PRIVILEGED, out },
	{ "mov-from-cr0", PRIVILEGED, read_cr0 },
	{ "mov-from-cr3", PRIVILEGED, read_cr3 },
	{ "mov-to-cr3", PRIVILEGED, write_cr3 },
	{ "mov-to-cr4", PRIVILEGED, write_cr4 },
	{ "mov-to-cr8", PRIVILEGED, write_cr8 },
	{ "mov-from-dr7", PRIVILEGED, read_dr7 },
	{ "rdmsr", PRIVILEGED, rdmsr },
	{ "wrmsr", PRIVILEGED, wrmsr },
	{ "clts", PRIVILEGED, clts },
	{ "lmsw", PRIVILEGED, lmsw },
	{ "lgdt", PRIVILEGED, lgdt },
	{ "lidt", PRIVILEGED, lidt },
	{ "lldt", PRIVILEGED, lldt },
	{ "invlpg", PRIVILEGED, invlpg },
	{ "wbinvd", PRIVILEGED, wbinvd },
	{ "swapgs", PRIVILEGED, swapgs },
	{ "rdpmc", PRIVILEGED, rdpmc },
	{ "sgdt", SENSITIVE, sgdt },
	{ "sidt", SENSITIVE, sidt },
	{ "sldt", SENSITIVE, sldt },
	{ "str", SENSITIVE, str },
	{ "smsw", SENSITIVE, smsw },
	{ "pushf", SENSITIVE, pushf },
	{ "popf", SENSITIVE, popf },
	{ "mov-from-cs", SENSITIVE, mov_cs },
	{ "mov-from-ss", SENSITIVE, push_ss },
	{ "mov-to-ds", SENSITIVE, mov_ds },
	{ "lar", SENSITIVE, lar },
	{ "lsl", SENSITIVE, lsl },
	{ "verr", SENSITIVE, verr },
	{ "verw", SENSITIVE, verw },
	{ "far-return", SENSITIVE, far_return },
	{ "iret", SENSITIVE, iret },
	{ "int3", SENSITIVE, int3 },
	{ "int-n", SENSITIVE, int_n },
	{ "rdgsbase", SENSITIVE, rdgsbase },
	{ "rdtsc", SENSITIVE, rdtsc },
	{ "cpuid", SENSITIVE, cpuid },
	{ "xgetbv", SENSITIVE, xgetbv },
};
#define INSTRUCTIONS (sizeof(instructions) / sizeof(instructions[0]))

static bool asked_for(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return argc < 2;
}

static void try(size_t i)
{
	static const char *const class_name[] = { "harmless", "sensitive",
						  "privileged" };
	static const char *const vector_name[PV_VECTORS] = {
		[PVG_VECTOR_DB] = "#DB", [PVG_VECTOR_BP] = "#BP",
		[PVG_VECTOR_UD] = "#UD", [PVG_VECTOR_NP] = "#NP",
		[PVG_VECTOR_SS] = "#SS", [PVG_VECTOR_GP] = "#GP",
		[PVG_VECTOR_PF] = "#PF",
	};
	uint64_t shown;

	/* Said before it is done: if that is the end, the last line tells. */
	pvg_printf("%-13s %-11s", instructions[i].name,
		   class_name[instructions[i].class]);
	pvg_console_flush();
	trapped = -1;
	shown = instructions[i].fn();
	if (trapped >= 0)
		pvg_printf("%s\n", vector_name[trapped]);
	else
		pvg_printf("executed  %#lx\n", shown);
}

int main(int argc, char **argv)
{
	static const unsigned vectors[] = { PVG_VECTOR_BP, PVG_VECTOR_UD,
					    PVG_VECTOR_NP, PVG_VECTOR_SS,
					    PVG_VECTOR_GP, PVG_VECTOR_PF };
	unsigned done = 0;

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		pvg_trap_handle(vectors[i], on_trap);
	pvg_traps_start();
	for (size_t i = 0; i < INSTRUCTIONS; i++)
		if (asked_for(instructions[i].name, argc, argv)) {
			try(i);
			done++;
		}
	if (done == 0) {
		pvg_printf("sensitive: there is no instruction %s here\n",
			   argv[1]);
		return 1;
	}
	return 0;
}
