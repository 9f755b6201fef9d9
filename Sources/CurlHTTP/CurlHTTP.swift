/// libcurl transport.
