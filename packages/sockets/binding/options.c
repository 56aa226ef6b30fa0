/* Options, and what else a socket knows. */
#include "addon.h"

#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/sockios.h>
#endif

/* Options whose value holds an address of memory (or, for SO_GET_FILTER, no length in bytes): the system would follow it. */
static bool is_dangerous(int level, int name) {
  (void)level;
  (void)name;
#ifdef SO_ATTACH_FILTER
  if (level == SOL_SOCKET && name == SO_ATTACH_FILTER) return true;
#endif
#ifdef SO_ATTACH_REUSEPORT_CBPF
  if (level == SOL_SOCKET && name == SO_ATTACH_REUSEPORT_CBPF) return true;
#endif
#ifdef TCP_ZEROCOPY_RECEIVE
  if (level == IPPROTO_TCP && name == TCP_ZEROCOPY_RECEIVE) return true;
#endif
  return false;
}

typedef struct {
  Descriptor *descriptor;
  int level;
  int name;
  Bytes value;
  socklen_t length;
} Option;

/* 0, or why there is none. */
static int argument_option(const Arguments *arguments, Option *out) {
  if (!argument_int(arguments, 1, &out->level) || !argument_int(arguments, 2, &out->name)) return -EINVAL;
  if (!argument_bytes(arguments, 3, &out->value)) return -EINVAL;
  out->descriptor = argument_descriptor(arguments, 0);
  if (out->descriptor == NULL) return -EBADF;
  out->length = out->value.length > INT_MAX ? INT_MAX : (socklen_t)out->value.length;
  return is_dangerous(out->level, out->name) ? -ENOPROTOOPT : 0;
}

static int call_getsockopt(const Arguments *arguments) {
  Option option;
  int failure = argument_option(arguments, &option);
  if (failure != 0) return failure;
  int result = getsockopt(option.descriptor->fd, option.level, option.name, option.value.data, &option.length);
  if (result < 0) return -errno;
  /* Where the system told a receive of it before, which left it to the next one. */
  if (option.level == SOL_SOCKET && option.name == SO_ERROR && option.descriptor->owed != 0 && option.length > 0) {
    int error = -descriptor_owed(option.descriptor);
    memcpy(option.value.data, &error, option.length);
  }
  return (int)option.length;
}

static int call_setsockopt(const Arguments *arguments) {
  Option option;
  int failure = argument_option(arguments, &option);
  if (failure != 0) return failure;
  return outcome(setsockopt(option.descriptor->fd, option.level, option.name, option.value.data, option.length));
}

static int call_readable(const Arguments *arguments) {
  const Descriptor *descriptor = argument_descriptor(arguments, 0);
  int bytes;
  if (descriptor == NULL) return -EBADF;
  return ioctl(descriptor->fd, FIONREAD, &bytes) < 0 ? -errno : bytes;
}

/* How many bytes the system still holds for sending. */
static int unsent(int fd, int *bytes) {
#if defined(SIOCOUTQ)
  return ioctl(fd, SIOCOUTQ, bytes);
#elif defined(SO_NWRITE)
  socklen_t length = sizeof *bytes;
  return getsockopt(fd, SOL_SOCKET, SO_NWRITE, bytes, &length);
#else
  (void)fd;
  (void)bytes;
  errno = EOPNOTSUPP;
  return -1;
#endif
}

static int call_unsent(const Arguments *arguments) {
  const Descriptor *descriptor = argument_descriptor(arguments, 0);
  int bytes;
  if (descriptor == NULL) return -EBADF;
  return unsent(descriptor->fd, &bytes) < 0 ? -errno : bytes;
}

static int call_writable(const Arguments *arguments) {
  const Descriptor *descriptor = argument_descriptor(arguments, 0);
  int room, used;
  socklen_t length = sizeof room;
  if (descriptor == NULL) return -EBADF;
  if (getsockopt(descriptor->fd, SOL_SOCKET, SO_SNDBUF, &room, &length) < 0) return -errno;
  if (unsent(descriptor->fd, &used) < 0) return -errno;
  return used < room ? room - used : 0;
}

/* pid, uid, gid */
static int credentials(int fd, int32_t out[3]) {
#if defined(SO_PEERCRED)
  struct ucred peer;
  socklen_t length = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) return -errno;
  out[0] = peer.pid;
  out[1] = (int32_t)peer.uid;
  out[2] = (int32_t)peer.gid;
  return 0;
#elif defined(LOCAL_PEERPID)
  uid_t uid;
  gid_t gid;
  pid_t pid;
  socklen_t length = sizeof pid;
  if (getpeereid(fd, &uid, &gid) < 0 || getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, &pid, &length) < 0) return -errno;
  out[0] = pid;
  out[1] = (int32_t)uid;
  out[2] = (int32_t)gid;
  return 0;
#else
  (void)fd;
  (void)out;
  return -EOPNOTSUPP;
#endif
}

static int call_peer_credentials(const Arguments *arguments) {
  Ints out;
  if (!argument_ints(arguments, 1, &out) || out.length < 3) return -EINVAL;
  const Descriptor *descriptor = argument_descriptor(arguments, 0);
  return descriptor == NULL ? -EBADF : credentials(descriptor->fd, out.data);
}

/* RFC 3678's calls, the same for both families. */
static int call_membership(const Arguments *arguments) {
  bool join;
  size_t zone;
  struct group_req request = {0};
  socklen_t length;
  if (!argument_bool(arguments, 1, &join)) return -EINVAL;
  if (!argument_address(arguments, 2, 3, &request.gr_group, &length)) return -EINVAL;
  if (!argument_size(arguments, 4, &zone) || zone > UINT32_MAX) return -EINVAL;
  const Descriptor *descriptor = argument_descriptor(arguments, 0);
  if (descriptor == NULL) return -EBADF;
  request.gr_interface = (uint32_t)zone;
  int level = request.gr_group.ss_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
  int name = join ? MCAST_JOIN_GROUP : MCAST_LEAVE_GROUP;
  return outcome(setsockopt(descriptor->fd, level, name, &request, sizeof request));
}

const Function option_functions[] = {
    {"getsockopt", call_getsockopt}, {"setsockopt", call_setsockopt},
    {"readable", call_readable},     {"unsent", call_unsent},
    {"writable", call_writable},     {"membership", call_membership},
    {"peerCredentials", call_peer_credentials},
    {0},
};
