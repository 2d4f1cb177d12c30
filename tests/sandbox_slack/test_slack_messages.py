"""Messages: where they may go, what they may say, how they change, who reads them."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from workspace_rig import Rig, actions, button, section

LOG = "C0CRMOFFBOARDINGLOG"
METADATA = {"event_type": "offboard_case", "event_payload": {"case": "7", "step": "approve"}}


async def post(town: Rig, channel: str = "U0ADA", **content: Any) -> str:
    answer = await town.api("chat.postMessage", channel=channel, **(content or {"text": "hello"}))
    assert answer["ok"], answer
    return str(answer["ts"])


async def test_a_message_comes_back_as_slack_keeps_it(town: Rig) -> None:
    answer = await town.sdk().chat_postMessage(
        channel="U0ADA", text="Approve?", blocks=[actions(button(value="7"))], metadata=METADATA
    )
    assert answer["channel"] == "D0ADA"
    message = answer["message"]
    assert (message["user"], message["bot_id"], message["app_id"]) == ("UBOT", "B0OFFBOARD", "A0OFFBOARD")
    assert message["blocks"][0]["elements"][0]["text"]["emoji"] is True
    assert message["metadata"] == METADATA
    (seen,) = town.person("ada").messages("D0ADA")
    assert (seen.text, seen.ts) == ("Approve?", answer["ts"])


async def test_timestamps_are_unique_and_rise(town: Rig) -> None:
    stamps = [await post(town) for _ in range(20)]
    assert stamps == sorted(set(stamps))
    assert all(len(stamp) == 17 and stamp[10] == "." for stamp in stamps)


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C0NOWHERE", "channel_not_found"),
        ("U0NOBODY", "channel_not_found"),
        ("C0HRPRIVATE", "channel_not_found"),
        ("C0GENERAL", "not_in_channel"),
    ],
)
async def test_the_bot_posts_only_where_it_has_been_invited(town: Rig, channel: str, error: str) -> None:
    assert (await town.api("chat.postMessage", channel=channel, text="x"))["error"] == error


async def test_public_channels_open_by_joining_or_by_a_scope(town: Rig) -> None:
    assert (await town.api("conversations.join", channel="C0SERVICE"))["ok"]
    await post(town, "C0SERVICE")
    town.workspace.scopes.add("chat:write.public")
    await post(town, "#general")
    assert (await town.api("conversations.join", channel="C0HRPRIVATE"))["error"] == "channel_not_found"
    town.workspace.channels["C0HRPRIVATE"].members.add("UBOT")
    joined = await town.api("conversations.join", channel="C0HRPRIVATE")
    assert joined["error"] == "method_not_supported_for_channel_type"


async def test_an_archived_channel_takes_nothing(town: Rig) -> None:
    ts = await post(town, LOG)
    town.workspace.channels[LOG].archived = True
    assert (await town.api("chat.postMessage", channel=LOG, text="x"))["error"] == "is_archived"
    assert (await town.api("chat.update", channel=LOG, ts=ts, text="x"))["error"] == "is_inactive"


async def test_a_message_to_a_closed_account_goes_through_unread(town: Rig) -> None:
    await post(town, "U0WALTER")
    assert town.person("walter").channels() == []


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({}, "no_text"),
        ({"blocks": "no json"}, "invalid_blocks_format"),
        ({"blocks": {"type": "divider"}}, "invalid_blocks_format"),
        ({"blocks": [{"type": "marquee"}]}, "invalid_blocks"),
        ({"text": "x", "attachments": [{}] * 101}, "too_many_attachments"),
        ({"text": "x", "attachments": {}}, "invalid_attachments"),
        ({"text": "x", "metadata": {"event_type": "x", "event_payload": {}, "more": 1}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_type": "x"}}, "invalid_metadata_format"),
        ({"text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
        ({"markdown_text": "y" * 12_001}, "msg_too_long"),
        ({"text": "x", "thread_ts": "1.000000"}, "cannot_reply_to_message"),
    ],
)
async def test_content_that_slack_refuses_posts_nothing(town: Rig, content: dict[str, Any], error: str) -> None:
    assert (await town.api("chat.postMessage", channel="U0ADA", **content))["error"] == error
    assert town.workspace.transcript() == []


async def test_the_sdk_reads_the_pointers_of_refused_blocks(town: Rig) -> None:
    with pytest.raises(SlackApiError) as refused:
        await town.sdk().chat_postMessage(channel="U0ADA", text="x", blocks=[{"type": "divider"}] * 51)
    assert refused.value.response["errors"] == ["no more than 50 items allowed [json-pointer:/blocks]"]


async def test_a_text_beyond_forty_thousand_characters_is_cut(town: Rig) -> None:
    await post(town, text="x" * 40_001)
    assert len(town.workspace.transcript()[0].text) == 40_000


async def test_blocks_without_a_text_show_as_undisplayable_where_only_text_fits(town: Rig) -> None:
    await post(town, blocks=[section("x")])
    assert town.workspace.transcript()[0].text == "This content can't be displayed."


class TestUpdate:
    async def test_text_alone_removes_the_blocks_and_keeps_the_metadata(self, town: Rig) -> None:
        ts = await post(town, text="a", blocks=[section("x")], metadata=METADATA)
        answer = await town.sdk().chat_update(channel="D0ADA", ts=ts, text="b")
        assert (answer["text"], "blocks" in answer["message"]) == ("b", False)
        assert answer["message"]["metadata"] == METADATA
        (message,) = town.workspace.transcript()
        assert (message.text, message.edits) == ("b", ["a"])

    async def test_metadata_alone_changes_only_that(self, town: Rig) -> None:
        ts = await post(town, text="a", blocks=[section("x")], metadata=METADATA)
        await town.api("chat.update", channel="D0ADA", ts=ts, metadata={})
        (message,) = town.workspace.transcript()
        assert (message.text, len(message.blocks), message.metadata) == ("a", 1, None)

    async def test_attachments_stay_unless_they_are_sent(self, town: Rig) -> None:
        ts = await post(town, text="a", attachments=[{"text": "old"}])
        await town.api("chat.update", channel="D0ADA", ts=ts, text="b")
        assert town.workspace.transcript()[0].attachments == [{"text": "old"}]
        await town.api("chat.update", channel="D0ADA", ts=ts, text="b", attachments=[])
        assert town.workspace.transcript()[0].attachments == []

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"text": "x" * 4001}, "msg_too_long"),
            ({}, "no_text"),
            ({"text": "x", "ts": "1.0"}, "message_not_found"),
            ({"text": "x", "channel": "C0NOWHERE"}, "channel_not_found"),
        ],
    )
    async def test_what_cannot_be_updated(self, town: Rig, changes: dict[str, Any], error: str) -> None:
        ts = await post(town)
        answer = await town.api("chat.update", **({"channel": "D0ADA", "ts": ts} | changes))
        assert answer["error"] == error

    async def test_only_the_bots_own_messages_can_be_changed(self, town: Rig) -> None:
        said = await town.person("ada").say("D0ADA", "hi")
        names = {"channel": "D0ADA", "ts": said.ts}
        assert (await town.api("chat.update", text="x", **names))["error"] == "cant_update_message"
        assert (await town.api("chat.delete", **names))["error"] == "cant_delete_message"


async def test_an_ephemeral_message_is_for_one_person_and_in_no_history(town: Rig) -> None:
    answer = await town.sdk().chat_postEphemeral(channel=LOG, user="U0ADA", text="psst")
    assert [message.text for message in town.person("ada").messages(LOG)] == ["psst"]
    assert town.person("noor").messages(LOG) == []
    assert (await town.api("conversations.history", channel=LOG))["messages"] == []
    changed = await town.api("chat.update", channel=LOG, ts=answer["message_ts"], text="x")
    assert changed["error"] == "message_not_found"
    outsider = await town.api("chat.postEphemeral", channel=LOG, user="U0AMIT", text="psst")
    assert outsider["error"] == "user_not_in_channel"


async def test_threads_gather_replies_and_history_shows_only_broadcast_ones(town: Rig) -> None:
    parent = await post(town, LOG, text="parent")
    reply = await post(town, LOG, text="reply", thread_ts=parent)
    await post(town, LOG, text="reply to a reply", thread_ts=reply)
    await post(town, LOG, text="for all", thread_ts=parent, reply_broadcast=True)
    thread = (await town.api("conversations.replies", channel=LOG, ts=parent))["messages"]
    assert [message["text"] for message in thread] == ["parent", "reply", "reply to a reply", "for all"]
    assert thread[0]["reply_count"] == 3
    assert {message["thread_ts"] for message in thread} == {parent}
    history = (await town.api("conversations.history", channel=LOG))["messages"]
    assert [message["text"] for message in history] == ["for all", "parent"]
    assert (await town.api("conversations.replies", channel=LOG, ts="1.0"))["error"] == "thread_not_found"


async def test_history_shows_metadata_when_asked_and_pages_from_the_newest(town: Rig) -> None:
    stamps = [await post(town, LOG, text=str(number), metadata=METADATA) for number in range(5)]
    first = await town.api("conversations.history", channel=LOG, limit=3)
    assert [message["text"] for message in first["messages"]] == ["4", "3", "2"]
    assert (first["has_more"], "metadata" in first["messages"][0]) == (True, False)
    cursor = first["response_metadata"]["next_cursor"]
    rest = await town.api("conversations.history", channel=LOG, limit=3, cursor=cursor, include_all_metadata=True)
    assert [message["text"] for message in rest["messages"]] == ["1", "0"]
    assert rest["messages"][0]["metadata"] == METADATA
    between = await town.api("conversations.history", channel=LOG, oldest=stamps[1], latest=stamps[3])
    assert [message["text"] for message in between["messages"]] == ["2"]
    inclusive = await town.api("conversations.history", channel=LOG, oldest=stamps[3], inclusive=True)
    assert [message["text"] for message in inclusive["messages"]] == ["4", "3"]
    assert (await town.api("conversations.history", channel=LOG, latest="now"))["error"] == "invalid_ts_latest"
    assert (await town.api("conversations.history", channel=LOG, cursor="?"))["error"] == "invalid_cursor"


async def test_history_needs_the_scope_of_that_kind_of_conversation(town: Rig) -> None:
    town.workspace.scopes.discard("im:history")
    assert (await town.api("conversations.history", channel="D0ADA"))["needed"] == "im:history"
    assert (await town.api("conversations.history", channel=LOG))["ok"]
    assert (await town.api("conversations.history", channel="C0GENERAL"))["error"] == "not_in_channel"


async def test_a_deleted_message_is_gone_for_people_but_stays_in_the_transcript(town: Rig) -> None:
    ts = await post(town)
    assert (await town.sdk().chat_delete(channel="D0ADA", ts=ts))["ok"]
    assert town.person("ada").messages("D0ADA") == []
    assert [message.deleted for message in town.workspace.transcript()] == [True]


async def test_a_permalink_leads_to_the_towns_page(town: Rig) -> None:
    ts = await post(town, LOG)
    link = (await town.sdk().chat_getPermalink(channel=LOG, message_ts=ts))["permalink"]
    answer = await town.http.get(link)
    assert answer.headers["location"] == f"/?channel={LOG}&message={ts}"


async def test_a_scheduled_message_appears_when_its_time_has_come(town: Rig) -> None:
    at = int(town.workspace.clock.time()) + 60
    first = await town.sdk().chat_scheduleMessage(channel=LOG, post_at=at, text="later")
    second = await town.sdk().chat_scheduleMessage(channel=LOG, post_at=at, text="never")
    await town.sdk().chat_deleteScheduledMessage(channel=LOG, scheduled_message_id=second["scheduled_message_id"])
    gone = {"channel": LOG, "scheduled_message_id": second["scheduled_message_id"]}
    assert (await town.api("chat.deleteScheduledMessage", **gone))["error"] == "invalid_scheduled_message_id"
    assert town.person("ada").messages(LOG) == []
    town.workspace.clock.advance(61)
    assert [message.text for message in town.person("ada").messages(LOG)] == ["later"]
    assert first["post_at"] == at


@pytest.mark.parametrize(("seconds", "error"), [(-1, "time_in_past"), (121 * 86_400, "time_too_far")])
async def test_a_message_is_scheduled_for_the_next_120_days(town: Rig, seconds: int, error: str) -> None:
    at = int(town.workspace.clock.time()) + seconds
    assert (await town.api("chat.scheduleMessage", channel=LOG, post_at=at, text="x"))["error"] == error


async def test_reactions_are_added_once_and_removed_once(town: Rig) -> None:
    ts = await post(town)
    names = {"channel": "D0ADA", "timestamp": ts, "name": "eyes"}
    assert (await town.sdk().reactions_add(**names))["ok"]
    assert (await town.api("reactions.add", **names))["error"] == "already_reacted"
    assert town.person("ada").messages("D0ADA")[0].reactions == {"eyes": ["UBOT"]}
    assert (await town.sdk().reactions_remove(**names))["ok"]
    assert (await town.api("reactions.remove", **names))["error"] == "no_reaction"


async def test_a_file_is_shared_when_its_upload_is_completed(town: Rig) -> None:
    parent = await post(town, LOG)
    await town.sdk().files_upload_v2(
        channel=LOG, thread_ts=parent, content="a;b\n1;2\n", filename="report.csv", initial_comment="The report"
    )
    message = town.person("ada").messages(LOG)[-1]
    assert (message.text, message.thread_ts, message.files[0]["name"]) == ("The report", parent, "report.csv")
    assert (await town.http.get(message.files[0]["url_private"])).text == "a;b\n1;2\n"


async def test_a_file_that_was_not_sent_or_not_completed_is_not_there(town: Rig) -> None:
    reserved = await town.api("files.getUploadURLExternal", filename="x.csv", length=3)
    unsent = await town.api("files.completeUploadExternal", files=[{"id": reserved["file_id"]}], channel_id=LOG)
    assert unsent["error"] == "file_not_found"
    assert (await town.api("files.completeUploadExternal", files=["x"]))["error"] == "invalid_arguments"
    sent = await town.http.post(reserved["upload_url"], files={"file": ("x.csv", b"a;b")})
    assert sent.text == "OK - 3"
    assert (await town.http.post(f"{town.base}/slack/upload/F0", content=b"a")).status_code == 404
    private = await town.api("files.completeUploadExternal", files=[{"id": reserved["file_id"]}])
    assert private["files"][0]["size"] == 3
    address = f"{town.base}/slack/files/{reserved['file_id']}/x.csv"
    assert (await town.http.get(address)).status_code == 404
    assert (await town.api("files.getUploadURLExternal", filename="x.csv", length=0))["error"] == "missing_argument"


async def test_whoever_waits_for_a_change_is_woken_by_one(town: Rig) -> None:
    version = town.workspace.version
    await post(town)
    assert await town.workspace.wait_for_change(version, 1.0) > version
    version = town.workspace.version
    assert await town.workspace.wait_for_change(version, 0.01) == version
