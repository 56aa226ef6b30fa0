/*
 * The state of one JavaScript thread, and its table of handles. A handle is `generation << 20 | slot`, so a stale one is
 * told from the one that has its slot now. Slots are used again in the order they became free, and only once 1,024 are:
 * a handle comes back after two million others at the earliest.
 */
#include "addon.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SLOT_BITS = 20, MOST_SLOTS = 1 << SLOT_BITS, LAST_GENERATION = (1 << (31 - SLOT_BITS)) - 1, LEAST_FREE = 1024 };

static const uint32_t no_slot = UINT32_MAX;

static void forget(const Environment *environment, napi_ref *reference) {
  if (*reference != NULL) napi_delete_reference(environment->env, *reference);
  *reference = NULL;
}

/*
 * Without an asynchronous hook, a worker that is terminated with open uv handles aborts the process (its loop is not
 * empty); with a synchronous one, the memory of uv handles goes away before libuv is done with them.
 */
static void clean_up(napi_async_cleanup_hook_handle handle, void *data) {
  Environment *environment = data;
  (void)handle;
  environment->ending = true;
  forget(environment, &environment->on_ready);
  forget(environment, &environment->results);
  for (int fd; (fd = ownership_left(environment)) >= 0;) close(fd);
  for (uint32_t at = 0; at < environment->slot_count; at += 1) {
    Descriptor *descriptor = environment->slots[at].descriptor;
    if (descriptor != NULL) descriptor_close(descriptor);
  }
  if (environment->polls == 0) napi_remove_async_cleanup_hook(environment->cleanup);
}

void environment_poll_ended(Environment *environment) {
  environment->polls -= 1;
  if (environment->ending && environment->polls == 0) napi_remove_async_cleanup_hook(environment->cleanup);
}

/* N-API keeps the environment until its asynchronous hooks are removed, so nothing of libuv's is left here. */
static void release(napi_env env, void *data, void *hint) {
  Environment *environment = data;
  (void)env;
  (void)hint;
  free(environment->slots);
  free(environment);
}

Environment *environment_make(napi_env env) {
  Environment *environment = calloc(1, sizeof *environment);
  if (environment == NULL) return NULL;
  environment->env = env;
  environment->first_free = environment->last_free = no_slot;
  environment->going_turn = UINT64_MAX;
  if (napi_get_uv_event_loop(env, &environment->loop) != napi_ok ||
      napi_set_instance_data(env, environment, release, NULL) != napi_ok) {
    free(environment);
    return NULL;
  }
  /* From here on, N-API releases it. */
  return napi_add_async_cleanup_hook(env, clean_up, environment, &environment->cleanup) == napi_ok ? environment : NULL;
}

static uint32_t take_free_slot(Environment *environment) {
  uint32_t at = environment->first_free;
  environment->first_free = environment->slots[at].next_free;
  if (environment->first_free == no_slot) environment->last_free = no_slot;
  environment->free_count -= 1;
  return at;
}

static bool grow(Environment *environment) {
  uint32_t wanted = environment->slot_room == 0 ? 64 : environment->slot_room * 2;
  Slot *larger = realloc(environment->slots, wanted * sizeof *larger);
  if (larger == NULL) return false;
  environment->slots = larger;
  environment->slot_room = wanted;
  return true;
}

static uint32_t take_slot(Environment *environment, int *failure) {
  bool full = environment->slot_count == MOST_SLOTS;
  if (environment->free_count > (full ? 0 : LEAST_FREE)) return take_free_slot(environment);
  if (full || (environment->slot_count == environment->slot_room && !grow(environment))) {
    *failure = full ? -EMFILE : -ENOMEM;
    return no_slot;
  }
  uint32_t at = environment->slot_count;
  environment->slot_count += 1;
  environment->slots[at] = (Slot){.generation = 1, .next_free = no_slot};
  return at;
}

int environment_add(Environment *environment, Descriptor *descriptor) {
  int failure = 0;
  if (environment->ending) return -ECANCELED;
  uint32_t at = take_slot(environment, &failure);
  if (at == no_slot) return failure;
  Slot *slot = &environment->slots[at];
  slot->descriptor = descriptor;
  descriptor->slot = at;
  environment->live += 1;
  return environment_handle(environment, descriptor);
}

int environment_handle(const Environment *environment, const Descriptor *descriptor) {
  return (int)(environment->slots[descriptor->slot].generation << SLOT_BITS | descriptor->slot);
}

Descriptor *environment_find(const Environment *environment, int handle) {
  if (handle <= 0) return NULL;
  uint32_t at = (uint32_t)handle & (MOST_SLOTS - 1);
  if (at >= environment->slot_count) return NULL;
  const Slot *slot = &environment->slots[at];
  return slot->generation == (uint32_t)handle >> SLOT_BITS ? slot->descriptor : NULL;
}

void environment_hide(Environment *environment, Descriptor *descriptor) {
  environment->slots[descriptor->slot].descriptor = NULL;
  environment->live -= 1;
}

void environment_remove(Environment *environment, Descriptor *descriptor) {
  uint32_t at = descriptor->slot;
  Slot *slot = &environment->slots[at];
  slot->generation = slot->generation == LAST_GENERATION ? 1 : slot->generation + 1;
  slot->next_free = no_slot;
  if (environment->last_free == no_slot) environment->first_free = at;
  else environment->slots[environment->last_free].next_free = at;
  environment->last_free = at;
  environment->free_count += 1;
}

void environment_report(const Environment *environment, const int32_t *numbers, size_t count) {
  napi_value results;
  napi_typedarray_type type;
  size_t length;
  void *data;
  if (environment->results == NULL) return;
  if (napi_get_reference_value(environment->env, environment->results, &results) != napi_ok || results == NULL) return;
  if (napi_get_typedarray_info(environment->env, results, &type, &length, &data, NULL, NULL) != napi_ok) return;
  if (length >= count) memcpy(data, numbers, count * sizeof *numbers);
}
