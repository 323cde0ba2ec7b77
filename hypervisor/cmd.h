/* SPDX-License-Identifier: MIT
 *
 * The subcommands: each parses its own arguments, argv[0] being its full name
 * ("paravane run"), and answers the status to exit with.
 */
#ifndef HV_CMD_H
#define HV_CMD_H

int hv_cmd_run(int argc, char **argv);
int hv_cmd_walk(int argc, char **argv);
int hv_cmd_inspect(int argc, char **argv);
int hv_cmd_doctor(int argc, char **argv);
int hv_cmd_bench(int argc, char **argv);
int hv_cmd_bench_techniques(int argc, char **argv);
int hv_cmd_bench_compare(int argc, char **argv);

#endif
