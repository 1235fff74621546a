/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Inside the registry of domains; see registry.h for what it promises.
 *
 *	registry.c     what it holds
 *	scan.c         when what is looked at: scans, sightings, what is gone
 *	threads.c      the threads of a domain: which are there, their names
 *
 * and, of virtual machines (host/vm):
 *
 *	verdict.c      is this process a domain
 *	identify.c     what it is called: manager.c, and whose it is
 *	unnamed.c      the vCPUs of a domain whose threads have no names: role.c, libvirt.c
 *
 * What a scan costs. A process is judged once, by its command, links and fds; of the latter a
 * thousand or so at a time, the rest in later looks: a process can have a million. After that one
 * read of its stat shows whether it still is the same program (start time, and addresses that are
 * random at each exec). A thread costs nothing where the caller has a census of the host's threads.
 * Without, it costs one read of its name when it is new; after that nothing: the directory listing
 * of /proc/P/task gives an inode number, and a number that was used again gets a new inode
 * (fs/proc/base.c: the dentries of a dead task are invalidated, inode numbers only grow). Names of
 * new threads are read again for THREAD_YOUNG, since QEMU names a thread after its start; in every
 * REFRESH-th scan of a process everything is read again.
 */
#ifndef STEALSCOPE_REGISTRY_PARTS_H
#define STEALSCOPE_REGISTRY_PARTS_H

#include "host/subject/registry.h"
#include "host/procfs.h"
#include "host/task.h"

#define REFRESH 16

struct process {
	pid_t pid;
	uint64_t start; /* 0: not looked at yet */
	uint64_t start_stack, arg_start;
	char comm[TASK_COMM_LEN];
	bool counted;	/* by a census, which knows what nobody can pretend: */
	uint32_t execs; /* census_task.execs */
	bool executed;	/* the kernel announced that it became another program since */
	bool vmm;	/* its executable is called like a VMM: it may still become a domain */
	bool sighted;	/* KVM was seen running it */
	unsigned int sighted_scan; /* when last */
	int kvm_fd;	   /* a descriptor of KVM's that it was seen to have, + 1; 0: none */
	off_t fds_at;	   /* up to where its descriptors were looked at, in this round */
	bool unread;	   /* there are more, and whether it is a domain is not known */
	pid_t vhost_owner; /* a vhost kernel thread's; else 0 */
	unsigned int seen; /* in which scan it was there last */
};

struct registry {
	int proc; /* O_PATH fd of procfs */
	char *trusted;
	char *libvirt_dir;
	unsigned int scans;
	uint64_t hz;		   /* clock ticks per second */
	uint64_t now;		   /* clock ticks since boot */
	struct process *processes; /* ascending by pid */
	size_t nr_processes, max_processes;
	size_t nr_unread;		  /* processes */
	size_t resumed;			  /* where the last registry_resume() ended */
	const struct census_task *census; /* for the scan under way: by process, then by tid */
	size_t nr_census;
	bool surveying; /* threads are counted, not looked at */
	size_t surveyed;
	struct domain *domains; /* ascending by pid */
	size_t nr_domains, max_domains;
	struct proc_list pids, tids, fds; /* scratch, here to be allocated once */
	struct text text;
};

struct process *process_find(const struct registry *reg, pid_t pid);
/* Found or added. 0, -ENOMEM. */
int process_get(struct registry *reg, pid_t pid, struct process **ret);

/* The process whose /proc/P is open as @dir is a domain: add it, with its threads. 0, -errno. */
int domain_new(struct registry *reg, int dir, const struct process *process, const char *accel);
/* The domain of @pid, if there is one, and its threads are gone. */
void domain_gone(struct registry *reg, pid_t pid);

/* @process->unread, counted. */
void process_set_unread(struct registry *reg, struct process *process, bool unread);

/*
 * HIDDEN: its links may not be seen, as another user without CAP_SYS_PTRACE. UNREAD: it has more
 * descriptors than are looked at at once, and those seen do not tell.
 */
enum verdict { VERDICT_NONE, VERDICT_HIDDEN, VERDICT_UNREAD, VERDICT_KVM, VERDICT_TCG };

/* What the process whose /proc/P is open as @dir is; sets @process->vmm. */
enum verdict verdict_of(struct registry *reg, int dir, struct process *process,
			const struct task_stat *stat);

/* Fill in name, uuid and manager. 0, -errno. */
int domain_identify(struct registry *reg, int dir, struct domain *domain);

/* Whose process it is; what is not found out stays. */
void domain_set_owner(struct registry *reg, int dir, struct domain *domain);

/* Bring the threads of @domain up to date; @full: read all names again. 0, -errno. */
int threads_refresh(struct registry *reg, int dir, struct domain *domain, bool full);

/* Attach a vhost kernel thread; those not attached again by this scan are gone. 0, -ENOMEM. */
int threads_add_vhost(struct registry *reg, struct domain *domain, const struct process *kthread);
void threads_drop_vhosts(struct registry *reg, struct domain *domain);

/* KVM says that @tid is vCPU @index. 0; -ESRCH: no such thread. */
int threads_sighted(struct domain *domain, pid_t tid, int index);

/*
 * Tell the vCPUs of a domain whose threads have no names: by libvirt's status file, libvirt's
 * cgroups, or what the threads run. Its threads are in order of tid.
 */
void unnamed_resolve(struct registry *reg, int dir, struct domain *domain);

#endif
