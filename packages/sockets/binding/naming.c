/* Calls about a socket's two ends, and its own life as the protocol has it. */
#include "addon.h"

#include <string.h>

typedef int (*WithAddress)(int fd, const struct sockaddr *address, socklen_t length);
typedef int (*NameOf)(int fd, struct sockaddr *address, socklen_t *length);

static int with_address(const Arguments *arguments, WithAddress call) {
  struct sockaddr_storage address;
  socklen_t length;
  if (!argument_address(arguments, 1, 2, &address, &length)) return -EINVAL;
  const Descriptor *descriptor = argument_descriptor(arguments, 0);
  if (descriptor == NULL) return -EBADF;
  return outcome(call(descriptor->fd, (const struct sockaddr *)&address, length));
}

static int call_bind(const Arguments *arguments) { return with_address(arguments, bind); }

static int call_connect(const Arguments *arguments) {
  int result = with_address(arguments, connect);
  /* An interrupted connect goes on, and cannot be begun again (POSIX). */
  return result == -EINTR ? -EINPROGRESS : result;
}

static int call_listen(const Arguments *arguments) {
  int backlog;
  if (!argument_int(arguments, 1, &backlog)) return -EINVAL;
  const Descriptor *descriptor = argument_descriptor(arguments, 0);
  return descriptor == NULL ? -EBADF : outcome(listen(descriptor->fd, backlog));
}

static int call_shutdown(const Arguments *arguments) {
  int how;
  if (!argument_int(arguments, 1, &how)) return -EINVAL;
  const Descriptor *descriptor = argument_descriptor(arguments, 0);
  return descriptor == NULL ? -EBADF : outcome(shutdown(descriptor->fd, how));
}

static int name_of(const Arguments *arguments, NameOf call) {
  Bytes out;
  if (!argument_address_out(arguments, 1, &out)) return -EINVAL;
  const Descriptor *descriptor = argument_descriptor(arguments, 0);
  if (descriptor == NULL) return -EBADF;
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  if (call(descriptor->fd, (struct sockaddr *)&address, &length) != 0) return -errno;
  if (length > sizeof address) length = sizeof address;
  memcpy(out.data, &address, length);
  return (int)length;
}

static int call_getsockname(const Arguments *arguments) { return name_of(arguments, getsockname); }

static int call_getpeername(const Arguments *arguments) { return name_of(arguments, getpeername); }

const Function naming_functions[] = {
    {"bind", call_bind},
    {"connect", call_connect},
    {"listen", call_listen},
    {"shutdown", call_shutdown},
    {"getsockname", call_getsockname},
    {"getpeername", call_getpeername},
    {0},
};
