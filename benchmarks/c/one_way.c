// Messages one way. The measuring program asks for as many as it wants, and receives them into one reused buffer or, when
// told so, each into fresh memory.
#include "common.h"
#ifdef __GLIBC__
#include <malloc.h>
#endif

/** Small messages are received as many at a time as this holds. */
static const size_t batch = 64 * 1024;

static void receive_reusing(const struct program *program, unsigned count) {
  if (program->size >= batch) {
    for (unsigned i = 0; i < count; i++) recv_all(&program->peer, program->bytes, program->size);
    return;
  }
  static char buffer[64 * 1024];
  size_t left = (size_t)count * program->size;
  while (left > 0) left -= recv_some(&program->peer, buffer, left < batch ? left : batch);
}

static void receive_fresh(const struct program *program, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    char *bytes = malloc(program->size);
    if (bytes == NULL) die("malloc");
    recv_all(&program->peer, bytes, program->size);
    free(bytes);
  }
}

static void measure(const struct program *program) {
  while (1) {
    unsigned count = next_round();
    double start = now_ns();
    send_all(&program->peer, (const char *)&count, sizeof count);
    if (program->fresh) receive_fresh(program, count);
    else receive_reusing(program, count);
    double seconds = (now_ns() - start) / 1e9;
    printf("{\"value\":%.3f}\n", (double)count * (double)program->size / (1024 * 1024) / seconds);
    fflush(stdout);
  }
}

static void answer(const struct program *program) {
  while (1) {
    unsigned count = 0;
    recv_all(&program->peer, (char *)&count, sizeof count);
    for (unsigned i = 0; i < count; i++) send_all(&program->peer, program->bytes, program->size);
  }
}

int main(int count, char **arguments) {
#ifdef __GLIBC__
  // Its default, which otherwise rises to the size of what was freed: large messages would get the same memory again.
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
#endif
  struct program program = begin(count, arguments);
  if (program.measures) measure(&program);
  else answer(&program);
}
