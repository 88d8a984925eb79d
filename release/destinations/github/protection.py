"""What a signature's worth rests on in the repository's settings: who may change main, push tags, and use the environments."""

from collections.abc import Iterator

from release.destinations.github.api import Api

_SETTINGS = "(Settings, Rules, Rulesets)"
_ENVIRONMENTS = {"dev": "the branch main", "prod": "the tags v*.*.*"}


def gaps(api: Api, branch: str) -> Iterator[str]:
    """Tells what anybody who may write can do without another's consent, and where that is mended. Raises HttpError."""
    if not api.is_protected(branch):  # as it was done before rulesets, whose terms administrators alone may read
        rules = api.branch_rules(branch)
        if "pull_request" not in rules:
            yield f"{branch} takes pushes that nobody has reviewed, and each is released; require pull requests {_SETTINGS}"
        if "non_fast_forward" not in rules:
            yield f"{branch} can be rewritten by a force push; block force pushes {_SETTINGS}"
    if not any("creation" in each.rules and each.names("refs/tags/v1.2.3") for each in api.tag_rulesets()):
        yield f"whoever may write may push a tag v*, and with it release; restrict who creates tags v* {_SETTINGS}"
    for name, whose in _ENVIRONMENTS.items():
        environment = api.environment(name)
        if environment is not None and environment.takes_any_ref:
            yield (
                f"jobs of every branch may use the environment {name}; allow it {whose} alone"
                " (Settings, Environments, Deployment branches and tags)"
            )
