// Messages one way, into one reused buffer. The measuring program asks for as many as it wants.
#include "common.h"

static void measure(const struct program *program) {
  while (1) {
    unsigned count = next_round();
    double start = now_ns();
    send_all(&program->peer, (const char *)&count, sizeof count);
    for (unsigned i = 0; i < count; i++) recv_all(&program->peer, program->bytes, program->size);
    double seconds = (now_ns() - start) / 1e9;
    printf("{\"value\":%.1f}\n", (double)count * (double)program->size / (1024 * 1024) / seconds);
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
  struct program program = begin(count, arguments);
  if (program.measures) measure(&program);
  else answer(&program);
}
