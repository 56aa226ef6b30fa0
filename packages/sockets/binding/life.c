/* Calls that make and end handles. */
#include "addon.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#ifdef SOCK_CLOEXEC
static const int from_birth = SOCK_NONBLOCK | SOCK_CLOEXEC;
static int prepare(int fd) { return fd; }
#else
/* Without the flags, a process that another thread forks just now inherits the descriptor. */
static const int from_birth = 0;
static int prepare(int fd) {
  if (fd < 0) return fd;
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0) return fd;
  int failure = errno;
  close(fd);
  errno = failure;
  return -1;
}
#endif

static int three_ints(const Arguments *arguments, int out[3]) {
  for (size_t at = 0; at < 3; at += 1) {
    if (!argument_int(arguments, at, &out[at])) return -EINVAL;
  }
  return 0;
}

static int open_new(const Arguments *arguments, int fd) {
  return fd < 0 ? -errno : descriptor_open_new(arguments->environment, fd);
}

static int call_socket(const Arguments *arguments) {
  int given[3];
  if (three_ints(arguments, given) != 0) return -EINVAL;
  return open_new(arguments, prepare(socket(given[0], given[1] | from_birth, given[2])));
}

static int call_adopt(const Arguments *arguments) {
  int fd;
  if (!argument_int(arguments, 0, &fd)) return -EINVAL;
  return fd < 0 ? -EBADF : descriptor_open_existing(arguments->environment, fd);
}

static int call_socketpair(const Arguments *arguments) {
  int given[3], fds[2];
  Ints out;
  if (three_ints(arguments, given) != 0 || !argument_ints(arguments, 3, &out) || out.length < 2) return -EINVAL;
  if (socketpair(given[0], given[1] | from_birth, given[2], fds) != 0) return -errno;
  int other = prepare(fds[1]);
  int one = open_new(arguments, prepare(fds[0]));
  int two = open_new(arguments, other);
  if (one >= 0 && two >= 0) {
    out.data[0] = one;
    out.data[1] = two;
    return 0;
  }
  Descriptor *lonely = environment_find(arguments->environment, one >= 0 ? one : two);
  if (lonely != NULL) descriptor_close(lonely);
  return one < 0 ? one : two;
}

#ifndef POLLRDHUP
#define POLLRDHUP 0
#endif

static bool is_shut_down(int fd) {
  struct pollfd state = {.fd = fd, .events = POLLIN | POLLRDHUP};
  return poll(&state, 1, 0) > 0 && (state.revents & (POLLHUP | POLLRDHUP)) != 0;
}

static int accept_now(int fd, struct sockaddr_storage *address, socklen_t *length) {
  int accepted;
  *length = sizeof *address;
#ifdef SOCK_CLOEXEC
  RETRY_INTERRUPTED(accepted, accept4(fd, (struct sockaddr *)address, length, from_birth));
#else
  RETRY_INTERRUPTED(accepted, accept(fd, (struct sockaddr *)address, length));
#endif
  return prepare(accepted);
}

/*
 * A Unix listener that somebody who shares it shut down is readable for ever, and says EAGAIN for ever where an accept
 * that may wait says EINVAL (Linux: unix_accept in net/unix/af_unix.c, __skb_wait_for_more_packets). So who finds nothing
 * twice in a row looks. Nothing comes after the shutdown, and what came just before is accepted.
 */
static int accept_next(Descriptor *descriptor, struct sockaddr_storage *address, socklen_t *length) {
  int fd = accept_now(descriptor->fd, address, length);
  if (fd < 0 && errno == EAGAIN && descriptor->vain && is_shut_down(descriptor->fd)) {
    fd = accept_now(descriptor->fd, address, length);
    if (fd < 0 && errno == EAGAIN) errno = EINVAL;
  }
  descriptor->vain = fd < 0;
  return fd;
}

static int call_accept(const Arguments *arguments) {
  Bytes from;
  if (!argument_address_out(arguments, 1, &from)) return -EINVAL;
  Descriptor *descriptor = argument_descriptor(arguments, 0);
  if (descriptor == NULL) return -EBADF;
  struct sockaddr_storage address;
  socklen_t length;
  int handle = open_new(arguments, accept_next(descriptor, &address, &length));
  if (handle >= 0) address_give(arguments->environment, &address, length, from);
  return handle;
}

static int call_dup(const Arguments *arguments) {
  const Descriptor *descriptor = argument_descriptor(arguments, 0);
  if (descriptor == NULL) return -EBADF;
  int handle = open_new(arguments, fcntl(descriptor->fd, F_DUPFD_CLOEXEC, 0));
  Descriptor *copy = environment_find(arguments->environment, handle);
  /* The table of handles may have moved, the descriptor itself has not. */
  if (copy != NULL) copy->is_socket = descriptor->is_socket;
  return handle;
}

static int call_close(const Arguments *arguments) {
  Descriptor *descriptor = argument_descriptor(arguments, 0);
  return descriptor == NULL ? -EBADF : descriptor_close(descriptor);
}

static int call_fileno(const Arguments *arguments) {
  const Descriptor *descriptor = argument_descriptor(arguments, 0);
  return descriptor == NULL ? -EBADF : descriptor->fd;
}

static int call_close_fd(const Arguments *arguments) {
  int fd;
  if (!argument_int(arguments, 0, &fd)) return -EINVAL;
  if (fd < 0) return -EBADF;
  if (!ownership_give_up(fd)) return -EBUSY;
  return close(fd) == 0 || errno == EINTR || errno == EINPROGRESS ? 0 : -errno;
}

static int call_live(const Arguments *arguments) { return (int)arguments->environment->live; }

const Function life_functions[] = {
    {"socket", call_socket}, {"adopt", call_adopt},     {"socketpair", call_socketpair},
    {"accept", call_accept}, {"dup", call_dup},         {"close", call_close},
    {"fileno", call_fileno}, {"closeFd", call_close_fd}, {"live", call_live},
    {0},
};
