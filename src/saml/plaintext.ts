/**
 * Owns the way from an encrypted element to the element inside it (SAML Core 2.3.4, 2.2.4; XML-Enc 4.4). What comes out is as
 * untrusted as any message: encryption says nothing about who wrote it.
 */
import { decryptElement } from "./encryption.ts";
import { accept, type Result, refuse } from "./refusal.ts";
import { NS } from "./terms.ts";
import type { ResponseExpectations, XmlElement } from "./types.ts";
import { attributeValue, childElements, isElement, readXml } from "./xml.ts";
import { writeAttributes } from "./xml-writer.ts";

export type DecryptionSettings = Pick<ResponseExpectations, "decryptionKeys" | "wantEncryptedAssertions">;

/** One plaintext has two readings, because it says nothing of the namespaces around the place it was taken from. */
export interface Plaintext {
  /** The element as its text alone declares it; where that leaves prefixes undeclared, the other reading. */
  readonly element: XmlElement;
  /** The element read where its ciphertext stood (XML-Enc 4.4.3): a signature may count on the namespaces declared there. */
  inPlace(): XmlElement | null;
}

/**
 * Decrypts an EncryptedAssertion or EncryptedID and reads the one element of that name in it. Refuses with
 * encryption_not_expected, encryption_algorithm, and one decryption_failed for whatever is wrong with the plaintext too: whether
 * it was markup at all is what a padding oracle asks (Jager, Somorovsky 2011).
 */
export async function openEncrypted(
  encrypted: XmlElement,
  localName: "Assertion" | "NameID",
  settings: DecryptionSettings,
): Promise<Result<Plaintext>> {
  if (settings.decryptionKeys.length === 0) {
    return refuse("encryption_not_expected", { expected: localName, received: encrypted.localName });
  }
  const cipher = contentCipher(encrypted);
  if (cipher?.endsWith("-cbc") && !settings.wantEncryptedAssertions) {
    // CBC can be altered unseen, so it is only for companies that asked for encryption, whose provider may know nothing better.
    return refuse("encryption_algorithm", { expected: "AES-GCM", received: cipher });
  }
  const plaintext = await decryptElement(encrypted, settings.decryptionKeys);
  if (!plaintext.ok) return plaintext;
  const named = (element: XmlElement | null) => (element && isElement(element, NS.saml, localName) ? element : null);
  const inPlace = () => named(readInPlace(plaintext.value, encrypted));
  const alone = readXml(plaintext.value);
  const element = alone.ok ? named(alone.value.root) : alone.refusal.code === "xml_namespace" ? inPlace() : null;
  return element ? accept({ element, inPlace }) : refuse("decryption_failed");
}

function contentCipher(encrypted: XmlElement): string | null {
  const data = childElements(encrypted).find((child) => isElement(child, NS.xenc, "EncryptedData"));
  const method = data && childElements(data).find((child) => isElement(child, NS.xenc, "EncryptionMethod"));
  return method ? attributeValue(method, "Algorithm") : null;
}

/** libxmlsec writes an element as it stood in its document, and counts on the receiver to read it there. */
function readInPlace(plaintext: Uint8Array, encrypted: XmlElement): XmlElement | null {
  const around = readXml(inContext(plaintext, encrypted));
  if (!around.ok) return null;
  const { children } = around.value.root;
  const [only] = children;
  return children.length === 1 && only?.kind === "element" ? only : null;
}

/** Prefixes that exclusive canonicalisation drops from a signed Response, because only the plaintext uses them. */
const SCHEMA_PREFIXES: readonly (readonly [string, string])[] = [
  ["xs", "http://www.w3.org/2001/XMLSchema"],
  ["xsi", "http://www.w3.org/2001/XMLSchema-instance"],
];

/**
 * The namespaces decide what names mean, and are the sender's choice; nothing is lost by that. A signature inside is computed over
 * the names as they resolve here, and without one the Response's signature covers the place it is taken from.
 */
function inContext(plaintext: Uint8Array, encrypted: XmlElement): Uint8Array {
  const declarations = new Map(SCHEMA_PREFIXES.map(([prefix, uri]) => [`xmlns:${prefix}`, uri]));
  const path: XmlElement[] = [];
  for (let at: XmlElement | null = encrypted; at; at = at.parent) path.unshift(at);
  for (const { namespaces } of path) {
    for (const { prefix, uri } of namespaces) declarations.set(prefix === "" ? "xmlns" : `xmlns:${prefix}`, uri);
  }
  const text = new TextEncoder();
  const open = text.encode(`<plaintext${writeAttributes(Object.fromEntries(declarations))}>`);
  const close = text.encode("</plaintext>");
  const whole = new Uint8Array(open.length + plaintext.length + close.length);
  whole.set(open);
  whole.set(plaintext, open.length);
  whole.set(close, open.length + plaintext.length);
  return whole;
}
