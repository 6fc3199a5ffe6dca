/*
 * The C parts of fan-out.ts and compare.ts.
 *
 *   fan-out hub PORT                         the bare loop behind just enough of HTTP: GET is a
 *                                            stream, what is POSTed goes to all streams
 *   fan-out serve PORT READERS EVENTS RATE   the bare loop of send(): prints its us of CPU a delivery
 *   fan-out read PORT READERS TARGET TOTAL   connects READERS times, reads until TOTAL events came
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_in loopback(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static double cpu_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static int serve(int port, int readers, int events, int rate) {
  static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n:ok\n\n";
  struct sockaddr_in address = loopback(port);
  int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  int *sockets = malloc(readers * sizeof *sockets);
  char buffer[4096], frame[200];
  int length = snprintf(frame, sizeof frame, "id: 1\ndata: %0100d\n\n", 7);

  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (void *)&address, sizeof address) || listen(listener, 4096)) return 1;
  puts("listening");
  fflush(stdout);
  for (int i = 0; i < readers; i++) {
    sockets[i] = accept(listener, 0, 0);
    setsockopt(sockets[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (read(sockets[i], buffer, sizeof buffer) <= 0) return 1;
    send(sockets[i], head, sizeof head - 1, MSG_NOSIGNAL);
  }
  sleep(1);

  struct timespec due;
  clock_gettime(CLOCK_MONOTONIC, &due);
  double before = cpu_seconds();
  for (int event = 0; event < events; event++) {
    for (int i = 0; i < readers; i++) send(sockets[i], frame, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    due.tv_nsec += 1000000000 / rate;
    if (due.tv_nsec >= 1000000000) due.tv_nsec -= 1000000000, due.tv_sec++;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, 0);
  }
  printf("%f\n", (cpu_seconds() - before) * 1e6 / ((double)events * readers));
  return 0;
}

static int readers(int port, int count, const char *target, long total) {
  static char buffer[262144];
  struct epoll_event ready[512];
  char request[300];
  int poll = epoll_create1(0);
  long seen = 0;

  snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", target);
  for (int i = 0; i < count; i++) {
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (connect(fd, (void *)&address, sizeof address)) return 1;
    if (write(fd, request, strlen(request)) < 0) return 1;
    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
  }
  while (seen < total) {
    int n = epoll_wait(poll, ready, 512, 20000);
    if (n <= 0) break;
    for (int i = 0; i < n; i++) {
      ssize_t got = read(ready[i].data.fd, buffer, sizeof buffer);
      if (got <= 0) epoll_ctl(poll, EPOLL_CTL_DEL, ready[i].data.fd, 0);
      for (char *at = buffer; got > 0 && (at = memmem(at, buffer + got - at, "data: ", 6)); at += 6)
        seen++;
    }
  }
  printf("%ld\n", seen);
  return 0;
}

struct connection {
  char *buffer;
  size_t used, size;
  int stream; /* its place among the streams, from 1; 0 is none */
};

static struct connection connections[65536];
static int streams[65536], open_streams;

static void send_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes += sent, length -= sent;
  }
}

static void drop(int fd) {
  int place = connections[fd].stream;
  if (place) {
    int last = streams[--open_streams];
    streams[place - 1] = last;
    connections[last].stream = place;
  }
  free(connections[fd].buffer);
  memset(&connections[fd], 0, sizeof connections[fd]);
  close(fd);
}

static void publish(const char *body, size_t length) {
  char *frame = malloc(length + 8);
  memcpy(frame, "data: ", 6);
  memcpy(frame + 6, body, length);
  memcpy(frame + 6 + length, "\n\n", 2);
  for (int i = 0; i < open_streams; i++) send_all(streams[i], frame, length + 8);
  free(frame);
}

/* Answers a request if all of it is there; how many bytes that took. */
static size_t answer(int fd, struct connection *one) {
  static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n:ok\n\n";
  static const char taken[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
  char *end = memmem(one->buffer, one->used, "\r\n\r\n", 4), *field;
  if (!end) return 0;
  size_t body = end + 4 - one->buffer, length = 0;
  *end = 0;
  if ((field = strcasestr(one->buffer, "content-length:"))) length = atol(field + 15);
  *end = '\r';
  if (one->used < body + length) return 0;
  if (!memcmp(one->buffer, "GET", 3)) {
    streams[open_streams++] = fd;
    one->stream = open_streams;
    send_all(fd, head, sizeof head - 1);
  } else {
    publish(one->buffer + body, length);
    send_all(fd, taken, sizeof taken - 1);
  }
  return body + length;
}

static void receive(int fd) {
  struct connection *one = &connections[fd];
  size_t used;
  if (one->size - one->used < 2048) {
    one->size = one->size ? one->size * 2 : 4096;
    one->buffer = realloc(one->buffer, one->size);
  }
  ssize_t got = read(fd, one->buffer + one->used, one->size - one->used - 1);
  if (got <= 0) {
    drop(fd);
    return;
  }
  one->used += got;
  while ((used = answer(fd, one)) > 0) {
    one->used -= used;
    memmove(one->buffer, one->buffer + used, one->used);
  }
}

static int hub(int port) {
  struct sockaddr_in address = loopback(port);
  struct epoll_event ready[512], event = {.events = EPOLLIN};
  int listener = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0), one = 1;

  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (void *)&address, sizeof address) || listen(listener, 4096)) return 1;
  event.data.fd = listener;
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  puts("listening");
  fflush(stdout);
  for (;;) {
    int n = epoll_wait(poll, ready, 512, -1);
    for (int i = 0; i < n; i++) {
      int fd = ready[i].data.fd;
      if (fd != listener) {
        receive(fd);
        continue;
      }
      fd = accept(listener, 0, 0);
      if (fd < 0 || fd >= 65536) return 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      event.data.fd = fd;
      epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
    }
  }
}

int main(int argc, char **argv) {
  if (argc == 3 && !strcmp(argv[1], "hub")) return hub(atoi(argv[2]));
  if (argc != 6) return 2;
  int port = atoi(argv[2]), count = atoi(argv[3]);
  if (!strcmp(argv[1], "serve")) return serve(port, count, atoi(argv[4]), atoi(argv[5]));
  return readers(port, count, argv[4], atol(argv[5]));
}
