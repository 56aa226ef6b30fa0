// A round trip.
#include "common.h"

static int ascending(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

static void report(double *trips, unsigned count, double total) {
  qsort(trips, count, sizeof *trips, ascending);
  printf("{\"value\":%.1f,\"p50\":%.1f,\"p99\":%.1f}\n", total / count, trips[count / 2],
         trips[(unsigned)((count - 1) * 0.99)]);
  fflush(stdout);
}

static void measure(const struct program *program) {
  while (1) {
    unsigned count = next_round();
    double *trips = allocate(count * sizeof *trips);
    double start = now_ns(), last = start;
    for (unsigned i = 0; i < count; i++) {
      send_all(&program->peer, program->bytes, program->size);
      recv_all(&program->peer, program->bytes, program->size);
      double now = now_ns();
      trips[i] = now - last;
      last = now;
    }
    report(trips, count, last - start);
    free(trips);
  }
}

static void answer(const struct program *program) {
  while (1) {
    recv_all(&program->peer, program->bytes, program->size);
    send_all(&program->peer, program->bytes, program->size);
  }
}

int main(int count, char **arguments) {
  struct program program = begin(count, arguments);
  if (program.measures) measure(&program);
  else answer(&program);
}
