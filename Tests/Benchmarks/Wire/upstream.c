// What stands behind the proxies: gives a file for each path to whoever sends a signature, which it does not verify.
//
//   upstream PATH=FILE …
//
// Prints {"port": …}; ends with its caller.
#define _GNU_SOURCE
#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FILES = 16 };

static struct {
    const char *path;
    char *bytes;
    size_t length;
} files[MOST_FILES];
static int file_count;

static bool answer(Connection *connection, const char *status, const char *bytes, size_t length) {
    int head = snprintf(connection->head, sizeof connection->head,
        "HTTP/1.1 %s\r\nServer: upstream\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", status, length);
    return send_message(connection, (size_t)head, bytes, length);
}

static bool received(Connection *connection, Message *message) {
    const char *authorization = field(message->head, "Authorization"), *path = strchr(message->head, ' ');
    if (!authorization || strncmp(authorization, "AWS4-HMAC-SHA256 Credential=", 28) || !field(message->head, "X-Amz-Date"))
        return answer(connection, "403 Forbidden", "not signed", 10);
    for (int index = 0; path && index < file_count; index++)
        if (!strncmp(path + 1, files[index].path, strlen(files[index].path)))
            return answer(connection, "200 OK", files[index].bytes, files[index].length);
    return answer(connection, "404 Not Found", "no such file", 12);
}

int main(int count, char **arguments) {
    for (int index = 1; index < count && file_count < MOST_FILES; index++, file_count++) {
        char *equals = strchr(arguments[index], '=');
        if (!equals) die("usage: upstream PATH=FILE …");
        *equals = 0;
        files[file_count].path = arguments[index];
        files[file_count].bytes = read_file(equals + 1, &files[file_count].length);
    }
    end_with_caller();
    on_message = received;
    report("{\"port\": %d}", start_listening());
    bool never = false;
    serve(&never);
    return 0;
}
