// The least that an echo on libcurl can cost: one easy handle, no checks, no logging, no errors.
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *event, id[128];
static size_t length, capacity;

static size_t take(char *bytes, size_t size, size_t count, void *unused) {
    (void)unused, (void)size;
    if (capacity - length < count && !(event = realloc(event, capacity = (capacity + count) * 2))) return 0;
    memcpy(event + length, bytes, count);
    length += count;
    return count;
}

static size_t take_field(char *bytes, size_t size, size_t count, void *unused) {
    static const char name[] = "Lambda-Runtime-Aws-Request-Id: ";
    (void)unused, (void)size;
    if (count > sizeof name + 1 && count < sizeof name + sizeof id && !strncasecmp(bytes, name, sizeof name - 1))
        snprintf(id, sizeof id, "%.*s", (int)(count - sizeof name - 1), bytes + sizeof name - 1);
    return count;
}

static size_t drop(char *bytes, size_t size, size_t count, void *unused) {
    (void)bytes, (void)size, (void)unused;
    return count;
}

int main(void) {
    const char *api = getenv("AWS_LAMBDA_RUNTIME_API");
    char next[256], response[512];
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *handle = curl_easy_init();
    struct curl_slist *fields = curl_slist_append(curl_slist_append(NULL, "Content-Type: application/json"), "Expect:");
    if (!api || !handle || !fields) return 1;
    snprintf(next, sizeof next, "http://%s/2018-06-01/runtime/invocation/next", api);
    curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, 512L << 10);
    curl_easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, 512L << 10);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, fields);
    // Without it, libcurl saves and restores signal handlers around each transfer.
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    for (;;) {
        length = 0;
        curl_easy_setopt(handle, CURLOPT_HTTPGET, 1L);
        curl_easy_setopt(handle, CURLOPT_URL, next);
        curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take);
        curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_field);
        if (curl_easy_perform(handle)) return 1;
        snprintf(response, sizeof response, "http://%s/2018-06-01/runtime/invocation/%s/response", api, id);
        curl_easy_setopt(handle, CURLOPT_URL, response);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, event);
        curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, drop);
        curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, NULL);
        if (curl_easy_perform(handle)) return 1;
    }
}
