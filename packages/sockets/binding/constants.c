/* The constants of the headers that this was compiled with. */
#include "addon.h"

#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/time.h>
#include <sys/un.h>

typedef struct {
  /* Set on the first of a group: the group's name. */
  const char *group;
  const char *name;
  int value;
} Constant;

static const Constant constants[] = {
#define GROUP(name) {#name, NULL, 0},
#define HAVE(name, value) {NULL, #name, (int)(value)},
#define LACK(name) {NULL, #name, -1},
#include "constants.def"
    GROUP(SIZE)
    HAVE(SOCKADDR_STORAGE, sizeof(struct sockaddr_storage))
    HAVE(SUN_PATH, sizeof(((struct sockaddr_un *)0)->sun_path))
    HAVE(INT, sizeof(int))
    HAVE(LINGER, sizeof(struct linger))
    HAVE(TIMEVAL, sizeof(struct timeval))
};

napi_status constants_define(napi_env env, napi_value exports) {
  napi_value groups, group = NULL, value;
  napi_status status = napi_create_object(env, &groups);
  for (size_t at = 0; status == napi_ok && at < sizeof constants / sizeof *constants; at += 1) {
    const Constant *constant = &constants[at];
    if (constant->group != NULL) {
      status = napi_create_object(env, &group);
      if (status == napi_ok) status = napi_set_named_property(env, groups, constant->group, group);
      continue;
    }
    status = napi_create_int32(env, constant->value, &value);
    if (status == napi_ok) status = napi_set_named_property(env, group, constant->name, value);
  }
  return status == napi_ok ? napi_set_named_property(env, exports, "constants", groups) : status;
}
