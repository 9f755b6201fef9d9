#!/usr/bin/env bash
# Builds, runs and tests the functions. `./build.sh help` lists what it can do.
set -euo pipefail

here=$(pwd)
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$(pwd)
libraries="$root/.build-static/libraries"

usage() {
    cat <<'USAGE'
Usage: ./build.sh [COMMAND]

  (none)                         build every function: dist/NAME.zip, and a table of sizes and SHA-256
  up [--check] [--port N]        run the packaged functions, a real MLflow server and local AWS stand-ins; the MLflow UI is at
                                 http://127.0.0.1:8080 until Ctrl-C. --check runs the sample events, asserts, and exits
  test                           every test
  bench [--quick]                measure the packaged functions beside what is used today, and print a table
  invoke FUNCTION EVENT.json     one invocation of a packaged function: answer on standard output, logs on standard error
  deploy --profile NAME          make or change the CloudFormation stack; --help says more, lambda/profiles has the shapes
  destroy                        remove it; says what stays and how to remove that
  verify https://HOST            make the calls of a visitor to a deployed stack
  help                           this text

Anything missing is installed: packages of Debian or Ubuntu with apt-get (with sudo when not root), Python tools into .venv.
USAGE
}

say() { printf '==> %s\n' "$*" >&2; }
fail() {
    printf 'build.sh: %s\n' "$*" >&2
    exit 1
}

# --- What is needed ------------------------------------------------------------------------------------------------

# Each line: a command that succeeds when the package is there, and the package of Debian and Ubuntu.
missing_packages() {
    local check package
    while IFS='|' read -r check package; do
        sh -c "$check" >/dev/null 2>&1 || echo "$package"
    done <<'LIST'
command -v g++|g++
command -v make|make
command -v readelf|binutils
command -v git|git
command -v pkg-config|pkg-config
command -v dpkg-source|dpkg-dev
command -v unshare|util-linux
command -v openssl|openssl
pkg-config --exists libcurl|libcurl4-openssl-dev
pkg-config --exists libcrypto|libssl-dev
pkg-config --exists zlib|zlib1g-dev
test -e /etc/ssl/certs/ca-certificates.crt|ca-certificates
command -v python3|python3
python3 -c 'import venv, ensurepip'|python3-venv
LIST
}

# Installs packages of Debian or Ubuntu.
apt_install() {
    local privileged=()
    command -v apt-get >/dev/null ||
        fail "these are missing and only Debian and Ubuntu are installed on by this script: $*. Install them and run it again."
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "these are missing: $*. Install them as root: apt-get install $*"
        privileged=(sudo)
    fi
    say "Installing $*"
    "${privileged[@]}" apt-get -q update >&2 ||
        fail "apt-get update failed. Check the network and the sources in /etc/apt, then run this again."
    "${privileged[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "$@" >&2
}

install_packages() {
    local missing
    mapfile -t missing < <(missing_packages | sort -u)
    if [ ${#missing[@]} -gt 0 ]; then
        apt_install "${missing[@]}" || fail "apt-get could not install ${missing[*]}. Its messages above say why."
    fi
    command -v swift >/dev/null ||
        fail "no Swift toolchain in PATH. Install Swift 6.1 or later from https://www.swift.org/install/linux and run this again."
    local version
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -1)
    case $version in
        "6 0" | [0-5]\ * | "") fail "Swift 6.1 or later is needed; 'swift --version' says $(swift --version 2>&1 | head -1)." ;;
    esac
    local free
    free=$(df -Pk "$root" | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free" -ge 3000 ] || fail "only ${free} MB free on the disk of $root; a build needs about 3000. Free some space."
}

# The packages of a list with exact versions, in a virtual environment of their own, made anew when the list changes.
install_into() {
    local folder=$1 list=$2 what=$3 wanted
    wanted=$(sha256sum <"$list")
    if [ "$(cat "$folder/requirements.sha256" 2>/dev/null)" != "$wanted" ]; then
        say "Installing $what into $folder"
        python3 -m venv --clear "$folder"
        "$folder/bin/python" -m pip install --disable-pip-version-check -r "$list" >&2 ||
            fail "pip could not install $list. Check the network or the index that pip is configured for."
        echo "$wanted" >"$folder/requirements.sha256"
    fi
}

install_python_tools() { install_into .venv .scripts/requirements.txt "MLflow and moto (about 1 GB, once)"; }

# --- Build ---------------------------------------------------------------------------------------------------------

# Every folder of lambda/ with a Main.swift is a function; those named example-* are for tests and measurements.
functions() {
    local main
    for main in lambda/*/Main.swift; do basename "$(dirname "$main")"; done
}

# One function as a fully static executable; its path is the answer. Only optimised builds link this way.
build_function() {
    # The linker's map tells what is inside. Without one that was written last, the executable is linked again.
    [ ".build-static/maps/$1.map" -nt ".build-static/swift/release/$1" ] || rm -f ".build-static/swift/release/$1"
    rm -f .build-static/maps/last
    # The hash of the module, which this option keeps out, would depend on where the clone lies.
    swift build -c release --product "$1" --scratch-path .build-static/swift --pkg-config-path "$libraries/pkgconfig" \
        -Xswiftc -static-executable -Xswiftc -Xclang-linker -Xswiftc "-B$libraries/crt" -Xlinker "-L$libraries/lib" -Xlinker --strip-debug \
        -Xlinker "-Map=$root/.build-static/maps/last" \
        -Xswiftc -file-prefix-map -Xswiftc "$root=." -Xswiftc -Xfrontend -Xswiftc -disable-incremental-llvm-codegen 2>&1 |
        sed '/warning: Using .* in statically linked applications/d' >&2 || return 1
    # There is none when the executable was up to date.
    if [ -f .build-static/maps/last ]; then
        mv .build-static/maps/last ".build-static/maps/$1.map" && touch ".build-static/maps/$1.map"
    fi
}

# What tells whether the executables are of the libraries that are here now: their versions and what is in them.
linked_libraries() {
    local library
    cat "$libraries/versions.json"
    sha256sum <"$libraries/lib/libcurl.a"
    for library in ssl crypto z c gcc gcc_eh stdc++; do
        sha256sum <"$(gcc -print-file-name=lib$library.a)"
    done
}

build() {
    install_packages
    .scripts/static-libraries.sh "$libraries" >&2
    # Neither compiler nor linker sees that a library of the system was upgraded. (`release` is a link: without what it leads to,
    # nothing would be built anew.)
    linked_libraries >.build-static/linked.new
    if ! cmp -s .build-static/linked.new .build-static/linked; then
        rm -rf .build-static/maps .build-static/swift/*/release
        mv .build-static/linked.new .build-static/linked
    fi
    mkdir -p .build-static/maps
    local name names
    mapfile -t names < <(functions)
    for name in "${names[@]}"; do
        say "Building $name"
        build_function "$name" || fail "$name did not build; the compiler's messages above say why."
    done
    python3 .scripts/sbom.py --build .build-static --output .build-static/documents "${names[@]}" ||
        fail "what is linked inside could not be listed; the message above says why."
    python3 .scripts/package.py --binaries .build-static/swift/release --documents .build-static/documents --output dist \
        "${names[@]}"
}

# `./build.sh test` has a debug build already and asks for that one.
local_tool_build=${LOCAL_TOOL_BUILD:-release}

build_local_tool() {
    say "Building lambda-local"
    swift build -c "$local_tool_build" --product lambda-local >&2 ||
        fail "lambda-local did not build; the compiler's messages above say why."
}

# Runs a step whose messages matter only when it fails.
quietly() {
    local log
    log=$(mktemp)
    if ! ("$@") >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        exit 1
    fi
    rm -f "$log"
}

# --- Commands ------------------------------------------------------------------------------------------------------

command_up() {
    local check=() port=8080
    while [ $# -gt 0 ]; do
        case $1 in
            --check) check=(--check) ;;
            --port)
                port=${2:-}
                [[ $port =~ ^[0-9]{1,5}$ ]] || fail "--port needs a number, such as 8081."
                shift
                ;;
            *) fail "up does not know '$1'. It takes --check and --port N." ;;
        esac
        shift
    done
    command -v python3 >/dev/null || install_packages
    python3 -c 'import socket, sys; s = socket.socket(); s.setsockopt(1, 2, 1); s.bind(("127.0.0.1", int(sys.argv[1])))' "$port" \
        2>/dev/null || fail "port $port is in use. Stop what listens there, or choose another: ./build.sh up --port N"
    build >&2
    build_local_tool
    install_python_tools
    mkdir -p .build-static/state
    exec ".build/$local_tool_build/lambda-local" up --functions dist/unpacked --events events --state .build-static/state --port "$port" \
        --mlflow .venv/bin/mlflow --moto .venv/bin/moto_server "${check[@]}"
}

command_invoke() {
    [ $# -eq 2 ] || fail "invoke takes a function and an event: ./build.sh invoke mlflow-proxy events/mlflow-proxy/mlflow-health.json"
    local name=$1 event=$2 variable arguments=()
    case $event in /*) ;; *) event="$here/$event" ;; esac
    [ -f "lambda/$name/Main.swift" ] || fail "there is no function '$name'. There are: $(functions | tr '\n' ' ')"
    [ -f "$event" ] || fail "there is no file $event."
    quietly build
    quietly build_local_tool
    # The function sees what its Lambda configuration would give it, no more.
    for variable in $(compgen -e | grep -E '^(AWS|MLFLOW|SAGEMAKER|PROXY|POLL)_|^SSL_CERT_FILE$' || true); do
        arguments+=(--env "$variable=${!variable}")
    done
    local folder=dist/unpacked
    case $name in example-*) folder=dist/examples/unpacked ;; esac
    exec ".build/$local_tool_build/lambda-local" invoke "$folder/$name/bootstrap" "$event" "${arguments[@]}"
}

# The AWS CLI of this machine, or one of our own; with it comes the Python that reads templates.
install_aws_tools() {
    install_into .venv-aws .scripts/requirements-deploy.txt "the AWS CLI (about 150 MB, once)"
    command -v aws >/dev/null || export AWS_COMMAND=$root/.venv-aws/bin/aws
}

command_stack() {
    command -v python3 >/dev/null || install_packages
    install_aws_tools
    if ! [[ " $* " =~ \ (--help|-h|--print-policy)\  ]]; then
        local name
        # What is mistyped is said at once, and not after the minutes of a build.
        .venv-aws/bin/python .scripts/deployment "$@" --arguments-only || exit
        for name in mlflow-proxy mlflow-app vpc-cleanup; do
            [ "$1" = destroy ] || [ -e "dist/$name.zip" ] || {
                say "Building the functions first, which takes some minutes"
                quietly build && break
            }
        done
        # At a stand-in for AWS the functions run on this machine.
        if [[ " $* " =~ \ --endpoint[\ =] ]]; then
            [ -x .build/release/lambda-local ] || [ -x .build/debug/lambda-local ] || {
                say "Building lambda-local, which runs them, too"
                quietly build_local_tool
            }
        fi
    fi
    exec .venv-aws/bin/python .scripts/deployment "$@"
}

command_verify() {
    command -v python3 >/dev/null || install_packages
    exec python3 .scripts/deployment/verify.py "$@"
}

command_test() {
    install_packages
    command -v shellcheck >/dev/null || apt_install shellcheck || fail "apt-get could not install shellcheck."
    # The runbook's commands use it.
    command -v jq >/dev/null || apt_install jq || fail "apt-get could not install jq."
    # Not every distribution has a browser as a package; the tests that need one say that they are skipped.
    command -v chromium >/dev/null || apt_install chromium || say "No chromium can be installed: the pages are not tested in a browser."
    install_python_tools
    exec python3 .scripts/test.py
}

command_bench() {
    local python=.venv-bench/bin/python
    if ! [[ " $* " =~ \ (--help|-h)\  ]]; then
        build >&2
        say "Building signing-benchmark"
        build_function signing-benchmark || fail "signing-benchmark did not build; the compiler's messages above say why."
    fi
    # A quick run does with what is there.
    if [[ " $* " =~ \ (--quick|--help|-h)\  ]]; then
        [ -x $python ] || python=.venv/bin/python
        [ -x $python ] || python=python3
    else
        build_local_tool
        install_into .venv-bench Tests/Benchmarks/requirements.txt "what is compared with (about 150 MB, once)"
    fi
    exec python3 Tests/Benchmarks/bench.py --python $python "$@"
}

case ${1:-} in
    "") build ;;
    up | test | bench | invoke | verify)
        name=$1
        shift
        "command_$name" "$@"
        ;;
    deploy | destroy) command_stack "$@" ;;
    help | -h | --help) usage ;;
    *)
        usage >&2
        fail "there is no command '$1'."
        ;;
esac
