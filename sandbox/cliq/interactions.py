"""What happens when a person uses something that the app has put in front of them: buttons, forms, the widget."""

from typing import Any, Final

from sandbox.cliq import payloads
from sandbox.cliq.answers import refuse, settle
from sandbox.cliq.courier import Answer, Delivery
from sandbox.cliq.forms import REQUIRED, NotOnScreen, complaints, entered, field_of
from sandbox.cliq.hall import Hall
from sandbox.cliq.model import Chat, Component, Handler, Json, Message, OpenForm, User
from sandbox.cliq.payloads import Occasion
from sandbox.cliq.responses import response_url
from sandbox.cliq.rules import form_actions

WIDGET: Final = "offboard"
# No v3 endpoint registers a widget, so nobody can take anything from its handler.
_WIDGET_HANDLER: Final = Handler("view_handler", ["user", "chat"])


class Interactions:
    """One person's hands. Everything raises `NotOnScreen` where it is not possible."""

    def __init__(self, hall: Hall, user: User) -> None:
        self.consents = True
        self._hall = hall
        self._user = user

    async def send(self, occasion: Occasion, params: Json) -> Any:
        """Tell the app of something and show what it answers at once, which is returned as well.

        The first time the person is asked whether the app may see their data; without their consent nothing is sent.
        https://www.zoho.com/cliq/help/platform/build-url-invoke-type-extensions.html
        """
        if not self._consented(occasion):
            return None
        shown: list[Any] = []
        params = payloads.permitted(occasion, self._hall.users) | params
        url = response_url(self._hall, occasion)
        payload = payloads.envelope(occasion, params, hall_url=self._hall.url, response_url=url)

        def take(answer: Answer) -> None:
            shown.append(settle(self._hall, occasion, answer))

        await self._hall.courier.deliver(Delivery(occasion.url, payload), take)
        return shown[0]

    def _consented(self, occasion: Occasion) -> bool:
        key = (self._user.id, f"{occasion.kind} {occasion.name}")
        if not occasion.handler.permissions or key in self._hall.consents:
            return True
        if self.consents:
            self._hall.consents.add(key)
        return self.consents

    def occasion(self, component: Component, handler: Handler, chat: Chat | None) -> Occasion:
        url = component.content.get("execution_url") or self._hall.app_url
        return Occasion(component.kind, component.name, handler, url, self._user, chat)

    # Buttons

    async def click(self, message: Message, button: Json, *, entered_text: str | None) -> None:
        action = button["action"]
        if action["type"] != "invoke.function":
            return
        entered = self._entered(action.get("confirm", {}), entered_text)
        occasion = self._function(action["data"]["name"], "button_handler", self._hall.chat(message.chat_id))
        occasion.message = message
        await self._invoke(occasion, payloads.clicked(button, entered=entered))

    def _entered(self, confirm: Json, text: str | None) -> Json | str | None:
        """What a confirm dialog adds to the click: a text, or an object around it."""
        prompt = confirm.get("input")
        if text is not None and prompt is None:
            raise NotOnScreen("the button asks for no text")
        if not text and prompt is not None and confirm.get("mandatory") == "true":
            raise NotOnScreen("the button goes no further without a text")
        if text is not None and isinstance(prompt, dict):
            return {"token": text}
        return {"text": text} if text is not None and self._hall.courier.typed_as_map else text

    def _function(self, name: str, handler: str, chat: Chat | None) -> Occasion:
        """The function, even where it or the handler is missing: `_invoke` complains of that."""
        component = self._hall.component("function", name)
        if component is None:
            return Occasion("function", name, Handler(handler), "", self._user, chat)
        found = next((each for each in component.handlers if each.type == handler), None)
        occasion = self.occasion(component, found or Handler(handler), chat)
        if found is None:
            occasion.url = ""
        return occasion

    async def _invoke(self, occasion: Occasion, params: Json) -> Any:
        if not occasion.url:
            return refuse(self._hall, occasion, "there is no such function or handler")
        return await self.send(occasion, params)

    # Forms

    def enter(self, form: OpenForm, name: str, value: Any) -> None:
        field = field_of(form.content, name)
        form.values[name] = entered(field, value, form.offered.get(name, ()), self._hall.users)

    async def submit(self, form: OpenForm) -> dict[str, str]:
        """Send the form. Returns the complaints by field: the client's own, or else the app's."""
        form.errors, form.error_text = complaints(form.content, form.values), ""
        if form.errors:
            form.error_text = REQUIRED if REQUIRED in form.errors.values() else ""
            self._hall.changed()
            return form.errors
        await self._invoke(self._form(form, "form_submit_handler"), payloads.form(form, "submit"))
        return form.errors

    async def cancel(self, form: OpenForm) -> None:
        self._hall.forms.remove(form)
        self._hall.changed()
        if form.content.get("trigger_on_cancel") and "cancel" in form_actions(form.content):
            occasion = self._form(form, "form_submit_handler", action="cancel")
            await self._invoke(occasion, payloads.form(form, "cancel"))

    async def options(self, form: OpenForm, name: str, query: str) -> list[Json]:
        field = field_of(form.content, name)
        if field["type"] != "dynamic_select":
            raise NotOnScreen(f"{name} searches nothing")
        if len(query) < field.get("min_characters", 0):
            return []
        occasion = self._form(form, "form_dynamic_select_handler")
        occasion.field = name
        target = {"name": name, "query": query}
        answered = await self._invoke(occasion, payloads.form(form, "input", target))
        found: list[Json] = answered["options"] if answered else []
        return found

    async def change(self, form: OpenForm, name: str, value: Any) -> None:
        self.enter(form, name, value)
        self._hall.changed()
        if field_of(form.content, name).get("trigger_on_change"):
            target = {"name": name, "value": form.values[name]}
            await self._invoke(self._form(form, "form_change_handler"), payloads.form(form, "change", target))

    def _form(self, form: OpenForm, handler: str, *, action: str = "submit") -> Occasion:
        name = form_actions(form.content)[action]["name"]
        occasion = self._function(name, handler, self._hall.chat(form.chat_id))
        occasion.form, occasion.message = form, form.source
        return occasion

    # The widget

    async def widget(self, event: str, tab: Json | None) -> None:
        """Have the widget drawn: https://www.zoho.com/cliq/help/platform/widget-execution-handler.html"""
        occasion = Occasion("widget", WIDGET, _WIDGET_HANDLER, self._hall.app_url, self._user, None)
        await self.send(occasion, {"event": event, "target": tab or {}})

    async def widget_button(self, button: Json, *, section_id: str | None, tab_id: str | None) -> None:
        if button["type"] != "invoke.function":
            return
        target = {"label": button["label"], "id": button.get("id", "")}
        target |= {"section_id": section_id or "", "tab_id": tab_id or ""}
        occasion = self._function(button["name"], "widget_button_handler", None)
        await self._invoke(occasion, {"target": target})
