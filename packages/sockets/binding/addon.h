/*
 * What the files of this addon share, from the bottom up: who owns a descriptor, the state of one JavaScript thread, its
 * descriptors, their polling, and how a call reads its arguments.
 */
#ifndef DUCTWORKS_ADDON_H
#define DUCTWORKS_ADDON_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#ifdef __APPLE__
#define __APPLE_USE_RFC_3542
#endif

#include <errno.h>
#include <limits.h>
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <uv.h>

#ifndef IOV_MAX
#define IOV_MAX 1024
#endif

typedef struct Environment Environment;

/* --- ownership.c: which descriptors of the process belong to a handle, of whichever thread */

/* A receipt for a descriptor that the system just gave to us, so nobody else can own it. 0: no memory. */
uint64_t ownership_of_new(int fd);
/* A receipt for one that was there before. 0 or -EBUSY, -ENOMEM. */
int ownership_of_existing(int fd, uint64_t *receipt);
/* Whether it still was ours to close. */
bool ownership_end(int fd, uint64_t receipt);
/* It came in a message of that thread. Best effort: without memory for the note, it outlives the thread. */
void ownership_received(int fd, const Environment *receiver);
/* Whether it is nobody's, also no receiver's from now on. */
bool ownership_give_up(int fd);
/*
 * One that the thread has received, that nobody took over, and that is what it was, which is the caller's to close now; -1:
 * there is none.
 */
int ownership_left(const Environment *receiver);

/* --- environment.c: the state of one JavaScript thread, and its table of handles */

typedef struct Descriptor Descriptor;

typedef struct {
  Descriptor *descriptor;
  uint32_t generation;
  uint32_t next_free;
} Slot;

struct Environment {
  napi_env env;
  uv_loop_t *loop;
  napi_ref on_ready;
  napi_ref results;
  napi_async_cleanup_hook_handle cleanup;
  bool ending;
  /* Whose event was reported last, and whether the one before was its own too: then it may be the only one at work. */
  int last_ready;
  bool twice;
  /* In which turn of the event loop somebody asked last whether to go on, and since when (microseconds). */
  uint64_t going_turn;
  int64_t going_since;
  /* Until when the core is not given away (microseconds), since that took too long; the past of it is what is saved up. */
  int64_t keeps_until;
  /* Handles that JavaScript can use. */
  uint32_t live;
  /* uv handles that libuv still knows. */
  uint32_t polls;
  Slot *slots;
  uint32_t slot_count;
  uint32_t slot_room;
  uint32_t free_count;
  uint32_t first_free;
  uint32_t last_free;
};

/* NULL if there is no memory, or N-API refuses. */
Environment *environment_make(napi_env env);
/* Gives the descriptor a slot; its handle, or -EMFILE, -ENOMEM, -ECANCELED. */
int environment_add(Environment *environment, Descriptor *descriptor);
/* NULL for a handle that is none, or none any more. */
Descriptor *environment_find(const Environment *environment, int handle);
int environment_handle(const Environment *environment, const Descriptor *descriptor);
/* From now on its handle is stale. */
void environment_hide(Environment *environment, Descriptor *descriptor);
/* From now on its slot may be used again. */
void environment_remove(Environment *environment, Descriptor *descriptor);
/* To call when a uv handle is gone: the thread may end after the last one. */
void environment_poll_ended(Environment *environment);
/* Writes to `results`, if that has not been detached. */
void environment_report(const Environment *environment, const int32_t *numbers, size_t count);

/* --- descriptor.c: one open descriptor */

struct Descriptor {
  /* Valid if `polled`. */
  uv_poll_t poll;
  Environment *environment;
  uint64_t receipt;
  uint32_t slot;
  /* -1 once closed. */
  int fd;
  bool is_socket;
  bool polled;
  /* What libuv was asked to watch, and what someone waits for: UV_READABLE | UV_WRITABLE. */
  int armed;
  int wanted;
  /* Whether `wait` was called since the callback began. */
  bool asked;
  /* Whether `send` or `sendv` sent something that no receive has expected an answer to. */
  bool sent;
  /* How many answers more are taken to come only after the peer has had the core. */
  int8_t late;
  /* Whether the last receive that gave something gave much, so that its sender is likely in the midst of it. */
  bool flows;
  /* A negative errno that the system told a receive which had taken something: the next one fails with it. */
  int owed;
  /* Whether the last accept found nothing. */
  bool vain;
};

/* Owns a new descriptor of the system's: closes it if there is no room for it. A handle, or a negative errno. */
int descriptor_open_new(Environment *environment, int fd);
/* Owns one that was there before, if it succeeds. */
int descriptor_open_existing(Environment *environment, int fd);
int descriptor_close(Descriptor *descriptor);
/* What is owed, which is told once, or 0. */
int descriptor_owed(Descriptor *descriptor);

/* --- poll.c: readiness */

/* Lets libuv know the descriptor. 0 or a negative errno. */
int poll_begin(Descriptor *descriptor);
void poll_end(Descriptor *descriptor);

/* --- arguments.c: what JavaScript handed over */

enum { MOST_ARGUMENTS = 9 };

typedef struct {
  napi_env env;
  Environment *environment;
  napi_value values[MOST_ARGUMENTS];
} Arguments;

typedef struct {
  uint8_t *data;
  size_t length;
} Bytes;

typedef struct {
  int32_t *data;
  size_t length;
} Ints;

/* All of these: false if the argument is no such thing. A number with a fraction is no int. */
bool argument_int(const Arguments *arguments, size_t at, int *out);
bool argument_size(const Arguments *arguments, size_t at, size_t *out);
bool argument_bool(const Arguments *arguments, size_t at, bool *out);
/* A Uint8Array; what is detached, or out of its buffer's bounds by now, has no bytes. */
bool argument_bytes(const Arguments *arguments, size_t at, Bytes *out);
bool argument_ints(const Arguments *arguments, size_t at, Ints *out);
/* Text of fewer than `room` bytes, without a NUL inside. */
bool argument_text(const Arguments *arguments, size_t at, char *out, size_t room);
/* An address of `length` bytes, copied because a view need not be aligned. */
bool argument_address(const Arguments *arguments, size_t at, size_t length_at, struct sockaddr_storage *out,
                      socklen_t *length);
/* Room for any address. */
bool argument_address_out(const Arguments *arguments, size_t at, Bytes *out);
/*
 * The memory of an array's Uint8Arrays from `first` on, the first of them from `offset` on; `most` of them (IOV_MAX or
 * fewer), and unless `empty` only those that hold anything. How many, or -EINVAL. An array that is a Proxy is none. It may
 * run JavaScript (getters): what other arguments point to is to be asked for afterwards.
 */
int argument_pieces(const Arguments *arguments, size_t at, size_t first, size_t offset, bool empty, struct iovec *out,
                    int most);
/* NULL for a handle that is none. */
Descriptor *argument_descriptor(const Arguments *arguments, size_t at);
bool bytes_of(napi_env env, napi_value value, Bytes *out);

/* What a system call gave, as a call gives it. */
static inline int outcome(ssize_t result) { return result < 0 ? -errno : (int)result; }

#define RETRY_INTERRUPTED(result, call)              \
  do {                                               \
    (result) = (call);                               \
  } while ((result) < 0 && errno == EINTR)

/* --- the calls, by file; each as ../src/internal/binding.ts says */

typedef int (*Call)(const Arguments *arguments);

typedef struct {
  const char *name;
  Call call;
} Function;

/* Each ends with one without a name. */
extern const Function life_functions[];
extern const Function address_functions[];
extern const Function naming_functions[];
extern const Function option_functions[];
extern const Function bytes_functions[];
extern const Function datagram_functions[];
extern const Function message_functions[];
extern const Function poll_functions[];

/* The address as JavaScript has it; `undefined` for families that it does not know. */
napi_value address_decode(const Arguments *arguments);
napi_status constants_define(napi_env env, napi_value exports);

/* Copies an address from the system to a view with room for it, and reports its length as results[0]. */
void address_give(const Environment *environment, const struct sockaddr_storage *address, socklen_t length, Bytes out);

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

#endif
