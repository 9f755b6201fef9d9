// A Lambda Runtime API that gives a function one event again and again, checks each answer, and says how long they took.
//
//   runtime-api EVENT WARMUP COUNT [TEXT]
//
// An answer has to hold TEXT; without one it has to be the event, byte for byte. With a COUNT of 0 it gives no event, for those
// who want to know no more than when a function asks for one. Prints a JSON object a line: the port; the
// times of the first GET /next and of the first answer (CLOCK_MONOTONIC, seconds); the figures. Waits for a line on standard
// input between the warm-up and the measurement, and before it ends: the caller looks at the function's process meanwhile.
#define _GNU_SOURCE
#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_POLLERS = 64 };

static char *event;
static size_t event_length;
static const char *text;
static long warmup, count, issued, answered, wrong;
static double *sent, *times, started;
static Connection *waiting[MOST_POLLERS];
static int waiting_count;
static bool stop, is_first_next = true;
static char first_wrong[512];

static bool give(Connection *connection) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    int length = snprintf(connection->head, sizeof connection->head,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        "Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-%012lx\r\nLambda-Runtime-Deadline-Ms: %lld\r\n"
        "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:benchmark\r\n"
        "Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1\r\n"
        "Content-Length: %zu\r\n\r\n",
        issued, (long long)time.tv_sec * 1000 + 30000, event_length);
    sent[issued++] = now();
    return send_message(connection, (size_t)length, event, event_length);
}

static bool acknowledge(Connection *connection, const char *status) {
    int length = snprintf(connection->head, sizeof connection->head,
        "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"status\":\"OK\"}\n", status);
    return send_message(connection, (size_t)length, NULL, 0);
}

static void check(Message *message, bool is_error) {
    bool is_right = text ? memmem(message->body, message->length, text, strlen(text)) != NULL
                         : message->length == event_length && !memcmp(message->body, event, event_length);
    if (is_right && !is_error) return;
    if (!wrong++) snprintf(first_wrong, sizeof first_wrong, "%.*s", (int)message->length, message->body);
}

static bool next(Connection *connection) {
    if (is_first_next) report("{\"firstNext\": %.9f}", now());
    is_first_next = false;
    if (count == 0) {
        wait_for_caller();
        stop = true;
        return true;
    }
    long most = warmup > 0 && started == 0 ? warmup : warmup + count;
    if (issued < most) return give(connection);
    if (waiting_count == MOST_POLLERS) die("more than %d pollers", MOST_POLLERS);
    waiting[waiting_count++] = connection;
    return true;
}

static void begin(void) {
    report("{\"warm\": true}");
    wait_for_caller();
    started = now();
    while (waiting_count > 0 && issued < warmup + count) give(waiting[--waiting_count]);
}

static bool answer(Connection *connection, Message *message, const char *path) {
    double time = now();
    unsigned long number = 0;
    char verb[16] = "";
    bool is_known = sscanf(path, "invocation/8476a536-e9f4-11e8-9739-%12lx/%15[a-z]", &number, verb) == 2 &&
        (long)number < issued && sent[number] > 0;
    if (!is_known) die("not a request of the Runtime API: %.200s", message->head);
    check(message, strcmp(verb, "response") != 0);
    if (answered == 0) report("{\"firstAnswer\": %.9f}", time);
    if (answered >= warmup) times[answered - warmup] = time - sent[number];
    sent[number] = 0;
    answered++;
    bool is_open = acknowledge(connection, "202 Accepted");
    if (answered == warmup + count) {
        report_times(times, count, time - started, wrong, first_wrong);
        wait_for_caller();
        stop = true;
    }
    return is_open;
}

static bool received(Connection *connection, Message *message) {
    static const char base[] = "/2018-06-01/runtime/";
    char *path = strchr(message->head, ' ');
    if (!path || strncmp(path + 1, base, sizeof base - 1)) die("not a request of the Runtime API: %.200s", message->head);
    path += sizeof base;
    if (!strncmp(path, "invocation/next", 15)) {
        bool is_open = next(connection);
        // The function asks for more only after its last answer was taken, so nothing is under way now.
        if (answered == warmup && issued == warmup && started == 0) begin();
        return is_open;
    }
    if (!strncmp(path, "init/error", 10)) die("the function could not start: %.*s", (int)message->length, message->body);
    return answer(connection, message, path);
}

int main(int argument_count, char **arguments) {
    if (argument_count < 4) die("usage: runtime-api EVENT WARMUP COUNT [TEXT]");
    event = read_file(arguments[1], &event_length);
    warmup = atol(arguments[2]);
    count = atol(arguments[3]);
    text = arguments[4];
    sent = calloc((size_t)(warmup + count + 1), sizeof *sent);
    times = calloc((size_t)count + 1, sizeof *times);
    if (count < 0 || warmup < 0 || !sent || !times) die("WARMUP and COUNT have to be numbers of invocations");
    end_with_caller();
    on_message = received;
    report("{\"port\": %d}", start_listening());
    serve(&stop);
    return wrong ? 1 : 0;
}
