"""What the API tells about itself and its caller.

https://github.com/salesagility/SuiteCRM/blob/v7.14.6/Api/V8/Service/MetaService.php
"""

from sandbox.suitecrm.api import Answer, Call, Json, Refused
from sandbox.suitecrm.params import check_name
from sandbox.suitecrm.parts import Field, Module
from sandbox.suitecrm.schema import BY_NAME, MODULES

_ACCESS = ("access", "view", "list", "edit", "delete", "import", "export", "massupdate")


def modules(call: Call) -> Answer:
    """GET /meta/modules: those that the caller's roles show."""
    shown: Json = {
        module.name: {"label": module.plural, "access": list(_ACCESS)}
        for module in MODULES
        if module.listed and module.name not in call.crm.quirks.forbidden
    }
    return Answer({"data": {"type": "modules", "attributes": shown}})


def fields(call: Call) -> Answer:
    """GET /meta/fields/{moduleName}: hidden fields too."""
    name = check_name(call.arguments, "moduleName")
    module = BY_NAME.get(name)
    if module is None or not module.described or name in call.crm.quirks.forbidden:
        raise Refused("The API user does not have access to this module.")
    attributes = {field.name: _definition(module, field) for field in call.crm.fields(module).values()}
    return Answer({"data": {"type": "fields", "attributes": attributes}})


def _definition(module: Module, field: Field) -> Json:
    source = {} if field.source == "db" else {"source": field.source}
    link = module.link_of.get(field.name)
    relationship = {"relationship": f"{module.table}_{field.name.lower()}"} if link else {}
    return {"type": field.type, "required": field.name == "id", "dbType": field.db_type, **source, **relationship}


def current_user(call: Call) -> Answer:
    """GET /current-user: the one place that tells the hidden fields of a user, all but the password's hash."""
    users = BY_NAME["Users"]
    row = call.crm.store.row(users, call.user_id)
    if row is None:
        raise Refused(f"Users module with id {call.user_id} is not found")
    resource = call.crm.beans.resource(users, row, path=call.path)
    values = call.crm.beans.values(users, row)
    del values["user_hash"]
    return Answer({"data": {**resource, "attributes": values}})


def logout(call: Call) -> Answer:
    """POST /logout: the token that is shown is gone."""
    call.crm.store.update(BY_NAME["OAuth2Tokens"], call.token_id, {"deleted": 1})
    return Answer({"meta": {"message": "You have been successfully logged out"}, "data": []})
