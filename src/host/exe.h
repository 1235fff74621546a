/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef STEALSCOPE_HOST_EXE_H
#define STEALSCOPE_HOST_EXE_H

#include <stdbool.h>

/*
 * Can only root replace the executable of the process whose /proc/P is open as @dir? @path is
 * where /proc/P/exe leads.
 *
 * The path alone proves nothing: a process in a mount namespace of its own shows any path it likes.
 * The inode alone proves nothing either: a root-owned perl, mounted over qemu-system-x86_64, has
 * the right owner. So @path is walked in our own mount namespace, every directory on it has to
 * belong to root and be writable to nobody else, and the file at its end, with the same
 * properties, has to be the very file that the process runs (device and inode).
 *
 * False, therefore, also for a QEMU in a container's own file system and for one whose file was
 * deleted since (a package upgrade): what it was cannot be proved any more.
 */
bool exe_is_roots(int dir, const char *path);

#endif
