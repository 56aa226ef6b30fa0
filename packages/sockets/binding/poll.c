/*
 * Readiness: one uv_poll_t a descriptor, level-triggered. Every uv_poll_start costs an epoll_ctl DEL at once and an ADD
 * in the next turn (libuv/src/unix/poll.c), so what fired stays armed for who comes back; it is disarmed when it fires
 * again and nobody did.
 */
#include "addon.h"

_Static_assert(UV_READABLE == 1 && UV_WRITABLE == 2, "interest is handed to libuv as it is");

enum { BOTH = UV_READABLE | UV_WRITABLE, UNSAID = -1 };

static void on_poll(uv_poll_t *poll, int status, int events);

static int arm(Descriptor *descriptor, int mask) {
  int failure = mask == 0 ? uv_poll_stop(&descriptor->poll) : uv_poll_start(&descriptor->poll, mask, on_poll);
  descriptor->armed = failure == 0 ? mask : 0;
  return failure;
}

/* Who waits keeps the event loop alive; an idle socket does not. */
static void want(Descriptor *descriptor, int interest) {
  descriptor->wanted = interest;
  if (interest == 0) uv_unref((uv_handle_t *)&descriptor->poll);
  else uv_ref((uv_handle_t *)&descriptor->poll);
}

static int wait_for(Descriptor *descriptor, int interest) {
  int failure = (interest & ~descriptor->armed) == 0 ? 0 : arm(descriptor, descriptor->armed | interest);
  want(descriptor, failure == 0 ? interest : 0);
  return failure;
}

int poll_begin(Descriptor *descriptor) {
  int failure = uv_poll_init(descriptor->environment->loop, &descriptor->poll, descriptor->fd);
  if (failure != 0) return failure;
  descriptor->poll.data = descriptor;
  descriptor->polled = true;
  descriptor->environment->polls += 1;
  uv_unref((uv_handle_t *)&descriptor->poll);
  return 0;
}

void poll_end(Descriptor *descriptor) {
  uv_poll_stop(&descriptor->poll);
  descriptor->armed = descriptor->wanted = 0;
}

/* What the callback says is waited for from now on: as many calls of `wait` less. It may have said nothing, or thrown. */
static int interest_of(napi_env env, napi_value said) {
  int interest;
  bool is_one = napi_get_value_int32(env, said, &interest) == napi_ok && interest >= 0 && interest <= BOTH;
  return is_one ? interest : UNSAID;
}

static int report(Environment *environment, int handle, int events) {
  napi_env env = environment->env;
  napi_value callback, arguments[2], said, error;
  bool thrown = false;
  if (environment->on_ready == NULL) return UNSAID;
  if (napi_get_reference_value(env, environment->on_ready, &callback) != napi_ok) return UNSAID;
  if (napi_create_int32(env, handle, &arguments[0]) != napi_ok ||
      napi_create_int32(env, events, &arguments[1]) != napi_ok)
    return UNSAID;
  /* Runs what the callback resumed, too: next ticks and promises. `this`, Node's async resource, is itself. */
  if (napi_make_callback(env, NULL, callback, callback, 2, arguments, &said) == napi_ok) return interest_of(env, said);
  /* Not while the thread is being terminated: then nothing is pending. */
  if (napi_is_exception_pending(env, &thrown) == napi_ok && thrown &&
      napi_get_and_clear_last_exception(env, &error) == napi_ok)
    napi_fatal_exception(env, error);
  return UNSAID;
}

static void on_poll(uv_poll_t *poll, int status, int events) {
  Descriptor *descriptor = poll->data;
  Environment *environment = descriptor->environment;
  napi_env env = environment->env;
  napi_handle_scope scope;
  /* An error makes libuv stop, and say UV_EBADF whatever it is: the next system call of whoever waits tells. */
  if (status < 0) descriptor->armed = 0;
  int fired = status < 0 ? BOTH : events & BOTH;
  int awaited = fired & descriptor->wanted;
  int unwanted = fired & ~awaited;
  want(descriptor, descriptor->wanted & ~fired);
  if (awaited != 0 && napi_open_handle_scope(env, &scope) == napi_ok) {
    int handle = environment_handle(environment, descriptor);
    environment->twice = environment->last_ready == handle;
    environment->last_ready = handle;
    descriptor->asked = false;
    int interest = report(environment, handle, awaited);
    napi_close_handle_scope(env, scope);
    /* Promises ran after the callback: what they asked for is newer. */
    if (interest != UNSAID && !descriptor->asked && descriptor->fd >= 0) wait_for(descriptor, interest);
  }
  /* The callback may have closed the descriptor; its memory stays until libuv's next turn. */
  int left = descriptor->armed & ~(unwanted & ~descriptor->wanted);
  if (descriptor->fd >= 0 && left != descriptor->armed) arm(descriptor, left);
}

static int call_wait(const Arguments *arguments) {
  int interest;
  if (!argument_int(arguments, 1, &interest) || interest < 0 || interest > BOTH) return -EINVAL;
  Descriptor *descriptor = argument_descriptor(arguments, 0);
  if (descriptor == NULL) return -EBADF;
  if (!descriptor->polled) {
    int failure = interest == 0 ? 0 : poll_begin(descriptor);
    if (interest == 0 || failure != 0) return failure;
  }
  descriptor->asked = true;
  return wait_for(descriptor, interest);
}

const Function poll_functions[] = {{"wait", call_wait}, {0}};
