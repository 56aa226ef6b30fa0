/* Messages with ancillary data: descriptors of other processes, and segmentation of UDP. */
#include "addon.h"
#include "transfer.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* SCM_MAX_FD of Linux, which its headers for programs lack. */
enum { MOST_FDS = 253 };

/* Linux 6.5's descriptor of the sending process (SO_PASSPIDFD), which older headers do not name. */
#if defined(__linux__) && !defined(SCM_PIDFD)
#define SCM_PIDFD 0x04
#endif

#ifndef MSG_CMSG_CLOEXEC
#include <fcntl.h>
#define MSG_CMSG_CLOEXEC 0
#define CLOSE_ON_EXEC(fd) fcntl(fd, F_SETFD, FD_CLOEXEC)
#else
#define CLOSE_ON_EXEC(fd) (void)(fd)
#endif

/* For what options ask for besides: credentials, times, sizes of segments. */
enum { OTHER_CONTROL = 256 };

/* Aligned for the headers inside. */
typedef union {
  struct cmsghdr first;
  uint8_t bytes[CMSG_SPACE(MOST_FDS * sizeof(int)) + OTHER_CONTROL];
} Control;

static void append(struct msghdr *message, int level, int type, const void *data, size_t length) {
  struct cmsghdr *header = (struct cmsghdr *)((uint8_t *)message->msg_control + message->msg_controllen);
  header->cmsg_level = level;
  header->cmsg_type = type;
  header->cmsg_len = (__typeof__(header->cmsg_len))CMSG_LEN(length);
  memcpy(CMSG_DATA(header), data, length);
  message->msg_controllen = (__typeof__(message->msg_controllen))(message->msg_controllen + CMSG_SPACE(length));
}

static int call_sendmsg(const Arguments *arguments) {
  Transfer transfer;
  struct sockaddr_storage address;
  socklen_t length;
  Ints fds;
  int segment;
  if (!argument_address(arguments, 5, 6, &address, &length) || !argument_ints(arguments, 7, &fds)) return -EINVAL;
  if (fds.length > MOST_FDS) return -EINVAL;
  if (!argument_int(arguments, 8, &segment) || segment < 0 || segment > UINT16_MAX) return -EINVAL;
  int failure = transfer_of(arguments, &transfer);
  if (failure != 0) return failure;

  Control control;
  memset(&control, 0, sizeof control);
  struct iovec piece = {.iov_base = transfer.data, .iov_len = transfer.length};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control};
  if (length > 0) {
    message.msg_name = &address;
    message.msg_namelen = length;
  }
  if (fds.length > 0) append(&message, SOL_SOCKET, SCM_RIGHTS, fds.data, fds.length * sizeof(int));
  if (segment > 0) {
#ifdef UDP_SEGMENT
    uint16_t size = (uint16_t)segment;
    append(&message, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size);
#else
    return -EOPNOTSUPP;
#endif
  }
  ssize_t count;
  RETRY_INTERRUPTED(count, sendmsg(transfer.descriptor->fd, &message, transfer.flags | MSG_NOSIGNAL));
  return outcome(count);
}

/* The descriptors in a header: those there is room for are kept, others closed. Whether all were kept. */
static bool keep_fds(const Environment *environment, struct cmsghdr *header, Ints out, int32_t *count) {
  size_t length = (size_t)header->cmsg_len - CMSG_LEN(0);
  bool all = true;
  for (size_t at = 0; at + sizeof(int) <= length; at += sizeof(int)) {
    int fd;
    memcpy(&fd, CMSG_DATA(header) + at, sizeof fd);
    if ((size_t)*count < out.length) {
      CLOSE_ON_EXEC(fd);
      ownership_received(fd, environment);
      out.data[*count] = fd;
      *count += 1;
    } else {
      close(fd);
      all = false;
    }
  }
  return all;
}

static void read_control(const Environment *environment, struct msghdr *message, Ints fds, int32_t results[4]) {
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
      if (!keep_fds(environment, header, fds, &results[3])) results[1] |= MSG_CTRUNC;
    }
#ifdef SCM_PIDFD
    int32_t none = 0;
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_PIDFD) keep_fds(environment, header, (Ints){0}, &none);
#endif
#ifdef UDP_GRO
    if (header->cmsg_level == IPPROTO_UDP && header->cmsg_type == UDP_GRO &&
        header->cmsg_len >= CMSG_LEN(sizeof results[2]))
      memcpy(&results[2], CMSG_DATA(header), sizeof results[2]);
#endif
  }
}

static int call_recvmsg(const Arguments *arguments) {
  Transfer transfer;
  Bytes from;
  Ints fds;
  if (!argument_address_out(arguments, 5, &from) || !argument_ints(arguments, 6, &fds)) return -EINVAL;
  int failure = transfer_of(arguments, &transfer);
  if (failure == 0) failure = descriptor_owed(transfer.descriptor);
  if (failure != 0) return failure;

  Control control;
  memset(&control, 0, sizeof control);
  struct sockaddr_storage address;
  struct iovec piece = {.iov_base = transfer.data, .iov_len = transfer.length};
  struct msghdr message = {
      .msg_name = &address,
      .msg_namelen = sizeof address,
      .msg_iov = &piece,
      .msg_iovlen = 1,
      .msg_control = &control,
  };
  /* Not much more room than was asked for: the system makes no descriptors that it has no room to tell of. */
  size_t wanted = fds.length > MOST_FDS ? MOST_FDS : fds.length;
  message.msg_controllen = (__typeof__(message.msg_controllen))(CMSG_SPACE(wanted * sizeof(int)) + OTHER_CONTROL);
  ssize_t count;
  RETRY_INTERRUPTED(count, recvmsg(transfer.descriptor->fd, &message, transfer.flags | MSG_CMSG_CLOEXEC));
  if (count < 0) return outcome(count);
  int32_t results[4] = {0, message.msg_flags & ~MSG_CMSG_CLOEXEC, 0, 0};
  read_control(arguments->environment, &message, fds, results);
  address_give(arguments->environment, &address, message.msg_namelen, from);
  results[0] = (int32_t)message.msg_namelen;
  environment_report(arguments->environment, results, 4);
  return outcome(count);
}

const Function message_functions[] = {{"sendmsg", call_sendmsg}, {"recvmsg", call_recvmsg}, {0}};
