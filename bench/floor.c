/*
 * The C floor: what reading, splitting, escaping and posting costs with plain sockets, a thread for each partition, and nothing
 * else. It knows the simulator's answers (chunked feeds, whole posts) and nothing of the world: no TLS, no check of what
 * comes, no commit, no retry. Any surprise ends it. `bench/c-floor.ts` compiles it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { batch_events = 1000, read_bytes = 256 << 10, line_bytes_max = 8 << 20, body_bytes = 24 << 20, head_room = 512 };

static char host[64];
static int port;
static const char *intake_key;

static void die(const char *why) {
  fprintf(stderr, "floor.c: %s\n", why);
  exit(1);
}

static int dial(void) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  inet_pton(AF_INET, host, &to.sin_addr);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) die("no connection");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

static void send_all(int fd, const char *bytes, size_t size) {
  while (size > 0) {
    ssize_t sent = write(fd, bytes, size);
    if (sent <= 0) die("a write failed");
    bytes += sent;
    size -= sent;
  }
}

/* Reads a whole answer with a Content-Length; gives its body, which must have come with a success. */
static char *answer(int fd, char *room, size_t size) {
  size_t used = 0;
  for (;;) {
    ssize_t got = read(fd, room + used, size - 1 - used);
    if (got <= 0) die("an answer broke off");
    room[used += got] = 0;
    char *body = strstr(room, "\r\n\r\n");
    if (body == NULL) continue;
    char *length = strcasestr(room, "content-length:");
    if (strncmp(room + 9, "20", 2) != 0 || length == NULL || length > body) die("an unexpected answer");
    if (used >= (size_t)(body + 4 - room) + atoi(length + 15)) return body + 4;
  }
}

/* Copies a line as the inside of a JSON string: a backslash before quotes and backslashes, 16 bytes at once where none is. */
static char *escape(const char *from, const char *end, char *to) {
  while (from < end) {
#ifdef __SSE2__
    while (end - from >= 16) {
      __m128i bytes = _mm_loadu_si128((const __m128i *)from);
      __m128i special = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
      int mask = _mm_movemask_epi8(special);
      int plain = mask == 0 ? 16 : __builtin_ctz(mask);
      _mm_storeu_si128((__m128i *)to, bytes);
      from += plain;
      to += plain;
      if (mask != 0) break;
    }
    if (from == end) break;
#endif
    if (*from == '"' || *from == '\\') *to++ = '\\';
    *to++ = *from++;
  }
  return to;
}

struct poster {
  int fd, count, in_flight;
  char *body, *at;
  /* Highest offset taken: what a real client would commit. */
  long offset;
};

static void await_post(struct poster *post) {
  static __thread char room[64 << 10];
  if (post->in_flight) answer(post->fd, room, sizeof room);
  post->in_flight = 0;
}

/* Waits for the post before this one and starts this one; the reading goes on while the intake works. */
static void send_batch(struct poster *post) {
  char head[head_room], opening[128];
  int opening_size = snprintf(opening, sizeof opening, "{\"intake_key\":\"%s\",\"jsons\":[\"", intake_key);
  memcpy(post->at, "\"]}", 3);
  size_t size = post->at + 3 - post->body;
  int head_size = snprintf(head, sizeof head,
                           "POST /batch HTTP/1.1\r\nHost: %s:%d\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                           host, port, opening_size + size, opening);
  await_post(post);
  send_all(post->fd, head, head_size);
  send_all(post->fd, post->body, size);
  post->in_flight = 1;
  post->count = 0;
  post->at = post->body;
}

static void take_line(struct poster *post, const char *line, const char *end) {
  if (end > line && end[-1] == '\r') end--;
  if (end == line) return;
  const char *offset = memmem(line, end - line, "\"offset\":", 9);
  if (offset != NULL) post->offset = strtol(offset + 9, NULL, 10);
  if (post->at + 2 * (end - line) + 16 > post->body + body_bytes) die("a batch does not fit");
  if (post->count > 0) post->at = (char *)memcpy(post->at, "\",\"", 3) + 3;
  post->at = escape(line, end, post->at);
  if (++post->count == batch_events) send_batch(post);
}

/* Takes the whole lines in `[begin, end)`; gives where the unfinished one begins. */
static char *take_lines(struct poster *post, char *begin, char *end) {
  for (char *lf; (lf = memchr(begin, '\n', end - begin)) != NULL; begin = lf + 1) take_line(post, begin, lf);
  return begin;
}

/* Reads the feed whose request this is: HTTP chunks are joined in place, since lines pay them no heed. */
static void *read_feed(void *request) {
  struct poster post = {.fd = dial(), .body = malloc(body_bytes)};
  char *room = malloc(line_bytes_max + read_bytes), *rest = room, *line = room;
  post.at = post.body;
  int fd = dial();
  send_all(fd, request, strlen(request));
  /* `line` to `rest` is a line's beginning; raw bytes come behind it. Until the head is over, all is raw. */
  size_t raw = 0, left = 0;
  int in_head = 1;
  for (;;) {
    ssize_t got = read(fd, rest + raw, read_bytes - raw);
    if (got <= 0) break;
    char *from = rest, *end = rest + raw + got;
    if (in_head) {
      char *body = memmem(from, end - from, "\r\n\r\n", 4);
      raw = end - from;
      if (body == NULL) continue;
      if (strncmp(from + 9, "200", 3) != 0) die("the feed did not open");
      from = body + 4;
      in_head = 0;
    }
    while (from < end) {
      if (left == 0) {
        /* The line end of the chunk before, if there was one, and then a size. */
        char *size = from;
        while (size < end && (*size == '\r' || *size == '\n')) size++;
        char *lf = memchr(size, '\n', end - size);
        if (lf == NULL) break;
        left = strtol(size, NULL, 16);
        from = lf + 1;
        if (left == 0) goto over;
      }
      size_t take = left < (size_t)(end - from) ? left : (size_t)(end - from);
      memmove(rest, from, take);
      rest += take;
      from += take;
      left -= take;
    }
    raw = end - from;
    line = take_lines(&post, line, rest);
    if (rest - line > line_bytes_max - read_bytes) die("a line is too long");
    memmove(room, line, rest - line);
    rest = room + (rest - line);
    line = room;
    memmove(rest, from, raw);
  }
over:
  if (post.count > 0) send_batch(&post);
  await_post(&post);
  return NULL;
}

/* Copies the text between `open` and the next quote; moves `from` behind it. False when there is none. */
static int quoted(char **from, const char *open, char *to, size_t size) {
  char *begin = strstr(*from, open);
  char *end = begin == NULL ? NULL : strchr(begin + strlen(open), '"');
  if (end == NULL) return 0;
  begin += strlen(open);
  if ((size_t)(end - begin) >= size) die("a text is too long");
  memcpy(to, begin, end - begin);
  to[end - begin] = 0;
  *from = end;
  return 1;
}

int main(void) {
  static char room[1 << 20], text[1 << 13], token[1 << 12], url[1 << 12];
  pthread_t threads[1000];
  int count = 0;
  intake_key = getenv("SEKOIA_INTAKE_KEY");
  if (intake_key == NULL || sscanf(getenv("FALCON_BASE_URL"), "http://%63[^:]:%d", host, &port) != 2) die("no settings");
  int fd = dial();
  snprintf(url, sizeof url, "client_id=%s&client_secret=%s", getenv("FALCON_CLIENT_ID"), getenv("FALCON_CLIENT_SECRET"));
  snprintf(text, sizeof text,
           "POST /oauth2/token HTTP/1.1\r\nHost: %s:%d\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n%s",
           host, port, strlen(url), url);
  send_all(fd, text, strlen(text));
  char *said = answer(fd, room, sizeof room);
  if (!quoted(&said, "\"access_token\":\"", token, sizeof token)) die("no token");
  snprintf(text, sizeof text, "GET /sensors/entities/datafeed/v2?appId=bench HTTP/1.1\r\nHost: %s:%d\r\nAuthorization: Bearer %s\r\n\r\n",
           host, port, token);
  send_all(fd, text, strlen(text));
  said = answer(fd, room, sizeof room);
  while (count < 1000 && quoted(&said, "\"dataFeedURL\":\"", url, sizeof url)) {
    if (!quoted(&said, "\"token\":\"", token, sizeof token)) die("a stream without a token");
    char *path = strchr(url + strlen("http://"), '/'), *request;
    if (asprintf(&request, "GET %s HTTP/1.1\r\nHost: %s:%d\r\nAuthorization: Token %s\r\n\r\n", path, host, port, token) < 0) die("no memory");
    pthread_create(&threads[count++], NULL, read_feed, request);
  }
  for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
  return 0;
}
