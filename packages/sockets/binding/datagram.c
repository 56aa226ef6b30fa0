/* Datagrams: bytes and where they come from or go to. */
#include "addon.h"
#include "transfer.h"

#include <string.h>
#ifndef __linux__
#include <sys/ioctl.h>
#endif

/* That one call moves: more are no faster, and these take 5 KiB of the stack. */
enum { MOST_DATAGRAMS = 64 };

#ifdef __linux__
typedef struct mmsghdr Datagram;
#else
typedef struct {
  struct msghdr msg_hdr;
  unsigned int msg_len;
} Datagram;
#endif

static int call_recvfrom(const Arguments *arguments) {
  Transfer transfer;
  Bytes from;
  if (!argument_address_out(arguments, 5, &from)) return -EINVAL;
  int failure = transfer_of(arguments, &transfer);
  if (failure == 0) failure = descriptor_owed(transfer.descriptor);
  if (failure != 0) return failure;
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  ssize_t count;
  RETRY_INTERRUPTED(count, recvfrom(transfer.descriptor->fd, transfer.data, transfer.length, transfer.flags,
                                    (struct sockaddr *)&address, &length));
  if (count >= 0) address_give(arguments->environment, &address, length, from);
  return outcome(count);
}

static int call_sendto(const Arguments *arguments) {
  Transfer transfer;
  struct sockaddr_storage address;
  socklen_t length;
  if (!argument_address(arguments, 5, 6, &address, &length)) return -EINVAL;
  int failure = transfer_of(arguments, &transfer);
  if (failure != 0) return failure;
  const struct sockaddr *to = length == 0 ? NULL : (const struct sockaddr *)&address;
  ssize_t count;
  RETRY_INTERRUPTED(count, sendto(transfer.descriptor->fd, transfer.data, transfer.length,
                                  transfer.flags | MSG_NOSIGNAL, to, length));
  return outcome(count);
}

/* Each piece as a datagram of its own; how many, or why there are none. */
static int datagrams_of(const Arguments *arguments, size_t first, int most, struct iovec *pieces, Datagram *out) {
  int count = argument_pieces(arguments, 1, first, 0, true, pieces, most);
  for (int at = 0; at < count; at += 1) out[at] = (Datagram){.msg_hdr = {.msg_iov = &pieces[at], .msg_iovlen = 1}};
  return count == 0 ? -EINVAL : count;
}

/* How many left before one failed: that one's error is told by the next call, if it comes again (sendmmsg(2), BUGS). */
static int send_many(int fd, Datagram *datagrams, int count) {
#ifdef __linux__
  int sent;
  RETRY_INTERRUPTED(sent, sendmmsg(fd, datagrams, (unsigned)count, MSG_DONTWAIT | MSG_NOSIGNAL));
  return outcome(sent);
#else
  for (int at = 0; at < count; at += 1) {
    ssize_t sent;
    RETRY_INTERRUPTED(sent, sendmsg(fd, &datagrams[at].msg_hdr, MSG_DONTWAIT | MSG_NOSIGNAL));
    if (sent < 0) return at == 0 ? outcome(sent) : at;
  }
  return count;
#endif
}

static int call_sendmmsg(const Arguments *arguments) {
  struct iovec pieces[MOST_DATAGRAMS];
  Datagram datagrams[MOST_DATAGRAMS];
  struct sockaddr_storage address;
  socklen_t length;
  size_t first;
  if (!argument_size(arguments, 2, &first)) return -EINVAL;
  int count = datagrams_of(arguments, first, MOST_DATAGRAMS, pieces, datagrams);
  if (count < 0) return count;
  if (!argument_address(arguments, 3, 4, &address, &length)) return -EINVAL;
  const Descriptor *descriptor = argument_descriptor(arguments, 0);
  if (descriptor == NULL) return -EBADF;
  for (int at = 0; at < count && length > 0; at += 1) {
    datagrams[at].msg_hdr.msg_name = &address;
    datagrams[at].msg_hdr.msg_namelen = length;
  }
  return send_many(descriptor->fd, datagrams, count);
}

/* An error after the first is the next call's: Linux keeps it for that. Elsewhere nobody asks where one could be. */
static int receive_many(int fd, Datagram *datagrams, int count) {
#ifdef __linux__
  int received;
  RETRY_INTERRUPTED(received, recvmmsg(fd, datagrams, (unsigned)count, MSG_DONTWAIT, NULL));
  return outcome(received);
#else
  int waiting = 1, at = 0;
  for (; at < count && waiting > 0; at += 1) {
    ssize_t received;
    RETRY_INTERRUPTED(received, recvmsg(fd, &datagrams[at].msg_hdr, MSG_DONTWAIT));
    if (received < 0) return at == 0 ? outcome(received) : at;
    datagrams[at].msg_len = (unsigned)received;
    if (ioctl(fd, FIONREAD, &waiting) != 0) waiting = 0;
  }
  return at;
#endif
}

/* Where the address is that of the datagram before, this is its length. */
enum { SAME_ADDRESS = -1 };

static int32_t address_length(const Datagram *datagrams, int at) {
  const struct msghdr *one = &datagrams[at].msg_hdr, *before = at == 0 ? NULL : &datagrams[at - 1].msg_hdr;
  /* The system tells the whole length of an address that it cut. */
  size_t length = one->msg_namelen, room = sizeof(struct sockaddr_storage);
  if (length > room) length = room;
  bool is_same = before != NULL && one->msg_namelen == before->msg_namelen &&
                 memcmp(one->msg_name, before->msg_name, length) == 0;
  return is_same ? SAME_ADDRESS : (int32_t)length;
}

static int call_recvmmsg(const Arguments *arguments) {
  struct iovec pieces[MOST_DATAGRAMS];
  Datagram datagrams[MOST_DATAGRAMS];
  const size_t room = sizeof(struct sockaddr_storage);
  size_t first;
  int most;
  Ints told;
  Bytes from;
  if (!argument_size(arguments, 2, &first) || !argument_int(arguments, 3, &most) || most < 0) return -EINVAL;
  int count = datagrams_of(arguments, first, most < MOST_DATAGRAMS ? most : MOST_DATAGRAMS, pieces, datagrams);
  if (count < 0) return count;
  if (!argument_ints(arguments, 4, &told) || told.length < 2 * (size_t)count) return -EINVAL;
  if (!argument_bytes(arguments, 5, &from) || from.length < room * (size_t)count) return -EINVAL;
  const Descriptor *descriptor = argument_descriptor(arguments, 0);
  if (descriptor == NULL) return -EBADF;
  for (int at = 0; at < count; at += 1) {
    /* What lost its memory would take a datagram and keep nothing of it. */
    if (pieces[at].iov_len == 0) return -EINVAL;
    datagrams[at].msg_hdr.msg_name = from.data + room * (size_t)at;
    datagrams[at].msg_hdr.msg_namelen = (socklen_t)room;
  }
  int received = receive_many(descriptor->fd, datagrams, count);
  for (int at = 0; at < received; at += 1) {
    told.data[2 * at] = (int32_t)datagrams[at].msg_len;
    told.data[2 * at + 1] = address_length(datagrams, at);
  }
  return received;
}

const Function datagram_functions[] = {
    {"recvfrom", call_recvfrom}, {"sendto", call_sendto}, {"sendmmsg", call_sendmmsg}, {"recvmmsg", call_recvmmsg}, {0},
};
