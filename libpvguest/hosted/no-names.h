/* SPDX-License-Identifier: MIT
 *
 * The end of what names.h began.
 */
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr
#undef strstr
#undef strcpy
#undef strncpy
#undef strcat
#undef strncat
#undef strdup
#undef strtol
#undef strtoll
#undef strtoul
#undef strtoull
#undef atoi
#undef malloc
#undef calloc
#undef realloc
#undef aligned_alloc
#undef free
#undef atexit
#undef exit
#undef abort
