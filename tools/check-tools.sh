#!/bin/sh
# Says, one line each, what is missing for building; ends with 1 if anything is.
# The versions must be those of pyproject.toml and Cargo.toml: tests/tools/test_check_tools.py compares them.
need_python=3.11
need_rust=1.85
python=${PYTHON:-python3}

missing=0
lack() {
    printf 'missing: %s\n' "$1" >&2
    missing=1
}

has() { command -v "$1" >/dev/null 2>&1; }

# older A.B C.D: whether version A.B is below C.D
older() {
    [ "${1%%.*}" -lt "${2%%.*}" ] ||
        { [ "${1%%.*}" -eq "${2%%.*}" ] && [ "${1#*.}" -lt "${2#*.}" ]; }
}

check_python() {
    if ! has "$python"; then
        lack "$python: install Python $need_python or newer (Debian, Ubuntu: apt-get install python3 python3-venv)"
        return
    fi
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if older "$version" "$need_python"; then
        lack "Python $need_python or newer: $python is $version; install a newer one and say make PYTHON=python$need_python"
    elif ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        lack "the venv module of $python: install it (Debian, Ubuntu: apt-get install python3-venv)"
    fi
}

check_rust() {
    if ! has cargo || ! has rustc; then
        lack "cargo and rustc: install Rust $need_rust or newer from https://rustup.rs (that of Debian 12 is too old)"
        return
    fi
    version=$(rustc --version | sed -E 's/^rustc ([0-9]+\.[0-9]+).*/\1/')
    if older "$version" "$need_rust"; then
        lack "Rust $need_rust or newer: rustc is $version (that of Debian 12 is too old); run rustup update, or install from https://rustup.rs"
    fi
}

check_linker() {
    if ! has cc; then
        lack "a C linker (cc): install one (Debian, Ubuntu: apt-get install build-essential; mac: xcode-select --install)"
        return
    fi
    program=$(mktemp)
    echo 'int main(void) { return 0; }' | cc -x c -o "$program" - >/dev/null 2>&1 ||
        lack "a C linker that works: cc cannot link a program (Debian, Ubuntu: apt-get install build-essential)"
    rm -f "$program"
}

check_python
check_rust
check_linker
exit "$missing"
