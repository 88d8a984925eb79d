import pytest

from tests.unit.tools.oci.samples import installed, texts
from tools.oci.configuration import alternatives
from tools.oci.model.declaration import Alternative

NANO = Alternative("editor", "/usr/bin/editor", "/bin/nano", 40, (("edit", "/usr/bin/edit", "/bin/nano"),))
VIM = Alternative("editor", "/usr/bin/editor", "/usr/bin/vim.tiny", 15)


def test_the_choice_of_highest_priority_wins_and_all_are_in_the_database() -> None:
    below = installed(paths=("usr/bin/nano", "usr/bin/vim.tiny"))
    found = texts(alternatives.files(below, (VIM, NANO)))
    assert found == {
        "etc/alternatives/editor": "-> /bin/nano",
        "usr/bin/editor": "-> /etc/alternatives/editor",
        "etc/alternatives/edit": "-> /bin/nano",
        "usr/bin/edit": "-> /etc/alternatives/edit",
        "var/lib/dpkg/alternatives/editor": "auto\n/usr/bin/editor\nedit\n/usr/bin/edit\n\n"
        "/bin/nano\n40\n/bin/nano\n/usr/bin/vim.tiny\n15\n\n\n",
    }


def test_a_choice_that_the_image_lacks_is_refused() -> None:
    with pytest.raises(alternatives.AlternativeError, match=r"/usr/bin/vim\.tiny"):
        alternatives.files(installed(paths=("usr/bin/nano",)), (NANO, VIM))
