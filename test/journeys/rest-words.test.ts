/** What an administrator pastes is taken as it is, and what is wrong is said in words that people read beside a field. */
import { beforeAll, describe, expect, it } from "vitest";
import { type Gateway, startGateway, type TestIdp } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";

let gateway: Gateway;
let idp: TestIdp;
let groupId: string;

beforeAll(async () => {
  gateway = startGateway();
  idp = await createIdentityProvider();
  await gateway.api("POST", "/companies", { slug: "words", name: "Words", originUrl: "https://origin.example" });
  groupId = (await gateway.api("POST", "/companies/words/groups", { title: "Staff" })).body.id;
});

const LOGIN = "https://login.microsoftonline.com/0f3a/saml2";
const ISSUER = "https://sts.windows.net/0f3a/";

it.each([
  ["a line break", (text: string) => `${text}\r\n`],
  ["blanks around", (text: string) => `  ${text}\t`],
  ["a no-break space, as web pages have them", (text: string) => `${text}\u00a0`],
])("settings pasted with %s are saved without it", async (_what, pasted) => {
  const put = await gateway.api("PUT", "/companies/words/saml", {
    loginUrl: pasted(LOGIN),
    logoutUrl: pasted(LOGIN),
    idpEntityId: pasted(ISSUER),
    certificates: [pasted(idp.certificatePem), pasted(idp.certificate)],
  });
  expect(put.body).toMatchObject({ loginUrl: LOGIN, logoutUrl: LOGIN, idpEntityId: ISSUER });
  expect(put.body.certificates).toHaveLength(1);
});

describe("a wrong field", () => {
  const company = { name: "N", originUrl: "https://origin.example" };
  it.each<[string, string, unknown, Record<string, string>]>([
    ["POST", "/companies", {}, { slug: "Is missing", name: "Is missing", originUrl: "Is missing" }],
    ["POST", "/companies", { ...company, slug: 5, name: null }, { slug: "Must be a text", name: "Must be a text" }],
    ["PATCH", "/companies/words", { name: " " }, { name: "Must not be empty" }],
    ["PATCH", "/companies/words", { name: "x".repeat(201) }, { name: "Must have at most 200 characters" }],
    ["PATCH", "/companies/words", { status: "gone" }, { status: 'Must be "active" or "suspended"' }],
    ["PATCH", "/companies/words", { edgeCache: "yes" }, { edgeCache: "Must be true or false" }],
    ["PATCH", "/companies/words", { sessionPolicy: [] }, { sessionPolicy: "Must be an object" }],
    [
      "PATCH",
      "/companies/words",
      { sessionPolicy: { absoluteHours: 1.5, idleMinutes: 0 } },
      { "sessionPolicy.absoluteHours": "Must be a whole number", "sessionPolicy.idleMinutes": "Must be at least 1" },
    ],
    ["PATCH", "/companies/words", { signInRetentionDays: 91 }, { signInRetentionDays: "Must be at most 90" }],
    ["POST", "/companies/words/users", { email: "a@x.example", groupId: "" }, { groupId: "Must not be empty" }],
    ["PUT", "/companies/words/saml", { loginUrl: LOGIN, certificates: "x" }, { certificates: "Must be a list" }],
    [
      "POST",
      "/companies/words/tokens",
      { name: "t", expiresAt: "tomorrow" },
      { expiresAt: "Must be a time such as 2026-01-31T12:00:00Z" },
    ],
  ])("of %s %s %j is explained", async (method, path, body, errors) => {
    const refused = await gateway.api(method, path, body);
    expect(refused.status).toBe(422);
    const said = refused.body.errors.map(({ path, message }: { path: string; message: string }) => [path, message]);
    expect(Object.fromEntries(said)).toEqual(errors);
  });
});

it("a user's plus sign may be sought as it is written", async () => {
  await gateway.api("POST", "/companies/words/users", { email: "b.simon+sso@x.example", groupId });
  for (const sought of ["b.simon%2Bsso@x.example", "b.simon+sso@x.example"]) {
    const found = await gateway.api("GET", `/companies/words/users?email=${sought}`);
    expect(found.body.items, sought).toHaveLength(1);
  }
});
