"""A public address that no chat product could call is refused, with the reason, wherever one is given."""

import pytest
from click.testing import CliRunner

from bot.__main__ import main
from manifests.address import endpoint


@pytest.mark.parametrize(
    ("url", "called"),
    [
        ("https://offboard.example.com", "https://offboard.example.com/events"),
        ("https://offboard.example.com:8443/", "https://offboard.example.com:8443/events"),
        ("https://example.com/offboard", "https://example.com/offboard/events"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]/events"),
    ],
)
def test_the_path_stands_behind_the_address(url: str, called: str) -> None:
    assert endpoint(url, "/events") == called


@pytest.mark.parametrize("product", ["cliq", "slack"])
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "begin with https:// and a host"),
        ("offboard.example.com", "begin with https:// and a host"),
        ("http://offboard.example.com", "begin with https:// and a host"),
        ("https://", "begin with https:// and a host"),
        ("https:///x", "begin with https:// and a host"),
        ("https://:8443", "begin with https:// and a host"),
        ("https://[2001:db8::1", "a host that can be looked up"),
        ("https://a b.com", "neither spaces nor"),
        ("https://offboard.example.com\n", "neither spaces nor"),
        ("https://localhost:99999", "a port from 1 to 65535"),
        ("https://localhost:0", "a port from 1 to 65535"),
        ("https://localhost:web", "a port from 1 to 65535"),
        ("https://user:pw@x.com", "no user name and no password"),
        ("https://x.com/?a=1", "neither ? nor #"),
        ("https://x.com/#a", "neither ? nor #"),
    ],
)
def test_what_nobody_could_call_is_refused_with_a_reason(product: str, url: str, reason: str) -> None:
    printed = CliRunner().invoke(main, ["manifest", product, "--url", url])
    assert printed.exit_code == 2
    assert "--url" in printed.output
    assert reason in printed.output
