#!/bin/sh
# Asks who made what was published, with tools that are not ours, of the real services: `attest.sh CHANNEL VERSION IMAGE...`.
#
# GitHub's own store need not have it: there a release only warns.
set -eu

channel=$1
version=$2
shift 2
oci=$(printf '%s' "$version" | tr + -)
case $channel in
dev) tag=dev ref=refs/heads/main ;;
*) tag=v$version ref=refs/tags/v$version ;;
esac
workflow=$GITHUB_REPOSITORY/.github/workflows/release.yml
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

manifest=viberun-$oci.json
client=viberun-$oci-linux-amd64.tar.gz
signature=viberun-$oci.intoto.jsonl
for name in "$manifest" "$client" "$signature"; do
    gh release download "$tag" --repo "$GITHUB_REPOSITORY" --dir "$work" --pattern "$name"
done
chmod 755 "$work"

# Says whether gh takes a file for what the release workflow made of this commit, by what follows.
verified() {
    gh attestation verify "$@" --repo "$GITHUB_REPOSITORY" --signer-workflow "$workflow" --source-ref "$ref" \
        --source-digest "$GITHUB_SHA" --deny-self-hosted-runners
}

for name in "$manifest" "$client"; do
    verified "$work/$name" --bundle "$work/$signature"
    verified "$work/$name" || echo "::warning::GitHub's own store does not vouch for $name"
done

index=0
for image; do
    set -- "$@" "${image%:*}:$oci"
    index=$((index + 1))
done
shift "$index"
# Ubuntu has no cosign; Debian's is of no lock, as nothing is that people verify with.
docker run --rm --volume "$work:/release:ro" \
    --env "IDENTITY=$GITHUB_SERVER_URL/$workflow@$ref" --env "COMMIT=$GITHUB_SHA" --env "SIGNATURE=$signature" \
    --env "FILES=$manifest $client" debian:testing-slim sh -euc '
        apt-get -qq update
        apt-get -qq install --yes --no-install-recommends ca-certificates cosign
        set -- "$@" -- --type slsaprovenance1 --certificate-identity "$IDENTITY" \
            --certificate-oidc-issuer https://token.actions.githubusercontent.com \
            --certificate-github-workflow-trigger push --certificate-github-workflow-sha "$COMMIT"
        images=
        while [ "$1" != -- ]; do
            images="$images $1"
            shift
        done
        shift
        for file in $FILES; do
            cosign verify-blob-attestation "$@" --bundle "/release/$SIGNATURE" "/release/$file"
        done
        for image in $images; do
            cosign verify-attestation "$@" "$image" >/dev/null
        done' sh "$@"
