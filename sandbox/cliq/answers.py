"""What Cliq does with an app's answer: at once with its response, or later through a response URL.

https://www.zoho.com/cliq/help/platform/cliq-responses.html
"""

from typing import TYPE_CHECKING, Any, Final

from sandbox.cliq import rules
from sandbox.cliq.courier import Answer
from sandbox.cliq.forms import NotOnScreen, initial_values, modified
from sandbox.cliq.model import Banner, Json, OpenForm
from sandbox.cliq.payloads import Occasion

if TYPE_CHECKING:
    from sandbox.cliq.hall import Hall

# Cliq's own words to the person; the app's never arrived, or could not be shown.
NO_ANSWER: Final = "Sorry, there was no response. Please try again."
NOT_SHOWN: Final = "Sorry, something went wrong while executing this."


class Refused(Exception):
    """Cliq does not show this answer; the text says what is wrong with it."""


def settle(hall: "Hall", occasion: Occasion, answer: Answer) -> Any:
    """Do what the answer asks for. Returns what was shown, None where that is nothing.

    An answer that Cliq cannot show leaves a banner of its own, and an entry in `hall.refusals` where the app is to
    blame for what it said.
    """
    if answer.failure == "no_output":
        return refuse(hall, occasion, "an answer stands in `output`")
    if answer.failure:
        return _fail(hall, occasion, NO_ANSWER)
    if answer.output is None:
        if occasion.handler.type == "form_submit_handler":
            _close(hall, occasion)
        return None
    try:
        _check(hall, occasion, answer.output)
        _show(hall, occasion, answer.output)
    except Refused as refusal:
        return refuse(hall, occasion, str(refusal))
    return answer.output


def refuse(hall: "Hall", occasion: Occasion, reason: str) -> None:
    """Blame the app, and let the person know that something went wrong."""
    hall.refusals.append(f"{occasion}: {reason}")
    _fail(hall, occasion, NOT_SHOWN)


def _fail(hall: "Hall", occasion: Occasion, text: str) -> None:
    hall.tell(Banner(occasion.user.id, text, "failure", hall.stamp(), by_cliq=True))


def _check(hall: "Hall", occasion: Occasion, output: Any) -> None:
    if found := rules.complaint(output, occasion.place):
        raise Refused(found)
    for kind, name in sorted(rules.functions_named(output)):
        function = hall.component("function", name)
        if function is None or function.content.get("function_type") != kind:
            raise Refused(f"there is no {kind} function {name}")


def _show(hall: "Hall", occasion: Occasion, output: Any) -> None:
    """A form that was submitted closes, unless the answer is what keeps it open."""
    match rules.kind_of(output):
        case "form_error":
            _complain(hall, occasion, output)
            return
        case "form_modification":
            _modify(hall, occasion, output)
            return
        case "message":
            _say(hall, occasion, output)
        case "message_edit":
            _edit(hall, occasion, output)
        case "banner":
            hall.tell(Banner(occasion.user.id, output["text"], output["status"], hall.stamp()))
        case "form":
            _open(hall, occasion, output)
        case "options":
            _offer(occasion, output["options"])
        case "applet":
            hall.widgets[occasion.user.id] = output
        case "section":
            _replace_section(hall, occasion, output)
        case "suggestions" | "preview_url":
            pass  # only the person who asked sees them, for a moment
    if occasion.handler.type == "form_submit_handler":
        _close(hall, occasion)
    hall.changed()


def _say(hall: "Hall", occasion: Occasion, content: Json) -> None:
    """A command's direct answer is for the invoker alone: https://www.zoho.com/cliq/help/platform/commandexecution.html"""
    if occasion.chat is None:
        raise Refused("there is no chat for a message here")
    only_for = occasion.user.id if occasion.kind == "command" else None
    hall.post(occasion.chat, rules.without_type(content), sender=hall.bot_sender, only_for=only_for)


def _edit(hall: "Hall", occasion: Occasion, content: Json) -> None:
    """An app can edit only what it has sent: https://www.zoho.com/cliq/help/platform/cliq-message-edit.html"""
    message = occasion.message
    if message is None or message.deleted:
        raise Refused("there is no message to edit")
    if not message.by_bot:
        raise Refused("the message is not the app's own")
    hall.edit(message, rules.without_type(content))


def _open(hall: "Hall", occasion: Occasion, content: Json) -> None:
    chat = occasion.chat or hall.direct(occasion.user.id)
    opened = OpenForm(
        f"form-{hall.number()}",
        occasion.user.id,
        chat.id,
        content,
        source=occasion.message,
        values=initial_values(content),
    )
    hall.forms.append(opened)


def _close(hall: "Hall", occasion: Occasion) -> None:
    if occasion.form in hall.forms:
        hall.forms.remove(occasion.form)
        hall.changed()


def _form(hall: "Hall", occasion: Occasion) -> OpenForm:
    if occasion.form is None or occasion.form not in hall.forms:
        raise Refused("the form is not open any more")
    return occasion.form


def _complain(hall: "Hall", occasion: Occasion, output: Json) -> None:
    opened = _form(hall, occasion)
    errors: dict[str, str] = output.get("inputs", {})
    if unknown := set(errors) - {field["name"] for field in opened.content["inputs"]}:
        raise Refused(f"there is no field {', '.join(sorted(unknown))} in the form")
    opened.errors, opened.error_text = errors, output.get("text", "")
    hall.changed()


def _modify(hall: "Hall", occasion: Occasion, output: Json) -> None:
    opened = _form(hall, occasion)
    try:
        opened.content, opened.values = modified(opened.content, opened.values, output["actions"])
    except NotOnScreen as error:
        raise Refused(str(error)) from error
    hall.changed()


def _offer(occasion: Occasion, options: list[Json]) -> None:
    if occasion.form and occasion.field:
        occasion.form.offered[occasion.field] = options


def _replace_section(hall: "Hall", occasion: Occasion, section: Json) -> None:
    shown = hall.widgets.get(occasion.user.id, {})
    sections = shown.get("sections", [])
    if section["id"] not in {each["id"] for each in sections}:
        raise Refused(f"there is no section {section['id']} in the widget")
    replaced = [section if each["id"] == section["id"] else each for each in sections]
    hall.widgets[occasion.user.id] = {**shown, "sections": replaced}
