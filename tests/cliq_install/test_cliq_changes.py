"""What the plan of an installation says: pure."""

from typing import Any

import pytest
from cliq_components import SECRET, URL, wanted

from bot.chat.cliq.changes import Change, Found
from bot.chat.cliq.install import plan_changes
from manifests.cliq import Component

COMMAND, BOT, BUTTON, FORM, WIDGET = wanted()


def found(component: Component, **changes: Any) -> Found:
    """Exactly what is wanted, but for `changes` of its fields."""
    handlers = {each.type: frozenset(each.permissions) for each in component.handlers}
    return Found("1", {**component.body, **changes}, handlers)


def plan_of(component: Component, *there: Found) -> Change:
    (change,) = plan_changes([component], {component.title: there})
    return change


def test_what_is_not_there_is_made() -> None:
    assert [str(change) for change in plan_changes(wanted(), {})] == [
        "+ command offboard", "+ bot Offboard", "+ function offboardbutton", "+ function offboardform",
        "+ function offboardwidget",
    ]  # fmt: skip


@pytest.mark.parametrize("component", wanted(), ids=lambda each: each.name)
def test_what_is_as_it_should_be_is_left_alone(component: Component) -> None:
    change = plan_of(component, found(component, creator={"name": "Noor"}, status="enabled"))
    assert not change.needed
    assert str(change) == f"= {component.title}"


def test_a_moved_service_is_told_without_the_secrets() -> None:
    change = plan_of(BOT, found(BOT, execution_url="https://old.example.com/cliq/events?s=former-secret&t=other"))
    assert change.fields == {"execution_url": f"{URL}/cliq/events?s={SECRET}"}
    assert str(change) == (
        "~ bot Offboard: execution_url https://old.example.com/cliq/events?s=…&t=… → "
        "https://offboard.example.com/cliq/events?s=…"
    )


def test_a_new_secret_is_told_as_such() -> None:
    change = plan_of(BUTTON, found(BUTTON, execution_url=f"{URL}/cliq/events?s=the-former-one"))
    assert str(change) == "~ function offboardbutton: execution_url (another secret)"
    assert change.fields["execution_url"].endswith(SECRET)


def test_handlers_and_permissions_are_put_right() -> None:
    there = Found("1", BOT.body, {"message_handler": frozenset({"user"}), "welcome_handler": frozenset({"user"})})
    change = plan_of(BOT, there)
    assert [each.type for each in change.add] == ["mention_handler", "menu_handler"]
    assert [each.type for each in change.permit] == ["message_handler"]
    assert "new mention_handler, new menu_handler" in str(change)
    assert "permissions of message_handler → chat, message, user" in str(change)


def test_the_order_of_a_list_and_the_type_of_a_number_do_not_matter() -> None:
    assert not plan_of(COMMAND, found(COMMAND, max_suggestions="1")).needed
    bot = Component(BOT.kind, BOT.name, {"channel_participation": ["a", "b"]}, ())
    assert not plan_of(bot, Found("1", {"channel_participation": ["b", "a"]})).needed


def test_a_field_that_has_not_been_set_is_set() -> None:
    fields = {key: value for key, value in BUTTON.body.items() if key != "description"}
    change = plan_of(BUTTON, Found("1", fields, found(BUTTON).handlers))
    assert str(change) == "~ function offboardbutton: description nothing → The buttons of Offboard"


def test_a_field_that_cliq_may_never_show_is_sent_along_with_others() -> None:
    fields = {key: value for key, value in BOT.body.items() if key != "channel_participation"}
    assert not plan_of(BOT, Found("1", fields, found(BOT).handlers)).needed
    change = plan_of(BOT, Found("1", fields | {"description": "old"}, found(BOT).handlers))
    assert change.fields.keys() == {"description", "channel_participation"}


@pytest.mark.parametrize(
    ("component", "changed"), [(BOT, {"execution_type": "deluge"}), (FORM, {"function_type": "button"})]
)
def test_what_cliq_never_changes_is_an_obstacle(component: Component, changed: dict[str, str]) -> None:
    change = plan_of(component, found(component, **changed))
    obstacle = change.obstacle
    ((name, value),) = changed.items()
    assert str(change) == f"! {component.title}"
    assert f"The {component.kind} {component.name} has the {name} {value}; it must be" in obstacle
    assert "Rename or delete it in Cliq (Bots & Tools > " in obstacle


def test_two_of_one_name_are_an_obstacle() -> None:
    assert "There are 2 functions named offboardwidget" in plan_of(WIDGET, found(WIDGET), found(WIDGET)).obstacle
