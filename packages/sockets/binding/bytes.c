/* Bytes of streams, and of descriptors that are no sockets. Nothing here allocates. */
#include "addon.h"
#include "transfer.h"

#include <sched.h>
#include <time.h>
#include <unistd.h>

/*
 * Instead of a time: whoever shares the core has it, again and again while that moves something. The second: where something
 * was sent, and nothing else is due; again only if that somebody may have been in the midst of giving way, too.
 */
enum { GIVE_WAY = -1, EXPECT_ANSWER = -2, MOST_SPIN_MICROS = 1000000 };

/* For so long a thread may go on, from answer to answer or in the midst of much, before its event loop has its turn. */
enum { TURN_MICROS = 4000 };

/* Who sent so much at once is likely in the midst of more. */
enum { MUCH_BYTES = 64 * 1024 };

/* An answer of another core takes less. */
enum { PATIENCE_MICROS = 20 };

/* Whether an answer comes late is put to the test again after so many. */
enum { MOST_LATE = 15 };

/*
 * A switch of tasks takes more than the first; the peer answers, moves all that a system keeps, or clears its heap in less
 * than the second. Where that took longer, the core is kept for so many times what was more, but for what was saved up: so
 * much at most, which a machine that is stopped now and then does not use up. More than the last does not count of one
 * time: that was no task that has its turn, but a process, or machine, that was stopped.
 */
enum { SWITCH_MICROS = 1, AWAY_MICROS = 1000, KEEP_TIMES = 48, MOST_SAVED_MICROS = 1000000, MOST_AWAY_MICROS = 100000 };

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

/* Whether the event loop, in the turn that this is, need not have the next one yet. */
static bool may_go_on(Environment *environment) {
  int64_t now = now_micros();
  uv_metrics_t turns;
  uv_metrics_info(environment->loop, &turns);
  if (environment->going_turn != turns.loop_count) environment->going_since = now;
  environment->going_turn = turns.loop_count;
  return now - environment->going_since < TURN_MICROS;
}

static bool keeps_core(const Environment *environment, int64_t now) { return now < environment->keeps_until; }

/* Where the peer shares the core, it has had it. Where somebody else does, they had it for as long as they may. */
static void was_away(Environment *environment, int64_t now, int64_t away) {
  if (away < AWAY_MICROS) return;
  int64_t least = now - MOST_SAVED_MICROS;
  if (environment->keeps_until < least) environment->keeps_until = least;
  environment->keeps_until += KEEP_TIMES * ((away < MOST_AWAY_MICROS ? away : MOST_AWAY_MICROS) - AWAY_MICROS);
}

/* Lets whoever shares the core have it; for how long anybody had. Where nobody shares it, it is back at once. */
static int64_t give_way(Environment *environment) {
  int64_t begun = now_micros();
  if (keeps_core(environment, begun)) return 0;
  sched_yield();
  int64_t now = now_micros(), away = now - begun;
  was_away(environment, now, away);
  return away > SWITCH_MICROS ? away : 0;
}

/*
 * Tries for so long. In between whoever shares the core has it: where that is the peer, it goes on now, and not after the
 * spin. Where the core is kept, there is no use in it for longer than an answer of another core takes: who waits for the
 * poll then is sooner woken than one who gave it away.
 */
static int spin(int (*move)(const Transfer *), const Transfer *transfer, int micros) {
  Environment *environment = transfer->descriptor->environment;
  int64_t begun = now_micros(), now = begun;
  int count;
  do {
    int64_t before = now;
    bool gives = !keeps_core(environment, before);
    if (gives) sched_yield();
    else if (before - begun >= PATIENCE_MICROS) return -EAGAIN;
    now = now_micros();
    if (gives) was_away(environment, now, now - before);
    count = move(transfer);
  } while (count == -EAGAIN && now - begun < micros);
  return count;
}

/* The transfer, and how long it may take, of a call's arguments: 0, or why there is none. */
static int patient_transfer_of(const Arguments *arguments, Transfer *out, int least, int *micros) {
  int failure = transfer_of(arguments, out);
  if (failure != 0) return failure;
  if (!argument_int(arguments, 5, micros) || *micros < least || *micros > MOST_SPIN_MICROS) return -EINVAL;
  return wants_socket(out) ? -ENOTSOCK : 0;
}

/*
 * In the midst of much, both ends of a stream take turns over what the system keeps: one fills it, the other empties it.
 * What a turn moved was all that is there, or fits, so that the next try comes after the other end's turn; which may have
 * been to give way itself, once. An error after something was received is the next receive's, which the system would not
 * tell it; what a send met, the next one meets again.
 */
static int take_turns(int (*move)(const Transfer *), const Transfer *transfer, int moved) {
  Descriptor *descriptor = transfer->descriptor;
  Environment *environment = descriptor->environment;
  int count = -EAGAIN;
  bool vain = false;
  for (size_t left; (left = transfer->length - (size_t)moved) > 0;) {
    if (!may_go_on(environment) || give_way(environment) == 0) break;
    /* A receive stops where the urgent byte was, and one that begins there passes over it. */
    if (moved > 0 && move == receive && sockatmark(descriptor->fd) == 1) break;
    count = move(&(Transfer){descriptor, transfer->data + moved, left, transfer->flags});
    if (count <= 0 && (count != -EAGAIN || vain)) break;
    vain = count < 0;
    if (!vain) moved += count;
  }
  if (moved == 0) return count;
  if (move == receive && count < 0 && count != -EAGAIN) descriptor->owed = count;
  return moved;
}

/* Once, and where that was in vain, as the patience says; where all has to move, a part of it is in vain, too. */
static int attempt(int (*move)(const Transfer *), const Transfer *transfer, int micros, bool for_all) {
  int count = move(transfer);
  bool is_blocked = count == -EAGAIN;
  if (micros > 0 && is_blocked) return spin(move, transfer, micros);
  bool goes_on = is_blocked || (for_all && count > 0);
  return micros == GIVE_WAY && goes_on ? take_turns(move, transfer, is_blocked ? 0 : count) : count;
}

/*
 * Whether the peer may have the core, and what it answers is awaited. Who does not spin would keep what else is due in the
 * thread from its turn: of several descriptors each would wait for its own answer, where one wait serves all.
 */
static bool expects_answer(const Descriptor *descriptor, int micros) {
  if (!descriptor->sent) return false;
  if (micros != EXPECT_ANSWER) return micros > 0;
  Environment *environment = descriptor->environment;
  if (!environment->twice || environment->last_ready != environment_handle(environment, descriptor)) return false;
  return may_go_on(environment);
}

/*
 * Where the peer shares the core, it answers when it has had that, so that who expects an answer need not try before.
 * Where it does not, an answer takes longer than the first try and the call that gives nothing away. A peer that was asleep
 * has the core as soon as it is sent something, and answers before the sender gives way: that gift comes when it waits
 * itself. So whoever finds nothing after one, which the peer may have had, gives way once more: the two are in step again.
 */
static int await_answer(const Transfer *transfer, int micros) {
  Descriptor *descriptor = transfer->descriptor;
  descriptor->sent = false;
  bool looks = descriptor->late == 0;
  if (looks) {
    int count = receive(transfer);
    if (count != -EAGAIN) return count;
    descriptor->late = MOST_LATE;
  } else descriptor->late -= 1;
  if (micros > 0) return spin(receive, transfer, micros);
  int64_t away = give_way(descriptor->environment);
  if (away == 0) return looks ? -EAGAIN : receive(transfer);
  int count = receive(transfer);
  bool again = count == -EAGAIN && away < AWAY_MICROS && give_way(descriptor->environment) > 0;
  return again ? receive(transfer) : count;
}

static int call_recv(const Arguments *arguments) {
  Transfer transfer;
  int micros;
  int failure = patient_transfer_of(arguments, &transfer, EXPECT_ANSWER, &micros);
  if (failure != 0) return failure;
  /* Of what is only looked at there is no next. */
  if (micros == GIVE_WAY && transfer.flags != MSG_DONTWAIT) return -EINVAL;
  Descriptor *descriptor = transfer.descriptor;
  int owed = descriptor_owed(descriptor);
  if (owed != 0) return owed;
  if (descriptor->flows) prefer_large_pages(&transfer);
  bool asked = expects_answer(descriptor, micros);
  int count = asked ? await_answer(&transfer, micros) : attempt(receive, &transfer, micros, false);
  if (count > 0) descriptor->flows = count >= MUCH_BYTES;
  return count;
}

static int call_send(const Arguments *arguments) {
  Transfer transfer;
  int micros;
  int failure = patient_transfer_of(arguments, &transfer, GIVE_WAY, &micros);
  if (failure != 0) return failure;
  int count = attempt(transmit, &transfer, micros, true);
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
  Environment *environment = descriptor->environment;
  if (result == -EAGAIN && patience == GIVE_WAY && may_go_on(environment) && give_way(environment) > 0)
    result = gather(descriptor, pieces, count);
  if (result > 0) descriptor->sent = true;
  return result;
}

static int call_recvv(const Arguments *arguments) {
  struct iovec pieces[IOV_MAX];
  int count = pieces_of(arguments, pieces);
  if (count < 0) return count;
  Descriptor *descriptor = argument_descriptor(arguments, 0);
  if (descriptor == NULL) return -EBADF;
  int owed = descriptor_owed(descriptor);
  if (owed != 0) return owed;
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
