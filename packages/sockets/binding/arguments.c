/* What JavaScript handed over, checked. Only an array's elements run JavaScript: what is read after them stays true. */
#include "addon.h"

#include <string.h>

bool argument_int(const Arguments *arguments, size_t at, int *out) {
  double number;
  if (napi_get_value_double(arguments->env, arguments->values[at], &number) != napi_ok) return false;
  if (!(number >= INT32_MIN && number <= INT32_MAX)) return false;
  *out = (int)number;
  return (double)*out == number;
}

bool argument_size(const Arguments *arguments, size_t at, size_t *out) {
  static const double largest_integer = 9007199254740991;
  double number;
  if (napi_get_value_double(arguments->env, arguments->values[at], &number) != napi_ok) return false;
  if (!(number >= 0 && number <= largest_integer)) return false;
  *out = (size_t)number;
  return (double)*out == number;
}

bool argument_bool(const Arguments *arguments, size_t at, bool *out) {
  return napi_get_value_bool(arguments->env, arguments->values[at], out) == napi_ok;
}

/* The length is the view's own, as of now: 0 once detached or out of bounds, whatever it was made with. */
static bool view_of(napi_env env, napi_value value, napi_typedarray_type wanted, void **data, size_t *length) {
  napi_typedarray_type type;
  if (napi_get_typedarray_info(env, value, &type, length, data, NULL, NULL) != napi_ok) return false;
  if (*data == NULL) *length = 0;
  return type == wanted;
}

bool bytes_of(napi_env env, napi_value value, Bytes *out) {
  void *data;
  if (!view_of(env, value, napi_uint8_array, &data, &out->length)) return false;
  out->data = data;
  return true;
}

bool argument_bytes(const Arguments *arguments, size_t at, Bytes *out) {
  return bytes_of(arguments->env, arguments->values[at], out);
}

bool argument_ints(const Arguments *arguments, size_t at, Ints *out) {
  void *data;
  if (!view_of(arguments->env, arguments->values[at], napi_int32_array, &data, &out->length)) return false;
  out->data = data;
  return true;
}

bool argument_text(const Arguments *arguments, size_t at, char *out, size_t room) {
  size_t length;
  if (napi_get_value_string_utf8(arguments->env, arguments->values[at], NULL, 0, &length) != napi_ok) return false;
  if (length >= room) return false;
  if (napi_get_value_string_utf8(arguments->env, arguments->values[at], out, room, &length) != napi_ok) return false;
  return strlen(out) == length;
}

bool argument_address(const Arguments *arguments, size_t at, size_t length_at, struct sockaddr_storage *out,
                      socklen_t *length) {
  Bytes raw;
  size_t wanted;
  if (!argument_bytes(arguments, at, &raw) || !argument_size(arguments, length_at, &wanted)) return false;
  if (wanted > raw.length || wanted > sizeof *out) return false;
  memset(out, 0, sizeof *out);
  if (wanted > 0) memcpy(out, raw.data, wanted);
  *length = (socklen_t)wanted;
  return true;
}

bool argument_address_out(const Arguments *arguments, size_t at, Bytes *out) {
  return argument_bytes(arguments, at, out) && out->length >= sizeof(struct sockaddr_storage);
}

int argument_pieces(const Arguments *arguments, size_t at, size_t first, size_t offset, bool empty, struct iovec *out,
                    int most) {
  napi_env env = arguments->env;
  napi_value array = arguments->values[at], pieces[IOV_MAX];
  uint32_t length;
  bool is_array = false;
  if (napi_is_array(env, array, &is_array) != napi_ok || !is_array) return -EINVAL;
  if (napi_get_array_length(env, array, &length) != napi_ok || first > length) return -EINVAL;
  int found = 0;
  for (size_t index = first; index < length && found < most; index += 1) {
    Bytes piece;
    if (napi_get_element(env, array, (uint32_t)index, &pieces[found]) != napi_ok) return -EINVAL;
    if (empty) {
      found += 1;
      continue;
    }
    if (!bytes_of(env, pieces[found], &piece)) return -EINVAL;
    if (index == first && offset > piece.length) return -EINVAL;
    if (index == first && offset == piece.length) offset = 0;
    else if (piece.length > 0) found += 1;
  }
  /* An element may be a getter, and that may detach what came before: nothing is believed until all are fetched. */
  for (int index = 0; index < found; index += 1) {
    Bytes piece = {0};
    size_t skip = index == 0 ? offset : 0;
    if (!bytes_of(env, pieces[index], &piece) || skip > piece.length) return -EINVAL;
    out[index] = (struct iovec){.iov_base = piece.data + skip, .iov_len = piece.length - skip};
  }
  return found;
}

Descriptor *argument_descriptor(const Arguments *arguments, size_t at) {
  int handle;
  return argument_int(arguments, at, &handle) ? environment_find(arguments->environment, handle) : NULL;
}
