#!/bin/sh
# Installs `viberun`, the client, for one user or (as root) for all: one executable, checked by who signed the release that
# it is of, and a small script in a folder of programs that starts it. `sh install.sh --help` says how to change what it does.
#
#   <dir>/<version>/viberun   the executable
#   <dir>/viberun.previous    what <bin>/viberun was before: moved back there, it starts the version before
#   <bin>/viberun             starts it, and tells it how it was installed
#
# Everything is a function, and `main` is called last: of a stream that is cut off nothing runs.

# The build puts in whose release this is a part of. Without it the environment has to say.
stamped() {
    repository=''
    github='https://github.com'
    channel='prod'
}

# Sigstore's authority, which certifies what GitHub says of a job, and the log of what was signed: those of tools/trust.
authority() {
    cat <<'END'
-----BEGIN CERTIFICATE-----
MIICGjCCAaGgAwIBAgIUALnViVfnU0brJasmRkHrn/UnfaQwCgYIKoZIzj0EAwMw
KjEVMBMGA1UEChMMc2lnc3RvcmUuZGV2MREwDwYDVQQDEwhzaWdzdG9yZTAeFw0y
MjA0MTMyMDA2MTVaFw0zMTEwMDUxMzU2NThaMDcxFTATBgNVBAoTDHNpZ3N0b3Jl
LmRldjEeMBwGA1UEAxMVc2lnc3RvcmUtaW50ZXJtZWRpYXRlMHYwEAYHKoZIzj0C
AQYFK4EEACIDYgAE8RVS/ysH+NOvuDZyPIZtilgUF9NlarYpAd9HP1vBBH1U5CV7
7LSS7s0ZiH4nE7Hv7ptS6LvvR/STk798LVgMzLlJ4HeIfF3tHSaexLcYpSASr1kS
0N/RgBJz/9jWCiXno3sweTAOBgNVHQ8BAf8EBAMCAQYwEwYDVR0lBAwwCgYIKwYB
BQUHAwMwEgYDVR0TAQH/BAgwBgEB/wIBADAdBgNVHQ4EFgQU39Ppz1YkEZb5qNjp
KFWixi4YZD8wHwYDVR0jBBgwFoAUWMAeX5FFpWapesyQoZMi0CrFxfowCgYIKoZI
zj0EAwMDZwAwZAIwPCsQK4DYiZYDPIaDi5HFKnfxXx6ASSVmERfsynYBiX2X6SJR
nZU84/9DZdnFvvxmAjBOt6QpBlc4J/0DxvkTCqpclvziL6BCCPnjdlIB3Pu3BxsP
mygUY7Ii2zbdCdliiow=
-----END CERTIFICATE-----
-----BEGIN CERTIFICATE-----
MIIB9zCCAXygAwIBAgIUALZNAPFdxHPwjeDloDwyYChAO/4wCgYIKoZIzj0EAwMw
KjEVMBMGA1UEChMMc2lnc3RvcmUuZGV2MREwDwYDVQQDEwhzaWdzdG9yZTAeFw0y
MTEwMDcxMzU2NTlaFw0zMTEwMDUxMzU2NThaMCoxFTATBgNVBAoTDHNpZ3N0b3Jl
LmRldjERMA8GA1UEAxMIc2lnc3RvcmUwdjAQBgcqhkjOPQIBBgUrgQQAIgNiAAT7
XeFT4rb3PQGwS4IajtLk3/OlnpgangaBclYpsYBr5i+4ynB07ceb3LP0OIOZdxex
X69c5iVuyJRQ+Hz05yi+UF3uBWAlHpiS5sh0+H2GHE7SXrk1EC5m1Tr19L9gg92j
YzBhMA4GA1UdDwEB/wQEAwIBBjAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBRY
wB5fkUWlZql6zJChkyLQKsXF+jAfBgNVHSMEGDAWgBRYwB5fkUWlZql6zJChkyLQ
KsXF+jAKBggqhkjOPQQDAwNpADBmAjEAj1nHeXZp+13NWBNa+EDsDP8G1WWg1tCM
WP/WHPqpaVo0jhsweNFZgSs0eE7wYI4qAjEA2WB9ot98sIkoF3vZYdd3/VtWB5b9
TNMea7Ix/stJ5TfcLLeABLE4BNJOsQ4vnBHJ
-----END CERTIFICATE-----
END
}
log_key() {
    cat <<'END'
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+2tabdTV5BcGiBIx0a9fAFwr
kBbmLSGtks4L3qX6yYY0zufBnhC8Ur/iy55GhWP/9A/bY2LhC30M9+RYtw==
-----END PUBLIC KEY-----
END
}

main() {
    set -eu
    umask 022
    # What the tools say is read here.
    export LC_ALL=C
    stamped
    read_arguments "$@"
    find_platform
    find_tools
    find_channel
    make_folders
    for attempt in 1 2; do
        find_build
        verify
        if is_installed; then
            echo "viberun $version is installed already: $bin/viberun"
            advise
            return
        fi
        # A build can give way to the next one between the two.
        if fetch_client; then break; fi
        if [ "$attempt" = 2 ] || [ -z "$again" ]; then die "$problem" "$remedy"; fi
    done
    unpack
    put_in_place
    echo "viberun $version is installed: $bin/viberun"
    advise
}

usage() {
    cat <<END
usage: install.sh [--from OWNER/NAME] [--dev | --version VERSION] [--verify]
                  [--dir DIR] [--bin DIR]

Installs viberun, or brings it up to date.

  --from OWNER/NAME  whose releases on GitHub to take (VIBERUN_REPOSITORY)
  --dev              the newest build of main, instead of the newest release
  --version VERSION  exactly this one, as \`viberun --version\` prints it
  --verify           only what is signed; without, it need not be where there
                     is no openssl, or in a channel on this machine
  --dir DIR          where the program is kept (VIBERUN_INSTALL_DIR;
                     ~/.local/share/viberun, for root /usr/local/lib/viberun)
  --bin DIR          where the command goes (VIBERUN_INSTALL_BIN;
                     ~/.local/bin, for root /usr/local/bin)

VIBERUN_CHANNEL_URL  a mirror or a folder with a channel.json, instead of GitHub
END
}

say() {
    printf 'viberun install: %s\n' "$1" >&2
}

# Ends with one line: what is wrong, and what to do about it.
die() {
    say "$1${2:+; $2}"
    exit "${3-1}"
}

has() {
    command -v "$1" >/dev/null 2>&1
}

read_arguments() {
    wanted='' only_verified=''
    dir=${VIBERUN_INSTALL_DIR-} bin=${VIBERUN_INSTALL_BIN-}
    repository=${VIBERUN_REPOSITORY:-$repository}
    channel=${VIBERUN_CHANNEL:-$channel}
    while [ $# -gt 0 ]; do
        case $1 in
        --dir | --bin | --version | --from)
            [ $# -gt 1 ] || die "$1 takes a value" 'see --help' 2
            set_option "$1" "$2"
            shift
            ;;
        --dir=* | --bin=* | --version=* | --from=*) set_option "${1%%=*}" "${1#*=}" ;;
        --dev) channel=dev ;;
        --verify) only_verified=yes ;;
        --help | -h)
            usage
            exit 0
            ;;
        *) die "there is no option $1" 'see --help' 2 ;;
        esac
        shift
    done
    case $channel in dev | prod) ;; *) die "VIBERUN_CHANNEL is $channel" 'set it to dev or prod, or unset it' 2 ;; esac
    if [ -n "$repository" ]; then
        matches "$repository" '[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*' ||
            die "there is no repository $repository" 'give it with --from as owner/name' 2
    fi
    choose_folders
}

set_option() {
    [ -n "$2" ] || die "$1 takes a value" 'see --help' 2
    case $1 in
    --dir) dir=$2 ;;
    --bin) bin=$2 ;;
    --from) repository=$2 ;;
    --version) read_version "$2" ;;
    esac
}

# Sets `wanted`, the version as file names spell it, and the channel that it is of.
read_version() {
    wanted=$(printf '%s\n' "${1#v}" | sed 's/+/-/')
    if matches "$wanted" '0\.0\.0-dev\.[0-9]{14}-[0-9a-f]{7}(\.dirty)?'; then
        channel=dev
    elif matches "$wanted" '[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}'; then
        channel=prod
    else
        die "$1 is no version" 'give it as viberun --version prints it, with the commit behind the plus' 2
    fi
}

# Whether all of $1 is of the form $2, an extended regular expression.
matches() {
    case $1 in *'
'*) return 1 ;; esac
    printf '%s\n' "$1" | grep -Eqx -e "$2"
}

choose_folders() {
    if [ "$(id -u)" = 0 ]; then
        dir=${dir:-/usr/local/lib/viberun} bin=${bin:-/usr/local/bin}
    elif [ -z "$dir" ] || [ -z "$bin" ]; then
        [ -n "${HOME-}" ] || die 'HOME is not set' 'set it, or give --dir and --bin'
        dir=${dir:-${XDG_DATA_HOME:-$HOME/.local/share}/viberun} bin=${bin:-$HOME/.local/bin}
    fi
    dir=$(absolute "$dir") bin=$(absolute "$bin")
    case $dir$bin in *'
'*) die 'a folder with a line break in its name can not be used' 'give --dir and --bin' 2 ;; esac
}

absolute() {
    case $1 in
    /) echo / ;;
    /*) printf '%s\n' "${1%/}" ;;
    *) printf '%s\n' "$(pwd)/${1%/}" ;;
    esac
}

find_platform() {
    system=$(uname -s) machine=$(uname -m)
    case $system in
    Linux) platform=linux ;;
    Darwin) platform=darwin ;;
    *) die "viberun does not run on $system" 'use it on Linux or macOS; on Windows, in WSL' ;;
    esac
    case $machine in
    x86_64 | amd64) platform=$platform-amd64 ;;
    aarch64 | arm64) platform=$platform-arm64 ;;
    *) die "viberun does not run on $system with $machine" 'use it on x86-64 or ARM64' ;;
    esac
}

find_tools() {
    for tool in tar gzip; do
        has "$tool" || die "this needs $tool, which is not installed" "install $tool"
    done
    case $platform in
    darwin-*)
        python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' >/dev/null 2>&1 ||
            die 'viberun needs Python 3.9 or newer here, and there is none' 'install it with xcode-select --install'
        ;;
    esac
    has sha256sum || has shasum || has openssl ||
        die 'the download could not be checked: there is neither sha256sum nor shasum nor openssl' 'install one of them'
}

# Sets `base`, where the manifests are.
find_channel() {
    releases=''
    newest=' of that channel'
    if [ -n "${VIBERUN_CHANNEL_URL-}" ]; then
        base=${VIBERUN_CHANNEL_URL%/channel.json}
        base=${base%/}
        case $base in file:///*) base=${base#file://} ;; esac
    else
        [ -n "$repository" ] || nobody
        releases=$github/$repository/releases
        newest=", $github/$repository/raw/main/install.sh"
        case $channel:$wanted in
        dev:*) base=$releases/download/dev ;;
        prod:) base=$releases/latest/download ;;
        prod:*) base=$releases/download/v$wanted ;;
        esac
    fi
    find_protocols
}

nobody() {
    die 'this copy does not know whose releases to install' 'give --from owner/name'
}

# Sets `protocols` to what curl may use, or to nothing where the channel is a folder; `here` where it is on this machine.
find_protocols() {
    protocols=''
    host=''
    here=yes
    case $base in http://* | https://*) host=${base#*://} host=${host%%[/?#]*} ;; esac
    # Not with the address, which would show the password that may be in it.
    case $host in *@*) die 'the address of the channel has a user name in it' 'give an address without one' 2 ;; esac
    case $base in
    https://*) protocols='=https' here='' ;;
    http://*)
        case $host in
        127.0.0.1 | 127.0.0.1:* | localhost | localhost:* | '[::1]' | '[::1]:'*) ;;
        *)
            [ "${VIBERUN_CHANNEL_INSECURE-}" = 1 ] || insecure
            here=''
            ;;
        esac
        protocols='=http,https'
        ;;
    *://*) die "$base is no address that can be read" 'give one that begins with https://' 2 ;;
    *) [ -d "$base" ] || die "there is no folder $base" 'set VIBERUN_CHANNEL_URL to an address or a folder' ;;
    esac
    if [ -n "$protocols" ]; then
        has curl || has wget || die 'there is neither curl nor wget' 'install one of them'
    fi
}

insecure() {
    die "$base is not encrypted" 'give an https address, or set VIBERUN_CHANNEL_INSECURE=1 if you trust the network'
}

# Makes both folders, and `new` in the one where the program will be: a rename can't be interrupted.
make_folders() {
    mkdir -p "$dir" 2>/dev/null || unwritable "$dir" --dir
    [ -w "$dir" ] || unwritable "$dir" --dir
    mkdir -p "$bin" 2>/dev/null || unwritable "$bin" --bin
    [ -w "$bin" ] || unwritable "$bin" --bin
    if [ -d "$bin/viberun" ]; then die "$bin/viberun is a folder" 'give --bin'; fi
    if [ -e "$bin/viberun" ] && ! is_launcher "$bin/viberun"; then
        die "$bin/viberun was not put there by this script" 'remove it, or give --bin'
    fi
    for left in "$dir"/.new.* "$bin"/.viberun.*; do
        kill -0 "${left##*.}" 2>/dev/null || rm -rf "$left"
    done
    new=$dir/.new.$$
    child=''
    trap 'rm -rf "$new" "$bin/.viberun.$$"' EXIT
    trap 'stopped 129' HUP
    trap 'stopped 130' INT
    trap 'stopped 143' TERM
    mkdir "$new" 2>/dev/null || unwritable "$dir" --dir
}

unwritable() {
    die "$1 can not be written to" "give another folder with $2"
}

stopped() {
    trap '' HUP INT TERM
    if [ -n "$child" ]; then kill "$child" 2>/dev/null || :; fi
    say 'interrupted; nothing was changed'
    exit "$1"
}

# Reads the manifest. Sets `version`, `oci` (the version in file names) and `files`, where the files are.
find_build() {
    if [ -n "$wanted" ]; then
        # A local channel has it one folder below.
        get_first "viberun-$wanted.json" "github/viberun-$wanted.json" ||
            die "there is no viberun $wanted at $base" 'ask for another version: dev builds are kept for a while only'
        case $found in github/*) base_of_build=$base/github ;; *) base_of_build=$base ;; esac
    else
        # The one gives way to the other for a moment when a build is released.
        get_first channel.json channel.old.json channel.json ||
            die "there is no release at $base" 'look whether the address is right, or try again later'
        base_of_build=$base
    fi
    read_manifest
    needed=$(number min_reader "$new/top")
    if [ -z "$needed" ] && grep -q '"min_reader"' "$new/top"; then unreadable; fi
    case ${needed:-1} in
    1) ;;
    *) die "$base/$found takes a reader of schema $needed, and this script reads schema 1" "get the newest one$newest" ;;
    esac
    version=$(text version "$new/top")
    oci=$(printf '%s\n' "$version" | sed 's/+/-/')
    if [ -z "$(number schema "$new/top")" ] ||
        ! matches "$oci" '[0-9]+\.[0-9]+\.[0-9]+(-dev\.[0-9]{14}-[0-9a-f]{7}(\.dirty)?)?'; then
        die "$base/$found is no manifest of viberun" 'look whether the address is right'
    fi
    case $channel$wanted/$oci in
    dev/*-dev.*) ;;
    dev/*) die "$base holds the release $version and no dev build" 'leave out --dev, or name another VIBERUN_CHANNEL_URL' ;;
    prod/*-dev.*) [ -z "$releases" ] || die "$base/$found is of the dev build $version" 'report it, or give --dev' ;;
    esac
    [ "${wanted:-$oci}" = "$oci" ] || die "$base/$found is of viberun $version" 'report it'
    # GitHub's `latest` may be another release by the time that the file is asked for.
    if [ -n "$releases" ] && [ "$channel" = prod ]; then base_of_build=$releases/download/v$oci; fi
    files_at=$(text files_at "$new/top")
    case $files_at in '' | [A-Za-z0-9]*/) ;; *) unreadable ;; esac
    case $files_at in *..* | *[!A-Za-z0-9./_-]*) unreadable ;; esac
    files=$base_of_build/$files_at
}

unreadable() {
    die "$base/$found can not be read" 'get the newest install.sh'
}

# Writes the manifest's own keys to `top`, and its files to `files`, one a line as they are there: an object each. What is
# nested further in is not for this script; it is cut out, so that no key of it is taken for one of these.
read_manifest() {
    tr '\t\r' '  ' <"$new/manifest" | sed -n -e '/"files" *: *\[/,/^ *\]/{' -e '1!s/^ *{/{/p' -e '}' | flat >"$new/files"
    tr '\t\r' '  ' <"$new/manifest" | sed -e 1b -e '/^ *{/d' | tr '\n' ' ' | flat >"$new/top"
}

# Cuts out what is escaped, and from the inside all objects and arrays but that with which the line begins.
flat() {
    sed -e 's/\\.//g' -e 's/^ *//' -e ':cut' -e 's/\(.\){[^][{}]*}/\1null/' -e 't cut' \
        -e 's/\(.\)\[[^][{}]*\]/\1null/' -e 't cut'
}

# The value of the key $1, a text or a number, in the file $2.
text() {
    sed -n 's/.*[{,] *"'"$1"'" *: *"\([^"]*\)".*/\1/p' "$2"
}

number() {
    sed -n 's/.*[{,] *"'"$1"'" *: *\([0-9][0-9]*\) *[,}].*/\1/p' "$2"
}

# Puts the first of these files that the channel has into the manifest's place; sets `found` to its name.
get_first() {
    for found in "$@"; do
        if get "$base/$found" "$new/manifest"; then return; fi
        [ -n "$absent" ] || die "$problem" "$remedy"
    done
    return 1
}

# Ends where the build is not what the repository's release workflow signed: a push to main, or the tag of the version, on a
# machine of GitHub's. The log's promise to hold the signature is looked at, its proof and the log of certificates are not.
verify() {
    if ! has openssl; then
        [ -z "$only_verified" ] || die "viberun $version can not be verified: there is no openssl" 'install it'
        [ -n "$here" ] || say 'not verified: there is no openssl'
        return
    fi
    if ! get "$base_of_build/viberun-$oci.intoto.jsonl" "$new/signature"; then
        [ -n "$absent" ] || die "$problem" "$remedy"
        if [ -n "$here" ] && [ -z "$only_verified" ]; then return; fi
        die "viberun $version is not signed" 'look whether the address is right, or ask for another version'
    fi
    [ -n "$repository" ] || nobody
    commit=$(text commit "$new/top") name=$(text repository "$new/top")
    [ "$(lower "$name")" = "$(lower "$repository")" ] || refuse "it says that it is of ${name:-nobody}, not of $repository"
    { tr -d ' \t\r\n' <"$new/signature" && echo; } | sed 's/"inclusionProof":{[^{}]*{[^{}]*}[^{}]*}//' >"$new/bundle"
    for key in rawBytes payload sig signedEntryTimestamp canonicalizedBody keyId; do
        text "$key" "$new/bundle" | fold -w 64 | openssl base64 -d >"$new/$key" 2>"$new/log" || refuse 'its signature can not be read'
    done
    read_certificate
    check_log
    check_signature
    check_job
    say "signed by $name's release workflow"
}

refuse() {
    die "viberun $version is not to be trusted: $1" 'nothing was installed; report it'
}

lower() {
    printf '%s' "$1" | tr '[:upper:]' '[:lower:]'
}

# That Sigstore's authority issued the certificate, and for the time that the log says.
read_certificate() {
    time=$(text integratedTime "$new/bundle")
    case $time in '' | *[!0-9]*) refuse 'nobody says when it was signed' ;; esac
    authority >"$new/authority"
    openssl x509 -inform DER -in "$new/rawBytes" -out "$new/certificate" 2>"$new/log" || refuse 'its signature has no certificate'
    openssl verify -attime "$time" -trusted "$new/authority" "$new/certificate" >"$new/log" 2>&1 ||
        refuse "the certificate of its signature is of nobody who is trusted, or was not valid then"
    openssl x509 -in "$new/certificate" -noout -pubkey >"$new/key" 2>"$new/log"
    # Of P-256 and no other kind: of a key of RSA the signer chooses the bytes, and could write there what `holds` looks for.
    sed -n 2p "$new/key" | grep -q '^MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE' || refuse 'the key of its signature is not of P-256'
}

# That the log promised (Rekor v1, SET) to hold this very entry, and that it is the one of this signature.
check_log() {
    log_key >"$new/log_key"
    printf '{"body":"%s","integratedTime":%s,"logID":"%s","logIndex":%s}' "$(text canonicalizedBody "$new/bundle")" "$time" \
        "$(hex <"$new/keyId" | tr -d ' ')" "$(text logIndex "$new/bundle")" >"$new/promised"
    signed_by "$new/log_key" "$new/signedEntryTimestamp" "$new/promised" || refuse 'its signature stands in no log that is known'
    entry=$(cat "$new/canonicalizedBody")
    about="{\"algorithm\":\"sha256\",\"value\":\"$(sha256_of "$new/payload")\"}"
    case $entry in
    '{"apiVersion":"0.0.1","kind":"dsse","spec":{"envelopeHash":{'*"},\"payloadHash\":$about,\"signatures\":[{\"signature\":\"$(text sig "$new/bundle")\",\"verifier\":\""*'"}]}}') ;;
    *) refuse 'what stands in the log is something else' ;;
    esac
}

# That the holder of the certificate signed the statement (DSSE), and that this is provenance of what was read.
check_signature() {
    { printf 'DSSEv1 28 application/vnd.in-toto+json %d ' "$(($(wc -c <"$new/payload")))" && cat "$new/payload"; } >"$new/signed"
    signed_by "$new/key" "$new/sig" "$new/signed" || refuse 'its signature does not fit'
    tr -d ' \n' <"$new/payload" >"$new/statement"
    for said in '"_type":"https://in-toto.io/Statement/v1"' '"predicateType":"https://slsa.dev/provenance/v1"' \
        "{\"name\":\"viberun-$oci.json\",\"digest\":{\"sha256\":\"$(sha256_of "$new/manifest")\"}}"; do
        grep -qF "$said" "$new/statement" || refuse 'its signature is of something else'
    done
}

# Whether the key $1 made the signature $2 of $3.
signed_by() {
    openssl dgst -sha256 -verify "$1" -signature "$2" "$3" >"$new/log" 2>&1
}

# What GitHub said of the job, in the certificate: its one name and the extensions of Fulcio's that say more, whole as they
# are encoded there. (https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md)
check_job() {
    case $oci in *-dev.*) ref=refs/heads/main ;; *) ref=refs/tags/v$oci ;; esac
    workflow=$github/$name/.github/workflows/release.yml@$ref
    # As openssl read it: behind what was signed there could be more in the file.
    certificate=$(openssl x509 -in "$new/certificate" -outform DER 2>"$new/log" | hex)
    holds "06 03 55 1d 11 01 01 ff$(der 04 "$(der 30 "$(der 86 "$(printf '%s' "$workflow" | hex)")")")" workflow "$workflow"
    holds "06 03 55 1d 25 04 0c 30 0a 06 08 2b 06 01 05 05 07 03 03" purpose codeSigning
    for fact in "08 issuer https://token.actions.githubusercontent.com" "09 workflow $workflow" "0a commit $commit" \
        "0b runner github-hosted" "0c repository $github/$name" "0d commit $commit" "0e ref $ref" "12 workflow $workflow" \
        "13 commit $commit" "14 event push"; do
        said=${fact#* } number=${fact%% *}
        value=$(der 0c "$(printf '%s' "${said#* }" | hex)")
        holds "06 0a 2b 06 01 04 01 83 bf 30 01 $number$(der 04 "$value")" "${said%% *}" "${said#* }"
    done
}

# Whether the bytes $1 are in the certificate, by which its $2 is $3.
holds() {
    case $certificate in *" $1"*) ;; *) refuse "the job that signed it was of another $2 than $3" ;; esac
}

# Bytes as hex digits, a space before each.
hex() {
    od -An -v -tx1 | tr -d ' \n' | sed 's/../ &/g'
}

# What of tag $1 has the content $2, as DER, all of them as `hex` has it.
der() {
    size=$((${#2} / 3)) long=''
    if [ "$size" -gt 127 ]; then long=' 81'; fi
    printf ' %s%s %02x%s' "$1" "$long" "$size" "$2"
}

# Whether this very build is what would be started.
is_installed() {
    [ -e "$bin/viberun" ] && [ "$(version_of "$bin/viberun")" = "$version" ] && [ -e "$dir/$oci/viberun" ] &&
        [ "$(launcher)" = "$(cat "$bin/viberun")" ] && [ "$("$bin/viberun" --version 2>&1 </dev/null)" = "$version" ]
}

# Downloads and checks the archive with the executable. Fails with `problem` and `remedy`, and `again` where another look
# at the manifest may help.
fetch_client() {
    again=yes
    [ -s "$new/files" ] || unreadable # by a script, which goes by lines
    grep '[{,] *"kind" *: *"client" *[,}]' "$new/files" |
        grep '[{,] *"platform" *: *"'"$platform"'" *[,}]' >"$new/client" ||
        die "viberun $version is not there for $platform" 'use another machine, or another version'
    name=$(text name "$new/client") size=$(number size "$new/client") sha256=$(text sha256 "$new/client")
    matches "$name $size $sha256" '[A-Za-z0-9][A-Za-z0-9._+-]* [0-9]{1,15} [0-9a-f]{64}' || unreadable
    say "downloading viberun $version for $platform, $((size / 1000000 + 1)) MB"
    if ! get "$files$name" "$new/client.tar.gz"; then
        again=$absent
        return 1
    fi
    remedy='nothing was installed; try again, and report it if it stays so'
    has_size=$(($(wc -c <"$new/client.tar.gz")))
    if [ "$has_size" != "$size" ]; then
        problem="$files$name has $has_size bytes, and $size were announced"
        return 1
    fi
    if [ "$(sha256_of "$new/client.tar.gz")" != "$sha256" ]; then
        problem="$files$name does not have the sha256 that was announced"
        return 1
    fi
}

sha256_of() {
    if has sha256sum; then
        sha256sum <"$1"
    elif has shasum; then
        shasum -a 256 <"$1"
    else
        openssl dgst -sha256 -r <"$1"
    fi | cut -c 1-64
}

# Puts what is at $1 into the file $2. Fails with `problem` and `remedy`, and `absent` where there is no such thing.
get() {
    absent=''
    remedy='look whether the network and the address are right, or try again later'
    if [ -z "$protocols" ]; then
        if ! [ -f "$1" ]; then
            absent=yes problem="there is no $1"
            return 1
        fi
        problem="$1 can not be copied to $dir" remedy='look whether it can be read, and whether the disk is full'
        cp "$1" "$2" 2>/dev/null
        return
    fi
    for pause in 1 2 0; do
        http=''
        if has curl; then ask_curl "$1" "$2"; else ask_wget "$1" "$2"; fi
        { echo >"$new/probe"; } 2>/dev/null || :
        if ! [ -s "$new/probe" ]; then
            problem="$dir can not be written to" remedy='look whether the disk is full'
            return 1
        fi
        rm -f "$new/probe"
        case $http:$status in
        200:0) return ;;
        404:* | 410:*)
            absent=yes problem="there is no $1"
            return 1
            ;;
        # Of a redirection that led nowhere the last answer is its own.
        200:* | 3??:* | 000:* | :*) problem="$1 can not be read: $(reason)" ;;
        408:* | 429:* | 5*) problem="$1 can not be read: the server answers $http" ;;
        *)
            problem="$1 can not be read: the server answers $http"
            return 1
            ;;
        esac
        sleep "$pause" &
        await $!
    done
    return 1
}

# Both set `http`, the status of the last answer, and `status`, that of the program. They run in the background, since a
# shell takes no signal while it waits for what runs in front.
ask_curl() {
    curl --silent --show-error --location --proto "$protocols" --connect-timeout 15 --speed-limit 1 --speed-time 30 \
        --output "$2" --write-out '%{http_code}' "$1" >"$new/http" 2>"$new/log" &
    await $!
    http=$(cat "$new/http")
}

ask_wget() {
    : >"$2"
    limits='-t 1 -T 30'
    # It knows no -t, and some of its versions crash with -T where nobody listens. Of itself it waits for 15 minutes.
    if is_busybox; then limits=''; fi
    # shellcheck disable=SC2086 # words
    wget -S $limits -O "$2" "$1" >"$new/log" 2>&1 &
    await $!
    http=$(sed -n 's/.*HTTP\/[0-9.]* \([0-9][0-9][0-9]\).*/\1/p' "$new/log" | tail -n 1)
    if [ "$protocols" = '=https' ] && grep -Eq 'validation not implemented|^ *Location: http:' "$new/log"; then
        die "this wget did not read $1 over a connection that it had checked" 'install curl'
    fi
}

is_busybox() { wget --help 2>&1 | grep -q BusyBox; }

await() {
    child=$1 status=0
    wait "$child" || status=$?
    child=''
}

# What went wrong, as the program that was run says it, without its name and the time.
reason() {
    said=$(sed -n 's/^curl: ([0-9]*) //p' "$new/log" | head -n 1)
    [ -n "$said" ] || said=$(grep -Ei 'fail|error|unable|bad|refused|timed|closed|not |no data' "$new/log" | tail -n 1)
    case $said in
    '' | *'error getting response'*)
        # BusyBox has another program connect and check the certificate, and keeps to itself what that says.
        if [ "$protocols" = '=https' ] && [ "$http" != 200 ] && ! has curl && is_busybox; then
            said='no answer, as where nobody listens or a certificate is not trusted'
        fi
        ;;
    esac
    printf '%s\n' "${said:-it broke off}" |
        sed 's/^[a-z]*: *//; s/^[-0-9]* [:0-9]* ([^)]*) - *//; s/\.$//; s/\. Retrying$//'
}

# Unpacks and tries the executable where it is not yet in anybody's way.
unpack() {
    mkdir -p "$new/$oci"
    tar -xzf "$new/client.tar.gz" -C "$new/$oci" viberun 2>"$new/log" ||
        die "$name can not be unpacked into $dir: $(reason)" 'look whether the disk is full'
    if [ -h "$new/$oci/viberun" ] || ! [ -f "$new/$oci/viberun" ]; then unreadable; fi
    chmod 755 "$new/$oci/viberun"
    says=$("$new/$oci/viberun" --version 2>"$new/log" </dev/null) || :
    [ "$says" = "$version" ] ||
        die "viberun $version does not start on this machine: $(reason)" "look whether programs may be run from $dir"
}

# The switch is the rename of the launcher. The version before stays; those before that go, but for one that is younger
# than an hour: another run may be about to start it.
put_in_place() {
    before=''
    if [ -e "$bin/viberun" ]; then before=$(version_of "$bin/viberun"); fi
    if ! { launcher >"$bin/.viberun.$$" && chmod 755 "$bin/.viberun.$$"; } 2>/dev/null; then unwritable "$bin" --bin; fi
    trap '' HUP INT TERM
    if [ -n "$before" ] && [ "$before" != "$version" ]; then
        { cp -p "$bin/viberun" "$new/previous" && mv -f "$new/previous" "$dir/viberun.previous"; } 2>/dev/null ||
            unwritable "$dir" --dir
    fi
    # The file and not the folder, which mv would put into one that another run has just made.
    mkdir "$dir/$oci" 2>/dev/null || [ -d "$dir/$oci" ] || unwritable "$dir" --dir
    mv -f "$new/$oci/viberun" "$dir/$oci/viberun" 2>/dev/null || unwritable "$dir/$oci" --dir
    mv -f "$bin/.viberun.$$" "$bin/viberun" 2>/dev/null || unwritable "$bin" --bin
    if [ -e "$dir/viberun.previous" ]; then before=$(version_of "$dir/viberun.previous" | sed 's/+/-/'); fi
    for old in "$dir"/[0-9]*.[0-9]*.[0-9]*; do
        case ${old##*/} in "$oci" | "$before") continue ;; esac
        [ -n "$(find "$old" -prune -mmin +60 2>/dev/null)" ] || continue
        if [ -f "$old/viberun" ] && rm -f "$old/viberun"; then rmdir "$old" 2>/dev/null || :; fi
    done
}

# The text of the command. `viberun upgrade` writes the same.
launcher() {
    echo '#!/bin/sh'
    echo "# Starts viberun $version as its install script put it here."
    echo 'export VIBERUN_INSTALL_METHOD=script'
    printf 'export VIBERUN_INSTALL_DIR=%s VIBERUN_INSTALL_BIN=%s\n' "$(quoted "$dir")" "$(quoted "$bin")"
    printf 'exec %s "$@"\n' "$(quoted "$dir/$oci/viberun")"
}

quoted() {
    printf "'%s'\n" "$(printf '%s\n' "$1" | sed "s/'/'\\\\''/g")"
}

is_launcher() {
    [ -n "$(version_of "$1")" ]
}

# The version that the launcher $1 starts; nothing if it is none.
version_of() {
    sed -n '2s/^# Starts viberun \([^ ]*\) as its install script put it here\.$/\1/p' "$1" 2>/dev/null
}

advise() {
    case :${PATH-}: in
    *":$bin:"*)
        first=$(command -v viberun || :)
        case $first in "" | "$bin/viberun") ;; *) echo "The command viberun is still $first, first on PATH." ;; esac
        ;;
    *)
        echo "$bin is not on your PATH. This line, in ~/.profile or your shell's own file, adds it:"
        echo "  export PATH=$(quoted "$bin")\":\$PATH\""
        ;;
    esac
}

main "$@"
