/*
 * Which descriptors belong to a handle: one table for all threads of the process, so that none is closed twice. Every
 * claim has its own receipt: when somebody else closed a descriptor of ours and the system handed its number out again,
 * the old handle finds that its receipt is void, and does not close what is not its own.
 */
#include "addon.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
/* The receipt by descriptor; 0: nobody's. */
static uint64_t *receipts = NULL;
static size_t room = 0;
static uint64_t last_receipt = 0;

static bool make_room(size_t fd) {
  if (fd < room) return true;
  size_t wanted = room == 0 ? 256 : room;
  while (wanted <= fd) wanted *= 2;
  uint64_t *larger = realloc(receipts, wanted * sizeof *receipts);
  if (larger == NULL) return false;
  memset(larger + room, 0, (wanted - room) * sizeof *receipts);
  receipts = larger;
  room = wanted;
  return true;
}

uint64_t ownership_of_new(int fd) {
  uint64_t receipt = 0;
  pthread_mutex_lock(&mutex);
  if (make_room((size_t)fd)) receipt = receipts[fd] = ++last_receipt;
  pthread_mutex_unlock(&mutex);
  return receipt;
}

int ownership_of_existing(int fd, uint64_t *receipt) {
  int result = 0;
  pthread_mutex_lock(&mutex);
  if (!make_room((size_t)fd)) result = -ENOMEM;
  else if (receipts[fd] != 0) result = -EBUSY;
  else *receipt = receipts[fd] = ++last_receipt;
  pthread_mutex_unlock(&mutex);
  return result;
}

bool ownership_end(int fd, uint64_t receipt) {
  pthread_mutex_lock(&mutex);
  bool ours = (size_t)fd < room && receipts[fd] == receipt;
  /* Before the descriptor is closed: afterwards its number may already be another thread's. */
  if (ours) receipts[fd] = 0;
  pthread_mutex_unlock(&mutex);
  return ours;
}

bool ownership_exists(int fd) {
  pthread_mutex_lock(&mutex);
  bool exists = (size_t)fd < room && receipts[fd] != 0;
  pthread_mutex_unlock(&mutex);
  return exists;
}
