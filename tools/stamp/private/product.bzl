"""What a built product says of itself, for what packs it to compare."""

visibility("//tools/stamp/...")

ProductInfo = provider(
    doc = "One built file that people run.",
    fields = {
        "file": "The File.",
        "platforms": "list of the platforms that it runs on, as a release calls them: `linux-amd64`.",
        "version": "File: the version.json that is in it, of one channel.",
    },
)

def check_versions(ctx, targets):
    """Fails if a product has another version than what it is packed into.

    Args:
      ctx: the packing rule's context, which has the file `version`.
      targets: products; of targets without ProductInfo nothing is known.
    """
    for target in targets:
        if ProductInfo in target and target[ProductInfo].version != ctx.file.version:
            fail("{}: {} has the version in {}, which is to be packed with that in {}".format(
                ctx.label,
                target.label,
                target[ProductInfo].version.short_path,
                ctx.file.version.short_path,
            ))

def products_by_platform(ctx, targets):
    """Maps each platform to the one product for it; fails where two are, or where one has another version.

    Args:
      ctx: the packing rule's context, which has the file `version`.
      targets: targets with ProductInfo.

    Returns:
      a dict from platforms to Files.
    """
    check_versions(ctx, targets)
    products = {}
    for target in targets:
        for platform in target[ProductInfo].platforms:
            if platform in products:
                fail("{}: {} is a second product for {}".format(ctx.label, target.label, platform))
            products[platform] = target[ProductInfo].file
    return products
