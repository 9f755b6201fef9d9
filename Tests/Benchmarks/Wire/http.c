#define _GNU_SOURCE
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

MessageHandler on_message;
void (*on_close)(Connection *);

static int poller = -1, listener = -1;

double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

void end_with_caller(void) { prctl(PR_SET_PDEATHSIG, SIGKILL); }

void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(2);
}

static void watch(Connection *connection, int operation, bool writing) {
    struct epoll_event event = {.events = EPOLLIN | (writing ? EPOLLOUT : 0), .data.ptr = connection};
    if (poller < 0) poller = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ctl(poller, operation, connection->fd, &event) < 0) die("epoll_ctl: %s", strerror(errno));
    connection->is_waiting_to_write = writing;
}

static Connection *adopt(int fd, bool is_client) {
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Connection *connection = calloc(1, sizeof *connection);
    if (!connection) die("out of memory");
    connection->fd = fd;
    connection->is_client = is_client;
    watch(connection, EPOLL_CTL_ADD, false);
    return connection;
}

static struct sockaddr_in loopback(int port) {
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

int start_listening(void) {
    struct sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    static Connection marker;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 512) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) < 0)
        die("cannot listen on 127.0.0.1: %s", strerror(errno));
    marker.fd = listener;
    watch(&marker, EPOLL_CTL_ADD, false);
    return ntohs(address.sin_port);
}

Connection *connect_to(int port) {
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        die("cannot connect to port %d: %s", port, strerror(errno));
    return adopt(fd, true);
}

// Frees it once no event of the round at hand can name it any more.
static Connection *closed[64];
static int closed_count;

void close_connection(Connection *connection) {
    if (connection->fd < 0) return;
    close(connection->fd);
    connection->fd = -1;
    if (closed_count == 64) die("more than 64 connections closed at once");
    closed[closed_count++] = connection;
}

static void free_closed(void) {
    while (closed_count > 0) {
        Connection *connection = closed[--closed_count];
        free(connection->in);
        free(connection);
    }
}

static bool flush(Connection *connection) {
    for (;;) {
        struct iovec *first = connection->out[0].iov_len ? connection->out : connection->out + 1;
        if (!first->iov_len) break;
        struct msghdr message = {.msg_iov = first, .msg_iovlen = (size_t)(connection->out + 2 - first)};
        ssize_t sent = sendmsg(connection->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN) {
                if (!connection->is_waiting_to_write) watch(connection, EPOLL_CTL_MOD, true);
                return true;
            }
            close_connection(connection);
            return false;
        }
        for (int part = 0; part < 2 && sent > 0; part++) {
            size_t took = (size_t)sent < connection->out[part].iov_len ? (size_t)sent : connection->out[part].iov_len;
            connection->out[part].iov_base = (char *)connection->out[part].iov_base + took;
            connection->out[part].iov_len -= took;
            sent -= (ssize_t)took;
        }
    }
    if (connection->is_waiting_to_write) watch(connection, EPOLL_CTL_MOD, false);
    if (connection->close_after && !connection->is_client) {
        close_connection(connection);
        return false;
    }
    return true;
}

bool send_message(Connection *connection, size_t head_length, const char *body, size_t length) {
    connection->out[0] = (struct iovec){connection->head, head_length};
    connection->out[1] = (struct iovec){(char *)body, length};
    return flush(connection);
}

const char *field(const char *head, const char *name) {
    size_t length = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line && line[2]; line = strstr(line, "\r\n")) {
        line += 2;
        if (!strncasecmp(line, name, length) && line[length] == ':') {
            line += length + 1;
            return line + strspn(line, " \t");
        }
    }
    return NULL;
}

static bool has(const char *value, const char *word) { return value && !strncasecmp(value, word, strlen(word)); }

static bool deliver(Connection *connection) {
    size_t end = connection->framing == FRAME_CHUNKED ? connection->chunk_at : connection->body_end;
    Message message = {connection->in, connection->in + connection->head_end, connection->body_end - connection->head_end};
    connection->head_end = 0;
    if (!on_message(connection, &message)) return false;
    memmove(connection->in, connection->in + end, connection->filled - end);
    connection->filled -= end;
    return true;
}

static bool take_head(Connection *connection) {
    char *end = memmem(connection->in, connection->filled, "\r\n\r\n", 4);
    if (!end) return false;
    end[2] = 0;
    connection->head_end = connection->body_end = connection->chunk_at = (size_t)(end + 4 - connection->in);
    const char *length = field(connection->in, "Content-Length"), *expect = field(connection->in, "Expect");
    connection->close_after = has(field(connection->in, "Connection"), "close");
    connection->body_left = length ? strtoull(length, NULL, 10) : 0;
    connection->framing = has(field(connection->in, "Transfer-Encoding"), "chunked") ? FRAME_CHUNKED
        : length || !connection->is_client                                          ? FRAME_LENGTH
                                                                                    : FRAME_UNTIL_CLOSE;
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (has(expect, "100-continue")) (void)!send(connection->fd, go_on, sizeof go_on - 1, MSG_NOSIGNAL);
    return true;
}

// Moves the data of complete chunks together. True: the last one is in.
static bool take_chunks(Connection *connection) {
    for (;;) {
        char *line = connection->in + connection->chunk_at;
        char *end = memmem(line, connection->filled - connection->chunk_at, "\r\n", 2);
        if (!end) return false;
        size_t length = strtoull(line, NULL, 16), head = (size_t)(end + 2 - line);
        if (connection->filled < connection->chunk_at + head + length + 2) return false;
        memmove(connection->in + connection->body_end, end + 2, length);
        connection->body_end += length;
        connection->chunk_at += head + length + 2;
        if (length == 0) return true;
    }
}

// Takes what is complete. False: the connection is closed.
static bool take(Connection *connection) {
    while (connection->filled > 0 || connection->head_end > 0) {
        if (!connection->head_end && !take_head(connection)) return true;
        switch (connection->framing) {
            case FRAME_LENGTH:
                if (connection->filled - connection->head_end < connection->body_left) return true;
                connection->body_end = connection->head_end + connection->body_left;
                break;
            case FRAME_CHUNKED:
                if (!take_chunks(connection)) return true;
                break;
            case FRAME_UNTIL_CLOSE:
                return true;
        }
        if (!deliver(connection)) return false;
    }
    return true;
}

static void end_of_input(Connection *connection) {
    if (connection->head_end && connection->framing == FRAME_UNTIL_CLOSE) {
        connection->body_end = connection->filled;
        connection->close_after = true;
        if (!deliver(connection)) return;
    } else if (on_close) {
        on_close(connection);
    }
    close_connection(connection);
}

static void readable(Connection *connection) {
    for (int rounds = 0; rounds < 8; rounds++) {
        if (connection->capacity - connection->filled < 64 << 10) {
            connection->capacity = connection->capacity ? connection->capacity * 2 : 256 << 10;
            connection->in = realloc(connection->in, connection->capacity);
            if (!connection->in) die("out of memory");
        }
        size_t room = connection->capacity - connection->filled;
        ssize_t count = recv(connection->fd, connection->in + connection->filled, room, MSG_DONTWAIT);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) {
            end_of_input(connection);
            return;
        }
        connection->filled += (size_t)count;
        // A read that did not fill the room took all there was: another one would only be told so.
        if (!take(connection) || (size_t)count < room) return;
    }
}

void serve(const bool *stop) {
    struct epoll_event events[64];
    while (!*stop) {
        int count = epoll_wait(poller, events, 64, -1);
        for (int index = 0; index < count && !*stop; index++) {
            Connection *connection = events[index].data.ptr;
            if (connection->fd == listener && listener >= 0) {
                int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
                if (fd >= 0) adopt(fd, false);
                continue;
            }
            if (connection->fd >= 0 && events[index].events & EPOLLOUT && !flush(connection)) continue;
            if (connection->fd >= 0 && events[index].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(connection);
        }
        free_closed();
    }
}

char *read_file(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) die("%s: %s", path, strerror(errno));
    *length = (size_t)ftell(file);
    char *bytes = malloc(*length + 1);
    rewind(file);
    if (!bytes || fread(bytes, 1, *length, file) != *length) die("%s cannot be read", path);
    bytes[*length] = 0;
    fclose(file);
    return bytes;
}

void report(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
}

void wait_for_caller(void) {
    char line[16];
    if (!fgets(line, sizeof line, stdin)) exit(0);
}

static int ascending(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

void report_times(double *times, long count, double seconds, long wrong, const char *first_wrong) {
    qsort(times, (size_t)count, sizeof *times, ascending);
    long p99 = (count * 99) / 100;
    if (wrong) fprintf(stderr, "the first of %ld wrong answers: %.300s\n", wrong, first_wrong);
    report("{\"count\": %ld, \"seconds\": %.9f, \"p50\": %.9f, \"p99\": %.9f, \"wrong\": %ld}", count, seconds, times[count / 2],
        times[p99 < count ? p99 : count - 1], wrong);
}
