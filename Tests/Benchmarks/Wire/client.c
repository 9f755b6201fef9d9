// Sends one request again and again over so many connections at a time, checks each answer, and says how long they took: from
// the first byte of the request, the connection included where it has to be made, to the last byte of the answer.
//
//   client PORT CONNECTIONS REQUEST COUNT TEXT
//
// An answer has to be a 200 and to hold TEXT. Prints the figures as a JSON object.
#define _GNU_SOURCE
#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *request;
static size_t request_length;
static const char *text;
static int port;
static long count, issued, answered, wrong;
static double *times;
static bool stop;
static char first_wrong[512];

static void begin(Connection *connection, double *started) {
    *started = now();
    if (!connection) {
        connection = connect_to(port);
        connection->user = started;
    }
    issued++;
    if (!send_message(connection, 0, request, request_length)) die("the connection broke as a request was sent");
}

static bool received(Connection *connection, Message *message) {
    double *started = connection->user;
    times[answered++] = now() - *started;
    if (strncmp(message->head, "HTTP/1.1 200 ", 13) || !memmem(message->body, message->length, text, strlen(text)))
        if (!wrong++) snprintf(first_wrong, sizeof first_wrong, "%.200s%.*s", message->head, (int)message->length, message->body);
    bool is_open = !connection->close_after;
    if (!is_open) close_connection(connection);
    if (issued < count) begin(is_open ? connection : NULL, started);
    stop = answered == count;
    return is_open;
}

static void broken(Connection *connection) {
    (void)connection;
    if (answered < count) die("the connection was closed before the answer was complete");
}

int main(int argument_count, char **arguments) {
    if (argument_count != 6) die("usage: client PORT CONNECTIONS REQUEST COUNT TEXT");
    port = atoi(arguments[1]);
    long connections = atol(arguments[2]);
    request = read_file(arguments[3], &request_length);
    count = atol(arguments[4]);
    text = arguments[5];
    times = calloc((size_t)count + 1, sizeof *times);
    double *starts = calloc((size_t)connections + 1, sizeof *starts);
    if (count < 1 || connections < 1 || !times || !starts) die("CONNECTIONS and COUNT have to be numbers");
    end_with_caller();
    on_message = received;
    on_close = broken;
    double started = now();
    for (long index = 0; index < connections && issued < count; index++) begin(NULL, starts + index);
    serve(&stop);
    report_times(times, count, now() - started, wrong, first_wrong);
    return wrong ? 1 : 0;
}
