# shellcheck shell=bash
# Shared by the scripts in tools/: what must be installed, where Swift is, who builds, and how to say so.
# Sourced, never run. Sets ROOT (the checkout) and BINARY (the release binary).

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
BINARY=$ROOT/.build/release/tapswitch
export PYTHONDONTWRITEBYTECODE=1
# sudo with a secure_path, and cron, may leave these out.
for directory in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
  case ":$PATH:" in *":$directory:"*) ;; *) PATH=$PATH:$directory ;; esac
done
export PATH

# One release build for everything: the Swift runtime inside, identical functions folded, and relocations
# packed. lld, because the default linker of some toolchains (gold) knows neither of the last two.
RELEASE_FLAGS=(-c release --static-swift-stdlib --product tapswitch
  -Xswiftc -use-ld=lld -Xlinker --icf=all -Xlinker --no-export-dynamic -Xlinker -z -Xlinker pack-relative-relocs)

BUILD_PACKAGES=("git=git" "g++=g++" libpcap-dev libyaml-dev)

# Messages ---------------------------------------------------------------------------------------

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
  BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' YELLOW=$'\e[33m' PLAIN=$'\e[0m'
else
  # shellcheck disable=SC2034 # for the scripts that source this file
  BOLD='' DIM='' RED='' GREEN='' YELLOW='' PLAIN=''
fi

heading() { printf '\n%s== %s ==%s\n' "$BOLD" "$*" "$PLAIN"; }
note() { printf '%s\n' "$*" >&2; }
# die MESSAGE [STATUS]
die() {
  printf '%s: %s\n' "$(basename "$0")" "$1" >&2
  exit "${2:-1}"
}

# need_root ARGUMENTS...: stops unless we are root, with the command that would work.
need_root() {
  ((EUID == 0)) || die "makes network namespaces, which needs root; run: sudo $0${*:+ $*}" 77
}

# Debian packages --------------------------------------------------------------------------------

# need PACKAGE...: installs what is missing. PACKAGE is a Debian package, or COMMAND=PACKAGE, which is
# satisfied by the command, wherever it came from. No service is started on the user's machine.
need() {
  local item command package missing=()
  for item in "$@"; do
    package=${item#*=} command=${item%%=*}
    if [[ $item == *=* ]] && type -P "$command" >/dev/null; then continue; fi
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] && continue
    missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  type -P apt-get >/dev/null || die "missing: ${missing[*]}
This is not Debian or Ubuntu (there is no apt-get); install what these Debian packages hold with your own package manager." 69
  ((EUID == 0)) || die "missing: ${missing[*]}
install them with: sudo apt-get install ${missing[*]}" 69
  note "installing: ${missing[*]}"
  if ! apt_install "${missing[@]}"; then
    # The lists may be older than the mirror, or absent as in a fresh container.
    apt-get -q -o DPkg::Lock::Timeout=120 update >&2 || die "apt-get update failed: is there a network? Needed: ${missing[*]}" 69
    apt_install "${missing[@]}" || die "cannot install: ${missing[*]}
apt-get said why above; with a network and Debian's or Ubuntu's main archive, this command does it:
  sudo apt-get update && sudo apt-get install ${missing[*]}" 69
  fi
}

# RUNLEVEL=1 makes invoke-rc.d, and with it every package script, start nothing. Silent unless it fails.
apt_install() {
  local output
  output=$(DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq -y -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 \
    install --no-install-recommends "$@" </dev/null 2>&1) || {
    note "$output"
    return 1
  }
}

# Who builds -------------------------------------------------------------------------------------

# Under sudo the checkout is usually the caller's: what is built must stay writable for that user.
# Prints the user to build as, or nothing for "as we are".
builder() {
  if ((EUID == 0)) && [[ -n ${SUDO_USER:-} && $SUDO_USER != root ]] \
    && runuser -u "$SUDO_USER" -- test -w "$ROOT" 2>/dev/null; then
    printf '%s' "$SUDO_USER"
  fi
}

# as_builder COMMAND...: runs it as the user who owns the build, with that user's home and our PATH.
as_builder() {
  local user home
  user=$(builder)
  if [[ -z $user ]]; then
    "$@"
    return
  fi
  home=$(getent passwd "$user" | cut -d: -f6)
  runuser -u "$user" -- env HOME="$home" USER="$user" LOGNAME="$user" PATH="$PATH" "$@"
}

# own PATH...: what root wrote below the checkout is given to the user who builds there.
own() {
  local user
  user=$(builder)
  if [[ -n $user ]]; then chown -R -h "$user:$(id -g "$user")" "$@"; fi
}

# A build directory that root made in an earlier run would refuse the user.
own_build_directory() {
  local user
  user=$(builder)
  if [[ -n $user && -d $ROOT/.build ]] && find "$ROOT/.build" ! -user "$user" -print -quit | grep -q .; then
    own "$ROOT/.build"
  fi
}

# Swift ------------------------------------------------------------------------------------------

SWIFT=''

# find_swift: sets SWIFT and puts its directory first in PATH, or stops and says how to get it.
find_swift() {
  [[ -n $SWIFT ]] && return
  local user home candidate version found=''
  local candidates=()
  candidate=$(type -P swift || true)
  [[ -n $candidate ]] && candidates+=("$candidate")
  user=${SUDO_USER:-}
  [[ -n $user ]] && home=$(getent passwd "$user" | cut -d: -f6) || home=${HOME:-/root}
  candidates+=("$home/.local/share/swiftly/bin/swift" "$home/.swiftly/bin/swift"
    /opt/swift/usr/bin/swift /opt/swift-*/usr/bin/swift /usr/local/swift/usr/bin/swift /usr/share/swift/usr/bin/swift
    /usr/libexec/swift/*/bin/swift /usr/libexec/swift/bin/swift)
  if [[ -n $user && $user != root ]]; then
    # Whatever the user's own shell would find; last, because it runs the user's profile.
    candidate=$(runuser -u "$user" -- bash -lc 'type -P swift' 2>/dev/null </dev/null || true)
    [[ -n $candidate ]] && candidates+=("$candidate")
  fi
  for candidate in "${candidates[@]}"; do
    [[ -x $candidate ]] || continue
    version=$(PATH="$(dirname "$candidate"):$PATH" as_builder "$candidate" --version 2>/dev/null </dev/null \
      | sed -nE 's/.*Swift version ([0-9]+)\.([0-9]+).*/\1 \2/p' | head -n 1)
    [[ -n $version ]] || continue
    if ((${version% *} > 6 || (${version% *} == 6 && ${version#* } >= 3))); then
      SWIFT=$candidate
      PATH=$(dirname "$candidate"):$PATH
      return
    fi
    found="$found
  $candidate is ${version/ /.}"
  done
  die "Swift 6.3 or newer is needed${found:+, and only this was found:$found}
Looked in PATH, swiftly's directories, /opt/swift and /usr/local/swift. Install it from
  https://www.swift.org/install/linux/
and see that \`swift --version\` answers; under sudo: sudo env PATH=\"\$PATH\" $0" 69
}

# toolchain NAME: a program that comes with Swift (llvm-objdump …), or the same from the system. Swift itself
# is asked where it lives, since what is in PATH may be a version manager's proxy.
toolchain() {
  local resources
  resources=$(as_builder "$SWIFT" -print-target-info | sed -nE 's/.*"runtimeResourcePath": *"(.*)".*/\1/p')
  if [[ -x $resources/../../bin/$1 ]]; then readlink -f "$resources/../../bin/$1"; else type -P "$1"; fi
}

# strip_binary FROM TO: without symbols, as it is installed.
strip_binary() {
  local program
  if program=$(toolchain llvm-objcopy); then
    "$program" --strip-all "$1" "$2"
  else
    need "strip=binutils"
    strip -o "$2" "$1"
  fi
}

# Building ---------------------------------------------------------------------------------------

# build_release: builds $BINARY when a source, the manifest or the flags are newer than it.
build_release() {
  local stamp=$ROOT/.build/tapswitch-release.stamp flags="${RELEASE_FLAGS[*]}"
  if [[ -x $BINARY && -f $stamp && $(<"$stamp") == "$flags" ]] \
    && ! find "$ROOT/Sources" "$ROOT/Package.swift" -newer "$stamp" -print -quit | grep -q .; then
    return
  fi
  need "${BUILD_PACKAGES[@]}"
  find_swift
  own_build_directory
  note "building tapswitch (the first time takes 5 to 10 minutes: its HTTP server and client are compiled too)"
  local started
  started=$(mktemp)
  as_builder "$SWIFT" build --package-path "$ROOT" "${RELEASE_FLAGS[@]}" >&2 || {
    rm -f "$started"
    die "the build failed; the compiler said why above"
  }
  # The stamp bears the time before the build: a file saved meanwhile is newer, and is built next time.
  printf '%s\n' "$flags" >"$stamp"
  touch -r "$started" "$stamp"
  rm -f "$started"
  own "$stamp"
}

# Other things -----------------------------------------------------------------------------------

# wait_for SECONDS COMMAND...: tries it ten times a second until it succeeds.
wait_for() {
  local tries=$(($1 * 10))
  shift
  while ! "$@" >/dev/null 2>&1; do
    ((tries-- > 0)) || return 1
    sleep 0.1
  done
}
