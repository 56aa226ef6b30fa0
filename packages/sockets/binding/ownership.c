/*
 * Which descriptors belong to a handle: one table for all threads of the process, so that none is closed twice. Every
 * claim has its own receipt: when somebody else closed a descriptor of ours and the system handed its number out again,
 * the old handle finds that its receipt is void, and does not close what is not its own.
 *
 * A descriptor that came in a message is nobody's until it gets a handle. Who received it, and what it was, is noted, for
 * when that thread ends without the JavaScript that would have closed it. By then its number may be something else.
 */
#include "addon.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

typedef struct {
  /* 0: nobody's. */
  uint64_t receipt;
  /* Whose message it came in, unless it got a handle since. */
  const Environment *receiver;
  dev_t device;
  ino_t file;
} Entry;

/* By descriptor. */
static Entry *entries = NULL;
static size_t room = 0;
static uint64_t last_receipt = 0;

static bool make_room(size_t fd) {
  if (fd < room) return true;
  size_t wanted = room == 0 ? 256 : room;
  while (wanted <= fd) wanted *= 2;
  Entry *larger = realloc(entries, wanted * sizeof *entries);
  if (larger == NULL) return false;
  for (size_t at = room; at < wanted; at += 1) larger[at] = (Entry){0};
  entries = larger;
  room = wanted;
  return true;
}

static uint64_t claim(int fd) {
  entries[fd] = (Entry){.receipt = ++last_receipt};
  return last_receipt;
}

uint64_t ownership_of_new(int fd) {
  uint64_t receipt = 0;
  pthread_mutex_lock(&mutex);
  if (make_room((size_t)fd)) receipt = claim(fd);
  pthread_mutex_unlock(&mutex);
  return receipt;
}

int ownership_of_existing(int fd, uint64_t *receipt) {
  int result = 0;
  pthread_mutex_lock(&mutex);
  if (!make_room((size_t)fd)) result = -ENOMEM;
  else if (entries[fd].receipt != 0) result = -EBUSY;
  else *receipt = claim(fd);
  pthread_mutex_unlock(&mutex);
  return result;
}

bool ownership_end(int fd, uint64_t receipt) {
  pthread_mutex_lock(&mutex);
  bool ours = (size_t)fd < room && entries[fd].receipt == receipt;
  /* Before the descriptor is closed: afterwards its number may already be another thread's. */
  if (ours) entries[fd].receipt = 0;
  pthread_mutex_unlock(&mutex);
  return ours;
}

void ownership_received(int fd, const Environment *receiver) {
  struct stat status;
  if (fstat(fd, &status) != 0) return;
  pthread_mutex_lock(&mutex);
  if (make_room((size_t)fd)) {
    entries[fd].receiver = receiver;
    entries[fd].device = status.st_dev;
    entries[fd].file = status.st_ino;
  }
  pthread_mutex_unlock(&mutex);
}

static bool is_as_received(size_t fd) {
  struct stat status;
  return fstat((int)fd, &status) == 0 && status.st_dev == entries[fd].device && status.st_ino == entries[fd].file;
}

bool ownership_give_up(int fd) {
  pthread_mutex_lock(&mutex);
  bool free = (size_t)fd >= room || entries[fd].receipt == 0;
  if (free && (size_t)fd < room) entries[fd].receiver = NULL;
  pthread_mutex_unlock(&mutex);
  return free;
}

int ownership_left(const Environment *receiver) {
  int fd = -1;
  pthread_mutex_lock(&mutex);
  for (size_t at = 0; at < room && fd < 0; at += 1) {
    if (entries[at].receiver != receiver) continue;
    entries[at].receiver = NULL;
    if (entries[at].receipt == 0 && is_as_received(at)) fd = (int)at;
  }
  pthread_mutex_unlock(&mutex);
  return fd;
}
