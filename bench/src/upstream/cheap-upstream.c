/*
 * An MCP server that costs almost nothing, so that whatever stands in front of it is the bottleneck.
 * One thread, epoll, answers prepared beforehand; the request's id is echoed.
 *
 *   cheap-upstream PORT     HTTP on 127.0.0.1; prints the port when it listens (0: any free one)
 *   cheap-upstream --stdio  newline-delimited JSON-RPC on stdin and stdout (2025-11-25)
 *
 * Path: /modern/SIZE speaks 2026-07-28 only, /legacy/SIZE 2025-11-25 and earlier only. SIZE is about how many
 * bytes the result of `echo` has (0: the shortest). The tool `stream` sends 201 progress events and its result.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define MODERN "2026-07-28"
#define PROGRESS_EVENTS 201
#define MAX_REQUEST (4 << 20)
#define MAX_RESULT (1 << 20)
#define MAX_SIZES 16

typedef struct { char *data; size_t length, capacity; } Bytes;
typedef struct { int fd; bool waitsForWrite; Bytes in, out; size_t sent; } Connection;
typedef struct { const char *data; size_t length; } Slice;
typedef struct { Slice path, version, body; bool isPost, isDelete, modern; size_t resultSize; } Request;

static int poller;

static void append(Bytes *b, const char *data, size_t length) {
  if (b->length + length > b->capacity) {
    b->capacity = (b->length + length) * 2;
    b->data = realloc(b->data, b->capacity);
    if (!b->data) abort();
  }
  memcpy(b->data + b->length, data, length);
  b->length += length;
}
static void text(Bytes *b, const char *s) { append(b, s, strlen(s)); }

/* Only the ends of a message are searched: the arguments in the middle may be large. */
static const char *find(Slice s, const char *what) {
  size_t edge = 600, n = strlen(what);
  const char *hit = memmem(s.data, s.length < edge ? s.length : edge, what, n);
  if (!hit && s.length > edge) hit = memmem(s.data + s.length - edge, edge, what, n);
  return hit ? hit + n : NULL;
}

/* The JSON value after `"name":`, as written. Good enough for the messages of a benchmark. */
static Slice member(Slice body, const char *name) {
  const char *p = find(body, name), *end = body.data + body.length;
  if (!p) return (Slice){0};
  while (p < end && *p == ' ') p++;
  const char *from = p;
  if (p < end && *p == '"') for (p++; p < end && *p++ != '"';);
  else while (p < end && *p != ',' && *p != '}' && *p != '\n') p++;
  return (Slice){from, (size_t)(p - from)};
}
static bool is(Slice s, const char *what) { return s.length == strlen(what) && !memcmp(s.data, what, s.length); }

/* The result of `echo`: rows of mixed JSON up to about `size` bytes, built once for each size. */
static Slice echoResult(size_t size, bool modern) {
  static struct { size_t size; bool modern; Bytes bytes; } built[MAX_SIZES];
  static int count;
  for (int i = 0; i < count; i++)
    if (built[i].size == size && built[i].modern == modern) return (Slice){built[i].bytes.data, built[i].bytes.length};
  if (count == MAX_SIZES || size > MAX_RESULT) exit(2);
  built[count].size = size, built[count].modern = modern;
  Bytes *b = &built[count++].bytes;
  text(b, modern ? "{\"resultType\":\"complete\"," : "{");
  text(b, "\"content\":[{\"type\":\"text\",\"text\":\"bench-ok\"}]");
  for (int row = 0; b->length + 100 < size; row++) {
    char line[160];
    snprintf(line, sizeof line, "%s{\"name\":\"row-%05d\",\"value\":%d.5,\"tags\":[\"red\",\"b\\u00e9ta\"],\"on\":true,\"next\":null}",
             row ? "," : ",\"structuredContent\":{\"rows\":[", row, row * 7919 % 10007);
    text(b, line);
  }
  text(b, memmem(b->data, b->length, "rows", 4) ? "]}}" : "}");
  return (Slice){b->data, b->length};
}

static const char *TOOLS =
  "\"tools\":[{\"name\":\"echo\",\"description\":\"Answers with a prepared result\",\"inputSchema\":{\"type\":\"object\"}},"
  "{\"name\":\"stream\",\"description\":\"Reports progress, then answers\",\"inputSchema\":{\"type\":\"object\"}}]";

/* Writes the JSON-RPC answer to `body` into `out`; false when a notification needs none. */
static bool answer(Request r, Bytes *out) {
  Slice method = member(r.body, "\"method\":"), id = member(r.body, "\"id\":");
  if (!id.length) return false;
  text(out, "{\"jsonrpc\":\"2.0\",\"id\":"), append(out, id.data, id.length);
  const char *cache = r.modern ? ",\"resultType\":\"complete\",\"ttlMs\":60000,\"cacheScope\":\"public\"}}" : "}}";
  if (is(method, "\"tools/call\"")) {
    Slice result = echoResult(r.resultSize, r.modern);
    text(out, ",\"result\":"), append(out, result.data, result.length), text(out, "}");
  } else if (is(method, "\"tools/list\"")) {
    text(out, ",\"result\":{"), text(out, TOOLS), text(out, cache);
  } else if (is(method, "\"server/discover\"") && r.modern) {
    text(out, ",\"result\":{\"supportedVersions\":[\"" MODERN "\"],\"capabilities\":{\"tools\":{\"listChanged\":true}},"
              "\"_meta\":{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"cheap\",\"version\":\"1.0.0\"}}");
    text(out, cache);
  } else if (is(method, "\"initialize\"") && !r.modern) {
    Slice version = member(r.body, "\"protocolVersion\":");
    text(out, ",\"result\":{\"capabilities\":{\"tools\":{}},\"serverInfo\":{\"name\":\"cheap\",\"version\":\"1.0.0\"},\"protocolVersion\":");
    append(out, version.data, version.length), text(out, "}}");
  } else if (is(method, "\"ping\"")) text(out, ",\"result\":{}}");
  else text(out, ",\"error\":{\"code\":-32601,\"message\":\"Method not found\"}}");
  return true;
}

static void watch(Connection *c, bool write) {
  if (c->waitsForWrite == write) return;
  c->waitsForWrite = write;
  struct epoll_event e = {.events = EPOLLIN | (write ? EPOLLOUT : 0), .data.ptr = c};
  epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &e);
}
static void flush(Connection *c) {
  while (c->sent < c->out.length) {
    ssize_t n = send(c->fd, c->out.data + c->sent, c->out.length - c->sent, MSG_NOSIGNAL);
    if (n <= 0) { watch(c, n < 0 && errno == EAGAIN); return; }
    c->sent += (size_t)n;
  }
  c->out.length = c->sent = 0;
  watch(c, false);
}

static void status(Connection *c, const char *line, const char *headers, Slice body) {
  char head[256];
  int n = snprintf(head, sizeof head, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", line, headers, body.length);
  append(&c->out, head, (size_t)n);
  append(&c->out, body.data, body.length);
}

/* One event is one chunk and one write, as a server that reports progress while it works would do it. */
static void event(Connection *c, const char *data, size_t length) {
  char head[32];
  append(&c->out, head, (size_t)snprintf(head, sizeof head, "%zx\r\ndata: ", length + 8));
  append(&c->out, data, length), text(&c->out, "\n\n\r\n");
  flush(c);
}
static void stream(Connection *c, Request r, bool listen) {
  text(&c->out, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
                "X-Accel-Buffering: no\r\nTransfer-Encoding: chunked\r\n\r\n");
  Slice id = member(r.body, "\"id\":"), token = member(r.body, "\"progressToken\":");
  char line[512];
  if (listen) {
    int n = snprintf(line, sizeof line, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\",\"params\":"
      "{\"notifications\":{\"toolsListChanged\":true},\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":%.*s}}}", (int)id.length, id.data);
    event(c, line, (size_t)n);
    return;
  }
  for (int i = 1; i <= PROGRESS_EVENTS; i++) {
    int n = snprintf(line, sizeof line, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":"
      "{\"progressToken\":%.*s,\"progress\":%d,\"total\":%d}}", (int)token.length, token.data, i, PROGRESS_EVENTS);
    event(c, line, (size_t)n);
  }
  Bytes last = {0};
  answer(r, &last);
  event(c, last.data, last.length);
  free(last.data);
  text(&c->out, "0\r\n\r\n");
}

static void respond(Connection *c, Request r) {
  static Bytes body;
  if (r.isDelete) return status(c, "200 OK", "", (Slice){"", 0});
  if (!r.isPost) return status(c, "405 Method Not Allowed", "Allow: POST\r\n", (Slice){"", 0});
  body.length = 0;
  if (r.modern != is(r.version, MODERN)) {
    text(&body, "{\"jsonrpc\":\"2.0\",\"id\":");
    Slice id = member(r.body, "\"id\":");
    if (id.length) append(&body, id.data, id.length); else text(&body, "null");
    text(&body, r.modern ? ",\"error\":{\"code\":-32022,\"message\":\"Unsupported protocol version\",\"data\":{\"supported\":[\"" MODERN "\"]}}}"
                         : ",\"error\":{\"code\":-32000,\"message\":\"Bad Request: unsupported protocol version\"}}");
    return status(c, "400 Bad Request", "Content-Type: application/json\r\n", (Slice){body.data, body.length});
  }
  Slice method = member(r.body, "\"method\":");
  if (is(method, "\"subscriptions/listen\"")) return stream(c, r, true);
  if (is(method, "\"tools/call\"") && is(member(r.body, "\"name\":"), "\"stream\"")) return stream(c, r, false);
  if (!answer(r, &body)) return status(c, "202 Accepted", "", (Slice){"", 0});
  bool opens = is(method, "\"initialize\"");
  status(c, "200 OK", opens ? "Content-Type: application/json\r\nMcp-Session-Id: cheap-session\r\n" : "Content-Type: application/json\r\n",
         (Slice){body.data, body.length});
}

/* Bytes of the first whole request in `s`, 0 when it is not there yet, -1 when it cannot be served. */
static ssize_t parse(Slice s, Request *r) {
  const char *end = memmem(s.data, s.length, "\r\n\r\n", 4);
  if (!end) return s.length > 65536 ? -1 : 0;
  *r = (Request){.isPost = !memcmp(s.data, "POST ", 5), .isDelete = !memcmp(s.data, "DELETE ", 7)};
  const char *path = memchr(s.data, ' ', 16);
  if (!path) return -1;
  r->modern = !strncmp(path + 1, "/modern/", 8);
  r->resultSize = strtoul(path + 9, NULL, 10);
  size_t length = 0, head = (size_t)(end + 4 - s.data);
  for (const char *line = memchr(s.data, '\n', head); line && line < end; line = memchr(line, '\n', (size_t)(end + 4 - line))) {
    line++;
    if (!strncasecmp(line, "content-length:", 15)) length = strtoul(line + 15, NULL, 10);
    else if (!strncasecmp(line, "mcp-protocol-version: ", 22)) r->version = (Slice){line + 22, strcspn(line + 22, "\r")};
    else if (!strncasecmp(line, "transfer-encoding:", 18)) return -1;
  }
  if (length > MAX_REQUEST) return -1;
  r->body = (Slice){s.data + head, length};
  return s.length < head + length ? 0 : (ssize_t)(head + length);
}

static bool readable(Connection *c) {
  static char chunk[262144];
  ssize_t n = recv(c->fd, chunk, sizeof chunk, 0);
  if (n == 0 || (n < 0 && errno != EAGAIN)) return false;
  if (n > 0) append(&c->in, chunk, (size_t)n);
  size_t used = 0;
  for (Request r;;) {
    ssize_t size = parse((Slice){c->in.data + used, c->in.length - used}, &r);
    if (size < 0) return false;
    if (size == 0) break;
    respond(c, r);
    used += (size_t)size;
  }
  memmove(c->in.data, c->in.data + used, c->in.length -= used);
  flush(c);
  return true;
}

static void accepted(int listener) {
  for (int fd, one = 1; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    Connection *c = calloc(1, sizeof *c);
    c->fd = fd;
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &e);
  }
}
static void serve(int port) {
  struct rlimit limit;
  if (!getrlimit(RLIMIT_NOFILE, &limit)) limit.rlim_cur = limit.rlim_max, setrlimit(RLIMIT_NOFILE, &limit);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  if (bind(listener, (void *)&address, size) || listen(listener, 4096)) { perror("listen"); exit(1); }
  getsockname(listener, (void *)&address, &size);
  poller = epoll_create1(0);
  struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL}, events[256];
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &e);
  printf("%d\n", ntohs(address.sin_port)), fflush(stdout);
  for (;;) {
    int n = epoll_wait(poller, events, 256, -1);
    for (int i = 0; i < n; i++) {
      Connection *c = events[i].data.ptr;
      if (!c) { accepted(listener); continue; }
      if (events[i].events & EPOLLOUT) flush(c);
      if (!(events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) || readable(c)) continue;
      close(c->fd), free(c->in.data), free(c->out.data), free(c);
    }
  }
}

static void serveStdio(void) {
  char *line = NULL;
  size_t capacity = 0;
  Bytes out = {0};
  for (ssize_t n; (n = getline(&line, &capacity, stdin)) > 0;) {
    out.length = 0;
    if (!answer((Request){.body = {line, (size_t)n}}, &out)) continue;
    text(&out, "\n"), fwrite(out.data, 1, out.length, stdout), fflush(stdout);
  }
}

int main(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "--stdio")) serveStdio();
  else serve(argc > 1 ? atoi(argv[1]) : 0);
  return 0;
}
