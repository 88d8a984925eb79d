"""Images straight from locked Debian packages, without running anything of them: an OCI image layout for several architectures.

`oci_plan` takes an image.json apart, `oci_layer` packs the Debian packages of one layer, `oci_configuration` writes what their
maintainer scripts would have left, `oci_image` joins the layers with the release's own.
"""

load("//tools/oci/private:oci_configuration.bzl", _oci_configuration = "oci_configuration")
load("//tools/oci/private:oci_image.bzl", _oci_image = "oci_image")
load("//tools/oci/private:oci_layer.bzl", _oci_layer = "oci_layer")
load("//tools/oci/private:oci_plan.bzl", _oci_plan = "oci_plan")
load("//tools/oci/private:providers.bzl", _OciLayerInfo = "OciLayerInfo", _OciPlanInfo = "OciPlanInfo")

oci_configuration = _oci_configuration
oci_image = _oci_image
oci_layer = _oci_layer
oci_plan = _oci_plan
OciLayerInfo = _OciLayerInfo
OciPlanInfo = _OciPlanInfo
