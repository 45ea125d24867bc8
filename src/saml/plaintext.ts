/**
 * Owns the way from an encrypted element to the element inside it (SAML Core 2.3.4, 2.2.4; XML-Enc 4.4). What comes out is as
 * untrusted as any message: encryption says nothing about who wrote it.
 */
import { decryptElement } from "./encryption.ts";
import { accept, type Result, refuse } from "./refusal.ts";
import { signatureOf } from "./signature.ts";
import { NS } from "./terms.ts";
import type { ResponseExpectations, XmlElement } from "./types.ts";
import { attributeValue, childNamed, isElement, readXml } from "./xml.ts";
import { writeAttributes } from "./xml-writer.ts";

export type DecryptionSettings = Pick<ResponseExpectations, "decryptionKeys" | "wantEncryptedAssertions">;

/** One plaintext has several readings, because it says nothing of the namespaces around the place it was taken from. */
export interface Plaintext {
  /** The element as its text alone declares it; where that names nothing, the first of the others. */
  readonly element: XmlElement;
  /** The element read where it may have stood (XML-Enc 4.4.3): a signature may count on the namespaces declared there. */
  inPlace(): XmlElement[];
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
  const inPlace = () => contexts(encrypted).flatMap((context) => named(readWithin(context, plaintext.value)) ?? []);
  const alone = readXml(plaintext.value);
  let element: XmlElement | null = null;
  if (alone.ok) element = named(alone.value.root) ?? named(readBefore(encrypted, plaintext.value));
  else if (alone.refusal.code === "xml_namespace") element = inPlace()[0] ?? null;
  return element ? accept({ element, inPlace }) : refuse("decryption_failed");
}

function contentCipher(encrypted: XmlElement): string | null {
  const data = childNamed(encrypted, NS.xenc, "EncryptedData");
  const method = data && childNamed(data, NS.xenc, "EncryptionMethod");
  return method ? attributeValue(method, "Algorithm") : null;
}

/** libxmlsec writes an element as it stood in its document, and counts on the receiver to read it there. */
function readWithin(context: Context, plaintext: Uint8Array): XmlElement | null {
  const text = new TextEncoder();
  const open = text.encode(`<plaintext${writeAttributes(Object.fromEntries(context))}>`);
  const close = text.encode("</plaintext>");
  const whole = new Uint8Array(open.length + plaintext.length + close.length);
  whole.set(open);
  whole.set(plaintext, open.length);
  whole.set(close, open.length + plaintext.length);
  const around = readXml(whole);
  if (!around.ok) return null;
  const { children } = around.value.root;
  const [only] = children;
  return children.length === 1 && only?.kind === "element" ? only : null;
}

/**
 * An assertion that took its default namespace from the Response, and was signed there before there was an encrypted element around
 * it. Without such a signature nobody says that these names were meant.
 */
function readBefore(encrypted: XmlElement, plaintext: Uint8Array): XmlElement | null {
  if (encrypted.localName !== "EncryptedAssertion") return null;
  const element = readWithin(contextOf(encrypted.parent), plaintext);
  return element && signatureOf(element) ? element : null;
}

/** What stands around an element and canonical forms look at: declarations and xml: attributes, by name as written. */
type Context = ReadonlyMap<string, string>;

/** Prefixes that exclusive canonicalisation drops from a signed Response, because only the plaintext uses them. */
const SCHEMA_PREFIXES: Context = new Map([
  ["xmlns:xs", "http://www.w3.org/2001/XMLSchema"],
  ["xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"],
]);

/**
 * Where the plaintext may have stood: in the element that was received, in the Response before there was such an element, and in one
 * that declared more. The namespaces decide what names mean, and are the sender's choice; nothing is lost by that. A signature
 * inside is computed over the names as they resolve here, and without one the Response's signature covers the place it is taken from.
 */
function contexts(encrypted: XmlElement): Context[] {
  const received = contextOf(encrypted);
  return [received, contextOf(encrypted.parent), new Map([...SCHEMA_PREFIXES, ...received])];
}

function contextOf(element: XmlElement | null): Context {
  if (!element) return new Map();
  const context = new Map(contextOf(element.parent));
  for (const { prefix, uri } of element.namespaces) context.set(prefix === "" ? "xmlns" : `xmlns:${prefix}`, uri);
  for (const { namespaceURI, localName, value } of element.attributes) {
    if (namespaceURI === NS.xml) context.set(`xml:${localName}`, value);
  }
  return context;
}
