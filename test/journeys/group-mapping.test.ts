/** Group mapping from sign-in to sign-in: a group that the identity provider gave goes when it says so no more; what a hand gave stays. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import {
  type Browser,
  type Company,
  createCompany,
  type Gateway,
  signIn,
  startGateway,
  type TestIdp,
} from "../support/gateway.ts";
import { CLAIM, createIdentityProvider, entraClaims } from "../support/identity-provider.ts";
import { CONSOLE, decode, personIn, submit } from "./console-stage.ts";
import { saveDraft, testAs } from "./drafts-stage.ts";

const EMAIL = "b.simon@acme.example";
const ADMIN = "Vestibule administrators";
const EDITOR = "Vestibule editors";

const idp: TestIdp = await createIdentityProvider();
let gateway: Gateway;
let acme: Company;
let editorsId: string;
let made = 0;

beforeEach(async () => {
  gateway = startGateway();
  acme = await createCompany(gateway, `acme-${++made}`, idp);
  editorsId = (await api("POST", "/groups", { title: "Editors" })).id;
  await api("PATCH", "/saml", {
    groupMapping: [
      { claim: CLAIM.role, value: ADMIN, groupId: acme.administratorsId },
      { claim: CLAIM.role, value: EDITOR, groupId: editorsId },
    ],
  });
});

// biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever JSON came
async function api(method: string, path: string, body?: unknown): Promise<any> {
  const answer = await gateway.api(method, `/companies/${acme.slug}${path}`, body);
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  return answer.body;
}

const withClaims = (claims: Record<string, string[]>, email = EMAIL) => ({
  nameID: email,
  attributes: { ...entraClaims({ email }), ...claims },
});
const enter = (claims: Record<string, string[]>, browser = gateway.browser()) =>
  signIn(gateway, browser, acme, withClaims(claims));
const withRoles = (...roles: string[]) => enter(roles.length > 0 ? { [CLAIM.role]: roles } : {});

async function person() {
  const { items } = await api("GET", `/users?email=${EMAIL}`);
  return items[0];
}

/** The group and whose choice it was. */
async function standing(): Promise<[string, string]> {
  const { groupId, groupSource } = await person();
  const titles = { [acme.administratorsId]: "Administrators", [acme.staffId]: "Staff", [editorsId]: "Editors" };
  return [titles[groupId] ?? groupId, groupSource];
}

async function standingAfter(...claims: Parameters<typeof enter>): Promise<[string, string]> {
  expect((await enter(...claims)).status).toBe(303);
  return standing();
}
const afterRoles = (...roles: string[]) => standingAfter(roles.length > 0 ? { [CLAIM.role]: roles } : {});

async function lastChecks(): Promise<Record<string, string>> {
  const { items } = await api("GET", "/sign-ins?limit=1");
  return Object.fromEntries(items[0].checks.map(({ name, received }: Record<string, string>) => [name, received]));
}

describe("a role that the identity provider gives and takes", () => {
  it("makes an administrator and unmakes them, as the audit and the sign-in log say", async () => {
    await withRoles();
    expect(await afterRoles(ADMIN)).toEqual(["Administrators", "mapping"]);
    expect(await lastChecks()).toMatchObject({
      group_mapping: "a rule gives Administrators instead of Staff",
      group: "Administrators",
    });
    expect(await afterRoles(ADMIN), "again: nothing to say").toEqual(["Administrators", "mapping"]);
    expect((await lastChecks()).group_mapping).toBeUndefined();

    expect((await withRoles()).status).toBe(303);
    expect(await standing()).toEqual(["Staff", "manual"]);
    expect(await lastChecks()).toMatchObject({
      group_mapping: "no rule gives Administrators any more: back to Staff",
      group: "Staff",
    });
    const { id } = await person();
    const { items } = await api("GET", "/audit?limit=2");
    expect(items).toMatchObject([
      {
        ...{ actor: "sign-in", action: "update", resource: "user", resourceId: id },
        before: { groupId: acme.administratorsId, groupSource: "mapping" },
        after: { groupId: acme.staffId, groupSource: "manual" },
      },
      {
        before: { groupId: acme.staffId, groupSource: "manual" },
        after: { groupId: acme.administratorsId, groupSource: "mapping" },
      },
    ]);
  });

  it("costs no more round trips to take back than a new name to take over", async () => {
    const trips = async (claims: Record<string, string[]>) => {
      gateway.roundTrips();
      expect((await enter(claims)).status).toBe(303);
      return gateway.roundTrips();
    };
    await trips({});
    const renamed = await trips({ [CLAIM.surname]: ["Svensson"] });
    await afterRoles(ADMIN);
    expect(await trips({})).toBe(renamed);
    expect(await standing()).toEqual(["Staff", "manual"]);
  });

  it("ends the administration of a session that was begun with it, at its next check", async () => {
    const old = gateway.browser();
    await enter({ [CLAIM.role]: [ADMIN] }, old);
    const page = async (at: Gateway = gateway) => {
      const cookie = `__Host-vestibule-session=${old.cookie(acme.url, "__Host-vestibule-session")}`;
      return (await at.fetch(new Request(`${acme.url}${CONSOLE}/users`, { headers: { cookie } }))).status;
    };
    expect(await page()).toBe(200);
    await withRoles();
    gateway.advance(60);
    expect([await page(), await page(gateway.isolate())]).toEqual([403, 403]);
    const shown = await (await old.get(`${acme.url}/sso/session`)).json<{ user: { group: unknown } }>();
    expect(shown.user.group).toEqual({ id: acme.staffId, title: "Staff", type: "member" });
  });

  it("moves between the groups of two rules by their priority", async () => {
    expect(await afterRoles(EDITOR), "created so").toEqual(["Editors", "mapping"]);
    expect(await afterRoles(EDITOR, ADMIN)).toEqual(["Administrators", "mapping"]);
    expect(await afterRoles(EDITOR)).toEqual(["Editors", "mapping"]);
    expect(await afterRoles("another")).toEqual(["Staff", "manual"]);
  });

  it("is lost with its rule, but not with the last one: groups are then chosen by hand", async () => {
    await afterRoles(ADMIN);
    const { groupMapping } = await api("GET", "/saml");
    await api("PATCH", "/saml", { groupMapping: groupMapping.slice(1) });
    expect(await afterRoles(ADMIN)).toEqual(["Staff", "manual"]);
    expect(await afterRoles(EDITOR)).toEqual(["Editors", "mapping"]);
    await api("PATCH", "/saml", { groupMapping: [] });
    expect(await afterRoles(EDITOR)).toEqual(["Editors", "mapping"]);
  });

  it("is kept while there is no rule, and a plan that begins with rules again says who loses it", async () => {
    const dangersOfRule = async () => {
      const wanted = await api("GET", "/configuration");
      wanted.saml.groupMapping = [{ claim: CLAIM.role, value: "Somebody else", group: "Editors" }];
      const { dangers } = await api("POST", "/configuration/plan", wanted);
      return dangers.map(({ code }: { code: string }) => code);
    };
    await api("PATCH", "/saml", { groupMapping: [] });
    expect(await afterRoles(EDITOR)).toEqual(["Staff", "manual"]);
    expect(await dangersOfRule()).toEqual([]);
    await api("PATCH", "/saml", { groupMapping: [{ claim: CLAIM.role, value: EDITOR, groupId: editorsId }] });
    expect(await afterRoles(EDITOR)).toEqual(["Editors", "mapping"]);
    await api("PATCH", "/saml", { groupMapping: [] });
    expect(await afterRoles(EDITOR)).toEqual(["Editors", "mapping"]);
    expect(await dangersOfRule()).toEqual(["takes-back-groups"]);
  });

  it("goes back to the group that is the Just-In-Time group by then, also while nobody is created by it", async () => {
    await afterRoles(ADMIN);
    await api("PATCH", "/saml", { jit: { enabled: false, groupId: editorsId } });
    expect(await afterRoles()).toEqual(["Editors", "manual"]);
  });
});

describe("groups that were too many to be sent", () => {
  const GROUP = "0f3c0000-0000-0000-0000-000000000001";
  const tooMany = { [CLAIM.groupsLink]: ["https://graph.windows.net/t/users/u/getMemberObjects"] };

  beforeEach(async () => {
    await api("PATCH", "/saml", {
      groupMapping: [
        { claim: CLAIM.groups, value: GROUP, groupId: acme.administratorsId },
        { claim: CLAIM.role, value: EDITOR, groupId: editorsId },
      ],
    });
  });

  it("leave the group that they gave, whatever other rule fits, until it is known that they give it no more", async () => {
    expect(await standingAfter({ [CLAIM.groups]: [GROUP] })).toEqual(["Administrators", "mapping"]);
    expect(await standingAfter(tooMany)).toEqual(["Administrators", "mapping"]);
    expect((await lastChecks()).group_mapping).toContain("Administrators stays");
    expect(await standingAfter({ ...tooMany, [CLAIM.role]: [EDITOR] })).toEqual(["Administrators", "mapping"]);
    expect(await standingAfter({ [CLAIM.groups]: ["another"] })).toEqual(["Staff", "manual"]);
  });

  it("give nothing and hold nothing that a role gave", async () => {
    expect(await standingAfter(tooMany)).toEqual(["Staff", "manual"]);
    expect(await standingAfter({ ...tooMany, [CLAIM.role]: [EDITOR] })).toEqual(["Editors", "mapping"]);
    expect(await standingAfter(tooMany)).toEqual(["Staff", "manual"]);
  });
});

describe("a group that a hand chose", () => {
  it("stays for want of a rule that fits, and stays the hand's when a rule says the same", async () => {
    await api("POST", "/users", { email: EMAIL, groupId: acme.administratorsId });
    for (const roles of [[], [ADMIN], []]) expect(await afterRoles(...roles)).toEqual(["Administrators", "manual"]);
  });

  it("after a rule had given another, stays too: over REST, in the console, by a file", async () => {
    const ada = await personIn(gateway, acme, "ada@acme.example", true);
    const ways: ((id: string) => Promise<unknown>)[] = [
      (id) => api("PATCH", `/users/${id}`, { groupId: editorsId }),
      async (id) => expect((await submit(ada, acme, `/users/${id}`, { groupId: editorsId })).status).toBe(303),
      () => importFile(`email,group\n${EMAIL},Editors\n`),
    ];
    for (const choose of ways) {
      expect(await afterRoles(ADMIN)).toEqual(["Administrators", "mapping"]);
      await choose((await person()).id);
      expect(await standing()).toEqual(["Editors", "manual"]);
      expect(await afterRoles()).toEqual(["Editors", "manual"]);
    }
  });

  it("is not what is only written as it stands: it is taken back all the same", async () => {
    await afterRoles(ADMIN);
    const before = await person();
    const changed = await api("PUT", `/users/${before.id}`, { ...before, lastName: "Svensson", groupSource: "manual" });
    expect(changed).toMatchObject({ lastName: "Svensson", groupSource: "mapping" });
    await api("PATCH", `/users/${before.id}`, { groupId: before.groupId });
    const file = await gateway.fetch(
      new Request(`https://admin.example.com/api/v1/companies/${acme.slug}/users/export`, {
        headers: { authorization: `Bearer ${env.OPERATOR_TOKEN}` },
      }),
    );
    await importFile((await file.text()).replace("Svensson", "Simon"));
    expect(await person()).toMatchObject({ lastName: "Simon", groupSource: "mapping" });
    const configuration = await api("GET", "/configuration");
    expect(JSON.stringify(configuration)).not.toContain("groupSource");
    configuration.company.name = "Acme";
    const { planId, dangers } = await api("POST", "/configuration/plan", configuration);
    expect(dangers).toEqual([]);
    await api("POST", "/configuration/apply", { configuration, planId, accept: [] });
    expect(await standing()).toEqual(["Administrators", "mapping"]);
    expect(await afterRoles()).toEqual(["Staff", "manual"]);
  });

  async function importFile(csv: string) {
    const sent = await gateway.fetch(
      new Request(`https://admin.example.com/api/v1/companies/${acme.slug}/users/import?allowAdministrators=true`, {
        method: "POST",
        headers: { authorization: `Bearer ${env.OPERATOR_TOKEN}`, "content-type": "text/csv" },
        body: csv,
      }),
    );
    expect(await sent.json()).toMatchObject({ updated: 1, refused: 0 });
  }
});

describe("whom a rule gives a group no more, where there is none to fall back to", () => {
  it.each([
    ["none", { enabled: false, groupId: null }, "neither"],
    ["one of administrators", { enabled: true }, "no rule; Administrators is of administrators"],
  ])("is refused, and stays as they are until one is chosen: %s", async (_, jit, received) => {
    for (const [role, title] of [[ADMIN, "Administrators"] as const, [EDITOR, "Editors"] as const]) {
      expect(await afterRoles(role)).toEqual([title, "mapping"]);
      await api("PATCH", "/saml", { jit: { groupId: acme.administratorsId, ...jit } });
      const before = await person();
      const refused = await withRoles();
      expect(refused.status).toBe(403);
      expect(refused.headers.getSetCookie().join()).not.toContain("vestibule-session=");
      expect(await refused.text()).not.toContain(title);
      expect((await api("GET", "/sign-ins?limit=1")).items[0]).toMatchObject({
        outcome: "refused",
        code: "group_missing",
      });
      expect((await lastChecks()).group_missing).toBe(received);
      expect(await person()).toEqual(before);
      await api("PATCH", "/saml", { jit: { enabled: true, groupId: acme.staffId } });
      expect(await afterRoles()).toEqual(["Staff", "manual"]);
    }
  });
});

describe("at once", () => {
  it("a hand's choice that comes between reading and writing is seen: it stays", async () => {
    let between: (() => Promise<unknown>) | null = null;
    let batches = 0;
    const slow = new Proxy(env.DB, {
      get(target, name) {
        const member = Reflect.get(target, name);
        if (name !== "batch") return typeof member === "function" ? member.bind(target) : member;
        return async (statements: D1PreparedStatement[]) => {
          if (between !== null && ++batches === 2) await between();
          return target.batch(statements);
        };
      },
    });
    await afterRoles(ADMIN);
    const { id } = await person();
    const other = startGateway({ DB: slow });
    await signIn(other, other.browser(), acme, withClaims({ [CLAIM.role]: [ADMIN] }));
    between = () => api("PATCH", `/users/${id}`, { groupId: editorsId });
    expect((await signIn(other, other.browser(), acme, withClaims({}))).status).toBe(303);
    expect(batches, "read, found changed, read again, written").toBe(4);
    expect(await standing()).toEqual(["Editors", "manual"]);
  });

  it("many sign-ins without the role take it back once", async () => {
    await afterRoles(ADMIN);
    const all = await Promise.all(Array.from({ length: 3 }, () => withRoles()));
    expect(all.map(({ status }) => status)).toEqual([303, 303, 303]);
    expect(await standing()).toEqual(["Staff", "manual"]);
    const { items } = await api("GET", "/audit?limit=20");
    const moves = items.filter(({ after }: { after: { groupId?: string } | null }) => after?.groupId === acme.staffId);
    expect(moves.filter(({ actor }: { actor: string }) => actor === "sign-in")).toHaveLength(1);
  });
});

describe("what an administrator sees", () => {
  it("on the user's page, where the group comes from", async () => {
    const ada = await personIn(gateway, acme, "ada@acme.example", true);
    const page = async (who: { id: string }) =>
      decode(await (await ada.get(`${acme.url}${CONSOLE}/users/${who.id}`)).text());
    await afterRoles(ADMIN);
    expect(await page(await person())).toContain("By group mapping");
    await afterRoles();
    expect(await page(await person())).toContain("By hand or Just-In-Time provisioning");
  });

  it("in a test of a draft: the group that they would fall back to, or that they would be refused", async () => {
    const ada: Browser = gateway.browser();
    const email = "ada@acme.example";
    await signIn(gateway, ada, acme, withClaims({ [CLAIM.role]: [ADMIN] }, email));
    await saveDraft(ada, acme, { "groupMapping.0.value": "Others" });
    const attributes = withClaims({ [CLAIM.role]: [ADMIN] }, email).attributes;
    const html = decode(await testAs(gateway, ada, acme, email, { attributes }));
    expect(html).toContain("no rule gives Administrators any more: back to Staff");
    expect((await api("GET", "/saml/draft")).draft.test.result.groupId).toBe(acme.staffId);
    expect(decode(await (await ada.get(`${acme.url}${CONSOLE}/draft`)).text())).toContain(
      "no administrator by this draft",
    );

    await saveDraft(ada, acme, { "groupMapping.0.value": "Others", "jit.enabled": null, "jit.groupId": "" });
    const refused = decode(await testAs(gateway, ada, acme, email, { attributes }));
    expect(refused).toContain("Test refused");
    expect(refused).toContain("What to change: here");
    expect(refused).toContain("a rule that gives Administrators, or a Just-In-Time group, not of administrators");
    const users = (await api("GET", `/users?email=${email}`)).items;
    expect(users).toMatchObject([{ groupId: acme.administratorsId, groupSource: "mapping" }]);
  });
});
