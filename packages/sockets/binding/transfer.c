/* The arguments that all calls about bytes begin with: handle, view, offset, length, flags. */
#include "addon.h"
#include "transfer.h"

#include <limits.h>
#include <sys/mman.h>

/* With it, the system reads the pages of a buffer after the call, when JavaScript has filled or freed it long ago. */
#ifdef MSG_ZEROCOPY
static const int refused_flags = MSG_ZEROCOPY;
#else
static const int refused_flags = 0;
#endif

int transfer_of(const Arguments *arguments, Transfer *out) {
  Bytes view;
  size_t offset, length;
  if (!argument_bytes(arguments, 1, &view)) return -EINVAL;
  if (!argument_size(arguments, 2, &offset) || !argument_size(arguments, 3, &length)) return -EINVAL;
  if (!argument_int(arguments, 4, &out->flags)) return -EINVAL;
  if (offset > view.length || length > view.length - offset) return -EINVAL;
  out->descriptor = argument_descriptor(arguments, 0);
  if (out->descriptor == NULL) return -EBADF;
  if ((out->flags & refused_flags) != 0) return -EOPNOTSUPP;
  out->flags |= MSG_DONTWAIT;
  out->data = length == 0 ? NULL : view.data + offset;
  /* What a call gives is an int; Linux itself moves 4 KiB less than that at most. */
  out->length = length > INT_MAX ? INT_MAX : length;
  return 0;
}

#ifdef MADV_HUGEPAGE
/* Of x86-64, and of ARM with pages of 4 KiB. Where they are larger, the advice is to no avail. */
enum { LARGE_PAGE = 2 * 1024 * 1024 };

void prefer_large_pages(const Transfer *transfer) {
  /* So much has one in it, wherever it begins. */
  if (transfer->length < 2 * LARGE_PAGE) return;
  uintptr_t begin = (uintptr_t)transfer->data, end = begin + transfer->length;
  begin = (begin + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
  end = end / LARGE_PAGE * LARGE_PAGE;
  madvise(transfer->data + (begin - (uintptr_t)transfer->data), end - begin, MADV_HUGEPAGE);
}
#else
void prefer_large_pages(const Transfer *transfer) { (void)transfer; }
#endif
