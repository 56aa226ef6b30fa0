/* Datagrams: bytes and where they come from or go to. */
#include "addon.h"
#include "transfer.h"

static int call_recvfrom(const Arguments *arguments) {
  Transfer transfer;
  Bytes from;
  if (!argument_address_out(arguments, 5, &from)) return -EINVAL;
  int failure = transfer_of(arguments, &transfer);
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

const Function datagram_functions[] = {{"recvfrom", call_recvfrom}, {"sendto", call_sendto}, {0}};
