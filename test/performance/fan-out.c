/*
 * The two C halves of fan-out.ts.
 *
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

int main(int argc, char **argv) {
  if (argc != 6) return 2;
  int port = atoi(argv[2]), count = atoi(argv[3]);
  if (!strcmp(argv[1], "serve")) return serve(port, count, atoi(argv[4]), atoi(argv[5]));
  return readers(port, count, argv[4], atol(argv[5]));
}
