/** Microsoft's tutorial by REST alone: from no company at all to B.Simon at the origin, without a page of either console. */
import { expect, it } from "vitest";
import { BASE, startGateway } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import { B_SIMON, companyAt, entraFor, IDENTIFIER, REPLY_URL, signInAtEntra } from "./from-nothing-stage.ts";

const ORIGIN = "https://origin.example";
const METADATA_TYPE = { "content-type": "application/samlmetadata+xml" };

it.for([
  ["pasting", "pasted"],
  ["metadata", "imported"],
] as const)("a program sets a company up by %s, and B.Simon signs in", async ([way, slug]) => {
  const gateway = startGateway();
  const idp = await createIdentityProvider({ keyName: slug });
  const created = await gateway.api("POST", "/companies", { slug, name: "Acme Æther", originUrl: ORIGIN });
  expect(created.status).toBe(201);
  const token = await gateway.api("POST", `/companies/${slug}/tokens`, { name: "Set-up" });
  // From here on the company's own token does it all.
  const own = { authorization: `Bearer ${token.body.secret}` };
  const api = (method: string, path: string, body?: unknown, headers = {}) =>
    gateway.api(method, `/companies/${slug}${path}`, body, { ...own, ...headers });

  const group = await api("POST", "/groups", { title: "Photographers", type: "member", ssoOnly: true });
  expect(group.status).toBe(201);
  const jit = { enabled: true, groupId: group.body.id };
  const [loginUrl, logoutUrl] = ["https://idp.example/saml2", "https://idp.example/logout"];
  if (way === "metadata") {
    const xml = `\uFEFF${idp.metadata({ loginUrl, logoutUrl })}`;
    expect((await api("POST", "/saml/metadata", xml, METADATA_TYPE)).status).toBe(201);
    expect((await api("PATCH", "/saml", { jit })).status).toBe(200);
  } else {
    const nameIdFormat = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
    const settings = { loginUrl, logoutUrl, nameIdFormat, requestBinding: "POST", jit };
    expect((await api("PUT", "/saml", { ...settings, certificates: [idp.certificate] })).status).toBe(200);
  }
  const { body: saml } = await api("GET", "/saml");
  expect(saml).toMatchObject({ loginUrl, logoutUrl, jit, certificates: [{ pem: idp.certificatePem }] });

  // What Entra is given is what the API says, to the letter.
  const company = companyAt(slug, idp);
  const entra = entraFor(company, idp);
  const { entityId, acsUrl, signOnUrl } = saml.serviceProvider;
  entra.fields[IDENTIFIER] = entityId;
  entra.fields[REPLY_URL] = acsUrl;
  expect(signOnUrl).toBe(`https://${slug}.${BASE}/`);

  const britta = gateway.browser();
  const asked = await britta.get(`${company.url}/assets/17`);
  expect(asked.headers.get("location")).toBe("/sso/login?return_to=%2Fassets%2F17");
  const entered = await signInAtEntra(gateway, britta, company, entra);
  expect([entered.status, entered.headers.get("location")]).toEqual([303, "/assets/17"]);
  const seen = (await (await britta.get(`${company.url}/assets/17`)).json()) as { headers: [string, string][] };
  const arrived = Object.fromEntries(seen.headers);
  expect(arrived).toMatchObject({ "x-forwarded-email": B_SIMON, "x-forwarded-groups": "Photographers" });
  expect(arrived["x-vestibule-jwt-assertion"]).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  expect(await (await britta.get(`${company.url}/sso/session`)).json()).toMatchObject({
    company: { slug, name: "Acme Æther" },
    user: { email: B_SIMON, firstName: "Britta", lastName: "Simon", group: { title: "Photographers" } },
  });

  const { body: users } = await api("GET", `/users?email=${B_SIMON}`);
  expect(users.items).toMatchObject([{ email: B_SIMON, groupId: jit.groupId, status: "active" }]);
  const { body: log } = await api("GET", "/sign-ins");
  expect(log.items).toMatchObject([{ outcome: "success", email: B_SIMON }]);
  const { body: sessions } = await api("GET", `/sessions?userId=${users.items[0].id}`);
  expect(sessions.items).toHaveLength(1);
  expect((await api("DELETE", `/sessions/${sessions.items[0].id}`)).status).toBe(204);
  gateway.advance(60);
  expect((await britta.get(`${company.url}/sso/session`)).status).toBe(401);
});
