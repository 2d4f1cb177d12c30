"""A client of the town's SuiteCRM that knows only the wire."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette

from sandbox.people import SUITECRM_IDS
from sandbox.suitecrm import SuiteCrm
from sandbox.suitecrm.oauth import CLIENT_SECRET, PASSWORD_CLIENT_ID, password_of

TOWN = "http://town.example"
AMIT, SOFIA, BEN, NOOR, JULIA, HANNA, WALTER = (
    SUITECRM_IDS[key] for key in ("amit", "sofia", "ben", "noor", "julia", "hanna", "walter")
)
NOBODY = "00000000-0000-4000-8000-000000000000"


def detail(answer: httpx.Response) -> str:
    """The text of a refusal, which is an object and a 400."""
    assert answer.status_code == 400, answer.text
    errors = answer.json()["errors"]
    assert (errors["status"], errors["title"]) == (400, None)
    return str(errors["detail"])


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["data"]]


@dataclass
class Api:
    """Calls V8 with the town's own client; fetches its token when it first needs one."""

    crm: SuiteCrm
    token: str | None = None
    session: str | None = None
    app: Starlette = field(init=False)

    def __post_init__(self) -> None:
        self.app = self.crm.app(TOWN)

    async def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url=TOWN, trust_env=False) as client:
            return await client.request(method, path, **request)

    async def grant(self, **changes: Any) -> httpx.Response:
        settings = self.crm.settings
        form = {
            "grant_type": "client_credentials",
            "client_id": settings["suitecrm_client_id"],
            "client_secret": settings["suitecrm_client_secret"],
        }
        return await self.send("POST", "/Api/access_token", json=form | changes)

    async def log_in(self, user_name: str, password: str | None = None) -> httpx.Response:
        """The password grant, as people's own apps use it."""
        return await self.grant(
            grant_type="password",
            client_id=PASSWORD_CLIENT_ID,
            client_secret=CLIENT_SECRET,
            username=user_name,
            password=password or password_of(user_name),
        )

    async def as_user(self, user_name: str) -> "Api":
        """The same CRM with the rights of somebody else."""
        return Api(self.crm, (await self.log_in(user_name)).json()["access_token"])

    async def call(self, method: str, path: str, *, root: str = "/Api/V8", **request: Any) -> httpx.Response:
        if self.token is None:
            self.token = (await self.grant()).json()["access_token"]
        return await self.send(method, root + path, headers={"Authorization": f"Bearer {self.token}"}, **request)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.call("GET", path, **({"params": params} if params else {}))

    async def owned(self, module: str, owner: str = AMIT, **params: Any) -> httpx.Response:
        asked = {"filter[assigned_user_id][eq]": owner} | params
        return await self.get(f"/module/{module}", **asked)

    async def patch(self, module: str, record_id: str, **attributes: Any) -> httpx.Response:
        data = {"type": module, "id": record_id, "attributes": attributes}
        return await self.call("PATCH", "/module", json={"data": data})

    async def rest(self, method: str, rest_data: Any, *, path: str = "/service/v4_1/rest.php") -> httpx.Response:
        form = {"method": method, "input_type": "JSON", "response_type": "JSON", "rest_data": json.dumps(rest_data)}
        return await self.send("POST", path, data=form)

    async def rest_log_in(self, user_name: str = "noor") -> httpx.Response:
        digest = hashlib.md5(password_of(user_name).encode(), usedforsecurity=False).hexdigest()
        auth = {"user_name": user_name, "password": digest, "version": "4"}
        given = {"user_auth": auth, "application_name": "test", "name_value_list": []}
        return await self.rest("login", given)

    async def rest_call(self, method: str, *arguments: Any) -> Any:
        if self.session is None:
            self.session = (await self.rest_log_in()).json()["id"]
        answer = await self.rest(method, [self.session, *arguments])
        assert answer.status_code == 200, answer.text
        return answer.json()
