/** An authenticator in software, and the steps by which a browser with it adds and uses passkeys: whatever it says can be bent. */
import { createHash, createSign, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { expect } from "vitest";
import type { Browser, Gateway } from "../support/gateway.ts";
import { fieldOf, type LocalCompany, withPassword } from "./local-stage.ts";

export const FLAGS = { present: 0x01, verified: 0x04, eligible: 0x08, backedUp: 0x10, credential: 0x40 };
const HONEST = FLAGS.present | FLAGS.verified;

export interface Key {
  readonly id: string;
  readonly algorithm: "ES256" | "RS256";
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  signCount: number;
  userHandle: string;
}

export function makeKey(algorithm: Key["algorithm"] = "ES256", bits = 2048): Key {
  const pair =
    algorithm === "ES256"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: bits });
  return { id: randomBytes(20).toString("base64url"), algorithm, ...pair, signCount: 0, userHandle: "" };
}

/** What the authenticator and the browser around it would say, where it differs from the truth. */
export interface Bent {
  type?: string;
  origin?: string;
  challenge?: string;
  rpId?: string;
  flags?: number;
  client?: object;
  /** Of the fields that are sent, after everything was signed. */
  fields?: Record<string, string>;
  /** Flips the last bit of the signature. */
  tampered?: true;
  /** Signs until the signature pleases. */
  until?: (signature: Buffer) => boolean;
}

const sha256 = (data: string | Buffer) => createHash("sha256").update(data).digest();

function ceremony(key: Key, company: LocalCompany, type: string, challenge: string, bent: Bent) {
  const client = { type, challenge, origin: company.url, crossOrigin: false };
  const { origin, challenge: other } = bent;
  const said = {
    ...client,
    ...(bent.type === undefined ? {} : { type: bent.type }),
    ...(origin === undefined ? {} : { origin }),
    ...(other === undefined ? {} : { challenge: other }),
    ...bent.client,
  };
  const head = Buffer.alloc(5);
  head[0] = bent.flags ?? HONEST;
  head.writeUInt32BE(key.signCount, 1);
  const data = Buffer.concat([sha256(bent.rpId ?? new URL(company.url).hostname), head]);
  return { clientData: Buffer.from(JSON.stringify(said)), data };
}

export function assertion(key: Key, company: LocalCompany, challenge: string, bent: Bent = {}): Record<string, string> {
  const { clientData, data } = ceremony(key, company, "webauthn.get", challenge, bent);
  const signed = Buffer.concat([data, sha256(clientData)]);
  const sign = () => createSign("sha256").update(signed).sign(key.privateKey);
  let signature = sign();
  while (bent.until !== undefined && !bent.until(signature)) signature = sign();
  if (bent.tampered) signature[signature.length - 1]! ^= 1;
  return {
    id: key.id,
    clientDataJSON: clientData.toString("base64url"),
    authenticatorData: data.toString("base64url"),
    signature: signature.toString("base64url"),
    userHandle: key.userHandle,
    ...bent.fields,
  };
}

export function attestation(key: Key, company: LocalCompany, challenge: string, bent: Bent = {}) {
  const flags = bent.flags ?? HONEST | FLAGS.credential;
  const { clientData, data } = ceremony(key, company, "webauthn.create", challenge, { ...bent, flags });
  const id = Buffer.from(key.id, "base64url");
  // A COSE key would follow; the browser says it as SPKI as well, which is what is read.
  const credential = Buffer.concat([Buffer.alloc(16), Buffer.from([id.length >> 8, id.length & 255]), id]);
  return {
    id: key.id,
    clientDataJSON: clientData.toString("base64url"),
    authenticatorData: Buffer.concat([data, credential, Buffer.from([0xa0])]).toString("base64url"),
    publicKey: key.publicKey.export({ type: "spki", format: "der" }).toString("base64url"),
    publicKeyAlgorithm: key.algorithm === "ES256" ? "-7" : "-257",
    transports: "internal,hybrid",
    ...bent.fields,
  };
}

/** What the script asks for first. */
export async function optionsOf(browser: Browser, company: LocalCompany, path = "passkey") {
  const response = await browser.get(`${company.url}/sso/local/${path}`, { "sec-fetch-mode": "cors" });
  expect(response.status).toBe(200);
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever JSON came
  return (await response.json()) as any;
}

/** Opens the person's own page and adds the key. */
export async function addKey(browser: Browser, company: LocalCompany, key: Key, bent: Bent = {}, name = "Laptop") {
  const html = await (await browser.get(`${company.url}/sso/local/passkeys`)).text();
  const { challenge, user } = await optionsOf(browser, company, "passkeys/options");
  key.userHandle = user.id;
  const fields = { form_token: fieldOf(html, "form_token"), name, ...attestation(key, company, challenge, bent) };
  return browser.post(`${company.url}/sso/local/passkeys`, fields);
}

/** A user with a password and a passkey, and the browser that holds it, not signed in. */
export async function withPasskey(
  gateway: Gateway,
  company: LocalCompany,
  email: string,
  algorithm: Key["algorithm"] = "ES256",
  more: object = {},
) {
  const user = await withPassword(gateway, company, email, more);
  const key = makeKey(algorithm);
  const added = await addKey(user.browser, company, key);
  expect([added.status, added.headers.get("location")]).toEqual([303, "/sso/local/passkeys?done=added"]);
  return { ...user, key };
}

/** Opens /sso/local and signs in with the key. */
export async function signInWithKey(
  browser: Browser,
  company: LocalCompany,
  key: Key,
  bent: Bent = {},
  more: { returnTo?: string; challenge?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  const html = await (await browser.get(`${company.url}/sso/local`)).text();
  const challenge = more.challenge ?? (await optionsOf(browser, company)).challenge;
  const fields = {
    form_token: fieldOf(html, "form_token"),
    return_to: more.returnTo ?? "/",
    ...assertion(key, company, challenge, bent),
  };
  return browser.fetch(`${company.url}/sso/local/passkey`, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: more.headers ?? {},
  });
}
