"""The rules that make a release of built products."""

load("//release/bundle/private:install_script.bzl", _install_script = "install_script")
load("//release/bundle/private:release_bundle.bzl", _release_bundle = "release_bundle")

install_script = _install_script
release_bundle = _release_bundle
