/** A company and its people: made over the REST API, signed in over HTTP as browsers do, with an identity provider of the tests. */
import { createIdentityProvider, entraClaims, type IdentityProvider } from "../../test/support/identity-provider.ts";
import { type Answer, Connection, headerValues, requestText, textOf } from "./connection.ts";
import { BASE_DOMAIN, OPERATOR_TOKEN, type Stack } from "./stack.ts";

export interface Company {
  readonly slug: string;
  readonly host: string;
  readonly stack: Stack;
  readonly idp: IdentityProvider;
}

/** May open the console. */
export const ADMINISTRATOR = "ada@acme.example";

/** With single sign-on and Just-In-Time provisioning, its origin on that port. */
export async function makeCompany(stack: Stack, slug: string, originPort: number): Promise<Company> {
  const connection = await Connection.open(stack.gateway);
  const api = async (method: string, path: string, body: unknown) => {
    const headers = [`Authorization: Bearer ${OPERATOR_TOKEN}`, "Content-Type: application/json"];
    const request = requestText(`${method} /api/v1${path}`, `admin.${BASE_DOMAIN}`, headers, JSON.stringify(body));
    const answer = await connection.ask(request);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${textOf(answer)}`);
    return JSON.parse(textOf(answer)) as { id: string };
  };
  const idp = await createIdentityProvider();
  await api("POST", "/companies", { slug, name: slug, originUrl: `http://127.0.0.1:${originPort}` });
  const staff = await api("POST", `/companies/${slug}/groups`, { title: "Staff", type: "member", ssoOnly: true });
  await api("PUT", `/companies/${slug}/saml`, {
    loginUrl: "https://idp.example/saml2",
    idpEntityId: idp.entityId,
    certificates: [idp.certificatePem],
    jit: { enabled: true, groupId: staff.id },
  });
  const administrators = await api("POST", `/companies/${slug}/groups`, { title: "IT", type: "administrator" });
  await api("POST", `/companies/${slug}/users`, { email: ADMINISTRATOR, groupId: administrators.id });
  connection.close();
  return { slug, host: `${slug}.${BASE_DOMAIN}`, stack, idp };
}

/** A sign-in that is ready to be answered: the request to the ACS, whole. */
export interface Answered {
  readonly request: string;
}

export const emailOf = (n: number) => `person.${n}@acme.example`;

/** Starts a sign-in and has the identity provider answer it. */
export async function answered(connection: Connection, company: Company, email: string): Promise<Answered> {
  const start = await connection.ask(startRequest(company));
  const cookies = cookiesOf(start);
  const field = /name="SAMLRequest" value="([^"]*)"/.exec(textOf(start))?.[1] ?? "";
  const requestId = / ID="([^"]+)"/.exec(Buffer.from(field, "base64").toString("utf8"))?.[1];
  if (requestId === undefined) throw new Error(`no AuthnRequest: ${start.status} ${textOf(start).slice(0, 300)}`);
  const { samlResponse } = await company.idp.respond({
    acsUrl: `http://${company.host}/sso/acs`,
    spEntityId: `http://${company.host}/sso/metadata`,
    inResponseTo: requestId,
    now: Date.now(),
    nameID: email,
    attributes: entraClaims({ email }),
  });
  const headers = [`Cookie: ${cookies}`, "Content-Type: application/x-www-form-urlencoded"];
  const body = new URLSearchParams({ SAMLResponse: samlResponse, RelayState: requestId }).toString();
  return { request: requestText("POST /sso/acs", company.host, headers, body) };
}

export function startRequest(company: Company): string {
  return requestText("GET /sso/login?return_to=%2Fassets%2F17", company.host, []);
}

/** The `Cookie` header of a fresh session. */
export async function signIn(connection: Connection, company: Company, email: string): Promise<string> {
  const { request } = await answered(connection, company, email);
  const answer = await connection.ask(request);
  const cookies = cookiesOf(answer);
  if (answer.status !== 303 || !cookies.includes("vestibule-session")) {
    throw new Error(`not signed in: ${answer.status} ${textOf(answer).slice(0, 600)}`);
  }
  return cookies;
}

/** Sessions of so many people. */
export async function signInAll(company: Company, count: number): Promise<string[]> {
  const connection = await Connection.open(company.stack.gateway);
  const sessions: string[] = [];
  for (let n = 0; n < count; n++) sessions.push(await signIn(connection, company, emailOf(n)));
  connection.close();
  return sessions;
}

/** What a browser keeps of an answer, as it sends it. */
function cookiesOf(answer: Answer): string {
  return headerValues(answer, "set-cookie")
    .filter((line) => !/; *max-age=0/i.test(line))
    .map((line) => line.split(";", 1)[0])
    .join("; ");
}

export function pageRequest(company: Company, cookie: string, path = "/assets/17?view=large"): string {
  return requestText(`GET ${path}`, company.host, [`Cookie: theme=dark; ${cookie}`]);
}
