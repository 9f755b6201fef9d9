#!/usr/bin/env python3
"""Writes C stubs for the functions that the distribution's libcurl.a takes from libraries without an archive.

Usage: curl_stubs.py LIBCURL_ARCHIVE > stubs.c. A stub aborts, but for those that libcurl calls whenever it starts or ends.
"""

import re
import subprocess
import sys

# The libraries that libcurl may be built with and that have no static form to link.
FOREIGN = re.compile(
    r"^(_?libssh2_|ssh_|sftp_|nghttp2_|ldap_|ber_|gss_|GSS_|RTMP_|psl_|ZSTD_|idn2_|Brotli|stringprep_|gsasl_|nghttp3_|ngtcp2_)"
)
QUIET = {
    "libssh2_init", "libssh2_exit", "libssh2_version", "nghttp2_version", "RTMP_LibVersion", "psl_free",
    "ssh_init", "ssh_finalize", "BrotliDecoderDestroyInstance", "idn2_free",
}


def main():
    listing = subprocess.run(["nm", "-A", sys.argv[1]], check=True, capture_output=True, text=True).stdout
    defined = set(re.findall(r" [TDBRVW] (\w+)$", listing, re.M))
    undefined = set(re.findall(r" U (\w+)$", listing, re.M)) - defined
    print("void abort(void);")
    for name in sorted(filter(FOREIGN.match, undefined)):
        if name.startswith("GSS_"):
            print(f"void *{name};")
        elif name in QUIET:
            print(f"long {name}(void) {{ return 0; }}")
        else:
            print(f"void {name}(void) {{ abort(); }}")


if __name__ == "__main__":
    main()
