/* One open descriptor, from the handle's making to its end. */
#include "addon.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static bool is_socket(int fd) {
  int type;
  socklen_t length = sizeof type;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0;
}

/* Where a send has no MSG_NOSIGNAL, the socket itself is told. Elsewhere Node ignores SIGPIPE (node.cc, PlatformInit). */
static void silence(int fd) {
#ifdef SO_NOSIGPIPE
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#else
  (void)fd;
#endif
}

static Descriptor *make(Environment *environment, int fd, uint64_t receipt) {
  Descriptor *descriptor = calloc(1, sizeof *descriptor);
  if (descriptor == NULL) return NULL;
  descriptor->environment = environment;
  descriptor->fd = fd;
  descriptor->receipt = receipt;
  descriptor->is_socket = true;
  silence(fd);
  return descriptor;
}

int descriptor_open_new(Environment *environment, int fd) {
  uint64_t receipt = ownership_of_new(fd);
  Descriptor *descriptor = receipt == 0 ? NULL : make(environment, fd, receipt);
  int handle = descriptor == NULL ? -ENOMEM : environment_add(environment, descriptor);
  if (handle >= 0) return handle;
  free(descriptor);
  if (receipt != 0) ownership_end(fd, receipt);
  close(fd);
  return handle;
}

int descriptor_open_existing(Environment *environment, int fd) {
  int flags = fcntl(fd, F_GETFD);
  if (flags < 0) return -errno;
  uint64_t receipt;
  int failure = ownership_of_existing(fd, &receipt);
  if (failure != 0) return failure;
  Descriptor *descriptor = make(environment, fd, receipt);
  if (descriptor == NULL) {
    ownership_end(fd, receipt);
    return -ENOMEM;
  }
  descriptor->is_socket = is_socket(fd);
  int handle = environment_add(environment, descriptor);
  /* At once, because a file cannot be polled; this also makes it non-blocking, which whoever shares it notices. */
  failure = handle < 0 ? handle : poll_begin(descriptor);
  if (failure == 0) {
    fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
    return handle;
  }
  if (handle >= 0) {
    environment_hide(environment, descriptor);
    environment_remove(environment, descriptor);
  }
  ownership_end(fd, receipt);
  free(descriptor);
  return failure;
}

static void forget(Descriptor *descriptor) {
  environment_remove(descriptor->environment, descriptor);
  free(descriptor);
}

static void after_close(uv_handle_t *poll) {
  Descriptor *descriptor = poll->data;
  Environment *environment = descriptor->environment;
  forget(descriptor);
  environment_poll_ended(environment);
}

int descriptor_close(Descriptor *descriptor) {
  int fd = descriptor->fd;
  environment_hide(descriptor->environment, descriptor);
  descriptor->fd = -1;
  if (descriptor->polled) poll_end(descriptor);
  /* Linux frees the number also when close says EINTR, so it is never repeated. */
  int result = ownership_end(fd, descriptor->receipt) ? close(fd) : 0;
  int failure = result < 0 && errno != EINTR && errno != EINPROGRESS ? -errno : 0;
  /* After close(fd): libuv forgot the number in poll_end, and nothing of this thread can have reused it meanwhile. */
  if (descriptor->polled) uv_close((uv_handle_t *)&descriptor->poll, after_close);
  else forget(descriptor);
  return failure;
}

int descriptor_owed(Descriptor *descriptor) {
  int owed = descriptor->owed;
  descriptor->owed = 0;
  return owed;
}
