// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "terminal/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define NCURSES_WIDECHAR 1
#include <ncurses.h>

/* Long enough for the rest of a key's sequence to come over a slow line. */
#define ESCAPE_MS 100
/* The most that is kept of what was written to stderr. */
#define MESSAGES_MAX (64 << 10)

static struct {
	bool open;
	SCREEN *screen;
	int poll_fd, resize_fd;
	int messages_fd, stderr_fd; /* -1: stderr is no terminal */
} terminal = {.poll_fd = -1, .resize_fd = -1, .messages_fd = -1, .stderr_fd = -1};

/* stderr goes to memory: a message in the middle of a screen is neither read nor removed. */
static void keep_messages(void)
{
	if (!isatty(STDERR_FILENO))
		return;
	terminal.messages_fd = memfd_create("stealscope-messages", MFD_CLOEXEC);
	terminal.stderr_fd = dup(STDERR_FILENO);
	if (terminal.messages_fd >= 0 && terminal.stderr_fd >= 0)
		dup2(terminal.messages_fd, STDERR_FILENO);
}

static void show_messages(void)
{
	off_t end, from;
	char buf[4096];
	ssize_t len;

	if (terminal.messages_fd < 0 || terminal.stderr_fd < 0)
		return;
	dup2(terminal.stderr_fd, STDERR_FILENO);
	end = lseek(terminal.messages_fd, 0, SEEK_END);
	from = end > MESSAGES_MAX ? end - MESSAGES_MAX : 0;
	while ((len = pread(terminal.messages_fd, buf, sizeof(buf), from)) > 0) {
		if (write(STDERR_FILENO, buf, (size_t)len) != len)
			break;
		from += len;
	}
	close(terminal.messages_fd);
	close(terminal.stderr_fd);
	terminal.messages_fd = terminal.stderr_fd = -1;
}

/* With -v much is written in a long session: only the newest is of interest. */
static void forget_messages(void)
{
	if (terminal.messages_fd < 0 ||
	    lseek(terminal.messages_fd, 0, SEEK_CUR) <= 16L * MESSAGES_MAX)
		return;
	if (!ftruncate(terminal.messages_fd, 0))
		lseek(terminal.messages_fd, 0, SEEK_SET);
}

void terminal_close(void)
{
	if (!terminal.open)
		return;
	terminal.open = false;
	endwin();
	delscreen(terminal.screen);
	show_messages();
	close(terminal.poll_fd);
	close(terminal.resize_fd);
}

/*
 * ncurses' own handler of SIGWINCH sets a flag that is looked at with the next key. A descriptor
 * wakes the loop and misses none.
 */
static int open_fds(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	terminal.resize_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	terminal.poll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (terminal.resize_fd < 0 || terminal.poll_fd < 0)
		return -errno;
	event.data.fd = terminal.resize_fd;
	if (epoll_ctl(terminal.poll_fd, EPOLL_CTL_ADD, terminal.resize_fd, &event))
		return -errno;
	event.data.fd = STDIN_FILENO;
	return epoll_ctl(terminal.poll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &event) ? -errno : 0;
}

int terminal_open(int *ret_fd)
{
	static bool registered;
	int err = open_fds();

	if (err)
		return err;
	terminal.screen = newterm(NULL, stdout, stdin);
	if (!terminal.screen)
		return -ENOTTY;
	terminal.open = true;
	if (!registered)
		atexit(terminal_close);
	registered = true;
	keep_messages();
	terminal_init_looks();
	cbreak();
	noecho();
	nonl();
	nodelay(stdscr, true);
	keypad(stdscr, true);
	set_escdelay(ESCAPE_MS);
	*ret_fd = terminal.poll_fd;
	return 0;
}

void terminal_size(unsigned int *ret_width, unsigned int *ret_height)
{
	*ret_width = (unsigned int)COLS;
	*ret_height = (unsigned int)LINES;
}

void terminal_redraw(void)
{
	clearok(stdscr, true);
}

bool terminal_ready(void)
{
	struct epoll_event events[2];
	struct signalfd_siginfo info;
	struct winsize size;
	int nr = epoll_wait(terminal.poll_fd, events, 2, 0);

	forget_messages();
	for (int i = 0; i < nr; i++) {
		if (events[i].data.fd == STDIN_FILENO && events[i].events & (EPOLLHUP | EPOLLERR))
			return true;
	}
	while (read(terminal.resize_fd, &info, sizeof(info)) == sizeof(info)) {
		if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row && size.ws_col)
			resizeterm(size.ws_row, size.ws_col);
	}
	return false;
}

int terminal_key(void)
{
	static const struct {
		int curses, key;
	} names[] = {
		{ERR, KEY_NONE},
		{KEY_UP, KEY_CURSOR_UP},
		{KEY_DOWN, KEY_CURSOR_DOWN},
		{KEY_LEFT, KEY_CURSOR_LEFT},
		{KEY_RIGHT, KEY_CURSOR_RIGHT},
		{KEY_PPAGE, KEY_PAGE_UP},
		{KEY_NPAGE, KEY_PAGE_DOWN},
		{KEY_HOME, KEY_TO_TOP},
		{KEY_END, KEY_TO_END},
		{KEY_ENTER, KEY_RETURN},
		{'\r', KEY_RETURN},
		{'\n', KEY_RETURN},
		{KEY_BACKSPACE, KEY_ERASE},
		{CTRL('h'), KEY_ERASE},
		{0x7f, KEY_ERASE},
		{CTRL('['), KEY_ESCAPE},
	};
	int key = getch();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].curses == key)
			return names[i].key;
	}
	return key;
}
