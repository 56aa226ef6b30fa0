// What the C contenders share: a Unix connection, the ways to wait for it, the clock, and rounds. A measuring program
// prints a line once it listens, and one once it is connected. Then it reads a number from its input for each round and
// prints what came of it.
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/** How a program waits: in the system call, in poll(2), or not at all. */
enum wait { WAIT_BLOCK, WAIT_POLL, WAIT_SPIN };

struct peer {
  int fd;
  enum wait wait;
};

/** What a program was started with: <measure|answer> <path> <block|poll|spin> <bytes a message> <send buffer, or 0>
 * <reuse|fresh>, which is about the memory that messages are received into. */
struct program {
  int measures;
  struct peer peer;
  char *bytes;
  size_t size;
  int fresh;
};

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void say(const char *line) {
  puts(line);
  fflush(stdout);
}

static double now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return 1e9 * (double)time.tv_sec + (double)time.tv_nsec;
}

static enum wait parse_wait(const char *text) {
  return strcmp(text, "poll") == 0 ? WAIT_POLL : strcmp(text, "spin") == 0 ? WAIT_SPIN : WAIT_BLOCK;
}

static struct sockaddr_un address_of(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    fprintf(stderr, "the path is too long\n");
    exit(1);
  }
  strcpy(address.sun_path, path);
  return address;
}

static int open_socket(void) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  return fd;
}

static struct peer accept_one(const char *path, enum wait wait) {
  struct sockaddr_un address = address_of(path);
  int listener = open_socket();
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
  if (listen(listener, 1) < 0) die("listen");
  say("listening");
  int fd = accept(listener, NULL, NULL);
  if (fd < 0) die("accept");
  close(listener);
  say("connected");
  return (struct peer){fd, wait};
}

static struct peer connect_to(const char *path, enum wait wait) {
  struct sockaddr_un address = address_of(path);
  int fd = open_socket();
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) die("connect");
  return (struct peer){fd, wait};
}

static int flags_of(const struct peer *peer) { return MSG_NOSIGNAL | (peer->wait == WAIT_BLOCK ? 0 : MSG_DONTWAIT); }

// Longer than any answer takes. Who spins between two rounds would keep a core from those whose turn it is.
static const double spin_ns = 1e6;

static void wait_for(const struct peer *peer, short events, double since) {
  struct pollfd one = {.fd = peer->fd, .events = events};
  if (peer->wait == WAIT_POLL || (peer->wait == WAIT_SPIN && now_ns() - since > spin_ns)) poll(&one, 1, -1);
}

static int would_block(void) { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

static void send_all(const struct peer *peer, const char *bytes, size_t size) {
  double since = now_ns();
  while (size > 0) {
    ssize_t sent = send(peer->fd, bytes, size, flags_of(peer));
    if (sent >= 0) {
      bytes += sent;
      size -= (size_t)sent;
    } else if (would_block()) {
      wait_for(peer, POLLOUT, since);
    } else {
      exit(0); // the other program has ended
    }
  }
}

/** What is here, at least one byte. */
static size_t recv_some(const struct peer *peer, char *bytes, size_t size) {
  double since = now_ns();
  while (1) {
    ssize_t received = recv(peer->fd, bytes, size, flags_of(peer));
    if (received > 0) return (size_t)received;
    if (received == 0 || !would_block()) exit(0);
    wait_for(peer, POLLIN, since);
  }
}

static void recv_all(const struct peer *peer, char *bytes, size_t size) {
  while (size > 0) {
    size_t received = recv_some(peer, bytes, size);
    bytes += received;
    size -= received;
  }
}

/** The work of the next round; the program ends with its input. */
static unsigned next_round(void) {
  unsigned count = 0;
  if (scanf("%u", &count) != 1) exit(0);
  return count;
}

static void *allocate(size_t size) {
  void *memory = calloc(1, size);
  if (memory == NULL) die("calloc");
  return memory;
}

static void set_send_buffer(int fd, int size) {
  if (size > 0 && setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size) < 0) die("setsockopt");
}

static struct program begin(int count, char **arguments) {
  if (count != 7) exit(2);
  int measures = strcmp(arguments[1], "measure") == 0;
  enum wait wait = parse_wait(arguments[3]);
  size_t size = strtoul(arguments[4], NULL, 10);
  struct peer peer = measures ? accept_one(arguments[2], wait) : connect_to(arguments[2], wait);
  set_send_buffer(peer.fd, atoi(arguments[5]));
  return (struct program){measures, peer, allocate(size), size, strcmp(arguments[6], "fresh") == 0};
}
