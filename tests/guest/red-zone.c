/* SPDX-License-Identifier: MIT
 *
 * Is the red zone, the 128 bytes below the stack pointer, the guest's alone?
 */
#include "tap.h"

/* Fill it, let some 100 million cycles of interruptions pass, and answer how
 * many of its 16 words are still right. */
uint64_t red_zone_words_kept(void);
__asm__(".text\n"
	"red_zone_words_kept:\n"
	"	movl $16, %ecx\n"
	"1:	movq %rcx, %rax\n"
	"	negq %rax\n"
	"	movq %rcx, (%rsp,%rax,8)\n"
	"	decl %ecx\n"
	"	jnz 1b\n"
	"	movl $100000000, %ecx\n"
	"2:	decl %ecx\n"
	"	jnz 2b\n"
	"	xorl %edx, %edx\n"
	"	movl $16, %ecx\n"
	"3:	movq %rcx, %rax\n"
	"	negq %rax\n"
	"	cmpq %rcx, (%rsp,%rax,8)\n"
	"	jne 4f\n"
	"	incq %rdx\n"
	"4:	decl %ecx\n"
	"	jnz 3b\n"
	"	movq %rdx, %rax\n"
	"	ret\n");

int main(void)
{
	tap_equal((int64_t)red_zone_words_kept(), 16,
		  "nothing else writes to the red zone");
	return tap_done();
}
