#!/bin/sh
# Unpacks Bazel from Debian testing into a folder: `from_debian.sh VERSION FOLDER`; FOLDER/bazel starts it.
#
# Nothing of the system changes and nobody has to be root: apt works in a folder of its own, the packages are unpacked and
# never installed, and each program is started through testing's own loader and libraries, whatever the machine has.
# Where they come from: DEBIAN_MIRROR, else the mirror that apt is set to; the archive must be signed with a key of
# tools/debian/keys. FOLDER comes into being whole, by one rename.
set -eu

wanted=$1
folder=$2
keys=$(CDPATH='' cd -- "$(dirname -- "$0")/../debian/keys" && pwd)
work=$folder.$$

fail() {
    printf 'bazelw: %s\n' "$*" >&2
    exit 1
}

# What testing's Bazel depends on and the server does not use; taken as installed, these save 400 MB. (The epoch makes
# them newer than any.)
status() {
    for package in async-profiler-java build-essential ca-certificates-java debconf default-jdk-headless java-common perl \
        protobuf-compiler-grpc-java-plugin python3 unzip zlib1g-dev; do
        printf 'Package: %s\nStatus: install ok installed\nArchitecture: all\nMulti-Arch: foreign\n' "$package"
        printf 'Version: 9999:1\nMaintainer: nobody\nDescription: not needed\n\n'
    done
}

mirror() {
    if [ -n "${DEBIAN_MIRROR:-}" ]; then
        address=${DEBIAN_MIRROR%/}
        echo "${address%/debian}/debian/"
        return
    fi
    # The second form needs no lists, but knows no archive by its name.
    # shellcheck disable=SC2016 # apt's own placeholders
    {
        apt-get indextargets --format '$(REPO_URI) $(LABEL)' 'Created-By: Packages'
        apt-get indextargets --no-release-info --format '$(REPO_URI) $(LABEL)' 'Created-By: Packages'
    } 2>/dev/null | sed -n -e 's# Debian$##p' -e 's#^\([^ ]*/debian/\) .*#\1#p' | head -n 1
}

configure_apt() {
    from=$(mirror)
    [ -n "$from" ] || fail "apt has no source for Debian's main archive: name a mirror in DEBIAN_MIRROR"
    mkdir -p "$work/lists/partial" "$work/archives/partial"
    status >"$work/status"
    cat "$keys"/*.gpg >"$work/keys.gpg"
    cat >"$work/testing.sources" <<SOURCE
Types: deb
URIs: $from
Suites: testing
Components: main
Architectures: $(dpkg --print-architecture)
Signed-By: $work/keys.gpg
SOURCE
    # Read after the machine's own settings, which keep their say in how to connect; what they would run is dropped.
    cat >"$work/apt.conf" <<CONF
#clear APT::Update;
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
Dir::State "$work";
Dir::State::status "$work/status";
Dir::Cache "$work";
Dir::Etc::SourceList "$work/testing.sources";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
CONF
}

# bazel-bootstrap names neither the library that Bazel's native part is linked with nor a Java that is only run; openssl
# makes the certificates' store that a package's script would make.
download() {
    apt-get -c="$work/apt.conf" -qq update >&2 || fail "Debian testing can't be had from $from"
    case $(apt-cache -c="$work/apt.conf" show bazel-bootstrap | sed -n 's/^Version: //p') in
    "$wanted"*) ;;
    *) fail "Debian testing has no Bazel $wanted any more" ;;
    esac
    apt-get -c="$work/apt.conf" -qq -y --download-only install bazel-bootstrap default-jre-headless libblake3-0 \
        ca-certificates openssl >&2 || fail "Bazel's packages can't be had from $from"
}

# Writes a script in a program's place that starts it through testing's loader, with `$2…` as first arguments.
wrap() {
    mv "$work/root/$1" "$work/root/$1.program"
    program=$1
    shift
    # shellcheck disable=SC2016 # for the script
    {
        printf '#!/bin/sh\nexec "%s" --argv0 "$0" --library-path "%s"' "$folder/$loader" "$folder/${loader%/*}"
        printf ' "%s"' "$folder/$program.program" "$@"
        printf ' "$@"\n'
    } >"$work/root/$program"
    chmod 755 "$work/root/$program"
}

# Packages name each other's files by absolute paths: in links, and Bazel the jars that it needs. Those that a jar of
# the list names in its own manifest come last.
relocate() {
    find . -type l -lname '/etc/java*' | while read -r link; do
        ln -sf "$folder$(readlink "$link")" "$link"
    done
    list=usr/share/bazel/bazel_classpath_debian_depends.txt
    find usr/share/java -name '*.jar' | sort | sed 's#^#/#' | cat "$list" - | while read -r jar; do
        echo "$folder$jar"
    done >"$list.new"
    mv "$list.new" "$list"
}

certificates() {
    bundle=/etc/ssl/certs/ca-certificates.crt
    if [ ! -e "$bundle" ]; then
        bundle=$work/certificates
        cat usr/share/ca-certificates/mozilla/*.crt >"$bundle"
    fi
    rm -f "$java/lib/security/cacerts"
    "$loader" --argv0 openssl --library-path "${loader%/*}" usr/bin/openssl pkcs12 -export -nokeys -nomac -certpbe NONE \
        -jdktrust anyExtendedKeyUsage -in "$bundle" -passout pass: -out "$java/lib/security/cacerts"
}

unpack() {
    mkdir "$work/root"
    for package in "$work"/archives/*.deb; do
        dpkg-deb -x "$package" "$work/root" || fail "$package can't be unpacked"
    done
    cd "$work/root"
    rm -rf usr/share/doc usr/share/man
    loader=$(find usr/lib -name 'ld-linux-*.so.*')
    java=$(find usr/lib/jvm -path '*/bin/java')
    java=${java%/bin/java}
    relocate
    certificates
    for program in $(find usr/libexec -type f) "$java/bin/java" "$java/lib/jspawnhelper"; do
        wrap "$program"
    done
    wrap usr/bin/bazel --nosystem_rc --trust_install_base "--install_base=$folder/usr/share/bazel" "--server_javabase=$folder/$java"
    ln -s usr/bin/bazel bazel
}

main() {
    # What a killed run left.
    for left in "$folder".*; do
        if [ -d "$left" ] && ! kill -0 "${left##*.}" 2>/dev/null; then rm -rf "$left"; fi
    done
    trap 'rm -rf "$work"' EXIT
    trap 'exit 1' HUP INT TERM
    mkdir -p "$work"
    configure_apt
    download
    unpack
    rm -rf "$folder"
    mv "$work/root" "$folder"
}

main
