/**
 * The worst inputs within the size limits beside an honest message of the same size: signed ones, whose senders hold the
 * company's key, go the whole way; unsigned ones are what anybody can send. Neither may cost more than COST_MAX times as much.
 */
import { decideResponse, type ResponseExpectations, readCertificates } from "../../src/saml/index.ts";
import {
  CLAIM,
  createIdentityProvider,
  entraClaims,
  guidFor,
  type IdentityProvider,
  toBase64,
} from "../../test/support/identity-provider.ts";
import { measure, printTable, ratio, verdict } from "../figures.ts";

const COST_MAX = 10;
const SIZES = [15_000, 250_000];

const ACS_URL = "https://acme.example.com/sso/acs";
const ENTITY_ID = "https://acme.example.com/sso/metadata";

/** As many whole copies of what `unit` makes as fit into `bytes`, but not more than `most`; the rest is plain text. */
function filled(bytes: number, unit: string | ((n: number) => string), most = Number.POSITIVE_INFINITY): string {
  const parts: string[] = [];
  let left = bytes;
  for (let n = 0; n < most; n++) {
    const part = typeof unit === "string" ? unit : unit(n);
    const size = Buffer.byteLength(part);
    if (size > left) break;
    parts.push(part);
    left -= size;
  }
  return parts.join("") + "x".repeat(left);
}

const times = (count: number, unit: (n: number) => string) => Array.from({ length: count }, (_, n) => unit(n)).join("");
/** XML_ELEMENTS_MAX and XML_NAMESPACE_DECLARATIONS_MAX, less what the rest of the message needs. */
const ELEMENTS = 9_900;
const DECLARATIONS = 480;
/** XML_DEPTH_MAX, less Response, Assertion, AttributeStatement, Attribute and AttributeValue. */
const DEPTH = 45;
const ATTRIBUTES = 50;
const uri = (n: number, chars: number) => `urn:${n}:`.padEnd(chars, "u");

/** What a signer can put into one AttributeValue. */
const SIGNED: Readonly<Record<string, (bytes: number) => string>> = {
  "deep nesting": (bytes) =>
    filled(bytes, `${times(DEPTH, () => "<a>")}${times(DEPTH, () => "</a>")}`, Math.floor(ELEMENTS / DEPTH)),
  "many empty elements": (bytes) => filled(bytes, "<a/>", ELEMENTS),
  "many elements of two namespaces in turn": (bytes) =>
    `<n:a xmlns:n="urn:n">${filled(bytes - 30, "<b><n:c/></b>", ELEMENTS / 2)}</n:a>`,
  "many attributes": (bytes) => filled(bytes, `<a ${times(ATTRIBUTES, (n) => `b${n}="" `)}/>`, ELEMENTS),
  "many attributes in the wrong order": (bytes) =>
    filled(bytes, `<a ${times(ATTRIBUTES, (n) => `b${ATTRIBUTES - n}="" `)}/>`, ELEMENTS),
  "many attributes with prefixes": (bytes) =>
    `<a ${times(ATTRIBUTES, (n) => `xmlns:p${n}="urn:${n}" `)}>${filled(bytes - 1_100, `<b ${times(ATTRIBUTES, (n) => `p${ATTRIBUTES - 1 - n}:c="" `)}/>`, ELEMENTS)}</a>`,
  "many namespaces": (bytes) => filled(bytes, (n) => `<p${n}:a xmlns:p${n}="urn:${n}"/>`, DECLARATIONS),
  "many namespaces on one element": (bytes) => {
    const count = Math.min(DECLARATIONS, Math.floor(bytes / 40));
    const declarations = times(count, (n) => `xmlns:p${n}="urn:${n}" `);
    return `<a ${declarations}>${filled(bytes - declarations.length - 10, (n) => `<p${n % count}:b/>`, ELEMENTS)}</a>`;
  },
  "long namespaces, written again for each element": (bytes) =>
    `<a xmlns:p="${uri(0, 256)}" xmlns:q="${uri(1, 256)}">${filled(bytes - 600, '<p:b q:c=""/>', ELEMENTS)}</a>`,
  "namespaces as long as they may be, written again for each element": (bytes) =>
    `<a xmlns:p="${uri(0, 23)}" xmlns:q="${uri(1, 23)}">${filled(bytes - 200, '<p:b q:c=""/>', ELEMENTS)}</a>`,
  "many entities": (bytes) => filled(bytes, "&amp;"),
  "many character references": (bytes) => filled(bytes, "&#65;"),
  "many escaped carriage returns": (bytes) => filled(bytes, "&#13;"),
  "many entities in attributes": (bytes) => `<a b="${filled(bytes - 10, "&#9;")}"/>`,
  "many comments": (bytes) => filled(bytes, "<!---->"),
  "many comments between letters": (bytes) => filled(bytes, "a<!---->"),
  "many CDATA sections": (bytes) => filled(bytes, "<![CDATA[]]>"),
  "many greater-thans": (bytes) => filled(bytes, ">"),
  "many line ends": (bytes) => filled(bytes, "\n"),
  "big text": (bytes) => filled(bytes, "x"),
  "big text beyond ASCII": (bytes) => filled(bytes, "aé"),
  "big text beyond the first plane": (bytes) => filled(bytes, "𐍈"),
};

/** What anybody can send, given an honest message that his own key signed. */
const UNSIGNED: Readonly<Record<string, (xml: string, bytes: number) => string>> = {
  "another key's signature": (xml) => toBase64(xml),
  "base64 with a line break after each letter": (xml, bytes) =>
    times(Math.floor(bytes / 1.5), (n) => `${toBase64(xml)[n] ?? "A"}\n`),
  "no base64 at the very end": (xml) => `${toBase64(xml).slice(0, -1)}!`,
  "no UTF-8 at the very end": (xml) => toBase64(Buffer.concat([Buffer.from(xml), Buffer.of(0xff)])),
  "a control character at the very end": (xml) => toBase64(`${xml}\u0001`),
  "no end tag at the very end": (xml) => toBase64(xml.slice(0, -1)),
  "many unfinished tags": (_xml, bytes) => toBase64(filled(bytes, "<a ")),
  "many unfinished entities": (_xml, bytes) => toBase64(`<a>${filled(bytes - 10, "&#6")}</a>`),
  "one long name": (_xml, bytes) => toBase64(`<${filled(bytes - 10, "a")}`),
  "white space": (_xml, bytes) => toBase64(filled(bytes, " ")),
  "many IDs": (_xml, bytes) => toBase64(`<a>${filled(bytes - 10, (n) => `<b ID="_${n}" Id="-${n}"/>`)}</a>`),
};

interface Case {
  readonly name: string;
  readonly samlResponse: string;
}

export async function printWorstCases(rounds: number): Promise<void> {
  const now = Date.now();
  const idp = await createIdentityProvider();
  const stranger = await createIdentityProvider({ keyName: "stranger" });
  const certificates = readCertificates(idp.certificate);
  if (!certificates.ok) throw new Error("the certificate does not read");
  const expectations: ResponseExpectations = {
    now,
    clockSkewSeconds: 180,
    spEntityId: ENTITY_ID,
    acsUrl: ACS_URL,
    idpEntityIds: [idp.entityId],
    certificates: certificates.value,
    allowSha1: false,
    wantEncryptedAssertions: false,
    decryptionKeys: [],
    allowIdpInitiated: true,
    authnInstantNotBefore: null,
    requestedAuthnContext: [],
  };
  for (const bytes of SIZES) {
    const cases = await makeCases(idp, stranger, now, bytes);
    const outcomes = new Map<string, string>();
    for (const { name, samlResponse } of cases) {
      const decision = await decideResponse(samlResponse, expectations);
      outcomes.set(name, decision.ok ? "accepted" : decision.refusal.code);
    }
    const contenders = cases.map(({ name, samlResponse }) => ({
      name,
      async run(iterations: number) {
        const start = performance.now();
        for (let n = 0; n < iterations; n++) await decideResponse(samlResponse, expectations);
        return performance.now() - start;
      },
    }));
    const found = await measure(contenders, rounds);
    const honest = found.get(HONEST) ?? Number.NaN;
    if (outcomes.get(HONEST) !== "accepted") throw new Error(`the honest message: ${outcomes.get(HONEST)}`);
    const rows = [...found]
      .sort(([, one], [, other]) => other - one)
      .map(([name, time]) => [
        name,
        outcomes.get(name) ?? "",
        ratio(time / honest),
        verdict(time / honest <= COST_MAX),
      ]);
    printTable(
      `The worst inputs of ${bytes / 1000} KB beside the honest message of that size (${honest.toFixed(0)} us), at most ${COST_MAX} x`,
      ["message", "outcome", "x", ""],
      rows,
    );
  }
}

const HONEST = "honest: many groups";

async function makeCases(
  idp: IdentityProvider,
  stranger: IdentityProvider,
  now: number,
  bytes: number,
): Promise<Case[]> {
  const base = { acsUrl: ACS_URL, spEntityId: ENTITY_ID, now };
  const room =
    bytes - (await idp.respond({ ...base, attributes: entraClaims({ email: "b.simon@acme.example" }) })).xml.length;
  const groups = Math.floor(room / "<AttributeValue></AttributeValue>".length / 2.1);
  const honest = {
    ...base,
    attributes: {
      ...entraClaims({ email: "b.simon@acme.example" }),
      [CLAIM.groups]: Array.from({ length: groups }, (_, n) => guidFor(`group ${n}`)),
    },
  };
  const cases: Case[] = [{ name: HONEST, samlResponse: (await idp.respond(honest)).samlResponse }];
  for (const [name, make] of Object.entries(SIGNED)) {
    const attribute = `<Attribute Name="urn:x"><AttributeValue>${make(room)}</AttributeValue></Attribute></AttributeStatement>`;
    const edit = { assertion: (xml: string) => xml.replace("</AttributeStatement>", () => attribute) };
    cases.push({ name: `signed: ${name}`, samlResponse: (await idp.respond({ ...base, edit })).samlResponse });
  }
  const foreign = await stranger.respond(honest);
  for (const [name, make] of Object.entries(UNSIGNED)) {
    cases.push({ name: `unsigned: ${name}`, samlResponse: make(foreign.xml, bytes) });
  }
  return cases;
}
