/* SPDX-License-Identifier: MIT
 *
 * The least a process can cost: linked statically, does nothing.
 */
int main(void)
{
	return 0;
}
