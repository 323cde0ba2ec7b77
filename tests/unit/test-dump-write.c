/* SPDX-License-Identifier: MIT
 *
 * Writing dumps, of a VM that never runs, and what then is in the file.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../fake-vm.h"
#include "../make-elf.h"
#include "dump.h"
#include "symbols.h"

static struct hv_vm vm;
static struct hv_dump dump;
static struct hv_dump_file file;
static struct hv_error err;
static char directory[] = "/tmp/paravane-test-dump.XXXXXX";
static char image_path[64], path[64];

static void setup(void)
{
	static struct made_elf elf;
	int fd;

	cr_assert_not_null(mkdtemp(directory));
	snprintf(image_path, sizeof(image_path), "%s/image", directory);
	snprintf(path, sizeof(path), "%s/dump", directory);
	make_elf(&elf);
	fd = open(image_path, O_WRONLY | O_CREAT, 0600);
	cr_assert_eq(write(fd, &elf, sizeof(elf)), sizeof(elf));
	close(fd);
	cr_assert_eq(fake_vm_make(&vm, image_path, 3, &err), 0, "%s", err.text);
	cr_assert_eq(hv_dump_file_open(&file, path, &err), 0, "%s", err.text);
}

static void teardown(void)
{
	hv_machine_free(&vm);
	hv_dump_file_done(&file);
	unlink(path);
	unlink(image_path);
	rmdir(directory);
}

TestSuite(dump_write, .init = setup, .fini = teardown, .timeout = 60);

static unsigned files_there(void)
{
	DIR *dir = opendir(directory);
	unsigned n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

static void write_and_read(void)
{
	cr_assert_eq(hv_dump_write(&vm, &file, &err), 0, "%s", err.text);
	cr_assert_eq(hv_dump_open(&dump, path, &err), 0, "%s", err.text);
}

Test(dump_write, trying_leaves_no_file)
{
	cr_assert_eq(files_there(), 1);
}

Test(dump_write, what_was_written_is_read)
{
	char real[200];

	vm.vcpu[0].cpu = &fake.cpu[0].cpu;
	vm.vcpu[0].begun = true;
	fake.cpu[0].regs.rip = 0x1234;
	write_and_read();
	cr_assert_eq(files_there(), 2);
	cr_assert_eq(dump.head.end, HV_END_NOT);
	cr_assert_eq(dump.head.vcpus, 3);
	cr_assert_eq(dump.vcpu[0].regs.rip, 0x1234);
	cr_assert_eq(dump.vcpu[0].fs_base, 0xf5);
	cr_assert(dump.vcpu[0].flags & HV_DUMP_UP);
	cr_assert_not(dump.vcpu[1].flags & HV_DUMP_UP);
	cr_assert_eq(dump.vcpu[0].kernel_root, PV_ROOT_INITIAL);
	cr_assert_eq(dump.vcpu[0].kernel_tables, fake.engine.root_initial);
	cr_assert_eq(dump.head.ranges, vm.layout.ranges);
	cr_assert_eq(dump.head.memory[HV_DUMP_RAM].host, (uintptr_t)vm.memory.base);
	cr_assert_eq(dump.head.memory[HV_DUMP_ROOTS].bytes, 0);
	cr_assert_not_null(realpath(image_path, real));
	cr_assert_str_eq(dump.head.image_path, real);
	hv_dump_done(&dump);
}

Test(dump_write, a_vcpu_that_has_not_begun_is_at_its_entry)
{
	write_and_read();
	cr_assert_eq(dump.vcpu[0].regs.rip, MADE_TEXT + 0x10);
	hv_dump_done(&dump);
}

Test(dump_write, all_memory_is_what_it_was)
{
	uint8_t page[4096];

	memset(vm.memory.base + 0x300000, 0xee, 4096);
	vm.memory.base[vm.memory.bytes - 1] = 1;
	vm.memory.base[0x400000 + 4095] = 2;
	write_and_read();
	for (uint64_t at = 0; at < vm.memory.bytes; at += 4096) {
		cr_assert(hv_dump_read(&dump, at, page, 4096));
		cr_assert_eq(memcmp(page, vm.memory.base + at, 4096), 0);
	}
	for (uint64_t at = 0; at < vm.window.bytes; at += 4096) {
		cr_assert(hv_dump_read(&dump, vm.window.gpa + at, page, 4096));
		cr_assert_eq(memcmp(page, vm.window.base + at, 4096), 0);
	}
	hv_dump_done(&dump);
}

Test(dump_write, what_is_zero_takes_no_room)
{
	struct stat st;

	memset(vm.memory.base + 0x800000, 0, 4 << 20);
	write_and_read();
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_geq((uint64_t)st.st_size, vm.memory.bytes + vm.window.bytes);
	cr_assert_lt(st.st_blocks * 512, 1 << 20);
	cr_assert_eq(st.st_mode & 0777, 0600, "others can read it");
	hv_dump_done(&dump);
}

Test(dump_write, root_copies_are_in_it)
{
	pv_gpa_t copy;
	uint64_t entry;

	cr_assert_eq(hv_roots_copy(&vm.vcpu[0], 0x500000, false, &copy), 0);
	write_and_read();
	cr_assert_eq(dump.head.memory[HV_DUMP_ROOTS].gpa, vm.roots.gpa);
	cr_assert(hv_dump_read(&dump, copy + PV_WINDOW_ROOT_ENTRY * 8, &entry, 8));
	cr_assert_eq(entry, fake.engine.root_entry_kernel);
	hv_dump_done(&dump);
}

Test(dump_write, the_end_is_in_it)
{
	vm.crashed = vm.crash_faulted = true;
	vm.crash_vcpu = 2;
	vm.crash_address = 0x77;
	hv_guest_kill(&vm, "because");
	write_and_read();
	cr_assert_eq(dump.head.end, HV_END_KILLED);
	cr_assert_eq(dump.head.crash_vcpu, 2);
	cr_assert_eq(dump.head.fault_address, 0x77);
	cr_assert_str_eq(dump.head.reason, "because");
	hv_dump_done(&dump);
}

Test(dump_write, another_dump_takes_the_place_of_the_first)
{
	write_and_read();
	hv_dump_done(&dump);
	vm.memory.base[0x600000] = 9;
	write_and_read();
	cr_assert_eq(files_there(), 2);
	hv_dump_done(&dump);
}

Test(dump_write, a_directory_that_went_away_is_a_sentence)
{
	unlink(image_path);
	cr_assert_eq(rmdir(directory), 0);
	cr_assert_eq(hv_dump_write(&vm, &file, &err), -1);
	cr_assert_eq(err.status, HV_STATUS_FAILED);
	cr_assert_not_null(strstr(err.text, path));
}

Test(dump_write, places_where_no_file_can_be_are_found_at_once)
{
	static const char *const bad[] = {
		"", "/nonexistent/dump", "/", "/tmp", "/tmp/", "/tmp/.", "/dev/null",
		"/proc/dump", "/etc/passwd/dump",
	};
	struct hv_dump_file other;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err = (struct hv_error){ .text = "" };
		cr_assert_eq(hv_dump_file_open(&other, bad[i], &err), -1, "%s",
			     bad[i]);
		cr_assert_eq(err.status, HV_STATUS_USAGE);
	}
}

Test(dump_write, symbols_are_found_by_name)
{
	uint64_t address;

	cr_assert(hv_symbol_named(&vm.image, "helper", &address));
	cr_assert_eq(address, MADE_TEXT + 0x40);
	cr_assert(hv_symbol_named(&vm.image, "start", &address));
	cr_assert_eq(address, MADE_TEXT + 0x10);
	cr_assert_not(hv_symbol_named(&vm.image, "help", &address));
	cr_assert_not(hv_symbol_named(&vm.image, "", &address));
}
