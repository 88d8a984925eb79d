import base64

from release.transport.secrets import redactor


def test_what_is_called_like_a_secret_is_never_repeated_in_any_of_its_forms() -> None:
    redact = redactor(
        {
            "TWINE_PASSWORD": "p@ss word",
            "GITHUB_TOKEN": "t0ken-value",
            "npm_config__auth": "bG9naW4=",
            "HOME": "/home/me",
        }
    )
    coded = base64.b64encode(b"p@ss word").decode()
    assert redact(f"p@ss word t0ken-value bG9naW4= p%40ss%20word {coded} /home/me") == "*** *** *** *** *** /home/me"


def test_a_token_is_known_by_its_form_and_a_login_by_its_place() -> None:
    redact = redactor({})
    token = "npm_" + 36 * "a"
    assert redact(f"//registry/:_authToken={token}") == "//registry/:_authToken=***"
    assert redact("https://me:secret@host.example/path") == "https://***@host.example/path"


def test_short_values_and_other_variables_are_left_alone() -> None:
    assert redactor({"SOME_TOKEN": "abc", "PATH": "/usr/bin"})("abc /usr/bin") == "abc /usr/bin"
