/** Creates the demo's company over the REST API, as an operator would. A second run finds what the first one made, and leaves what people changed since. */
import { X509Certificate } from "node:crypto";
import { fetchLocal } from "./local-http.ts";
import { PEOPLE } from "./people.ts";

export interface ProvisionOptions {
  readonly gatewayPort: number;
  readonly operatorToken: string;
  readonly originUrl: string;
  readonly identityProvider: {
    readonly entityId: string;
    readonly loginUrl: string;
    readonly logoutUrl: string;
    readonly certificatePem: string;
  };
}

export interface Group {
  readonly id: string;
  readonly title: string;
}

const SLUG = "acme";

/** A REST client for one gateway: the JSON of a 2xx answer, null for 404, an error with the gateway's own words for the rest. */
export type Api = (method: string, path: string, body?: unknown) => Promise<unknown>;

export function restApi(gatewayPort: number, operatorToken: string): Api {
  return async (method, path, body) => {
    const answer = await fetchLocal(`http://admin.localhost:${gatewayPort}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${operatorToken}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (answer.status === 404) return null;
    if (!answer.ok) throw new Error(`${method} ${path} was answered with ${answer.status}: ${text}`);
    return text === "" ? null : JSON.parse(text);
  };
}

export async function provision(options: ProvisionOptions): Promise<void> {
  const api = restApi(options.gatewayPort, options.operatorToken);
  await company(api, options.originUrl);
  const staff = await group(api, { title: "Staff", type: "member", ssoOnly: true });
  const administrators = await group(api, { title: "Administrators", type: "administrator", ssoOnly: false });
  await singleSignOn(api, options, staff);
  await knownPeople(api, staff, administrators);
}

async function company(api: Api, originUrl: string): Promise<void> {
  const found = (await api("GET", `/companies/${SLUG}`)) as { originUrl: string } | null;
  if (found === null) await api("POST", "/companies", { slug: SLUG, name: "Acme", originUrl });
  else if (found.originUrl !== originUrl) await api("PATCH", `/companies/${SLUG}`, { originUrl });
}

async function group(api: Api, wanted: { title: string; type: string; ssoOnly: boolean }): Promise<Group> {
  const { items } = (await api("GET", `/companies/${SLUG}/groups`)) as { items: Group[] };
  const found = items.find(({ title }) => title === wanted.title);
  return found ?? ((await api("POST", `/companies/${SLUG}/groups`, wanted)) as Group);
}

interface Saml {
  readonly loginUrl: string;
  readonly certificates: readonly { readonly sha256: string }[];
}

/** Settings that point to another stand-in (another port, a new key) are brought up to date; anything else in them stays. */
async function singleSignOn(api: Api, { identityProvider }: ProvisionOptions, staff: Group): Promise<void> {
  const { entityId, loginUrl, logoutUrl, certificatePem } = identityProvider;
  const path = `/companies/${SLUG}/saml`;
  const found = (await api("GET", path)) as Saml | null;
  const sha256 = new X509Certificate(certificatePem).fingerprint256.replaceAll(":", "").toLowerCase();
  if (found?.loginUrl === loginUrl && found.certificates.some((certificate) => certificate.sha256 === sha256)) return;
  const connection = { idpEntityId: entityId, loginUrl, logoutUrl, certificates: [certificatePem] };
  if (found === null) await api("PUT", path, { ...connection, ...firstSettings(staff) });
  else await api("PATCH", path, connection);
}

function firstSettings(staff: Group): Record<string, unknown> {
  return {
    nameIdFormat: "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    requestBinding: "POST",
    jit: { enabled: true, groupId: staff.id },
  };
}

/** People whom the company knew before they came: its administrator, and somebody whom it has disabled. */
async function knownPeople(api: Api, staff: Group, administrators: Group): Promise<void> {
  for (const person of PEOPLE.filter((one) => one.administersGateway || one.disabledInGateway)) {
    const { items } = (await api("GET", `/companies/${SLUG}/users?email=${encodeURIComponent(person.email)}`)) as {
      items: unknown[];
    };
    if (items.length > 0) continue;
    await api("POST", `/companies/${SLUG}/users`, {
      email: person.email,
      firstName: person.givenName,
      lastName: person.surname,
      company: "Acme",
      groupId: person.administersGateway ? administrators.id : staff.id,
      status: person.disabledInGateway ? "disabled" : "active",
    });
  }
}
