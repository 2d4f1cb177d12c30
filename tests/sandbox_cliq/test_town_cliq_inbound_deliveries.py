"""How payloads travel to the app: signed, in time, once unless a test says otherwise; and back, late, by a URL."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from cliq_inbound_rig import APP_URL, BASE, Rig, button, form, rig, text, verified
from starlette.responses import JSONResponse, PlainTextResponse, Response

from sandbox.cliq.answers import NO_ANSWER, NOT_SHOWN
from sandbox.cliq.client import Client


@pytest.fixture
async def town() -> AsyncIterator[Rig]:
    async with rig() as made:
        yield made


def said_to(person: Client) -> list[tuple[str, str, bool]]:
    return [(banner.text, banner.status, banner.by_cliq) for banner in person.banners]


class TestEnvelope:
    async def test_a_command_reaches_the_app_as_signed_compact_json(self, town: Rig) -> None:
        await town.person("ada").command(town.general, "/offboard Tomás")
        headers, body = town.app.requests[0]
        assert headers["content-type"] == "application/json"
        assert verified(town.hall, headers["x-cliq-signature"], body)
        assert b'"arguments":"Tom\xc3\xa1s"' in body
        sent = town.app.last
        assert (sent["name"], sent["type"], sent["handler"]) == ("offboard", "command", {"type": "execution_handler"})
        assert abs(sent["timestamp"] / 1000 - time.time()) < 5
        assert sent["response_url"].startswith(f"{BASE}/cliq/v2/extensions/2980/responses/")

    async def test_the_key_is_the_halls_own(self, town: Rig) -> None:
        before = town.hall.public_key
        town.hall.courier.key = None
        made = town.hall.public_key
        assert made != before
        assert made == town.hall.public_key

    async def test_who_and_where_is_always_told(self, town: Rig) -> None:
        ada = town.hall.by_key("ada")
        town.permit("command", "offboard", "execution_handler", [])
        await town.person("ada").command(town.general, "/offboard")
        assert set(town.app.params) == {
            "environment", "access", "arguments", "mentions", "options", "selections", "attachments",
        }  # fmt: skip
        access = town.app.params["access"]
        assert (access["user_id"], access["zoho_user_id"], access["chat_id"]) == (ada.id, ada.id, town.general)
        assert access["organization"] == {"type": "company", "id": "700900800"}
        assert town.app.params["environment"]["data_center"] == "US"

    async def test_permissions_add_the_person_and_the_chat(self, town: Rig) -> None:
        ada = town.hall.by_key("ada")
        await town.person("ada").command(town.general, "/offboard")
        assert town.app.params["user"] == {
            "id": ada.id,
            "zoho_user_id": ada.id,
            "first_name": "Ada",
            "last_name": "Brandt",
            "email": "ada@brightwater.example",
            "admin": True,
            "organization_id": "700900800",
            "timezone": "Europe/Berlin",
            "country": "us",
            "language": "en",
        }
        chat = town.app.params["chat"]
        assert (chat["id"], chat["type"], chat["channel_unique_name"]) == (town.general, "channel", "general")
        assert ada.id in {member["id"] for member in chat["members"]}


class TestModes:
    async def test_an_unsigned_delivery_has_no_header(self, town: Rig) -> None:
        town.hall.courier.signed = False
        await town.person("ada").command(town.general, "/offboard")
        assert "x-cliq-signature" not in town.app.requests[0][0]

    async def test_a_forged_signature_does_not_fit(self, town: Rig) -> None:
        town.hall.courier.forged = True
        await town.person("ada").command(town.general, "/offboard")
        headers, body = town.app.requests[0]
        assert not verified(town.hall, headers["x-cliq-signature"], body)

    async def test_a_stale_delivery_is_signed_but_old(self, town: Rig) -> None:
        town.hall.courier.stale = True
        await town.person("ada").command(town.general, "/offboard")
        headers, body = town.app.requests[0]
        assert verified(town.hall, headers["x-cliq-signature"], body)
        assert time.time() - town.app.last["timestamp"] / 1000 > 3000

    async def test_extensions_have_names_of_their_own(self, town: Rig) -> None:
        town.hall.courier.extension_names = True
        await town.person("ada").menu("Home")
        assert town.app.last["handler"] == {"type": "action_handler", "name": "Home"}

    async def test_a_handler_can_be_a_bare_string(self, town: Rig) -> None:
        town.hall.courier.handler_as_string = True
        await town.person("ada").command(town.general, "/offboard")
        assert town.app.last["handler"] == "execution_handler"

    async def test_a_second_delivery_is_the_same_byte_for_byte(self, town: Rig) -> None:
        town.app.answer({"text": "Once"}, {"text": "Twice"})
        ada = town.person("ada")
        await ada.command(town.general, "/offboard")
        await town.hall.courier.redeliver_last()
        assert town.app.requests[0] == town.app.requests[1]
        assert [message.text for message in ada.messages(town.general)] == ["Once", "Twice"]

    async def test_nothing_can_be_delivered_again_before_the_first_delivery(self, town: Rig) -> None:
        with pytest.raises(LookupError):
            await town.hall.courier.redeliver_last()


class TestFailures:
    async def test_an_answer_that_comes_too_late_is_dropped(self, town: Rig) -> None:
        town.hall.courier.budget, town.app.slow = 0.02, 0.2
        town.app.answer({"text": "Too late"})
        ada = town.person("ada")
        await ada.command(town.general, "/offboard")
        assert ada.messages(town.general) == []
        assert said_to(ada) == [(NO_ANSWER, "failure", True)]
        assert said_to(town.person("noor")) == []
        assert town.hall.refusals == []

    @pytest.mark.parametrize("status", [302, 404, 500])
    async def test_only_success_counts_as_an_answer(self, town: Rig, status: int) -> None:
        town.app.answers.append(JSONResponse({"output": {"text": "Oops"}}, status))
        ada = town.person("ada")
        await ada.command(town.general, "/offboard")
        assert ada.messages(town.general) == []
        assert said_to(ada) == [(NO_ANSWER, "failure", True)]

    async def test_an_app_that_is_down_shows_as_no_answer(self, town: Rig) -> None:
        command = town.hall.component("command", "offboard")
        assert command is not None
        command.content["execution_url"] = "http://127.0.0.1:9/"
        town.hall.courier._client = None
        ada = town.person("ada")
        await ada.command(town.general, "/offboard")
        assert said_to(ada) == [(NO_ANSWER, "failure", True)]
        await town.hall.aclose()

    @pytest.mark.parametrize(
        "answer",
        [JSONResponse({"text": "Hi"}), PlainTextResponse("Hi"), JSONResponse({"ok": True}), JSONResponse([])],
        ids=["unwrapped", "no JSON", "ok", "list"],
    )
    async def test_an_answer_without_output_is_refused_unless_lenient(self, town: Rig, answer: Response) -> None:
        town.app.answers += [answer, answer]
        ada = town.person("ada")
        await ada.command(town.general, "/offboard")
        assert said_to(ada) == [(NOT_SHOWN, "failure", True)]
        assert town.hall.refusals == ["command offboard execution_handler: an answer stands in `output`"]
        town.hall.courier.strict = False
        await ada.command(town.general, "/offboard")
        assert len(ada.banners) == 1

    @pytest.mark.parametrize("answer", [Response(status_code=204), Response(), JSONResponse({"output": ""})])
    async def test_an_app_may_have_nothing_to_say(self, town: Rig, answer: Response) -> None:
        town.app.answers.append(answer)
        ada = town.person("ada")
        await ada.command(town.general, "/offboard")
        assert (ada.banners, ada.messages(town.general), town.hall.refusals) == ([], [], [])


class TestRecord:
    async def test_the_exchange_is_written_down_without_secrets(self, town: Rig) -> None:
        town.app.answer({"text": "Working on it"})
        await town.person("ada").command(town.general, "/offboard")
        wire = town.hall.wire
        assert wire is not None
        (exchange,) = wire.recent
        assert (exchange.direction, exchange.method, exchange.status) == ("to_service", "POST", 200)
        assert exchange.url == APP_URL.replace("the-secret", "***")
        assert exchange.headers["X-Cliq-Signature"] == "***"
        assert '"arguments":""' in exchange.body
        assert exchange.answer is not None
        assert "Working on it" in exchange.answer

    @pytest.mark.parametrize("query", ["secret=abc", "zapikey=abc", "x=1&s=abc&y=2"])
    async def test_every_spelling_of_a_secret_is_masked(self, town: Rig, query: str) -> None:
        command = town.hall.component("command", "offboard")
        assert command is not None
        command.content["execution_url"] = f"{BASE}/service?{query}"
        await town.person("ada").command(town.general, "/offboard")
        wire = town.hall.wire
        assert wire is not None
        assert wire.recent[0].url == f"{BASE}/service?{query}".replace("abc", "***")


class TestConsent:
    async def test_without_consent_nothing_is_sent(self, town: Rig) -> None:
        ada = town.hall.by_key("ada")
        shy = Client(town.hall, ada.id, consents=False)
        await shy.command(town.general, "/offboard")
        assert town.app.heard == []
        shy.consents = True
        await shy.command(town.general, "/offboard")
        assert (ada.id, "command offboard") in town.hall.consents

    async def test_it_is_asked_for_once(self, town: Rig) -> None:
        await town.person("ada").command(town.general, "/offboard")
        again = Client(town.hall, town.hall.by_key("ada").id, consents=False)
        await again.command(town.general, "/offboard")
        assert len(town.app.heard) == 2

    async def test_who_asks_for_no_data_needs_none(self, town: Rig) -> None:
        town.permit("command", "offboard", "execution_handler", [])
        await Client(town.hall, town.hall.by_key("ada").id, consents=False).command(town.general, "/offboard")
        assert len(town.app.heard) == 1
        assert town.hall.consents == set()


class TestResponseUrl:
    async def late(self, town: Rig, body: Any) -> int:
        answer = await town.http.post(town.app.last["response_url"], json=body)
        return answer.status_code

    async def test_a_late_answer_shows_as_an_early_one_does_once(self, town: Rig) -> None:
        ada = town.person("ada")
        await ada.command(town.general, "/offboard")
        assert await self.late(town, {"output": {"text": "Done"}}) == 200
        assert await self.late(town, {"output": {"text": "Done again"}}) == 404
        assert [(m.text, m.only_for) for m in ada.messages(town.general)] == [("Done", ada.user_id)]
        assert town.person("noor").messages(town.general) == []

    async def test_a_late_answer_may_edit_what_was_clicked(self, town: Rig) -> None:
        message = town.posted({"text": "Approve?", "buttons": [button()]})
        await town.person("tomas").click(message, "approve")
        assert await self.late(town, {"output": {"type": "message_edit", "text": "Approved", "buttons": []}}) == 200
        assert (message.text, message.buttons) == ("Approved", [])

    async def test_a_url_can_be_good_for_more_than_one(self, town: Rig) -> None:
        town.hall.courier.response_uses = 2
        await town.person("ada").command(town.general, "/offboard")
        assert [await self.late(town, {"output": {"text": "Hi"}}) for _ in range(3)] == [200, 200, 404]

    async def test_it_takes_no_answer_without_output(self, town: Rig) -> None:
        await town.person("ada").command(town.general, "/offboard")
        assert await self.late(town, {"text": "Hi"}) == 400
        assert len(town.hall.refusals) == 1
        assert await self.late(town, {"output": {"text": "Hi"}}) == 200

    async def test_an_unknown_url_is_answered_404(self, town: Rig) -> None:
        answer = await town.http.post(f"{BASE}/cliq/v2/extensions/2980/responses/123", json={"output": ""})
        assert answer.status_code == 404

    async def test_what_must_be_answered_at_once_has_no_url(self, town: Rig) -> None:
        opened = await town.opened(form(text(trigger_on_change=True)))
        await town.person("ada").change(opened, "note", "x")
        assert town.app.last["handler"] == {"type": "form_change_handler"}
        assert "response_url" not in town.app.last
        await town.person("ada").widget()
        assert "response_url" not in town.app.last
