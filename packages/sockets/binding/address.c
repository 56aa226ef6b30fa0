/* Addresses, between the system's layout and JavaScript's. */
#include "addon.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

enum { ADDRESS_ROOM = INET6_ADDRSTRLEN + 1 + IF_NAMESIZE };

static const size_t path_at = offsetof(struct sockaddr_un, sun_path);

static void set_length(struct sockaddr_storage *address, size_t length) {
#ifdef __APPLE__
  address->ss_len = (uint8_t)length;
#else
  (void)address;
  (void)length;
#endif
}

static int give(Bytes out, struct sockaddr_storage *address, size_t length) {
  set_length(address, length);
  memcpy(out.data, address, sizeof *address);
  return (int)length;
}

void address_give(const Environment *environment, const struct sockaddr_storage *address, socklen_t length, Bytes out) {
  /* The system tells the whole length of an address that it cut. */
  size_t known = length > sizeof *address ? sizeof *address : length;
  if (known > 0) memcpy(out.data, address, known);
  environment_report(environment, (const int32_t[]){(int32_t)known}, 1);
}

/* The zone of `fe80::1%eth0`, by name or number; cuts it off. False if there is no such interface. */
static bool take_zone(char *ip, uint32_t *zone) {
  char *percent = strchr(ip, '%');
  *zone = 0;
  if (percent == NULL) return true;
  *percent = '\0';
  *zone = if_nametoindex(percent + 1);
  if (*zone != 0) return true;
  char *end;
  unsigned long number = strtoul(percent + 1, &end, 10);
  if (percent[1] < '0' || percent[1] > '9' || *end != '\0' || number == 0 || number > UINT32_MAX) return false;
  *zone = (uint32_t)number;
  return true;
}

static int encode4(const char *ip, uint16_t port, Bytes out) {
  struct sockaddr_storage storage = {0};
  struct sockaddr_in *address = (struct sockaddr_in *)&storage;
  address->sin_family = AF_INET;
  address->sin_port = htons(port);
  address->sin_addr.s_addr = htonl(INADDR_ANY);
  if (*ip != '\0' && inet_pton(AF_INET, ip, &address->sin_addr) != 1) return -EINVAL;
  return give(out, &storage, sizeof *address);
}

static int encode6(char *ip, uint16_t port, Bytes out) {
  struct sockaddr_storage storage = {0};
  struct sockaddr_in6 *address = (struct sockaddr_in6 *)&storage;
  address->sin6_family = AF_INET6;
  address->sin6_port = htons(port);
  address->sin6_addr = in6addr_any;
  if (!take_zone(ip, &address->sin6_scope_id)) return -EINVAL;
  if (*ip != '\0' && inet_pton(AF_INET6, ip, &address->sin6_addr) != 1) return -EINVAL;
  return give(out, &storage, sizeof *address);
}

static int call_encode_inet(const Arguments *arguments) {
  int domain, port;
  char ip[ADDRESS_ROOM];
  Bytes out;
  if (!argument_int(arguments, 0, &domain) || !argument_text(arguments, 1, ip, sizeof ip)) return -EINVAL;
  if (!argument_int(arguments, 2, &port) || port < 0 || port > UINT16_MAX) return -EINVAL;
  if (!argument_address_out(arguments, 3, &out)) return -EINVAL;
  if (domain == AF_INET) return encode4(ip, (uint16_t)port, out);
  return domain == AF_INET6 ? encode6(ip, (uint16_t)port, out) : -EINVAL;
}

static int call_encode_unix(const Arguments *arguments) {
  Bytes path, out;
  struct sockaddr_storage storage = {0};
  struct sockaddr_un *address = (struct sockaddr_un *)&storage;
  if (!argument_bytes(arguments, 0, &path) || !argument_address_out(arguments, 1, &out)) return -EINVAL;
  bool is_abstract = path.length > 0 && path.data[0] == 0;
#ifndef __linux__
  if (is_abstract) return -EOPNOTSUPP;
#endif
  size_t room = sizeof address->sun_path - (is_abstract ? 0 : 1);
  if (path.length > room) return -ENAMETOOLONG;
  if (!is_abstract && path.length > 0 && memchr(path.data, 0, path.length) != NULL) return -EINVAL;
  address->sun_family = AF_UNIX;
  if (path.length > 0) memcpy(address->sun_path, path.data, path.length);
  /* A path ends in a NUL; an abstract name is all of its length; none at all is the family alone. */
  size_t end = is_abstract || path.length == 0 ? 0 : 1;
  return give(out, &storage, path_at + path.length + end);
}

static napi_value decode_unix(napi_env env, const struct sockaddr_storage *storage, size_t length) {
  const struct sockaddr_un *address = (const struct sockaddr_un *)storage;
  size_t bytes = length > path_at ? length - path_at : 0;
  if (bytes > 0 && address->sun_path[0] != '\0') bytes = strnlen(address->sun_path, bytes);
  napi_value path = NULL;
  napi_create_buffer_copy(env, bytes, address->sun_path, NULL, &path);
  return path;
}

static napi_value ip_and_port(napi_env env, const char *ip, uint16_t port) {
  napi_value pair, text, number;
  if (napi_create_array_with_length(env, 2, &pair) != napi_ok) return NULL;
  if (napi_create_string_utf8(env, ip, NAPI_AUTO_LENGTH, &text) != napi_ok) return NULL;
  if (napi_create_uint32(env, ntohs(port), &number) != napi_ok) return NULL;
  napi_set_element(env, pair, 0, text);
  napi_set_element(env, pair, 1, number);
  return pair;
}

static napi_value decode6(napi_env env, const struct sockaddr_in6 *address) {
  char ip[ADDRESS_ROOM], zone[IF_NAMESIZE];
  if (inet_ntop(AF_INET6, &address->sin6_addr, ip, sizeof ip) == NULL) return NULL;
  size_t end = strlen(ip);
  if (address->sin6_scope_id != 0 && if_indextoname(address->sin6_scope_id, zone) != NULL)
    snprintf(ip + end, sizeof ip - end, "%%%s", zone);
  else if (address->sin6_scope_id != 0)
    snprintf(ip + end, sizeof ip - end, "%%%u", (unsigned)address->sin6_scope_id);
  return ip_and_port(env, ip, address->sin6_port);
}

napi_value address_decode(const Arguments *arguments) {
  struct sockaddr_storage address;
  socklen_t length;
  if (!argument_address(arguments, 0, 1, &address, &length) || length < sizeof address.ss_family) return NULL;
  if (address.ss_family == AF_UNIX) return decode_unix(arguments->env, &address, length);
  if (address.ss_family == AF_INET6 && length >= sizeof(struct sockaddr_in6))
    return decode6(arguments->env, (const struct sockaddr_in6 *)&address);
  if (address.ss_family != AF_INET || length < sizeof(struct sockaddr_in)) return NULL;
  const struct sockaddr_in *address4 = (const struct sockaddr_in *)&address;
  char ip[INET_ADDRSTRLEN];
  if (inet_ntop(AF_INET, &address4->sin_addr, ip, sizeof ip) == NULL) return NULL;
  return ip_and_port(arguments->env, ip, address4->sin_port);
}

static int call_interface_index(const Arguments *arguments) {
  char name[IF_NAMESIZE];
  return argument_text(arguments, 0, name, sizeof name) ? (int)if_nametoindex(name) : 0;
}

const Function address_functions[] = {
    {"encodeInet", call_encode_inet},
    {"encodeUnix", call_encode_unix},
    {"interfaceIndex", call_interface_index},
    {0},
};
