"""Cliq's text markup as a reader of the page sees it."""

import pytest

from sandbox.page.cliq_markdown import markdown

NAMES = {"700000118": "Sofia Lindgren", "ada@brightwater.example": "Ada Brandt", "O32": "general"}


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _it_ ~gone~ __under__", "<strong>bold</strong> <em>it</em> <s>gone</s> <u>under</u>"),
        ("a*b*c snake_case_name 2 * 3 * 4", "a*b*c snake_case_name 2 * 3 * 4"),
        ("*both _in_ one*", "<strong>both <em>in</em> one</strong>"),
        ("`*raw* <b>`", "<code>*raw* &lt;b&gt;</code>"),
        ("```\n*raw*\n  two\n```", "<pre>*raw*\n  two</pre>"),
        ("one\ntwo", "one<br>two"),
        ("# Title\nbelow", '<div class="c-heading">Title</div>below'),
        ("!said\n> twice\nnot", "<blockquote>said<br>twice</blockquote>not"),
        ("---", "<hr>"),
        ("[Sofia](zohoid:700000118)", '<span class="mention">@Sofia</span>'),
        ("[Ada](mail:ada@brightwater.example)", '<span class="mention">@Ada</span>'),
        ("{@700000118}", '<span class="mention">@Sofia Lindgren</span>'),
        ("{@ada@brightwater.example}", '<span class="mention">@Ada Brandt</span>'),
        ("{#O32}", '<span class="mention">#general</span>'),
    ],
)
def test_markup(text: str, html: str) -> None:
    assert markdown(text, NAMES) == html


def test_a_link_opens_a_page_of_its_own() -> None:
    link = '<a href="https://a.example/1?x=1&amp;y=2" target="_blank" rel="noopener">Pump &amp; Co</a>'
    assert markdown("*[Pump & Co](https://a.example/1?x=1&y=2)*", NAMES) == f"<strong>{link}</strong>"
    assert markdown("see https://a.example/x.", NAMES).endswith(">https://a.example/x</a>.")


@pytest.mark.parametrize("target", ["javascript:alert(1)", "data:text/html,x", 'https://a"onclick="x'])
def test_a_link_that_leads_nowhere_good_stays_text(target: str) -> None:
    assert "<a" not in markdown(f"[here]({target})", NAMES)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "*<img src=x>*", "[<b>](https://a.example)", "{@<b>}"])
def test_what_somebody_is_called_is_never_markup(text: str) -> None:
    html = markdown(text, NAMES)
    assert not any(tag in html for tag in ("<script", "<img", "<b>"))
    assert "&lt;" in html


def test_what_the_sender_has_defused_reads_as_it_was_written() -> None:
    """A word joiner behind a bracket keeps it from opening markup, and is not seen."""
    assert markdown("{\u2060@700000118} [a]\u2060(b)", NAMES) == "{\u2060@700000118} [a]\u2060(b)"
