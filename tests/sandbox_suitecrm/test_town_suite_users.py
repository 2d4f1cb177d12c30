"""Users, tokens and who may do what: deactivation, and what it leaves open."""

import pytest
from suite_client import AMIT, BEN, NOOR, SOFIA, WALTER, Api, detail, ids

from sandbox.suitecrm.oauth import PASSWORD_CLIENT_ID, TOKEN_SECONDS


async def test_the_grant_of_the_client_gives_an_hour_and_no_refresh_token(office: Api) -> None:
    answer = await office.grant()
    assert answer.status_code == 200
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    assert body["access_token"].count(".") == 2
    assert "refresh_token" not in body
    user = (await office.get("/current-user")).json()["data"]
    assert (user["id"], user["attributes"]["is_admin"]) == (NOOR, "1")
    assert "user_hash" not in user["attributes"]


async def test_a_form_is_taken_as_well(office: Api) -> None:
    settings = office.crm.settings
    form = {
        "grant_type": "client_credentials",
        "client_id": settings["suitecrm_client_id"],
        "client_secret": settings["suitecrm_client_secret"],
    }
    assert (await office.send("POST", "/Api/access_token", data=form)).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": PASSWORD_CLIENT_ID}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 500, "unknown_error"),
        ({"client_id": ""}, 400, "invalid_request"),
        ({"grant_type": "implicit"}, 400, "unsupported_grant_type"),
    ],
)
async def test_bad_grants_are_refused_in_oauths_own_form(
    office: Api, changes: dict[str, str], status: int, error: str
) -> None:
    answer = await office.grant(**changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["message"] == answer.json()["error_description"]


async def test_a_wrong_password_is_repeated_in_the_answer(office: Api) -> None:
    answer = await office.log_in("amit", "hunter2")
    assert answer.status_code == 500
    assert answer.json()["error_description"] == "The password is invalid: hunter2"
    assert "username: nobody" in (await office.log_in("nobody")).json()["message"]


@pytest.mark.parametrize(
    ("header", "hint"),
    [
        (None, 'Missing "Authorization" header'),
        ("Bearer nonsense", "The JWT string must have two dots"),
        ("Bearer a.b.c", "Access token could not be verified"),
    ],
)
async def test_without_a_good_token_the_oauth_layer_answers(office: Api, header: str | None, hint: str) -> None:
    headers = {"Authorization": header} if header else {}
    answer = await office.send("GET", "/Api/V8/module/Leads", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"] == "access_denied"
    assert answer.json()["hint"] == hint
    assert "errors" not in answer.json()


async def test_tokens_die_after_an_hour_or_when_the_town_says_so(suite: Api) -> None:
    assert (await suite.get("/meta/modules")).status_code == 200
    suite.crm.clock.advance(TOKEN_SECONDS + 1)
    assert (await suite.get("/meta/modules")).status_code == 401
    suite.token = None
    assert (await suite.get("/meta/modules")).status_code == 200
    suite.crm.expire_tokens()
    assert (await suite.get("/meta/modules")).status_code == 401


async def test_a_refresh_token_works_once(suite: Api) -> None:
    first = (await suite.log_in("amit")).json()
    form = {"grant_type": "refresh_token", "client_id": PASSWORD_CLIENT_ID, "refresh_token": first["refresh_token"]}
    assert (await suite.grant(**form)).status_code == 200
    again = await suite.grant(**form)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_request")


async def test_logging_out_ends_the_token(suite: Api) -> None:
    assert (await suite.call("POST", "/logout")).json()["meta"]["message"] == "You have been successfully logged out"
    assert (await suite.get("/current-user")).status_code == 401


async def test_the_status_can_be_asked_for_but_is_never_told(suite: Api) -> None:
    asked = {"filter[id][eq]": AMIT, "filter[status][eq]": "Inactive"}
    assert ids(await suite.get("/module/Users", **asked)) == []
    answer = await suite.patch("Users", AMIT, status="Inactive", employee_status="Terminated")
    assert answer.status_code == 201
    shown = answer.json()["data"]["attributes"]
    assert shown["employee_status"] == "Terminated"
    assert {"status", "user_name", "is_admin", "user_hash"}.isdisjoint(shown)
    assert ids(await suite.get("/module/Users", **asked)) == [AMIT]
    assert ids(await suite.get("/module/Users", **{"filter[user_name][eq]": "AMIT"})) == [AMIT]
    assert [user.active for user in suite.crm.users() if user.id == AMIT] == [False]
    fields = {"fields[Users]": "status,last_name"}
    assert set((await suite.get(f"/module/Users/{AMIT}", **fields)).json()["data"]["attributes"]) == {"last_name"}
    await suite.patch("Users", AMIT, status="Active", employee_status="Active")
    assert [user.active for user in suite.crm.users() if user.id == AMIT] == [True]


async def test_only_an_administrator_saves_another_user(suite: Api) -> None:
    ben = await suite.as_user("ben")
    assert detail(await ben.patch("Users", AMIT, status="Inactive")) == "Not authorized"
    assert (await ben.patch("Users", BEN, title="Senior")).status_code == 201
    assert [user.active for user in suite.crm.users() if user.id == AMIT] == [True]


async def test_an_inactive_user_gets_tokens_and_keeps_them_until_they_are_revoked(suite: Api) -> None:
    amit = await suite.as_user("amit")
    await suite.patch("Users", AMIT, status="Inactive", employee_status="Terminated")
    assert (await amit.get("/current-user")).status_code == 200
    assert (await suite.log_in("amit")).status_code == 200
    asked = {"filter[assigned_user_id][eq]": AMIT, "filter[token_is_revoked][eq]": "0"}
    tokens = ids(await suite.get("/module/OAuth2Tokens", **asked))
    assert len(tokens) == suite.crm.oauth.live(AMIT) == 2
    for token in tokens:
        answer = await suite.patch("OAuth2Tokens", token, token_is_revoked=True)
        assert answer.status_code == 201
        assert "access_token" not in answer.json()["data"]["attributes"]
    assert (await amit.get("/current-user")).status_code == 401
    assert suite.crm.oauth.live(AMIT) == 0
    assert suite.crm.oauth.live(NOOR) == 1


async def test_an_installation_may_refuse_to_revoke_tokens(suite: Api) -> None:
    await suite.log_in("amit")
    suite.crm.quirks.tokens_writable = False
    token = ids(await suite.get("/module/OAuth2Tokens", **{"filter[assigned_user_id][eq]": AMIT}))[0]
    assert detail(await suite.patch("OAuth2Tokens", token, token_is_revoked="1")) == "[AccessDeniedException] "
    assert suite.crm.oauth.live(AMIT) == 1


async def test_people_do_by_hand_what_the_town_lets_them(suite: Api) -> None:
    lead = next(iter(suite.crm.all_owned(AMIT, "Leads")))
    suite.crm.give("Leads", lead, SOFIA)
    assert suite.crm.value("Leads", lead, "assigned_user_id") == SOFIA
    suite.crm.deactivate_by_hand(AMIT)
    assert [user.active for user in suite.crm.users() if user.id in (AMIT, WALTER)] == [False, False]
    for wrong in (lambda: suite.crm.give("Leads", "nix", SOFIA), lambda: suite.crm.give("Leads", lead, "nix"),
                  lambda: suite.crm.deactivate_by_hand("nix")):  # fmt: skip
        with pytest.raises(KeyError):
            wrong()
