/* Bytes of streams, and of descriptors that are no sockets. Nothing here allocates. */
#include "addon.h"
#include "transfer.h"

#include <sched.h>
#include <time.h>
#include <unistd.h>

/* Instead of a time: whoever shares the core has it once. */
enum { GIVE_WAY = -1, MOST_SPIN_MICROS = 1000000 };

/* An answer of another core takes less. */
enum { PATIENCE_MICROS = 20 };

/* Whether an answer comes late is put to the test again after so many. */
enum { MOST_LATE = 15 };

/*
 * A switch of tasks takes more than the first; the peer answers, moves all that a system keeps, or clears its heap in less
 * than the second. Where that took longer twice in a row, the core is kept for so many times as long.
 */
enum { SWITCH_MICROS = 1, AWAY_MICROS = 1000, KEEP_TIMES = 32 };

/* Read and write know no flags, so whoever gives some is told. */
static bool wants_socket(const Transfer *transfer) {
  return !transfer->descriptor->is_socket && transfer->flags != MSG_DONTWAIT;
}

static int receive(const Transfer *transfer) {
  int fd = transfer->descriptor->fd;
  ssize_t count;
  if (transfer->descriptor->is_socket)
    RETRY_INTERRUPTED(count, recv(fd, transfer->data, transfer->length, transfer->flags));
  else RETRY_INTERRUPTED(count, read(fd, transfer->data, transfer->length));
  return outcome(count);
}

static int transmit(const Transfer *transfer) {
  int fd = transfer->descriptor->fd;
  ssize_t count;
  if (transfer->descriptor->is_socket)
    RETRY_INTERRUPTED(count, send(fd, transfer->data, transfer->length, transfer->flags | MSG_NOSIGNAL));
  else RETRY_INTERRUPTED(count, write(fd, transfer->data, transfer->length));
  return outcome(count);
}

static int64_t now_micros(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/*
 * Tries for so long. In between whoever shares the core has it: where that is the peer, it goes on now, and not after the
 * spin. Who keeps the core for long is somebody else: then it is only given away when nothing came for a while.
 */
static int spin(int (*move)(const Transfer *), const Transfer *transfer, int micros) {
  int64_t begun = now_micros(), now = begun;
  int count;
  do {
    int64_t before = now;
    bool gives = !transfer->descriptor->crowded || before - begun >= PATIENCE_MICROS;
    if (gives) sched_yield();
    count = move(transfer);
    now = now_micros();
    if (gives) transfer->descriptor->crowded = now - before >= AWAY_MICROS;
  } while (count == -EAGAIN && now - begun < micros);
  return count;
}

/*
 * Lets the peer have the core, if it shares that; whether anybody had it. Where nobody shares it, it is back at once. Where
 * somebody else does, they have it for as long as they may, which is not to happen again and again. Once may be the peer,
 * at something that takes long, or the machine below this one.
 */
static bool give_way(Descriptor *descriptor) {
  int64_t begun = now_micros();
  if (begun < descriptor->keeps_until) return false;
  sched_yield();
  int64_t now = now_micros(), away = now - begun;
  bool is_long = away >= AWAY_MICROS;
  if (is_long && descriptor->crowded) descriptor->keeps_until = now + KEEP_TIMES * away;
  descriptor->crowded = is_long;
  return away > SWITCH_MICROS;
}

/* The transfer, and how long it may take, of a call's arguments: 0, or why there is none. */
static int patient_transfer_of(const Arguments *arguments, Transfer *out, int *micros) {
  int failure = transfer_of(arguments, out);
  if (failure != 0) return failure;
  if (!argument_int(arguments, 5, micros) || *micros < GIVE_WAY || *micros > MOST_SPIN_MICROS) return -EINVAL;
  return wants_socket(out) ? -ENOTSOCK : 0;
}

static int attempt(int (*move)(const Transfer *), const Transfer *transfer, int micros) {
  int count = move(transfer);
  if (count != -EAGAIN || micros == 0) return count;
  if (micros > 0) return spin(move, transfer, micros);
  return give_way(transfer->descriptor) ? move(transfer) : count;
}

/*
 * Where the peer shares the core, it answers when it has had that, so that who spins for an answer need not try before.
 * Where it does not, an answer takes longer than the first try and the call that gives nothing away.
 */
static int call_recv(const Arguments *arguments) {
  Transfer transfer;
  int micros;
  int failure = patient_transfer_of(arguments, &transfer, &micros);
  if (failure != 0) return failure;
  Descriptor *descriptor = transfer.descriptor;
  if (micros <= 0 || !descriptor->sent) return attempt(receive, &transfer, micros);
  descriptor->sent = false;
  if (descriptor->late > 0) {
    descriptor->late -= 1;
    return spin(receive, &transfer, micros);
  }
  int count = receive(&transfer);
  if (count != -EAGAIN) return count;
  descriptor->late = MOST_LATE;
  return spin(receive, &transfer, micros);
}

static int call_send(const Arguments *arguments) {
  Transfer transfer;
  int micros;
  int failure = patient_transfer_of(arguments, &transfer, &micros);
  if (failure != 0) return failure;
  int count = attempt(transmit, &transfer, micros);
  if (count > 0) transfer.descriptor->sent = true;
  return count;
}

/* The pieces from argument 2 on that hold anything, the first of them from argument 3 on: how many. */
static int pieces_of(const Arguments *arguments, struct iovec *out) {
  size_t first, offset;
  if (!argument_size(arguments, 2, &first) || !argument_size(arguments, 3, &offset)) return -EINVAL;
  return argument_pieces(arguments, 1, first, offset, false, out, IOV_MAX);
}

static int gather(const Descriptor *descriptor, struct iovec *pieces, int count) {
  struct msghdr message = {.msg_iov = pieces};
  message.msg_iovlen = (__typeof__(message.msg_iovlen))count;
  ssize_t sent;
  /* Not writev on sockets: it raises SIGPIPE. */
  if (descriptor->is_socket) RETRY_INTERRUPTED(sent, sendmsg(descriptor->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT));
  else RETRY_INTERRUPTED(sent, writev(descriptor->fd, pieces, count));
  return outcome(sent);
}

static int call_sendv(const Arguments *arguments) {
  struct iovec pieces[IOV_MAX];
  int patience, count = pieces_of(arguments, pieces);
  if (count < 0) return count;
  if (!argument_int(arguments, 4, &patience) || (patience != 0 && patience != GIVE_WAY)) return -EINVAL;
  Descriptor *descriptor = argument_descriptor(arguments, 0);
  if (descriptor == NULL) return -EBADF;
  int result = gather(descriptor, pieces, count);
  if (result == -EAGAIN && patience == GIVE_WAY && give_way(descriptor)) result = gather(descriptor, pieces, count);
  if (result > 0) descriptor->sent = true;
  return result;
}

static int call_recvv(const Arguments *arguments) {
  struct iovec pieces[IOV_MAX];
  int count = pieces_of(arguments, pieces);
  if (count < 0) return count;
  const Descriptor *descriptor = argument_descriptor(arguments, 0);
  if (descriptor == NULL) return -EBADF;
  struct msghdr message = {.msg_iov = pieces};
  message.msg_iovlen = (__typeof__(message.msg_iovlen))count;
  ssize_t received;
  /* Without room for ancillary data: the system drops descriptors that nobody asked for. */
  if (descriptor->is_socket) RETRY_INTERRUPTED(received, recvmsg(descriptor->fd, &message, MSG_DONTWAIT));
  else RETRY_INTERRUPTED(received, readv(descriptor->fd, pieces, count));
  return outcome(received);
}

const Function bytes_functions[] = {
    {"recv", call_recv}, {"send", call_send}, {"sendv", call_sendv}, {"recvv", call_recvv}, {0},
};
