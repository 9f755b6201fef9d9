#!/usr/bin/env bash
# static-libraries.sh DIRECTORY: prepares what a fully static executable is linked from that the distribution does not hold ready.
#
#   lib/libcurl.a, include/, pkgconfig/libcurl.pc    a libcurl of HTTP and TLS alone, from the distribution's own source package
#   crt/crtbeginT.o                                  the start-up object without a registration that costs 7 ms of cold start
#   versions.json                                    the versions of the libraries that end up inside the executable
#   source/                                          the description (.dsc) and the licence text of libcurl's source package
#
# Kept until a version or this script changes.
set -euo pipefail

directory=$1
helpers=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$directory"
directory=$(cd "$directory" && pwd)

# What HTTP and HTTPS need, nothing else: no HTTP/2, no cookies, no other protocol, no configuration of the host's.
# Error texts (`verbose`) and proxies stay.
options=(
    --disable-shared --enable-static --with-openssl --with-zlib
    --without-gssapi --without-libpsl --without-libidn2 --without-librtmp --without-libssh2 --without-libssh
    --without-brotli --without-zstd --without-nghttp2 --without-nghttp3 --without-ngtcp2 --without-quiche
    --without-libgsasl --without-hyper --without-ca-bundle --without-ca-path --with-ca-fallback=no
    --disable-ftp --disable-file --disable-ldap --disable-ldaps --disable-rtsp --disable-dict --disable-telnet
    --disable-tftp --disable-pop3 --disable-imap --disable-smb --disable-smtp --disable-gopher --disable-mqtt
    --disable-manual --disable-docs --disable-libcurl-option --disable-sspi --disable-ntlm --disable-ntlm-wb
    --disable-tls-srp --disable-unix-sockets --disable-cookies --disable-alt-svc --disable-hsts --disable-netrc
    --disable-doh --disable-mime --disable-progress-meter --disable-dnsshuffle --disable-crypto-auth --disable-ares
    --enable-threaded-resolver --disable-ech --disable-websockets --disable-headers-api --disable-get-easy-options
    --disable-openssl-auto-load-config --disable-dependency-tracking
)
flags="-O3 -fPIC -ffunction-sections -fdata-sections -fvisibility=hidden -fno-asynchronous-unwind-tables"

package_version() { dpkg-query -W -f '${Version}' "$1" 2>/dev/null || echo unknown; }

# Any of these changing makes the libraries stale.
curl_version=$(package_version libcurl4-openssl-dev)
key=$(printf '%s\n' "$curl_version" "$(package_version libssl-dev)" "$(package_version libc6-dev)" \
    "$(package_version zlib1g-dev)" "$(gcc -dumpfullversion)" "$(swift --version 2>/dev/null)" "$(sha256sum <"$0")" |
    sha256sum | cut -c1-16)
if [ "$(cat "$directory/key" 2>/dev/null)" = "$key" ]; then
    exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf "${directory:?}"/{lib,include,pkgconfig,crt,source,key,versions.json}
mkdir -p "$directory"/{lib,include,pkgconfig,crt,source}

# The source package, unpacked with the distribution's patches, in $work/curl-VERSION.
fetch_source() {
    cd "$work" && "$helpers/apt-private.sh" "$work/apt" source curl
}

# A build inside a directory without spaces in its name, by relative paths: the archive does not depend on where the clone lies.
build_curl() {
    cd "$work"/curl-*/ &&
        CFLAGS="$flags" ./configure --prefix="$work/prefix" "${options[@]}" &&
        make -C lib -j"$(nproc)" && make -C lib install && make -C include install
}

# The distribution's own archive refers to libraries that have no archive. Each such function is replaced by one that aborts;
# none is reached by plain HTTP/1.1. Those that libcurl calls when it starts and ends return 0.
borrow_curl() {
    cp "$(gcc -print-file-name=libcurl.a)" "$directory/lib/libcurl.a"
    python3 "$helpers/curl_stubs.py" "$directory/lib/libcurl.a" >"$work/stubs.c"
    gcc -w -Os -c "$work/stubs.c" -o "$work/stubs.o"
    ar q "$directory/lib/libcurl.a" "$work/stubs.o"
    ranlib "$directory/lib/libcurl.a"
}

echo "Building a small static libcurl from the distribution's source package (about a minute, once) …"
if (fetch_source) >"$work/log" 2>&1 && (build_curl) >>"$work/log" 2>&1; then
    cp "$work/prefix/lib/libcurl.a" "$directory/lib/"
    cp -R "$work/prefix/include/curl" "$directory/include/"
    cp "$work"/curl_*.dsc "$work"/curl-*/debian/copyright "$directory/source/"
    curl_kind="minimal"
    curl_version=$(dpkg-parsechangelog -l "$(echo "$work"/curl-*/debian/changelog)" -S Version)
else
    cp "$work/log" "$directory/curl.log"
    echo "The source package could not be had or built (see $directory/curl.log); linking the distribution's libcurl.a instead."
    borrow_curl
    # Where the compiler finds them, which differs between distributions.
    cp -RL "$(echo '#include <curl/curl.h>' | gcc -E -x c - | sed -n 's|^# [0-9]* "\(.*/curl\)/curl\.h".*|\1|p' | head -1)" \
        "$directory/include/"
    cp /usr/share/doc/libcurl4-openssl-dev/copyright "$directory/source/"
    curl_kind="distribution"
fi

# crtbeginT.o registers all unwind tables, which are then sorted when the main thread ends; crtbegin.o leaves them to the
# table that the linker has sorted already.
cp "$(gcc -print-file-name=crtbegin.o)" "$directory/crt/crtbeginT.o"

cat >"$directory/pkgconfig/libcurl.pc" <<PC
prefix=\${pcfiledir}/..
Name: libcurl
Description: static libcurl with HTTP and HTTPS alone
Version: ${curl_version%%-*}
Libs: -L\${prefix}/lib -lcurl -lssl -lcrypto -lz
Cflags: -I\${prefix}/include
PC

# The distribution's own files name its library folder, which would then be searched before ours.
for library in crypto z; do
    name=$([ $library = z ] && echo zlib || echo lib$library)
    printf '%s\n' "Name: $name" "Description: $name, found where the compiler looks" "Version: 1" "Libs: -l$library" \
        >"$directory/pkgconfig/$name.pc"
done

cat >"$directory/versions.json" <<JSON
{
  "curl": "$curl_version ($curl_kind)",
  "glibc": "$(package_version libc6-dev)",
  "openssl": "$(package_version libssl-dev)",
  "swift": "$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([^ ]*\).*/\1/p' | head -1)",
  "zlib": "$(package_version zlib1g-dev)"
}
JSON
# The borrowed archive is no end state: the next build tries the source package again.
if [ "$curl_kind" = minimal ]; then
    echo "$key" >"$directory/key"
fi
