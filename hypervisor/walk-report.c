/* SPDX-License-Identifier: MIT
 *
 * See walk-report.h.
 */
#include "walk-report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "page-tables.h"
#include "symbols.h"
#include "walk-text.h"

#define CONTENT_BYTES 16

static const char *const memory_names[HV_DUMP_MEMORIES] = {
	"RAM", "window", "root copies",
};

/* Everything there is to tell of one address. */
struct answer {
	struct hv_walk walk;
	const struct hv_dump_memory *memory; /* that it leads to, or NULL */
	uint64_t host;
	char place[128];
	uint8_t content[CONTENT_BYTES];
	unsigned content_bytes; /* fewer at the end of a page */
	const char *symbol;     /* good until the next is asked for */
	uint64_t symbol_offset;
};

static bool read_entry(const void *memory, pv_gpa_t gpa, uint64_t *ret_entry)
{
	return hv_dump_read(memory, gpa, ret_entry, sizeof(*ret_entry));
}

static void find_content(const struct hv_dump *dump, struct answer *a)
{
	uint64_t room = PV_PAGE_BYTES - a->walk.gpa % PV_PAGE_BYTES;
	unsigned n = room < CONTENT_BYTES ? (unsigned)room : CONTENT_BYTES;

	if (hv_dump_read(dump, a->walk.gpa, a->content, n))
		a->content_bytes = n;
}

static void find(const struct hv_walk_view *view, uint64_t gva, struct answer *a)
{
	const struct hv_dump *dump = view->dump;

	*a = (struct answer){ .memory = NULL };
	if (view->image)
		a->symbol = hv_symbol_at(view->image, gva, &a->symbol_offset);
	hv_walk(read_entry, dump, view->root, gva, &a->walk);
	if (a->walk.end != HV_WALK_MAPPED)
		return;
	a->memory = hv_dump_memory_at(dump, a->walk.gpa, 1);
	if (a->memory)
		a->host = a->memory->host + (a->walk.gpa - a->memory->gpa);
	hv_dump_place(dump, a->walk.gpa, a->place, sizeof(a->place));
	find_content(dump, a);
}

/* ---- text */

static const char *state(const struct hv_dump_vcpu *vcpu)
{
	if (!(vcpu->flags & HV_DUMP_UP))
		return "down";
	if (vcpu->flags & HV_DUMP_USER)
		return "in user mode";
	if (vcpu->flags & HV_DUMP_ASLEEP)
		return "in its kernel, blocked";
	if (vcpu->flags & HV_DUMP_SERVED)
		return "in its kernel, in an operation";
	return "in its kernel";
}

static char *tables_text(const struct hv_walk_view *view, char *text, size_t bytes)
{
	const struct hv_dump_vcpu *vcpu = view->vcpu;
	uint64_t root = view->user ? vcpu->user_root : vcpu->kernel_root;
	const char *whose = view->user ? "user mode's" : "its kernel's";

	if (view->given)
		snprintf(text, bytes, "as asked for");
	else if (root == PV_ROOT_INITIAL)
		snprintf(text, bytes, "%s, the hypervisor's own", whose);
	else
		snprintf(text, bytes, "%s, a copy of the guest's root at 0x%" PRIx64,
			 whose, root);
	return text;
}

static void print_memory(const struct hv_dump_memory *m, const char *name,
			 const char *arrow)
{
	printf("  %-28s 0x%010" PRIx64 " .. 0x%010" PRIx64
	       "  %-11s -- KVM --> 0x%012" PRIx64 "\n",
	       arrow, m->gpa, m->gpa + m->bytes, name, m->host);
}

void hv_walk_print_layers(const struct hv_walk_view *view)
{
	static const char *const arrows[HV_DUMP_MEMORIES] = {
		"any address", "  -- 4 levels of tables -->", "",
	};
	const struct hv_dump *dump = view->dump;
	char text[HV_DUMP_REASON_BYTES + 16];

	printf("guest   %s\n", hv_dump_end_text(dump, text, sizeof(text)));
	printf("vCPU    %u of %u, %s\n", view->vcpu->number, dump->head.vcpus,
	       state(view->vcpu));
	printf("tables  0x%" PRIx64 ": %s\n\n", view->root,
	       tables_text(view, text, sizeof(text)));
	printf("  %-28s %-39s %15s\n", "guest-virtual", "guest-physical",
	       "host");
	for (unsigned i = 0; i < HV_DUMP_MEMORIES; i++)
		if (dump->head.memory[i].bytes)
			print_memory(&dump->head.memory[i], memory_names[i],
				     arrows[i]);
}

static void print_level(const struct hv_walk_view *view,
			const struct hv_walk *walk, unsigned level)
{
	char text[HV_WALK_TEXT_BYTES], place[128], entry[16];

	snprintf(entry, sizeof(entry), "%s[%u]", hv_walk_level_name(level),
		 hv_walk_index(walk, level));
	printf("    %-11s 0x%016" PRIx64 "  %s\n", entry, walk->entry[level],
	       hv_walk_entry_text(walk, level, text, sizeof(text)));
	printf("                at 0x%" PRIx64 ", %s\n", walk->entry_gpa[level],
	       hv_dump_place(view->dump, walk->entry_gpa[level], place,
			     sizeof(place)));
}

static void print_content(const struct answer *a)
{
	printf("  content       ");
	for (unsigned i = 0; i < a->content_bytes; i++)
		printf("%02x ", a->content[i]);
	printf(" ");
	for (unsigned i = 0; i < a->content_bytes; i++)
		putchar(a->content[i] < ' ' || a->content[i] > '~'
				? '.' : a->content[i]);
	putchar('\n');
}

static void print_end(const struct answer *a)
{
	char text[HV_WALK_TEXT_BYTES];

	if (a->walk.end != HV_WALK_MAPPED) {
		printf("  %s\n",
		       hv_walk_end_text(&a->walk, text, sizeof(text)));
		return;
	}
	printf("guest-physical  0x%016" PRIx64 "  %s\n", a->walk.gpa, a->place);
	printf("  page          %s; its tables allow: %s\n",
	       hv_walk_page_name(&a->walk), hv_walk_rights(&a->walk));
	if (!a->memory)
		return;
	printf("host            0x%016" PRIx64 "  in the process that ran it\n",
	       a->host);
	print_content(a);
}

void hv_walk_print(const struct hv_walk_view *view, uint64_t gva)
{
	struct answer a;

	find(view, gva, &a);
	printf("\nguest-virtual   0x%016" PRIx64, gva);
	if (a.symbol)
		printf("  %s+0x%" PRIx64, a.symbol, a.symbol_offset);
	putchar('\n');
	for (unsigned level = 0; level < a.walk.steps; level++)
		print_level(view, &a.walk, level);
	print_end(&a);
}

/* ---- JSON */

static void put_flag(struct json_object *o, const char *key, bool flag)
{
	hv_json_put(o, key, json_object_new_boolean(flag));
}

static struct json_object *memories_json(const struct hv_dump *dump)
{
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; i < HV_DUMP_MEMORIES; i++) {
		const struct hv_dump_memory *m = &dump->head.memory[i];
		struct json_object *o;

		if (!m->bytes)
			continue;
		o = json_object_new_object();
		hv_json_put_text(o, "name", memory_names[i]);
		hv_json_put_u64(o, "guest_physical", m->gpa);
		hv_json_put_u64(o, "bytes", m->bytes);
		hv_json_put_u64(o, "host", m->host);
		json_object_array_add(list, o);
	}
	return list;
}

struct json_object *hv_walk_layers_json(const struct hv_walk_view *view)
{
	struct json_object *o = json_object_new_object();
	char text[HV_DUMP_REASON_BYTES + 16];

	hv_json_put_u64(o, "version", 1);
	hv_json_put_text(o, "guest",
			 hv_dump_end_text(view->dump, text, sizeof(text)));
	hv_json_put_u64(o, "vcpu", view->vcpu->number);
	hv_json_put_text(o, "vcpu_state", state(view->vcpu));
	hv_json_put_u64(o, "tables", view->root);
	put_flag(o, "user", view->user);
	hv_json_put(o, "memory", memories_json(view->dump));
	return o;
}

static struct json_object *level_json(const struct hv_walk_view *view,
				      const struct hv_walk *walk, unsigned level)
{
	struct json_object *o = json_object_new_object();
	uint64_t e = walk->entry[level];
	bool last = level == HV_WALK_LEVELS - 1;
	bool leaf = walk->end == HV_WALK_MAPPED && level + 1 == walk->steps;
	char place[128];

	hv_json_put_text(o, "level", hv_walk_level_name(level));
	hv_json_put_u64(o, "index", hv_walk_index(walk, level));
	hv_json_put_u64(o, "guest_physical", walk->entry_gpa[level]);
	hv_json_put_text(o, "place",
			 hv_dump_place(view->dump, walk->entry_gpa[level], place,
				       sizeof(place)));
	hv_json_put_u64(o, "entry", e);
	put_flag(o, "present", e & HV_PT_PRESENT);
	put_flag(o, "writable", e & HV_PT_WRITE);
	put_flag(o, "user", e & HV_PT_USER);
	put_flag(o, "executable", !(e & HV_PT_NO_EXEC));
	put_flag(o, "accessed", e & HV_PT_ACCESSED);
	if (leaf) /* means nothing in one that leads to a table */
		put_flag(o, "dirty", e & HV_PT_DIRTY);
	put_flag(o, "large", !last && e & HV_PT_LARGE);
	return o;
}

static void put_mapped(struct json_object *o, const struct answer *a)
{
	char hex[2 * CONTENT_BYTES + 1] = "";

	for (unsigned i = 0; i < a->content_bytes; i++)
		snprintf(hex + 2 * i, 3, "%02x", a->content[i]);
	hv_json_put_u64(o, "guest_physical", a->walk.gpa);
	hv_json_put_u64(o, "page_bytes", a->walk.page_bytes);
	put_flag(o, "read", a->walk.user);
	put_flag(o, "write", a->walk.user && a->walk.write);
	put_flag(o, "execute", a->walk.user && a->walk.exec);
	hv_json_put_text(o, "place", a->place);
	hv_json_put(o, "host",
		    a->memory ? json_object_new_uint64(a->host) : NULL);
	hv_json_put_text(o, "content", hex);
}

struct json_object *hv_walk_json(const struct hv_walk_view *view, uint64_t gva)
{
	struct json_object *o = json_object_new_object();
	struct json_object *levels = json_object_new_array();
	char text[HV_WALK_TEXT_BYTES];
	struct answer a;

	find(view, gva, &a);
	hv_json_put_u64(o, "guest_virtual", gva);
	hv_json_put_text(o, "symbol", a.symbol);
	hv_json_put_u64(o, "symbol_offset", a.symbol_offset);
	for (unsigned level = 0; level < a.walk.steps; level++)
		json_object_array_add(levels, level_json(view, &a.walk, level));
	hv_json_put(o, "levels", levels);
	put_flag(o, "mapped", a.walk.end == HV_WALK_MAPPED);
	hv_json_put_text(o, "end",
			 hv_walk_end_text(&a.walk, text, sizeof(text)));
	if (a.walk.end == HV_WALK_MAPPED)
		put_mapped(o, &a);
	return o;
}
