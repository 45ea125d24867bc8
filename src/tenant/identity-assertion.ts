/** The identity assertion itself: a JWT (RFC 7519) of one company for its one origin. How long it is used is its callers' matter. */
import { newId } from "../store/index.ts";
import type { AssertionSigner } from "./assertion-keys.ts";
import type { Tenant } from "./tenant.ts";

/** From `iat` to `exp`. */
export const ASSERTION_LIFE_SECONDS = 60;
/** The origin's clock may be behind ours by so much. */
export const ASSERTION_BACKDATED_SECONDS = 5;

/** Of whom it speaks: what a session holds. */
export interface Identity {
  /** The session's. */
  readonly id: string;
  readonly userId: string;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly group: { readonly id: string; readonly title: string; readonly type: string };
}

export function identityClaims(tenant: Tenant, who: Identity) {
  return {
    iss: tenant.baseUrl,
    aud: new URL(tenant.company.originUrl).origin,
    sub: who.userId,
    sid: who.id,
    company: tenant.company.slug,
    email: who.email,
    given_name: who.firstName,
    family_name: who.lastName,
    name: `${who.firstName} ${who.lastName}`.trim(),
    group: who.group,
    groups: [who.group.title],
  };
}

/** `now` in milliseconds: when it is made, or is to look made. */
export async function signIdentity({ kid, privateKey }: AssertionSigner, claims: object, now: number): Promise<string> {
  const signed = identityToken({ alg: "ES256", kid, typ: "JWT" }, claims, now);
  const ecdsa = { name: "ECDSA", hash: "SHA-256" };
  // RFC 7518 3.4: the signature is r and s, which is how WebCrypto gives it.
  const signature = await crypto.subtle.sign(ecdsa, privateKey, new TextEncoder().encode(signed));
  return `${signed}.${base64url(new Uint8Array(signature))}`;
}

/** What is signed: RFC 7515 3.1, compact. */
export function identityToken(header: object, claims: object, now: number): string {
  const issuedAt = Math.floor(now / 1000) - ASSERTION_BACKDATED_SECONDS;
  const times = { iat: issuedAt, nbf: issuedAt, exp: issuedAt + ASSERTION_LIFE_SECONDS };
  return [header, { ...claims, jti: newId(), ...times }].map((part) => base64url(JSON.stringify(part))).join(".");
}

function base64url(value: string | Uint8Array): string {
  return Buffer.from(value as Uint8Array).toString("base64url");
}
