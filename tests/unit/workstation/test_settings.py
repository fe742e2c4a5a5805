"""Settings come from one file and the environment, and mistakes are told with their place."""

from pathlib import Path

import pytest

from crm_desktop.domain.errors import InvalidInput
from crm_desktop.workstation.paths import Paths
from crm_desktop.workstation.settings import load


@pytest.fixture
def paths(home: Path) -> Paths:
    return Paths.of_user()


def write(paths: Paths, text: str | bytes) -> None:
    paths.config.mkdir(parents=True)
    paths.settings_file.write_bytes(text.encode() if isinstance(text, str) else text)


def test_without_a_file_the_embedded_database_and_loopback_are_used(paths: Paths) -> None:
    settings = load(paths)

    assert settings.database_url == f"sqlite:///{paths.database_file}"
    assert settings.http_host == "127.0.0.1"
    assert settings.smtp_host == "127.0.0.1"


def test_the_file_is_read(paths: Paths) -> None:
    write(paths, 'council_name = "Brindlemere"\nsmtp_domains = ["brindlemere.example"]\n')

    settings = load(paths)

    assert settings.council_name == "Brindlemere"
    assert settings.smtp_domains == ("brindlemere.example",)


def test_the_environment_wins_over_the_file(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    write(paths, 'http_port = 1\nsmtp_domains = ["a.example"]\n')
    monkeypatch.setenv("CRM_DESKTOP_HTTP_PORT", "8080")
    monkeypatch.setenv("CRM_DESKTOP_SMTP_DOMAINS", "b.example, C.example")

    settings = load(paths)

    assert settings.http_port == 8080
    assert settings.smtp_domains == ("b.example", "c.example")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('council_name = "Brindlemere"\nhttp_port = \n', 2, "not valid TOML"),
        ('council_name = "Brindlemere"\n\nhttp_port = 70000\n', 3, "http_port"),
        ("# ours\nfont_size = 120\n", 2, "font_size: there is no such setting"),
        ("[mail]\nhost = 'x'\n", 1, "mail: there is no such setting"),
        ('theme = "mauve"\n', 1, "'system', 'light', 'dark' or 'high_contrast'"),
        ('secrets_file = "secrets.toml"\n', 1, "must be a full path"),
        ('database_url = "crm"\n', 1, "must be postgresql://SERVER/NAME or sqlite:///FILE"),
        ('council_name = "never closed', 1, "not valid TOML"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(
    paths: Paths, text: str, line: int, said: str
) -> None:
    write(paths, text)

    with pytest.raises(InvalidInput, match=r"settings\.toml") as caught:
        load(paths)

    assert caught.value.params["line"] == line
    assert f"line {line}" in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        *("postgresql://db.example/crm", "postgresql://[::1]:5433/crm?sslmode=verify-full"),
        *("postgresql+psycopg://ann:pass@db/crm", "postgresql:///crm", "sqlite:////srv/crm.db"),
    ],
)
def test_an_address_that_is_given_wins_over_all(paths: Paths, url: str) -> None:
    write(paths, 'database_url = "sqlite:////elsewhere.db"\n')

    assert load(paths, url).database_url == url


@pytest.mark.parametrize(
    "url", ["crm", "mysql://db/crm", "postgresql://db:port/crm", "postgresql://db", "sqlite:///"]
)
def test_an_address_of_no_kind_that_we_know_is_refused(paths: Paths, url: str) -> None:
    with pytest.raises(InvalidInput, match="The address of the database must be postgresql://"):
        load(paths, url)


def test_all_mistakes_are_told_at_once(paths: Paths) -> None:
    write(paths, "http_port = -1\nfont_scale = 500\n")

    with pytest.raises(InvalidInput) as caught:
        load(paths)

    assert caught.value.params["fields"] == {
        "http_port": "should be greater than or equal to 0",
        "font_scale": "should be less than or equal to 200",
    }


def test_a_mistake_in_the_environment_names_the_variable(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_DESKTOP_SMTP_PORT", "twenty-five")

    with pytest.raises(InvalidInput, match="CRM_DESKTOP_SMTP_PORT in the environment"):
        load(paths)


def test_a_password_in_the_file_is_refused_and_not_repeated(paths: Paths) -> None:
    write(paths, 'database_url = "postgresql://ann:s3cret@db.example/crm"\n')

    with pytest.raises(InvalidInput, match="line 1: database_url holds a password") as caught:
        load(paths)

    assert "s3cret" not in str(caught.value)


def test_a_file_that_is_not_text_is_explained(paths: Paths) -> None:
    write(paths, b"council_name = \xff\xfe")

    with pytest.raises(InvalidInput, match="not a text file in UTF-8"):
        load(paths)


def test_a_file_that_cannot_be_read_is_explained(paths: Paths) -> None:
    paths.settings_file.mkdir(parents=True)  # root may read everything but a directory

    with pytest.raises(InvalidInput, match="cannot be read"):
        load(paths)
