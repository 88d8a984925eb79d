"""The version of what is built, and the targets of each channel.

`version` writes version.json, `each_channel` declares a target for dev and one for prod, and `ProductInfo` says what a product's
platforms and version are, so that whatever packs it can compare. `//pkg_npm` has a target a channel, `//tools/stamp/example` a
version that never changes, `//tests/analysis` what is refused.
"""

load("//tools/stamp/private:channels.bzl", _each_channel = "each_channel")
load("//tools/stamp/private:product.bzl", _ProductInfo = "ProductInfo", _check_versions = "check_versions", _products_by_platform = "products_by_platform")
load("//tools/stamp/private:version.bzl", _version = "version")

ProductInfo = _ProductInfo
check_versions = _check_versions
each_channel = _each_channel
products_by_platform = _products_by_platform
version = _version
