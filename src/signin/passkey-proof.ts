/**
 * What a browser says it did with a passkey, checked step by step (WebAuthn Level 3, 7.1 and 7.2), each step with a code of its
 * own. No I/O, no clock. The library comes last and goes through the whole procedure once more, the signature above all.
 */
import { createHash } from "node:crypto";
import { verifyAuthentication } from "@passwordless-id/webauthn/dist/esm/server.js";
import type { RefusalCode } from "../failure.ts";
import type { Check } from "../saml/index.ts";
import type { Passkey } from "../store/index.ts";

/** COSE algorithms (RFC 9053, 2.1; RFC 8812, 2): what every authenticator speaks at least one of. */
export const ALGORITHMS = [
  { cose: -7, name: "ES256", key: { name: "ECDSA", namedCurve: "P-256" } },
  { cose: -257, name: "RS256", key: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } },
] as const;
const RSA_BITS_MIN = 2048;
/** WebAuthn Level 3, 4: credential ids have 1023 bytes at most. */
const CREDENTIAL_ID_BYTES_MAX = 1023;

/** Where the bytes of authenticator data stand (6.1). */
const FLAGS_AT = 32;
const COUNT_AT = 33;
const CREDENTIAL_LENGTH_AT = 53;
const CREDENTIAL_AT = 55;
const AUTHENTICATOR_DATA_BYTES_MIN = 37;
const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const BACKUP_ELIGIBLE = 0x08;
const BACKED_UP = 0x10;
const HAS_CREDENTIAL = 0x40;

export type Refused = { readonly ok: false; readonly code: RefusalCode; readonly check: Check };

export function refused(code: RefusalCode, name: string, expected: string | null, received: string | null): Refused {
  return { ok: false, code, check: { name, ok: false, expected, received } };
}

/** One ceremony as it came: nothing of it is believed yet. */
export interface Ceremony {
  readonly ok: true;
  readonly id: string;
  readonly clientDataJSON: string;
  readonly authenticatorData: string;
  readonly client: { readonly type: string; readonly challenge: string; readonly origin: string };
  /** In a frame of another site, or on behalf of one. */
  readonly framed: boolean;
  readonly data: Buffer;
}

/** Bytes in their one spelling as base64url; null for any other text. */
export function bytesOf(text: string | null): Buffer | null {
  const bytes = Buffer.from(text ?? "", "base64url");
  return bytes.length > 0 && bytes.toString("base64url") === text ? bytes : null;
}

export function readCeremony(fields: URLSearchParams): Ceremony | Refused {
  const malformed = (what: string) => refused("passkey_malformed", "passkey", "a WebAuthn credential", what);
  const [id, clientDataJSON, authenticatorData] = ["id", "clientDataJSON", "authenticatorData"].map(
    (name) => fields.get(name) ?? "",
  ) as [string, string, string];
  const idBytes = bytesOf(id)?.length ?? 0;
  if (idBytes === 0 || idBytes > CREDENTIAL_ID_BYTES_MAX) return malformed("no credential id");
  const data = bytesOf(authenticatorData);
  if (data === null || data.length < AUTHENTICATOR_DATA_BYTES_MIN) return malformed("no authenticator data");
  const flags = data.readUInt8(FLAGS_AT);
  // 6.1: what can't be backed up is not backed up.
  if ((flags & BACKED_UP) !== 0 && (flags & BACKUP_ELIGIBLE) === 0) return malformed("contradicting flags");
  const client = readJson(bytesOf(clientDataJSON));
  const { type, challenge, origin } = client ?? {};
  if (typeof type !== "string" || typeof challenge !== "string" || typeof origin !== "string") {
    return malformed("no client data");
  }
  const framed = client?.crossOrigin === true || client?.topOrigin !== undefined;
  return { ok: true, id, clientDataJSON, authenticatorData, client: { type, challenge, origin }, framed, data };
}

function readJson(bytes: Buffer | null): Record<string, unknown> | null {
  if (bytes === null) return null;
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

export interface Expected {
  readonly type: "webauthn.create" | "webauthn.get";
  /** Scheme, host and port of the company, exactly. */
  readonly origin: string;
}

/** A passkey is the company host's: no other host of the platform has a share in it. */
export const rpIdOf = (origin: string): string => new URL(origin).hostname;

/** The steps that making and using a passkey have in common. The challenge is the caller's to judge. Null: all is well. */
export function checkCeremony(ceremony: Ceremony, expected: Expected): Refused | null {
  const { client, data, framed } = ceremony;
  if (client.type !== expected.type) return refused("passkey_malformed", "type", expected.type, client.type);
  if (client.origin !== expected.origin || framed) {
    const received = framed ? `${client.origin} within another site` : client.origin;
    return refused("passkey_origin", "origin", expected.origin, received);
  }
  const rpId = rpIdOf(expected.origin);
  if (!createHash("sha256").update(rpId).digest().equals(data.subarray(0, FLAGS_AT))) {
    return refused("passkey_rp_id", "rp_id", rpId, "the hash of another one");
  }
  const flags = data.readUInt8(FLAGS_AT);
  if ((flags & USER_PRESENT) === 0) return refused("passkey_not_verified", "user_present", "present", "absent");
  if ((flags & USER_VERIFIED) === 0) {
    return refused("passkey_not_verified", "user_verified", "PIN, fingerprint or face", "none");
  }
  return null;
}

/** User ids are UUIDs; their bytes are the user handle, which says nothing to anybody else (14.6.1). */
export function userHandleOf(userId: string): string {
  return Buffer.from(userId.replaceAll("-", ""), "hex").toString("base64url");
}

/** 7.2, from the user handle on: this passkey signed this ceremony. Gives what its authenticator counts now. */
export async function verifyUse(
  ceremony: Ceremony,
  passkey: Passkey,
  signature: string | null,
  userHandle: string | null,
  expected: Expected,
): Promise<{ readonly ok: true; readonly signCount: number } | Refused> {
  if (userHandle !== userHandleOf(passkey.userId)) {
    return refused("passkey_user_handle", "user_handle", "the passkey’s own user", "another one");
  }
  const given = bytesOf(signature);
  const plain = given === null || passkey.algorithm !== "ES256" ? given : inFullWidth(given);
  const wrong = refused("passkey_signature", "signature", "by the passkey’s key", "not by it");
  if (plain === null) return wrong;
  const { id, clientDataJSON, authenticatorData, client, data } = ceremony;
  const response = { clientDataJSON, authenticatorData, signature: plain.toString("base64url"), userHandle };
  try {
    await verifyAuthentication(
      { id, rawId: id, type: "public-key", clientExtensionResults: {}, response },
      { id, publicKey: passkey.publicKey, algorithm: passkey.algorithm as "ES256" | "RS256", transports: [] },
      { challenge: client.challenge, origin: expected.origin, domain: rpIdOf(expected.origin), userVerified: true },
    );
  } catch {
    return wrong;
  }
  // 7.2, step 22: a counter that does not move forward may be a copy's. Those that stay 0 don't count.
  const signCount = data.readUInt32BE(COUNT_AT);
  if ((signCount !== 0 || passkey.signCount !== 0) && signCount <= passkey.signCount) {
    return refused("passkey_counter", "sign_count", `more than ${passkey.signCount}`, `${signCount}`);
  }
  return { ok: true, signCount };
}

const DER_SEQUENCE = 0x30;
const DER_INTEGER = 0x02;
const P256_BYTES = 32;

/**
 * An ECDSA-Sig-Value (RFC 3279, 2.2.3), its two integers written with 33 bytes each: the library finds them by their place, and
 * would refuse one signature in a hundred whose numbers happen to be short.
 */
function inFullWidth(der: Buffer): Buffer | null {
  if (der[0] !== DER_SEQUENCE || der[1] !== der.length - 2) return null;
  const numbers: Buffer[] = [];
  let at = 2;
  while (at < der.length && numbers.length < 2) {
    const length = der[at + 1] ?? 0;
    const value = der.subarray(at + 2, at + 2 + length);
    if (der[at] !== DER_INTEGER || length === 0 || value.length !== length) return null;
    const significant = value[0] === 0 ? value.subarray(1) : value;
    if (significant.length > P256_BYTES) return null;
    const padding = Buffer.alloc(P256_BYTES + 1 - significant.length);
    numbers.push(Buffer.concat([Buffer.of(DER_INTEGER, P256_BYTES + 1), padding, significant]));
    at += 2 + length;
  }
  if (numbers.length !== 2 || at !== der.length) return null;
  const body = Buffer.concat(numbers);
  return Buffer.concat([Buffer.of(DER_SEQUENCE, body.length), body]);
}

export type NewKey = Pick<Passkey, "id" | "publicKey" | "algorithm" | "signCount" | "transports">;

const TRANSPORTS = ["ble", "hybrid", "internal", "nfc", "smart-card", "usb"];

/** 7.1, from the attested credential on. No attestation is asked for: the person who adds it is signed in and vouches for it. */
export async function readNewKey(
  { id, data }: Ceremony,
  fields: URLSearchParams,
): Promise<{ readonly ok: true; readonly key: NewKey } | Refused> {
  const malformed = (what: string) => refused("passkey_malformed", "passkey", "a new credential", what);
  const made = (data.readUInt8(FLAGS_AT) & HAS_CREDENTIAL) !== 0 && data.length > CREDENTIAL_AT;
  const length = made ? data.readUInt16BE(CREDENTIAL_LENGTH_AT) : 0;
  const ownId = data.subarray(CREDENTIAL_AT, CREDENTIAL_AT + length).toString("base64url");
  if (length === 0 || ownId !== id) return malformed("another credential’s data");
  const algorithm = ALGORITHMS.find(({ cose }) => String(cose) === fields.get("publicKeyAlgorithm"));
  const spki = bytesOf(fields.get("publicKey"));
  if (algorithm === undefined || spki === null) return malformed("a key of another kind");
  try {
    const key = await crypto.subtle.importKey("spki", Uint8Array.from(spki), algorithm.key, true, ["verify"]);
    const { modulusLength = RSA_BITS_MIN } = key.algorithm as { modulusLength?: number };
    if (modulusLength < RSA_BITS_MIN) return malformed("a key that is too short");
  } catch {
    return malformed("a key that can’t be read");
  }
  const transports = TRANSPORTS.filter((name) => (fields.get("transports") ?? "").split(",").includes(name));
  const publicKey = spki.toString("base64url");
  const key = { id, publicKey, algorithm: algorithm.name, signCount: data.readUInt32BE(COUNT_AT), transports };
  return { ok: true, key };
}
