/** Reads the service provider's messages for the stand-in, as tolerantly as a real identity provider would. Demo only: the gateway has its own reader. */
import { inflateRawSync } from "node:zlib";
import { DOMParser } from "@xmldom/xmldom";

const MESSAGE_BYTES_MAX = 65_536;

export interface IncomingRequest {
  readonly kind: "AuthnRequest" | "LogoutRequest" | "LogoutResponse";
  readonly id: string;
  readonly issuer: string;
  /** AuthnRequest only; null where the request names none. */
  readonly acsUrl: string | null;
}

/** `deflated`: the message came by the Redirect binding (SAML Bindings 3.4.4.1). Null for anything that can't be read. */
export function readRequest(message: string, deflated: boolean): IncomingRequest | null {
  try {
    const bytes = Buffer.from(message, "base64");
    const xml = deflated ? inflateRawSync(bytes, { maxOutputLength: MESSAGE_BYTES_MAX }) : bytes;
    const root = new DOMParser({ onError: refuse }).parseFromString(xml.toString("utf8"), "text/xml").documentElement;
    const kind = root?.localName;
    if (kind !== "AuthnRequest" && kind !== "LogoutRequest" && kind !== "LogoutResponse") return null;
    const id = root?.getAttribute("ID");
    const issuer = root?.getElementsByTagNameNS("urn:oasis:names:tc:SAML:2.0:assertion", "Issuer")[0]?.textContent;
    if (!id || !issuer) return null;
    return { kind, id, issuer: issuer.trim(), acsUrl: root?.getAttribute("AssertionConsumerServiceURL") || null };
  } catch {
    return null;
  }
}

function refuse(level: string, message: string): void {
  if (level !== "warning") throw new Error(message);
}
