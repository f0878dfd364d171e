/*
 * A load generator that knows when an answer is right. One thread, epoll, keep-alive, one request at a time on
 * each connection. The request is a file of raw HTTP bytes; `@@ID@@@@` in it becomes a new eight-digit number
 * for every request, which must come back in the answer, together with a marker and status 200.
 *
 *   load PORT FILE CONNECTIONS SECONDS MARKER   send for SECONDS, print one JSON line
 *   load PORT FILE CONNECTIONS hold MARKER      open CONNECTIONS event streams, print one line when all have sent
 *                                               the marker, hold them until stdin ends
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define ID_MARK "@@ID@@@@"
#define ID_LENGTH 8
#define MAX_HEAD 65536
#define MAX_MICROSECONDS 2000000
#define MAX_IDS 4
#define CONNECTING_AT_ONCE 64

enum { HEAD, FIXED, CHUNK_SIZE, CHUNK_DATA, CHUNK_END, TRAILER, DONE };
typedef struct {
  int fd, state, status;
  bool held, closes, waitsForWrite;
  size_t left, headLength, bodyLength, bodyCapacity, requestSent;
  char *head, *body, id[ID_LENGTH + 1];
  long long startedAt;
} Connection;

static int poller, port, connectionCount;
static char *request;
static size_t requestLength, idAt[MAX_IDS];
static int idCount;
static const char *marker;
static unsigned nextId;
static bool holding, stopped;
static unsigned histogram[MAX_MICROSECONDS + 1];
static long long requests, wrong, events, bytes, reconnects, heldCount;

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}
static void fail(const char *what) { perror(what); exit(1); }

static void readRequest(const char *file) {
  FILE *f = fopen(file, "rb");
  if (!f) fail(file);
  request = malloc(8 << 20);
  requestLength = fread(request, 1, 8 << 20, f);
  fclose(f);
  for (char *p = request; idCount < MAX_IDS && (p = memmem(p, requestLength - (size_t)(p - request), ID_MARK, ID_LENGTH)); p += ID_LENGTH)
    idAt[idCount++] = (size_t)(p - request);
}

/* Sends what is left of the request; large ones need more than one write. */
static void sendRequest(Connection *c) {
  for (int i = 0; i < idCount; i++) memcpy(request + idAt[i], c->id, ID_LENGTH);
  while (c->requestSent < requestLength) {
    ssize_t n = send(c->fd, request + c->requestSent, requestLength - c->requestSent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) break;
    c->requestSent += (size_t)n;
  }
  bool waits = c->requestSent < requestLength;
  if (waits == c->waitsForWrite) return;
  c->waitsForWrite = waits;
  struct epoll_event e = {.events = EPOLLIN | (waits ? EPOLLOUT : 0), .data.ptr = c};
  epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &e);
}
static void begin(Connection *c) {
  c->state = HEAD, c->headLength = c->bodyLength = c->requestSent = 0;
  snprintf(c->id, sizeof c->id, "%08u", nextId++ % 90000000 + 10000000);
  c->startedAt = now();
  sendRequest(c);
}
static void open_(Connection *c) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int one = 1;
  c->waitsForWrite = false;
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (c->fd < 0 || connect(c->fd, (void *)&address, sizeof address)) fail("connect");
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &e);
  begin(c);
}

static void keep(Connection *c, const char *data, size_t length) {
  if (c->bodyLength + length > c->bodyCapacity) c->body = realloc(c->body, c->bodyCapacity = (c->bodyLength + length) * 2);
  memcpy(c->body + c->bodyLength, data, length);
  c->bodyLength += length;
}
static bool holds(const Connection *c, const char *what, size_t n) {
  size_t edge = 2048, length = c->bodyLength;
  if (memmem(c->body, length < edge ? length : edge, what, n)) return true;
  return length > edge && memmem(c->body + length - edge, edge, what, n);
}
static bool isRight(const Connection *c) {
  return c->status == 200 && holds(c, marker, strlen(marker)) && (!idCount || holds(c, c->id, ID_LENGTH));
}

static void finish(Connection *c) {
  long long microseconds = (now() - c->startedAt) / 1000;
  histogram[microseconds > MAX_MICROSECONDS ? MAX_MICROSECONDS : microseconds]++;
  requests++, bytes += (long long)c->bodyLength;
  const char *end = c->body + c->bodyLength;
  for (char *p = c->body; p && p < end && (p = memmem(p, (size_t)(end - p), "data:", 5)); p += 5) events++;
  if (!isRight(c) && !wrong++) fprintf(stderr, "unexpected answer, status %d: %.*s\n", c->status, (int)(c->bodyLength < 400 ? c->bodyLength : 400), c->body);
  c->state = DONE;
}

static void readHead(Connection *c) {
  c->head[c->headLength] = 0;
  c->status = atoi(c->head + 9);
  const char *length = strcasestr(c->head, "\ncontent-length:");
  c->closes = strcasestr(c->head, "\nconnection: close") != NULL;
  if (strcasestr(c->head, "\ntransfer-encoding: chunked")) c->state = CHUNK_SIZE, c->left = 0;
  else c->left = length ? strtoul(length + 16, NULL, 10) : 0, c->state = FIXED;
  if (c->state == FIXED && c->left == 0) finish(c);
}

/* HTTP/1.1 as far as answers to a keep-alive POST need it: Content-Length, or chunks and trailers. */
static void feed(Connection *c, const char *p, size_t n) {
  for (const char *end = p + n; p < end && c->state != DONE;) {
    size_t run = (size_t)(end - p);
    switch (c->state) {
      case HEAD:
        if (c->headLength == MAX_HEAD - 1) exit(3);
        c->head[c->headLength++] = *p++;
        if (c->headLength > 3 && !memcmp(c->head + c->headLength - 4, "\r\n\r\n", 4)) readHead(c);
        break;
      case FIXED: case CHUNK_DATA:
        if (run > c->left) run = c->left;
        keep(c, p, run), p += run;
        if ((c->left -= run)) break;
        if (c->state == FIXED) finish(c); else c->state = CHUNK_END;
        break;
      case CHUNK_SIZE: {
        char d = *p++;
        if (d == '\n') c->state = c->left ? CHUNK_DATA : TRAILER, c->headLength = 0;
        else if (d != '\r') c->left = c->left * 16 + (size_t)(d <= '9' ? d - '0' : (d | 32) - 'a' + 10);
        break;
      }
      case CHUNK_END: if (*p++ == '\n') c->state = CHUNK_SIZE, c->left = 0; break;
      case TRAILER:
        if (*p == '\n') { if (c->headLength == 0) finish(c); c->headLength = 0; }
        else if (*p != '\r') c->headLength++;
        p++;
    }
  }
}

static void ready(Connection *c, unsigned flags) {
  static char chunk[262144];
  if (flags & EPOLLOUT) sendRequest(c);
  if (!(flags & ~(unsigned)EPOLLOUT)) return;
  ssize_t n = recv(c->fd, chunk, sizeof chunk, MSG_DONTWAIT);
  if (n < 0 && errno == EAGAIN) return;
  if (n > 0) feed(c, chunk, (size_t)n);
  if (holding && !c->held && c->bodyLength && holds(c, marker, strlen(marker))) c->held = true, heldCount++;
  if (n <= 0 || (c->state == DONE && c->closes)) {
    close(c->fd), reconnects++;
    if (c->held) c->held = false, heldCount--;
    if (holding && reconnects > connectionCount) { fprintf(stderr, "streams are refused, status %d: %.*s\n", c->status, (int)c->bodyLength, c->body ? c->body : ""); exit(4); }
    if (!stopped && (!holding || n > 0)) open_(c);
  } else if (c->state == DONE && !stopped) begin(c);
}

static long long percentile(double share) {
  long long seen = 0, wanted = (long long)((double)requests * share);
  for (int i = 0; i <= MAX_MICROSECONDS; i++) if ((seen += histogram[i]) > wanted) return i;
  return 0;
}
static void pollOnce(int timeoutMs) {
  struct epoll_event list[256];
  int n = epoll_wait(poller, list, 256, timeoutMs);
  for (int i = 0; i < n; i++) ready(list[i].data.ptr, list[i].events);
}

static void hold(Connection *all) {
  long long deadline = now() + 40000000000LL;
  for (int opened = 0; heldCount < connectionCount && now() < deadline; pollOnce(20))
    while (opened < connectionCount && opened - heldCount < CONNECTING_AT_ONCE) open_(&all[opened++]);
  printf("{\"held\":%lld,\"lost\":%lld}\n", heldCount, reconnects), fflush(stdout);
  struct pollfd in[2] = {{.fd = 0, .events = POLLIN}, {.fd = poller, .events = POLLIN}};
  for (char c; poll(in, 2, -1) >= 0;) {
    if (in[0].revents && read(0, &c, 1) <= 0) break;
    pollOnce(0);
  }
  printf("{\"held\":%lld,\"lost\":%lld}\n", heldCount, reconnects);
}

static void push(Connection *all, double seconds) {
  for (int i = 0; i < connectionCount; i++) open_(&all[i]);
  long long from = now(), until = from + (long long)(seconds * 1e9);
  while (now() < until) pollOnce(50);
  double took = (double)(now() - from) / 1e9;
  stopped = true;
  printf("{\"requests\":%lld,\"wrong\":%lld,\"events\":%lld,\"bytes\":%lld,\"reconnects\":%lld,\"seconds\":%.4f,"
         "\"p50Us\":%lld,\"p90Us\":%lld,\"p99Us\":%lld}\n",
         requests, wrong, events, bytes, reconnects, took, percentile(0.5), percentile(0.9), percentile(0.99));
}

int main(int argc, char **argv) {
  if (argc != 6) { fprintf(stderr, "usage: load PORT FILE CONNECTIONS SECONDS|hold MARKER\n"); return 1; }
  struct rlimit limit;
  if (!getrlimit(RLIMIT_NOFILE, &limit)) limit.rlim_cur = limit.rlim_max, setrlimit(RLIMIT_NOFILE, &limit);
  port = atoi(argv[1]), connectionCount = atoi(argv[3]), marker = argv[5];
  holding = !strcmp(argv[4], "hold");
  readRequest(argv[2]);
  /* Another run's ids are not sent again: what is known by them would be found instead of done. */
  nextId = (unsigned)(now() / 10000 % 90000000);
  poller = epoll_create1(0);
  Connection *all = calloc((size_t)connectionCount, sizeof *all);
  for (int i = 0; i < connectionCount; i++) all[i].head = malloc(MAX_HEAD);
  if (holding) hold(all); else push(all, atof(argv[4]));
  return 0;
}
