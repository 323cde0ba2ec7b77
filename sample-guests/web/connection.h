/* SPDX-License-Identifier: MIT
 *
 * Connections: each takes a request, answers it, and takes the next, until the client
 * or something else ends it. A client that is slow is put off after a while, and holds
 * up nobody.
 */
#ifndef WEB_CONNECTION_H
#define WEB_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

/* Listen. 0 or -PV_ENOMEM. With is_logged a line on the console for each answer. */
int connections_listen(uint16_t port, bool is_logged);

/* For chunks_prepare: the owner of a chunk is a connection. */
void connection_read_on(void *connection);

/* Let those go on that found no chunk free. Whether some still found none. */
bool connections_feed(void);

#endif
