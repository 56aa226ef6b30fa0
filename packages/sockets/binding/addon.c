/*
 * The module: what ../src/internal/binding.ts declares. System calls that never wait and give a number, over handles of
 * this thread. Safety rules: docs/architecture.md, "The native addon".
 */
#include "addon.h"

#include <string.h>

/* As many as `results` of binding.ts has. */
enum { RESULT_COUNT = 4 };

static napi_value invoke(napi_env env, napi_callback_info info) {
  Arguments arguments = {.env = env};
  size_t count = MOST_ARGUMENTS;
  void *data;
  napi_value result = NULL;
  /* Those that were not given are undefined. */
  if (napi_get_cb_info(env, info, &count, arguments.values, NULL, &data) != napi_ok) return NULL;
  const Function *function = data;
  if (napi_get_instance_data(env, (void **)&arguments.environment) != napi_ok) return NULL;
  napi_create_int32(env, function->call(&arguments), &result);
  return result;
}

static napi_value decode(napi_env env, napi_callback_info info) {
  Arguments arguments = {.env = env};
  size_t count = MOST_ARGUMENTS;
  if (napi_get_cb_info(env, info, &count, arguments.values, NULL, NULL) != napi_ok) return NULL;
  return address_decode(&arguments);
}

static napi_value on_ready(napi_env env, napi_callback_info info) {
  Environment *environment;
  size_t count = 1;
  napi_value callback;
  napi_valuetype type;
  napi_ref reference;
  if (napi_get_cb_info(env, info, &count, &callback, NULL, NULL) != napi_ok) return NULL;
  if (napi_get_instance_data(env, (void **)&environment) != napi_ok) return NULL;
  if (napi_typeof(env, callback, &type) != napi_ok || type != napi_function) {
    napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "onReady takes a function");
    return NULL;
  }
  if (napi_create_reference(env, callback, 1, &reference) != napi_ok) return NULL;
  if (environment->on_ready != NULL) napi_delete_reference(env, environment->on_ready);
  environment->on_ready = reference;
  return NULL;
}

static napi_status define(napi_env env, napi_value exports, const char *name, napi_callback callback, void *data) {
  napi_value function;
  napi_status status = napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, data, &function);
  return status == napi_ok ? napi_set_named_property(env, exports, name, function) : status;
}

static napi_status define_all(napi_env env, napi_value exports) {
  static const Function *const tables[] = {life_functions,  address_functions,  naming_functions,  option_functions,
                                           bytes_functions, datagram_functions, message_functions, poll_functions};
  napi_status status = napi_ok;
  for (size_t table = 0; table < sizeof tables / sizeof *tables; table += 1) {
    for (const Function *at = tables[table]; status == napi_ok && at->name != NULL; at += 1)
      status = define(env, exports, at->name, invoke, (void *)(uintptr_t)at);
  }
  if (status == napi_ok) status = define(env, exports, "decode", decode, NULL);
  return status == napi_ok ? define(env, exports, "onReady", on_ready, NULL) : status;
}

static napi_status define_results(napi_env env, napi_value exports, Environment *environment) {
  napi_value memory, results;
  void *data;
  napi_status status = napi_create_arraybuffer(env, RESULT_COUNT * sizeof(int32_t), &data, &memory);
  if (status == napi_ok) memset(data, 0, RESULT_COUNT * sizeof(int32_t));
  if (status == napi_ok)
    status = napi_create_typedarray(env, napi_int32_array, RESULT_COUNT, memory, 0, &results);
  if (status == napi_ok) status = napi_create_reference(env, results, 1, &environment->results);
  return status == napi_ok ? napi_set_named_property(env, exports, "results", results) : status;
}

/* libuv is outside of what N-API promises: the layout of uv_poll_t is compiled in. */
static bool libuv_fits(void) {
  return uv_version() >> 16 == UV_VERSION_MAJOR && uv_handle_size(UV_POLL) <= sizeof(uv_poll_t);
}

NAPI_MODULE_INIT() {
  if (!libuv_fits()) {
    napi_throw_error(env, "ERR_LIBUV_VERSION", "this Node has another libuv than the addon was compiled for");
    return NULL;
  }
  Environment *environment = environment_make(env);
  if (environment == NULL || define_all(env, exports) != napi_ok ||
      define_results(env, exports, environment) != napi_ok || constants_define(env, exports) != napi_ok) {
    napi_throw_error(env, NULL, "the addon could not be set up");
    return NULL;
  }
  return exports;
}
