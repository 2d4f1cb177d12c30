"""What the CRM says about itself: modules, fields, pipelines, organisation, and addresses that do not exist."""

from crm_client import Api, error, row


async def test_modules_tell_their_internal_names_and_what_the_api_serves(company: Api) -> None:
    modules = {each["api_name"]: each for each in (await company.get("/settings/modules")).json()["modules"]}
    assert modules["Deals"]["module_name"] == "Potentials"
    assert (modules["Events"]["module_name"], modules["Events"]["plural_label"]) == ("Events", "Meetings")
    assert modules["Site_Visits"]["module_name"] == "CustomModule4"
    assert modules["Site_Visits"]["generated_type"] == "custom"
    assert modules["Sales_Orders"]["plural_label"] == "Sales Orders"
    assert modules["Social"]["api_supported"] is False
    assert len({each["id"] for each in modules.values()}) == len(modules)


async def test_fields_tell_the_owner_and_the_words_of_a_picklist(company: Api) -> None:
    fields = {
        each["api_name"]: each for each in (await company.get("/settings/fields", module="Deals")).json()["fields"]
    }
    assert fields["Owner"]["data_type"] == "ownerlookup"
    assert fields["Presales_Engineer"]["data_type"] == "userlookup"
    assert fields["Account_Name"]["lookup"]["module"]["api_name"] == "Accounts"
    assert fields["Tag"]["json_type"] == "jsonarray"
    stages = {value["actual_value"]: value["display_value"] for value in fields["Stage"]["pick_list_values"]}
    assert stages["Closed Won"] == "Gewonnen"
    assert stages["Beauftragt"] == "Beauftragt"


async def test_a_module_without_owner_has_no_owner_field(company: Api) -> None:
    fields = (await company.get("/settings/fields", module="Service_Regions")).json()["fields"]
    assert "ownerlookup" not in {each["data_type"] for each in fields}


async def test_fields_need_a_module_that_the_api_serves(company: Api) -> None:
    missing = await company.get("/settings/fields")
    assert (error(missing), missing.json()["details"]) == ((400, "REQUIRED_PARAM_MISSING"), {"param_name": "module"})
    assert error(await company.get("/settings/fields", module="Social")) == (400, "INVALID_MODULE")


async def test_only_the_forecast_type_tells_which_stages_are_closed(company: Api) -> None:
    layouts = (await company.get("/settings/layouts", module="Deals")).json()["layouts"]
    closed, opened = set(), set()
    for layout in layouts:
        for stage in row(await company.get("/settings/pipeline", layout_id=layout["id"]), "pipeline")["maps"]:
            (opened if stage["forecast_type"] == "Open" else closed).add(stage["actual_value"])
    assert closed == {"Closed Won", "Closed Lost", "Handed to Partner", "Beauftragt", "Nicht beauftragt"}
    assert "Closed: awaiting signature" in opened


async def test_lost_stages_are_omitted_from_the_forecast(company: Api) -> None:
    layout = (await company.get("/settings/layouts", module="Deals")).json()["layouts"][0]
    maps = row(await company.get("/settings/pipeline", layout_id=layout["id"]), "pipeline")["maps"]
    lost = next(stage for stage in maps if stage["forecast_type"] == "Closed Lost")
    assert lost["forecast_category"]["name"] == "Omitted"


async def test_pipelines_of_other_layouts_are_empty_and_of_none_an_error(company: Api) -> None:
    other = (await company.get("/settings/layouts", module="Leads")).json()["layouts"][0]["id"]
    assert (await company.get("/settings/pipeline", layout_id=other)).status_code == 204
    bad = await company.get("/settings/pipeline", layout_id="1")
    assert (error(bad), bad.json()["details"]) == ((400, "INVALID_DATA"), {"param_name": "layout_id"})


async def test_the_organisation_names_its_super_admin_and_the_number_of_its_links(company: Api) -> None:
    org = row(await company.get("/org"), "org")
    assert org["primary_email"] == "petra@brightwater.example"
    assert org["zgid"] == company.crm.zgid
    assert org["type"] == "production"
    assert org["license_details"]["paid_type"] == "enterprise"


async def test_addresses_that_do_not_exist(company: Api) -> None:
    assert error(await company.get("/settings/nothing/here")) == (404, "INVALID_URL_PATTERN")
    assert error(await company.call("GET", "/org", version="v99")) == (404, "INVALID_URL_PATTERN")
    assert error(await company.call("DELETE", "/coql")) == (405, "INVALID_REQUEST_METHOD")
    assert error(await company.get("/Spaceships", fields="id")) == (400, "INVALID_MODULE")
    assert error(await company.get("/Social", fields="id")) == (400, "INVALID_MODULE")
