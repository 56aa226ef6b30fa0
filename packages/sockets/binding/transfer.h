#ifndef DUCTWORKS_TRANSFER_H
#define DUCTWORKS_TRANSFER_H

#include "addon.h"

typedef struct {
  Descriptor *descriptor;
  /* Inside the view, until the call returns. */
  uint8_t *data;
  size_t length;
  int flags;
} Transfer;

/* From the first five arguments: 0, or why there is none. The flags include MSG_DONTWAIT. */
int transfer_of(const Arguments *arguments, Transfer *out);

/*
 * Of memory that is written for the first time, the system clears page after page; of large pages (madvise(2)) it takes a
 * quarter of the time. Those that lie in the transfer as a whole: nothing beside it gets more memory than it has. For memory
 * that is being filled: elsewhere a few bytes would take 2 MiB.
 */
void prefer_large_pages(const Transfer *transfer);

#endif
