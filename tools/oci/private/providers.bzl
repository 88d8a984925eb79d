"""What the rules that make an image tell each other."""

visibility("//tools/oci/...")

OciPlanInfo = provider(
    doc = "An image.json, taken apart.",
    fields = {
        "declaration": "File: the image.json.",
        "plans": "dict: for each layer of packages, by name, the file with what it is made from.",
    },
)

OciLayerInfo = provider(
    doc = "A finished layer for one architecture.",
    fields = {
        "architecture": "amd64 or arm64.",
        "blob": "File: the compressed archive.",
        "metadata": "File: what is known of it, as tools/oci/model/metadata.py writes it.",
    },
)
