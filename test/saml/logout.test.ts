import { describe, expect, it } from "vitest";
import {
  buildLogoutRequest,
  buildLogoutResponse,
  type LogoutTrust,
  readLogoutMessage,
  receiveLogoutPost,
  receiveLogoutQuery,
} from "../../src/saml/logout.ts";
import type { Result } from "../../src/saml/refusal.ts";
import { NS, SIGNATURE, STATUS_SUCCESS } from "../../src/saml/terms.ts";
import { CONTENT_CIPHER, encryptXml } from "../support/messages/encrypt.ts";
import { signBytes } from "../support/messages/keys.ts";
import { NOW, ORIGIN, type Scene, scene } from "../support/messages/scene.ts";

const SLO = `${ORIGIN}/sso/slo`;
const MAIL = "b.simon@corp.example";
const codeOf = (result: Result<unknown>) => (result.ok ? "accepted" : result.refusal.code);
const bytesOf = (text: string) => new TextEncoder().encode(text);

function trust(s: Scene, more: Partial<LogoutTrust> = {}): LogoutTrust {
  const { expectations } = s;
  return { ...expectations, now: NOW + 1000, sloUrl: SLO, ...more };
}
const requestXml = (s: Scene, more: Partial<Parameters<Scene["idp"]["logoutRequest"]>[0]> = {}) =>
  s.idp.logoutRequest({ destination: SLO, now: NOW, id: "_l", nameID: MAIL, sessionIndex: "s1", ...more });
const responseXml = (s: Scene) => s.idp.logoutResponse({ destination: SLO, now: NOW, inResponseTo: "_ours", id: "_l" });

describe("what we write", () => {
  const message = { id: "_1", issueInstant: NOW, destination: SLO, spEntityId: `${ORIGIN}/sso/metadata` };
  const expectations = { now: NOW, clockSkewSeconds: 0, sloUrl: SLO, idpEntityIds: [message.spEntityId] };

  it("a LogoutRequest names the person as the identity provider did, and reads back", async () => {
    const nameID = {
      value: `<"O'Neil" & Söhne>`,
      format: "urn:f",
      nameQualifier: "urn:q?a=1&b=2",
      spNameQualifier: "urn:s",
    };
    const xml = buildLogoutRequest({ ...message, nameID, sessionIndex: "a<b", notOnOrAfter: NOW + 300_000 });
    expect(await readLogoutMessage(bytesOf(xml), expectations)).toEqual({
      ok: true,
      value: { kind: "LogoutRequest", id: "_1", issuer: message.spEntityId, nameID, sessionIndexes: ["a<b"] },
    });
    expect(xml).toContain('NotOnOrAfter="2026-11-20T09:05:00.000Z"');
  });

  it("a LogoutRequest leaves out what is not known", () => {
    const nameID = { value: "x", format: null, nameQualifier: null, spNameQualifier: null };
    const xml = buildLogoutRequest({ ...message, nameID, sessionIndex: null, notOnOrAfter: NOW });
    expect(xml).toContain("<saml:NameID>x</saml:NameID></samlp:LogoutRequest>");
  });

  it("a LogoutResponse answers a request, and reads back", async () => {
    const xml = buildLogoutResponse({ ...message, inResponseTo: "_theirs", statusCode: STATUS_SUCCESS });
    expect(await readLogoutMessage(bytesOf(xml), expectations)).toEqual({
      ok: true,
      value: {
        kind: "LogoutResponse",
        id: "_1",
        issuer: message.spEntityId,
        inResponseTo: "_theirs",
        status: { codes: [STATUS_SUCCESS], message: null },
      },
    });
  });

  it("an ID that is no NCName is a bug of ours and throws", () => {
    expect(() => buildLogoutResponse({ ...message, id: "1", inResponseTo: "_x", statusCode: STATUS_SUCCESS })).toThrow(
      /NCName/,
    );
  });
});

describe("a logout message by Redirect", () => {
  const receive = async (make: (s: Scene) => Promise<string> | string, more: Partial<LogoutTrust> = {}) => {
    const s = await scene();
    return receiveLogoutQuery(await make(s), trust(s, more));
  };
  const signed = (s: Scene, xml: string) => s.idp.redirectQuery("SAMLRequest", xml, { relayState: "r" });

  it("is believed when a pinned key signed the query", async () => {
    const result = await receive((s) => signed(s, requestXml(s, { sessionIndex: ["s1", "s2"] })));
    expect(result).toMatchObject({
      ok: true,
      value: { kind: "LogoutRequest", nameID: { value: MAIL }, sessionIndexes: ["s1", "s2"] },
    });
    const answer = await receive((s) => s.idp.redirectQuery("SAMLResponse", responseXml(s)));
    expect(answer).toMatchObject({ ok: true, value: { kind: "LogoutResponse", inResponseTo: "_ours" } });
  });

  it("is believed with lower-case percent-encoding, as Entra writes it, and beside parameters of others", async () => {
    expect(
      codeOf(
        await receive(
          async (s) => `a=b&${await s.idp.redirectQuery("SAMLRequest", requestXml(s), { lowerCase: true })}&c=d`,
        ),
      ),
    ).toBe("accepted");
  });

  it("without a Signature is refused (O10, O11)", async () => {
    expect(codeOf(await receive((s) => s.idp.redirectQuery("SAMLRequest", requestXml(s), { sign: false })))).toBe(
      "signature_missing",
    );
    expect(codeOf(await receive(async (s) => (await signed(s, requestXml(s))).replace(/&Signature=.*/, "")))).toBe(
      "signature_missing",
    );
    expect(
      codeOf(await receive(async (s) => s.idp.redirectQuery("SAMLResponse", responseXml(s), { sign: false }))),
    ).toBe("signature_missing");
  });

  it("with a second message before or after the signed one is refused (O14, O15)", async () => {
    for (const join of [(a: string, b: string) => `${a}&${b}`, (a: string, b: string) => `${b}&${a}`]) {
      const result = await receive(async (s) => {
        const forged = await s.idp.redirectQuery("SAMLRequest", requestXml(s, { nameID: "victim@corp.example" }), {
          sign: false,
        });
        return join(forged, await signed(s, requestXml(s)));
      });
      expect(codeOf(result)).toBe("signature_malformed");
    }
  });

  it("with an escaped parameter name is refused", async () => {
    expect(
      codeOf(await receive(async (s) => (await signed(s, requestXml(s))).replace("SAMLRequest", "SAML%52equest"))),
    ).toBe("signature_malformed");
  });

  it("by HMAC, by SHA-1 and by a foreign key is refused (O18, O19, O25)", async () => {
    const relabelled = (algorithm: string) => async (s: Scene) =>
      (await signed(s, requestXml(s))).replace(/SigAlg=[^&]*/, `SigAlg=${encodeURIComponent(algorithm)}`);
    expect(codeOf(await receive(relabelled("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")))).toBe(
      "signature_algorithm",
    );
    const bySha1 = async (s: Scene) =>
      s.idp.redirectQuery("SAMLRequest", requestXml(s), { algorithm: SIGNATURE.rsaSha1 });
    expect(codeOf(await receive(bySha1))).toBe("signature_algorithm");
    expect(codeOf(await receive(bySha1, { allowSha1: true }))).toBe("accepted");
    expect(codeOf(await receive(async (s) => s.mallory.redirectQuery("SAMLRequest", requestXml(s))))).toBe(
      "signature_invalid",
    );
  });

  it("of another issuer is refused, though a pinned key signed it", async () => {
    expect(codeOf(await receive((s) => signed(s, requestXml(s, { issuer: "https://other.example/" }))))).toBe(
      "issuer_mismatch",
    );
    expect(codeOf(await receive((s) => signed(s, requestXml(s).replace(/<Issuer.*<\/Issuer>/, ""))))).toBe(
      "issuer_missing",
    );
  });

  it("percent-encoded twice is refused (O21)", async () => {
    const twice = async (s: Scene) => {
      const [pair = "", ...rest] = (await signed(s, requestXml(s))).split("&");
      return [`SAMLRequest=${encodeURIComponent(pair.slice("SAMLRequest=".length))}`, ...rest].join("&");
    };
    expect(codeOf(await receive(twice))).toBe("signature_invalid");
    const signedTwice = async (s: Scene) => {
      const [pair = ""] = (await signed(s, requestXml(s))).split("&");
      const query = `SAMLRequest=${encodeURIComponent(pair.slice("SAMLRequest=".length))}&SigAlg=${encodeURIComponent(SIGNATURE.rsaSha256)}`;
      const signature = await signBytes(s.idp.keyPair, SIGNATURE.rsaSha256, bytesOf(query));
      return `${query}&Signature=${encodeURIComponent(Buffer.from(signature).toString("base64"))}`;
    };
    expect(codeOf(await receive(signedTwice))).toBe("base64_invalid");
  });

  it("with an XML signature inside and none on the query is refused (O26)", async () => {
    const result = await receive(async (s) =>
      s.idp.redirectQuery("SAMLRequest", await s.idp.sign(requestXml(s), "_l"), { sign: false }),
    );
    expect(codeOf(result)).toBe("signature_missing");
  });

  it("with a DOCTYPE is refused though signed (O28)", async () => {
    expect(codeOf(await receive((s) => signed(s, `<!DOCTYPE a>${requestXml(s)}`)))).toBe("xml_doctype");
  });

  it("that is an authentication Response, or the other kind than its parameter says, is refused (O31)", async () => {
    const own = async (s: Scene) => s.idp.redirectQuery("SAMLResponse", (await s.own()).xml);
    expect(codeOf(await receive(own))).toBe("message_type");
    expect(codeOf(await receive((s) => s.idp.redirectQuery("SAMLResponse", requestXml(s))))).toBe("message_type");
    expect(codeOf(await receive((s) => s.idp.redirectQuery("SAMLRequest", responseXml(s))))).toBe("message_type");
  });

  it("that is not deflated, or is cut, is refused though signed", async () => {
    const raw = async (s: Scene, message: string) => {
      const query = `SAMLRequest=${encodeURIComponent(message)}&SigAlg=${encodeURIComponent(SIGNATURE.rsaSha256)}`;
      const signature = await signBytes(s.idp.keyPair, SIGNATURE.rsaSha256, bytesOf(query));
      return `${query}&Signature=${encodeURIComponent(Buffer.from(signature).toString("base64"))}`;
    };
    expect(codeOf(await receive((s) => raw(s, Buffer.from(requestXml(s)).toString("base64"))))).toBe("deflate_invalid");
    expect(codeOf(await receive((s) => raw(s, "")))).toBe("message_missing");
  });

  it("without certificates is refused", async () => {
    expect(codeOf(await receive((s) => signed(s, requestXml(s)), { certificates: [] }))).toBe("certificate_missing");
  });
});

describe("what a LogoutRequest must say", () => {
  const read = async (edit: (xml: string) => string, more: Partial<LogoutTrust> = {}) => {
    const s = await scene();
    const before = requestXml(s);
    const after = edit(before);
    return codeOf(await receiveLogoutQuery(await s.idp.redirectQuery("SAMLRequest", after), trust(s, more)));
  };
  const rows: Record<string, readonly [string, (xml: string) => string]> = {
    "another Destination": ["destination_mismatch", (x) => x.replace(SLO, `${SLO}/x`)],
    "no Destination": ["accepted", (x) => x.replace(/ Destination="[^"]*"/, "")],
    "NotOnOrAfter two hours ago (O23)": [
      "conditions_expired",
      (x) => x.replace(/NotOnOrAfter="[^"]*"/, 'NotOnOrAfter="2026-11-20T07:00:00Z"'),
    ],
    "NotOnOrAfter that is no date": ["time_invalid", (x) => x.replace(/NotOnOrAfter="[^"]*"/, 'NotOnOrAfter="x"')],
    "no NotOnOrAfter": ["accepted", (x) => x.replace(/ NotOnOrAfter="[^"]*"/, "")],
    "an IssueInstant of yesterday": [
      "issue_instant_out_of_window",
      (x) => x.replace(/IssueInstant="[^"]*"/, 'IssueInstant="2026-11-19T09:00:00Z"'),
    ],
    "an IssueInstant of tomorrow": [
      "issue_instant_out_of_window",
      (x) => x.replace(/IssueInstant="[^"]*"/, 'IssueInstant="2026-11-21T09:00:00Z"'),
    ],
    "no IssueInstant": ["time_invalid", (x) => x.replace(/ IssueInstant="[^"]*"/, "")],
    "another Version": ["version_unsupported", (x) => x.replace('Version="2.0"', 'Version="1.1"')],
    "an ID that is no NCName": ["id_invalid", (x) => x.replace('ID="_l"', 'ID="1"')],
    "no NameID": ["name_id_missing", (x) => x.replace(/<NameID .*<\/NameID>/, "")],
    "a BaseID": ["name_id_missing", (x) => x.replace(/<NameID .*<\/NameID>/, `<BaseID xmlns="${NS.saml}"/>`)],
    "two NameIDs": ["schema_invalid", (x) => x.replace(/(<NameID .*<\/NameID>)/, "$1$1")],
    "an empty NameID": ["name_id_invalid", (x) => x.replace(MAIL, "")],
    "a NameID with an invisible character": ["name_id_invalid", (x) => x.replace(MAIL, `b\u200b${MAIL}`)],
    "no SessionIndex": ["accepted", (x) => x.replace(/<samlp:SessionIndex>.*<\/samlp:SessionIndex>/, "")],
  };
  for (const [name, [code, edit]] of Object.entries(rows)) {
    it(`${name}: ${code}`, async () => expect(await read(edit)).toBe(code));
  }

  it("may be issued under either spelling of the provider", async () => {
    const s = await scene();
    const other = "https://login.microsoftonline.com/7f3c1c5e-2a51-4e9b-9a55-0c6f4b1d2e90/";
    const query = await s.idp.redirectQuery("SAMLRequest", requestXml(s, { issuer: other }));
    expect(codeOf(await receiveLogoutQuery(query, trust(s, { idpEntityIds: [s.idp.entityId, other] })))).toBe(
      "accepted",
    );
  });

  it("may encrypt the NameID to us", async () => {
    const s = await scene();
    const hidden = await encryptXml(`<NameID xmlns="${NS.saml}">${MAIL}</NameID>`, {
      to: s.sp,
      cipher: CONTENT_CIPHER.aes256gcm,
      element: "EncryptedID",
    });
    const query = await s.idp.redirectQuery("SAMLRequest", requestXml(s).replace(/<NameID .*<\/NameID>/, hidden));
    expect(await receiveLogoutQuery(query, trust(s))).toMatchObject({ ok: true, value: { nameID: { value: MAIL } } });
    expect(codeOf(await receiveLogoutQuery(query, trust(s, { decryptionKeys: [] })))).toBe("encryption_not_expected");
    const foreign = await encryptXml("x", {
      to: s.idp.keyPair,
      cipher: CONTENT_CIPHER.aes256gcm,
      element: "EncryptedID",
    });
    const broken = await s.idp.redirectQuery("SAMLRequest", requestXml(s).replace(/<NameID .*<\/NameID>/, foreign));
    expect(codeOf(await receiveLogoutQuery(broken, trust(s)))).toBe("decryption_failed");
  });
});

describe("what a LogoutResponse must say", () => {
  it("which request it answers, and how that went", async () => {
    const s = await scene();
    const read = async (edit: (xml: string) => string) =>
      codeOf(await receiveLogoutQuery(await s.idp.redirectQuery("SAMLResponse", edit(responseXml(s))), trust(s)));
    expect(await read((x) => x)).toBe("accepted");
    expect(await read((x) => x.replace(/ InResponseTo="[^"]*"/, ""))).toBe("in_response_to_missing");
    expect(await read((x) => x.replace(/<samlp:Status>.*<\/samlp:Status>/, ""))).toBe("schema_invalid");
  });
});

describe("a logout message by POST", () => {
  const receive = async (
    make: (s: Scene) => Promise<string>,
    parameter: "SAMLRequest" | "SAMLResponse" = "SAMLRequest",
  ) => {
    const s = await scene();
    return receiveLogoutPost(parameter, await make(s), trust(s));
  };

  it("is believed when a pinned key signed the message, and read from what was signed", async () => {
    const result = await receive((s) => s.idp.postField(requestXml(s), "_l"));
    expect(result).toMatchObject({ ok: true, value: { kind: "LogoutRequest", nameID: { value: MAIL } } });
    const answer = await receive((s) => s.idp.postField(responseXml(s), "_l"), "SAMLResponse");
    expect(answer).toMatchObject({ ok: true, value: { kind: "LogoutResponse" } });
  });

  it("unsigned, altered, signed by a foreign key, of another kind or wrapped is refused", async () => {
    const wrapped = async (s: Scene) => {
      const signed = await s.idp.sign(requestXml(s), "_l");
      const forged = requestXml(s, { id: "_f", nameID: "victim@corp.example" });
      return s.idp.postField(
        forged.replace(
          "</samlp:LogoutRequest>",
          `<samlp:Extensions>${signed}</samlp:Extensions></samlp:LogoutRequest>`,
        ),
      );
    };
    expect(codeOf(await receive((s) => s.idp.postField(requestXml(s))))).toBe("signature_missing");
    const altered = async (s: Scene) =>
      s.idp.postField((await s.idp.sign(requestXml(s), "_l")).replace(MAIL, "victim@corp.example"));
    expect(codeOf(await receive(altered))).toBe("digest_mismatch");
    expect(codeOf(await receive(async (s) => s.mallory.postField(requestXml(s), "_l")))).toBe("signature_invalid");
    expect(codeOf(await receive((s) => s.idp.postField(responseXml(s), "_l")))).toBe("message_type");
    expect(codeOf(await receive(async (s) => (await s.own({ sign: "response" })).samlResponse, "SAMLResponse"))).toBe(
      "message_type",
    );
    expect(codeOf(await receive(wrapped))).toBe("signature_missing");
  });
});
