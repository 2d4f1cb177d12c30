// Pipedrive's own client against the address that standard input names; prints what it found as JSON.
// https://github.com/pipedrive/client-nodejs
const { readFileSync } = require("node:fs");
const v1 = require("pipedrive/v1");
const v2 = require("pipedrive/v2");

const asked = JSON.parse(readFileSync(0, "utf8"));
const on = (version) => ({ apiKey: asked.token, basePath: `${asked.url}/api/${version}` });
const users = new v1.UsersApi(new v1.Configuration(on("v1")));
const leads = new v1.LeadsApi(new v1.Configuration(on("v1")));
const deals = new v2.DealsApi(new v2.Configuration(on("v2")));
const persons = new v2.PersonsApi(new v2.Configuration(on("v2")));
const fields = new v2.DealFieldsApi(new v2.Configuration(on("v2")));

// All records of a list, over as many pages as it takes.
async function everything(list, params) {
  const found = [];
  let cursor;
  do {
    const page = await list({ ...params, limit: 5, ...(cursor && { cursor }) });
    found.push(...page.data);
    cursor = page.additional_data.next_cursor;
  } while (cursor);
  return found;
}

// An error as the client hands it on: the vendor's body.
async function refused(call) {
  try {
    await call;
    return null;
  } catch (error) {
    return { success: error.success, error: typeof error.error };
  }
}

async function main() {
  const moved = [];
  for (const id of asked.move) {
    const answer = await deals.updateDeal({ id, UpdateDealRequest: { owner_id: asked.successor } });
    moved.push(answer.data.owner_id);
  }
  const labels = (await fields.getDealFields({ limit: 500 })).data.filter((field) => field.field_code === "label_ids");
  return {
    me: (await users.getCurrentUser()).data.id,
    users: Object.fromEntries((await users.getUsers()).data.map((user) => [user.id, user.active_flag])),
    found: (await users.findUsersByName({ term: asked.email, search_by_email: 1 })).data.map((user) => user.id),
    owned: (await everything((params) => deals.getDeals(params), { owner_id: asked.leaver })).map((deal) => deal.id),
    persons: (await everything((params) => persons.getPersons(params), { owner_id: asked.leaver })).map((one) => one.id),
    moved,
    owners: await Promise.all(asked.move.map(async (id) => (await deals.getDeal({ id })).data.owner_id)),
    leads: (await leads.getLeads({ owner_id: asked.leaver, limit: 100 })).data.map((lead) => lead.id),
    labels: labels[0].options.map((option) => option.label),
    unknown: await refused(deals.updateDeal({ id: asked.no_record, UpdateDealRequest: { owner_id: asked.successor } })),
    limit: await refused(deals.getDeals({ limit: 501 })),
    protected: await refused(users.updateUser({ id: asked.boss, UpdateUserRequest: { active_flag: false } })),
    deactivated: (await users.updateUser({ id: asked.leaver, UpdateUserRequest: { active_flag: false } })).data.active_flag,
    token: await refused(new v1.UsersApi(new v1.Configuration({ ...on("v1"), apiKey: "wrong" })).getCurrentUser()),
  };
}

main().then((found) => process.stdout.write(JSON.stringify(found)));
