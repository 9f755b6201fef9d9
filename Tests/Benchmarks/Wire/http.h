// HTTP/1.1 on one thread with epoll: as much of it as the stand-ins of the benchmarks need to be no bottleneck.
#ifndef BENCHMARK_HTTP_H
#define BENCHMARK_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

typedef struct {
    char *head;  // request or status line and fields, NUL-terminated
    char *body;
    size_t length;  // of the body, in bytes
} Message;

typedef enum { FRAME_LENGTH, FRAME_CHUNKED, FRAME_UNTIL_CLOSE } Framing;

typedef struct Connection {
    int fd;
    bool is_client, close_after, is_waiting_to_write;
    char *in;
    size_t filled, capacity;
    // The message that is coming in; `head_end` is 0 until its head is complete.
    size_t head_end, body_end, body_left, chunk_at;
    Framing framing;
    // What goes out: a head of the connection's own and a body that outlives it.
    char head[2048];
    struct iovec out[2];
    void *user;
} Connection;

// Called with each complete message; it is valid until the call returns. False: the connection is closed, do not touch it.
typedef bool (*MessageHandler)(Connection *, Message *);

extern MessageHandler on_message;
// Called when the other side closed or broke off; NULL where nobody wants to know.
extern void (*on_close)(Connection *);

double now(void);
// Has the kernel end this process when the one that started it has ended, however that came.
void end_with_caller(void);
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Listens on a free port of 127.0.0.1 and returns it.
int start_listening(void);
Connection *connect_to(int port);
// Sends `head` (in the connection) and a body. False: the connection is closed.
bool send_message(Connection *, size_t head_length, const char *body, size_t length);
void close_connection(Connection *);
// Serves until `*stop`.
void serve(const bool *stop);
// The value of a header field up to the end of the text, NULL where it is not there.
const char *field(const char *head, const char *name);

char *read_file(const char *path, size_t *length);
// Writes a line to standard output at once.
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));
// Waits until the caller says go on: a line on standard input, whose end ends this process.
void wait_for_caller(void);
// Sorts times in seconds; prints them as members of a JSON object.
void report_times(double *times, long count, double seconds, long wrong, const char *first_wrong);

#endif
