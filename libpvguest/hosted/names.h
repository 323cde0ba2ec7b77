/* SPDX-License-Identifier: MIT
 *
 * Other names for what the library has in common with the host's C library, so
 * that both can be in one program: a unit test's. Given to the compiler with
 * -include for each file of the hosted library; tests include hosted.h.
 */
#define PVG_HOSTED 1 /* no GS of our own here; see <pvguest/vcpu.h> */

#define memcpy pvguest_memcpy
#define memmove pvguest_memmove
#define memset pvguest_memset
#define memcmp pvguest_memcmp
#define memchr pvguest_memchr
#define strlen pvguest_strlen
#define strnlen pvguest_strnlen
#define strcmp pvguest_strcmp
#define strncmp pvguest_strncmp
#define strchr pvguest_strchr
#define strrchr pvguest_strrchr
#define strstr pvguest_strstr
#define strcpy pvguest_strcpy
#define strncpy pvguest_strncpy
#define strcat pvguest_strcat
#define strncat pvguest_strncat
#define strdup pvguest_strdup
#define strtol pvguest_strtol
#define strtoll pvguest_strtoll
#define strtoul pvguest_strtoul
#define strtoull pvguest_strtoull
#define atoi pvguest_atoi
#define malloc pvguest_malloc
#define calloc pvguest_calloc
#define realloc pvguest_realloc
#define aligned_alloc pvguest_aligned_alloc
#define free pvguest_free
#define atexit pvguest_atexit
#define exit pvguest_exit
#define abort pvguest_abort
