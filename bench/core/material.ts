/**
 * What every contender reads, made once: Entra-shaped messages of the tests' stand-in identity provider, a tampered twin of
 * each, and the keys. Plain JSON, because contenders live in processes and Workers of their own.
 */
import { SIGNATURE } from "../../src/saml/index.ts";
import { createIdentityProvider, entraClaims, toBase64 } from "../../test/support/identity-provider.ts";
import { CONTENT_CIPHER } from "../../test/support/messages/encrypt.ts";
import { type KeyPair, keyPair, signBytes } from "../../test/support/messages/keys.ts";

export const EMAIL = "b.simon@acme.example";
const TAMPERED_EMAIL = "c.simon@acme.example";

export interface Message {
  readonly name: string;
  readonly size: "5 KB" | "15 KB";
  readonly sign: "assertion" | "response" | "both";
  readonly encrypted: boolean;
  readonly bytes: number;
  /** The form field. */
  readonly samlResponse: string;
  /** The same with one change in what is signed or encrypted. */
  readonly tampered: string;
}

export interface Material {
  readonly now: number;
  readonly sp: {
    readonly entityId: string;
    readonly acsUrl: string;
    /** PKCS #8 in base64, and the certificate that assertions are encrypted to. */
    readonly decryptionKey: string;
    readonly certificate: string;
  };
  readonly idp: { readonly entityId: string; readonly certificate: string; readonly spki: string };
  readonly requestId: string;
  readonly messages: readonly Message[];
  /** The octets under one signature, and the signature, both in base64: what the bare verification verifies. */
  readonly floor: { readonly signedInfo: string; readonly signatureValue: string };
}

const ACS_URL = "https://acme.example.com/sso/acs";
const ENTITY_ID = "https://acme.example.com/sso/metadata";
const REQUEST_ID = "_2d9f5a4c7b1e4f0e8a6b3c5d7e9f1a2b";

const SIZES = [
  { size: "5 KB", groups: 2 },
  { size: "15 KB", groups: 150 },
] as const;
const KINDS = [
  { kind: "Assertion signed", sign: "assertion", cipher: null },
  { kind: "Response signed", sign: "response", cipher: null },
  { kind: "both signed", sign: "both", cipher: null },
  { kind: "signed, aes256-cbc", sign: "assertion", cipher: CONTENT_CIPHER.aes256cbc },
  { kind: "signed, aes256-gcm", sign: "assertion", cipher: CONTENT_CIPHER.aes256gcm },
] as const;

export async function makeMaterial(): Promise<Material> {
  const now = Date.now();
  const idp = await createIdentityProvider();
  const sp = await keyPair("RSA-2048", "sp");
  const messages: Message[] = [];
  for (const { size, groups } of SIZES) {
    for (const { kind, sign, cipher } of KINDS) {
      const sent = await idp.respond({
        acsUrl: ACS_URL,
        spEntityId: ENTITY_ID,
        inResponseTo: REQUEST_ID,
        now,
        nameID: EMAIL,
        attributes: entraClaims({ email: EMAIL, groups }),
        sign,
        ...(cipher === null ? {} : { encrypt: { to: sp, cipher } }),
      });
      const tampered =
        cipher === null ? sent.xml.replace(`>${EMAIL}</NameID>`, `>${TAMPERED_EMAIL}</NameID>`) : flipped(sent.xml);
      if (tampered === sent.xml) throw new Error("the tampered message is the honest one");
      messages.push({
        name: `${size}, ${kind}`,
        size,
        sign,
        encrypted: cipher !== null,
        bytes: sent.xml.length,
        samlResponse: sent.samlResponse,
        tampered: toBase64(tampered),
      });
    }
  }
  return {
    now,
    sp: {
      entityId: ENTITY_ID,
      acsUrl: ACS_URL,
      decryptionKey: Buffer.from(sp.pkcs8).toString("base64"),
      certificate: sp.certificate,
    },
    idp: {
      entityId: idp.entityId,
      certificate: idp.certificate,
      spki: Buffer.from(idp.keyPair.spki).toString("base64"),
    },
    requestId: REQUEST_ID,
    messages,
    floor: await floorOf(idp.keyPair, messages[0]!),
  };
}

/** One character of the longest CipherValue changed. */
function flipped(xml: string): string {
  const end = xml.lastIndexOf("</xenc:CipherValue>");
  const at = Math.floor((xml.lastIndexOf("<xenc:CipherValue>", end) + end) / 2);
  return `${xml.slice(0, at)}${xml[at] === "A" ? "B" : "A"}${xml.slice(at + 1)}`;
}

async function floorOf(pair: KeyPair, message: Message): Promise<Material["floor"]> {
  const xml = Buffer.from(message.samlResponse, "base64").toString("utf8");
  const signedInfo = /<SignedInfo.*<\/SignedInfo>/s.exec(xml)?.[0];
  if (signedInfo === undefined) throw new Error("the message has no signature");
  const signature = await signBytes(pair, SIGNATURE.rsaSha256, Buffer.from(signedInfo));
  return { signedInfo: toBase64(signedInfo), signatureValue: toBase64(signature) };
}

/** PEM around base64, for the libraries that want it. */
export function pemOf(label: string, base64: string): string {
  return `-----BEGIN ${label}-----\n${(base64.match(/.{1,64}/g) ?? []).join("\n")}\n-----END ${label}-----\n`;
}
