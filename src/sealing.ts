/**
 * Keys that derive from GATEWAY_SECRET, and the two things done with them: sealing a value so that only this gateway can
 * read it back, and tagging a value so that only this gateway can have made it. Every key belongs to one purpose and one
 * company, so a token made for one can never be read as another's. Knows no cookies, no tables, no clock.
 */

/** What a key is for; part of its derivation. */
export type Purpose =
  | "session"
  | "request"
  | "authn-request-id"
  | "test-request-id"
  | "test"
  | "logout-request-id"
  | "continue"
  | "wrapped-key"
  | "cursor"
  | "sign-in-message"
  | "csrf"
  | "password"
  | "local-form"
  | "local-attempt"
  | "kept-post"
  | "idempotent-answer"
  | "operator"
  | "passkey"
  | "trace";

export interface Sealer {
  /** AES-256-GCM (NIST SP 800-38D), random 96-bit IV; base64url without padding. */
  seal(purpose: Purpose, company: string, text: string): Promise<string>;
  /** The text, or null when the token was not sealed for this purpose and company by this gateway. */
  open(purpose: Purpose, company: string, token: string): Promise<string | null>;
  /** The same token where the newest secret sealed it, sealed anew where an older one did, null where none of them opens it. */
  reseal(purpose: Purpose, company: string, token: string): Promise<string | null>;
  /** As `seal`, for bytes; `boundTo` is not kept but must be the same again (AES-GCM's associated data). SEALING_BYTES longer. */
  sealBytes(purpose: Purpose, company: string, bytes: Uint8Array, boundTo: string): Promise<Uint8Array>;
  openBytes(
    purpose: Purpose,
    company: string,
    sealed: Uint8Array,
    boundTo: string,
  ): Promise<Uint8Array<ArrayBuffer> | null>;
  /** HMAC-SHA-256 cut to 16 bytes (RFC 2104 section 5), base64url: 22 characters. */
  tag(purpose: Purpose, company: string, text: string): Promise<string>;
  verifyTag(purpose: Purpose, company: string, text: string, tag: string): Promise<boolean>;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;
/** What sealing adds. */
export const SEALING_BYTES = IV_BYTES + TAG_BYTES;
/** Derived keys kept in memory, so that a gateway of many companies doesn't grow without end. */
const DERIVED_KEYS_MAX = 4096;

/** Secrets newest first: the first one seals and tags, all are accepted, so that a rotation signs nobody out. */
export function createSealer(secrets: readonly Uint8Array<ArrayBuffer>[]): Sealer {
  const derived = new Map<string, Promise<CryptoKey>>();
  const roots = secrets.map((secret) => crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]));

  function deriveKey(generation: number, use: "seal" | "tag", purpose: Purpose, company: string): Promise<CryptoKey> {
    const name = `${generation}\n${use}\n${purpose}\n${company}`;
    const known = derived.get(name);
    if (known) return known;
    if (derived.size >= DERIVED_KEYS_MAX) derived.delete(derived.keys().next().value as string);
    const key = (async () => {
      // RFC 5869; the info string is injective because no purpose and no company id contains a line feed.
      const info = new TextEncoder().encode(`vestibule/1\n${use}\n${purpose}\n${company}`);
      const hkdf = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(32), info };
      const root = await roots[generation]!;
      return use === "seal"
        ? crypto.subtle.deriveKey(hkdf, root, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"])
        : crypto.subtle.deriveKey(hkdf, root, { name: "HMAC", hash: "SHA-256", length: 256 }, false, ["sign"]);
    })();
    derived.set(name, key);
    return key;
  }

  async function tagWith(generation: number, purpose: Purpose, company: string, text: string): Promise<Uint8Array> {
    const key = await deriveKey(generation, "tag", purpose, company);
    const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(text));
    return new Uint8Array(mac, 0, TAG_BYTES);
  }

  async function sealBytes(purpose: Purpose, company: string, bytes: Uint8Array, boundTo: string): Promise<Uint8Array> {
    const key = await deriveKey(0, "seal", purpose, company);
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const additionalData = new TextEncoder().encode(boundTo);
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key, bytes as BufferSource);
    return Buffer.concat([iv, new Uint8Array(sealed)]);
  }

  async function unseal(
    purpose: Purpose,
    company: string,
    token: Uint8Array,
    boundTo: string,
  ): Promise<{ generation: number; bytes: Uint8Array<ArrayBuffer> } | null> {
    if (token.length < SEALING_BYTES) return null;
    const [iv, sealed] = [Uint8Array.from(token.subarray(0, IV_BYTES)), Uint8Array.from(token.subarray(IV_BYTES))];
    const additionalData = new TextEncoder().encode(boundTo);
    for (let generation = 0; generation < roots.length; generation++) {
      const key = await deriveKey(generation, "seal", purpose, company);
      try {
        const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, key, sealed);
        return { generation, bytes: new Uint8Array(opened) };
      } catch {
        // Sealed under another secret, for another company, or not by us: the next secret decides.
      }
    }
    return null;
  }

  async function seal(purpose: Purpose, company: string, text: string): Promise<string> {
    const sealed = await sealBytes(purpose, company, new TextEncoder().encode(text), "");
    return Buffer.from(sealed).toString("base64url");
  }

  async function open(purpose: Purpose, company: string, token: string) {
    const bytes = decodeBase64Url(token);
    const opened = bytes && (await unseal(purpose, company, bytes, ""));
    if (opened === null) return null;
    try {
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(opened.bytes);
      return { generation: opened.generation, text };
    } catch {
      return null;
    }
  }

  return {
    seal,
    sealBytes,

    async openBytes(purpose, company, sealed, boundTo) {
      return (await unseal(purpose, company, sealed, boundTo))?.bytes ?? null;
    },

    async open(purpose, company, token) {
      return (await open(purpose, company, token))?.text ?? null;
    },

    async reseal(purpose, company, token) {
      const opened = await open(purpose, company, token);
      if (opened === null) return null;
      return opened.generation === 0 ? token : seal(purpose, company, opened.text);
    },

    async tag(purpose, company, text) {
      return Buffer.from(await tagWith(0, purpose, company, text)).toString("base64url");
    },

    async verifyTag(purpose, company, text, tag) {
      const given = decodeBase64Url(tag);
      if (given === null || given.length !== TAG_BYTES) return false;
      for (let generation = 0; generation < roots.length; generation++) {
        const expected = await tagWith(generation, purpose, company, text);
        if (crypto.subtle.timingSafeEqual(expected, given)) return true;
      }
      return false;
    },
  };
}

/** Strict: base64url alphabet only, and the one spelling of its bytes (no stray low bits), so a token has one form. */
function decodeBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return null;
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? Uint8Array.from(bytes) : null;
}
