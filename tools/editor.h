/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_EDITOR_H
#define XDP_POLICY_EDITOR_H

/*
 * Runs the user's editor on a file and waits for it. Returns an exit status of enum tool_exit,
 * after a message if it is not TOOL_OK.
 */
int editor__run(const char *path);

/* Sends the editor a signal, if it runs. Safe in a signal handler. */
void editor__signal(int sig);

#endif
