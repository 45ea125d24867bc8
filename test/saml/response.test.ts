/**
 * The pipeline as a whole. What a single check of the profile demands stands in assertion.test.ts; what attackers make of a message
 * stands in test/attacks.
 */
import { describe, expect, it } from "vitest";
import { decideResponse } from "../../src/saml/response.ts";
import { NS, STATUS_SUCCESS } from "../../src/saml/terms.ts";
import type { ResponseDecision } from "../../src/saml/types.ts";
import { toBase64 } from "../support/identity-provider.ts";
import { CONTENT_CIPHER, encryptXml, KEY_TRANSPORT } from "../support/messages/encrypt.ts";
import {
  ACS,
  ATTACKER,
  fieldOf,
  NOW,
  type Overrides,
  REQUEST,
  type Recipe,
  type Scene,
  scene,
} from "../support/messages/scene.ts";

type Message = Parameters<typeof fieldOf>[0];

async function decide(message: Message, overrides: Overrides = {}, s?: Scene): Promise<ResponseDecision> {
  const { expectations } = s ?? (await scene());
  return decideResponse(fieldOf(message), { ...expectations, ...overrides });
}
async function decideOwn(recipe: Recipe = {}, overrides: Overrides = {}): Promise<ResponseDecision> {
  return decide(await (await scene()).own(recipe), overrides);
}
const codeOf = (decision: ResponseDecision) => (decision.ok ? "accepted" : decision.refusal.code);
const names = (decision: ResponseDecision) => decision.checks.map(({ name }) => name);
const failed = (decision: ResponseDecision) => decision.checks.filter(({ ok }) => !ok).map(({ name }) => name);

describe("a genuine response", () => {
  it("leaves every check behind, in the order it was made", async () => {
    const decision = await decideOwn();
    expect(codeOf(decision)).toBe("accepted");
    expect(failed(decision)).toEqual([]);
    expect(names(decision)).toEqual([
      "message",
      "xml",
      "structure",
      "assertionSignature",
      "status",
      "destination",
      "responseIssuer",
      "encryption",
      "assertionIssuer",
      "nameID",
      "audience",
      "conditionsNotBefore",
      "conditionsNotOnOrAfter",
      "conditionKinds",
      "recipient",
      "confirmationNotBefore",
      "confirmationNotOnOrAfter",
      "inResponseTo",
      "responseIssueInstant",
      "issueInstant",
      "authnInstant",
      "sessionNotOnOrAfter",
      "authnContext",
      "attributes",
    ]);
    expect(new Set(names(decision)).size).toBe(decision.checks.length);
  });

  it("gives the claims as the identity provider made them", async () => {
    const s = await scene();
    const sent = await s.own({ sessionNotOnOrAfter: NOW + 3_600_000 });
    const decision = await decide(sent);
    expect(decision.ok && decision.assertion).toMatchObject({
      id: sent.assertionId,
      issuer: s.idp.entityId,
      issueInstant: NOW,
      inResponseTo: REQUEST,
      nameID: { value: ATTACKER, nameQualifier: null, spNameQualifier: null },
      sessionIndex: sent.assertionId,
      authnInstant: NOW - 60_000,
      sessionNotOnOrAfter: NOW + 3_600_000,
      certificateSha256: s.expectations.certificates[0]?.sha256,
    });
  });

  it("is remembered for longer than it could be presented again", async () => {
    const s = await scene();
    const sent = await s.own({ notOnOrAfter: NOW + 60_000 });
    const decision = await decide(sent);
    if (!decision.ok) throw new Error("refused");
    expect(decision.assertion.notOnOrAfter).toBeGreaterThanOrEqual(NOW + 60_000 + 120_000);
    const later = await decide(sent, { now: decision.assertion.notOnOrAfter });
    expect(later.ok).toBe(false);
    const long = await decideOwn({ notOnOrAfter: NOW + 365 * 86_400_000 });
    expect(long.ok && long.assertion.notOnOrAfter).toBeLessThan(NOW + 3_600_000);
  });

  it("says who its own person is, however many are decided at the same time", async () => {
    // ECDSA is verified by WebCrypto, and others' messages are read meanwhile.
    const scenes = [await scene("P-256"), await scene()];
    const signs = ["assertion", "response", "both"] as const;
    const people = Array.from({ length: 24 }, (_, n) => `${"x".repeat(n)}person${n}@corp.example`);
    const decisions = people.map(async (nameID, n) => {
      const s = scenes[n % scenes.length] as Scene;
      const encrypted = n % 4 === 3;
      const encrypt = { to: s.sp, cipher: CONTENT_CIPHER.aes256gcm };
      const sent = await s.own({ nameID, sign: signs[n % signs.length] as "both", ...(encrypted ? { encrypt } : {}) });
      const wantEncryptedAssertions = encrypted;
      return async () => decide(sent, { wantEncryptedAssertions }, s);
    });
    const started = (await Promise.all(decisions)).map((decideOne) => decideOne());
    const found = (await Promise.all(started)).map((one) => (one.ok ? one.assertion.nameID.value : one.refusal.code));
    expect(found).toEqual(people);
  });

  it("may come in base64 of 76 characters a line", async () => {
    const sent = await (await scene()).own();
    const lines = (sent.samlResponse.match(/.{1,76}/g) ?? []).join("\r\n");
    expect(codeOf(await decide(lines))).toBe("accepted");
  });

  it("is accepted by any one of several pinned certificates", async () => {
    const s = await scene();
    const other = await scene("P-256");
    const certificates = [...other.expectations.certificates, ...s.expectations.certificates];
    expect(codeOf(await decideOwn({}, { certificates }))).toBe("accepted");
  });
});

describe("signatures", () => {
  for (const sign of ["assertion", "response", "both"] as const) {
    it(`one that covers the assertion is enough: ${sign}`, async () => {
      const decision = await decideOwn({ sign });
      expect(decision.ok && decision.assertion.nameID.value).toBe(ATTACKER);
      expect(names(decision).includes("responseSignature")).toBe(sign !== "assertion");
      expect(names(decision).includes("assertionSignature")).toBe(sign !== "response");
    });
  }

  it("none is a refusal", async () => expect(codeOf(await decideOwn({ sign: "none" }))).toBe("signature_missing"));

  it("every one that is there must hold, and none makes up for another", async () => {
    const s = await scene();
    const options = { ...s.options, sign: "none" as const, responseId: "_r", assertionId: "_a" };
    const { xml } = await s.idp.respond(options);
    const foreignInside = await s.idp.sign(await s.mallory.sign(xml, "_a"), "_r");
    expect(codeOf(await decide(foreignInside))).toBe("signature_invalid");
    const foreignOutside = await s.mallory.sign(await s.idp.sign(xml, "_a"), "_r");
    expect(codeOf(await decide(foreignOutside))).toBe("signature_invalid");
  });

  it("of a Response that was altered outside the assertion refuses it, though the assertion's own holds", async () => {
    const { xml } = await (await scene()).own({ sign: "both" });
    const altered = xml.replace(/(<samlp:Response[^>]*IssueInstant="[^"]*?)\.000Z/, "$1.001Z");
    expect(altered).not.toBe(xml);
    expect(codeOf(await decide(altered))).toBe("digest_mismatch");
  });

  it("a company without a certificate believes nothing, not even an unsigned message's shape", async () => {
    expect(codeOf(await decideOwn({}, { certificates: [] }))).toBe("certificate_missing");
    expect(codeOf(await decideOwn({ sign: "none" }, { certificates: [] }))).toBe("certificate_missing");
  });

  it("a prefix that only the assertion's PrefixList needs may be declared on the Response, with both signed", async () => {
    const decision = await decideOwn({
      sign: "both",
      signature: { prefixList: "xs" },
      responseSignature: { prefixList: "" },
      edit: {
        response: (xml) =>
          xml.replace("<samlp:Response", `<samlp:Response xmlns:xs="http://www.w3.org/2001/XMLSchema"`),
      },
    });
    expect(codeOf(decision)).toBe("accepted");
  });
});

describe("the shape", () => {
  const shapes: Record<string, readonly [string, (xml: string) => string]> = {
    "another root": ["message_type", (xml) => xml.replaceAll("samlp:Response", "samlp:AuthnRequest")],
    "a root whose name only contains Response": [
      "message_type",
      (xml) => xml.replaceAll("samlp:Response", "samlp:ResponseX"),
    ],
    "a Response of SAML 1": ["message_type", (xml) => xml.replace(NS.samlp, "urn:oasis:names:tc:SAML:1.0:protocol")],
    "another Version": ["version_unsupported", (xml) => xml.replace('Version="2.0"', 'Version="1.1"')],
    "no Version": ["version_unsupported", (xml) => xml.replace('Version="2.0"', "")],
    "an ID that is no NCName": ["id_invalid", (xml) => xml.replace(/ID="_/, 'ID="0')],
    "no ID": ["id_invalid", (xml) => xml.replace(/ID="[^"]*"/, "")],
    "an ID with a prefix only": ["id_invalid", (xml) => xml.replace(/ID="/, 'samlp:ID="')],
    "a foreign element": ["schema_invalid", (xml) => xml.replace("<samlp:Status>", '<x xmlns="urn:x"/><samlp:Status>')],
    "text between elements": ["schema_invalid", (xml) => xml.replace("<samlp:Status>", "text<samlp:Status>")],
    "Issuer after Status": [
      "schema_invalid",
      (xml) => xml.replace(/(<Issuer[^>]*>[^<]*<\/Issuer>)(<samlp:Status>.*?<\/samlp:Status>)/, "$2$1"),
    ],
    "two Issuers": ["schema_invalid", (xml) => xml.replace(/(<Issuer[^>]*>[^<]*<\/Issuer>)/, "$1$1")],
    "no Status": ["schema_invalid", (xml) => xml.replace(/<samlp:Status>.*?<\/samlp:Status>/, "")],
    "two Status": ["schema_invalid", (xml) => xml.replace(/(<samlp:Status>.*?<\/samlp:Status>)/, "$1$1")],
    "a Status without a code": ["schema_invalid", (xml) => xml.replace(/<samlp:StatusCode[^>]*>/, "")],
    "a StatusCode without Value": ["schema_invalid", (xml) => xml.replace(/Value="[^"]*"/, "")],
    "two StatusCodes": ["schema_invalid", (xml) => xml.replace(/(<samlp:StatusCode[^>]*>)/, "$1$1")],
    "a Response in Extensions": [
      "schema_invalid",
      (xml) =>
        xml.replace("<samlp:Status>", '<samlp:Extensions><Response xmlns="urn:x"/></samlp:Extensions><samlp:Status>'),
    ],
    "a Signature in StatusDetail": [
      "signature_misplaced",
      (xml) =>
        xml.replace(
          "</samlp:Status>",
          `<samlp:StatusDetail><Signature xmlns="${NS.ds}"/></samlp:StatusDetail></samlp:Status>`,
        ),
    ],
    "an Assertion of another namespace alone": [
      "assertion_missing",
      (xml) => xml.replace(/<Assertion .*<\/Assertion>/, '<Assertion xmlns="urn:oasis:names:tc:SAML:1.0:assertion"/>'),
    ],
    "an Assertion parked in Extensions alone": [
      "assertion_not_single",
      (xml) =>
        xml
          .replace(/<Assertion .*<\/Assertion>/, "")
          .replace(
            "<samlp:Status>",
            `<samlp:Extensions><Assertion xmlns="${NS.saml}"/></samlp:Extensions><samlp:Status>`,
          ),
    ],
    "no assertion": ["assertion_missing", (xml) => xml.replace(/<Assertion .*<\/Assertion>/, "")],
    "an IssueInstant that is no time": [
      "time_invalid",
      (xml) => xml.replace(/IssueInstant="[^"]*"/, 'IssueInstant="now"'),
    ],
    "no IssueInstant": ["time_invalid", (xml) => xml.replace(/IssueInstant="[^"]*"/, "")],
  };
  for (const [name, [code, edit]] of Object.entries(shapes)) {
    it(`${name} is refused with ${code}`, async () => {
      const { xml } = await (await scene()).own();
      const edited = edit(xml);
      expect(edited).not.toBe(xml);
      expect(codeOf(await decide(edited))).toBe(code);
    });
  }

  it("Extensions and a StatusDetail with anything harmless in them are let through", async () => {
    const { xml } = await (await scene()).own();
    const edited = xml
      .replace(
        "<samlp:Status>",
        '<samlp:Extensions><x:y xmlns:x="urn:x" a="1">text</x:y></samlp:Extensions><samlp:Status>',
      )
      .replace(
        "</samlp:Status>",
        '<samlp:StatusMessage>ok</samlp:StatusMessage><samlp:StatusDetail><z xmlns="urn:z"/></samlp:StatusDetail></samlp:Status>',
      );
    expect(codeOf(await decide(edited))).toBe("accepted");
  });

  it("a comment in the unsigned part changes nothing", async () => {
    const { xml } = await (await scene()).own();
    expect(codeOf(await decide(xml.replace("<samlp:Status>", "<!-- x --><samlp:Status>")))).toBe("accepted");
  });
});

describe("what the Response says around the assertion can only refuse", () => {
  it("another Destination", async () => {
    for (const destination of [`${ACS}/`, ACS.toUpperCase(), "", `${ACS}?a=b`]) {
      const decision = await decideOwn({ destination });
      expect(codeOf(decision)).toBe("destination_mismatch");
      expect(!decision.ok && decision.refusal).toMatchObject({ expected: ACS, received: destination });
    }
  });

  it("no Destination passes when only the assertion is signed, not when the Response is", async () => {
    expect(codeOf(await decideOwn({ destination: null }))).toBe("accepted");
    expect(codeOf(await decideOwn({ destination: null, sign: "response" }))).toBe("destination_missing");
  });

  it("another Issuer, in the signed Response and around the signed assertion", async () => {
    for (const sign of ["assertion", "response", "both"] as const) {
      expect(codeOf(await decideOwn({ sign, responseIssuer: "https://other.example/" }))).toBe("issuer_mismatch");
    }
    expect(codeOf(await decideOwn({ responseIssuer: null }))).toBe("accepted");
  });

  it("an InResponseTo that is not the assertion's", async () => {
    expect(codeOf(await decideOwn({ responseInResponseTo: "_other" }))).toBe("in_response_to_mismatch");
    expect(codeOf(await decideOwn({ responseInResponseTo: null }))).toBe("accepted");
  });

  it("an IssueInstant far ahead or long ago", async () => {
    const { xml } = await (await scene()).own();
    for (const at of ["2026-11-22T09:00:00Z", "2026-11-20T08:30:00Z"]) {
      const edited = xml.replace(/(<samlp:Response [^>]*IssueInstant=")[^"]*/, `$1${at}`);
      expect(codeOf(await decide(edited))).toBe("issue_instant_out_of_window");
    }
  });
});

describe("a failure that the identity provider reports", () => {
  const codes = ["urn:oasis:names:tc:SAML:2.0:status:Responder", "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"];
  const message = "AADSTS75011: Authentication method by which the user authenticated doesn't match. Trace ID: 5";

  it("is kept for the administrator, nested codes, message and all", async () => {
    const decision = await decideOwn({ status: codes, statusMessage: message, sign: "none" });
    expect(codeOf(decision)).toBe("status_not_success");
    expect(!decision.ok && decision.status).toEqual({ codes, message });
    expect(failed(decision)).toEqual(["status"]);
    expect(!decision.ok && decision.refusal.received).toContain("AADSTS75011");
  });

  it("is the same when the Response is signed", async () => {
    expect(codeOf(await decideOwn({ status: codes, sign: "response" }))).toBe("status_not_success");
  });

  it("is refused with an assertion inside, whoever signed what", async () => {
    for (const sign of ["assertion", "response", "both"] as const) {
      expect(codeOf(await decideOwn({ status: codes, withAssertion: true, sign }))).toBe("status_not_success");
    }
  });

  it("is not undone by a Success inside it, nor by one that only ends alike", async () => {
    for (const status of [[codes[0] as string, STATUS_SUCCESS], ["urn:evil:status:Success"], [`${STATUS_SUCCESS} `]]) {
      expect(codeOf(await decideOwn({ status, withAssertion: true }))).toBe("status_not_success");
    }
  });

  it("is shown even where a signature does not hold", async () => {
    const s = await scene();
    const sent = await s.mallory.respond({ ...s.options, status: codes, statusMessage: message, sign: "response" });
    const decision = await decide(sent);
    expect(codeOf(decision)).toBe("signature_invalid");
    expect(!decision.ok && decision.status?.message).toBe(message);
  });
});

describe("an encrypted assertion", () => {
  const encrypted = async (cipher: string, recipe: Recipe = {}) => {
    const s = await scene();
    return s.own({ ...recipe, encrypt: { to: s.sp, cipher, ...recipe.encrypt } });
  };

  for (const sign of ["assertion", "response", "both"] as const) {
    it(`is opened, then verified: ${sign}`, async () => {
      const decision = await decide(await encrypted(CONTENT_CIPHER.aes256gcm, { sign }));
      expect(decision.ok && decision.assertion.nameID.value).toBe(ATTACKER);
    });
  }

  it("proves nothing by being encrypted", async () => {
    expect(codeOf(await decide(await encrypted(CONTENT_CIPHER.aes256gcm, { sign: "none" })))).toBe("signature_missing");
  });

  it("is refused when a foreign key signed what is inside, though the Response's signature holds", async () => {
    const s = await scene();
    const inside = await s.mallory.assertion({ ...s.options });
    const wrapped = await encryptXml(inside, { to: s.sp, cipher: CONTENT_CIPHER.aes256gcm });
    const sent = await s.own({
      sign: "none",
      responseId: "_r",
      edit: { sent: (xml) => xml.replace(/<Assertion .*<\/Assertion>/, wrapped) },
    });
    expect(codeOf(await decide(await s.idp.sign(sent.xml, "_r")))).toBe("signature_invalid");
  });

  it("by CBC is only for companies that asked for encryption", async () => {
    const sent = await encrypted(CONTENT_CIPHER.aes256cbc);
    expect(codeOf(await decide(sent))).toBe("encryption_algorithm");
    expect(codeOf(await decide(sent, { wantEncryptedAssertions: true }))).toBe("accepted");
  });

  it("is demanded where the company wants it", async () => {
    expect(codeOf(await decideOwn({}, { wantEncryptedAssertions: true }))).toBe("encryption_required");
    expect(codeOf(await decideOwn({ sign: "response" }, { wantEncryptedAssertions: true }))).toBe(
      "encryption_required",
    );
  });

  it("is not expected where the company has no key", async () => {
    expect(codeOf(await decide(await encrypted(CONTENT_CIPHER.aes256gcm), { decryptionKeys: [] }))).toBe(
      "encryption_not_expected",
    );
  });

  it("by RSA 1.5 is refused before a key is used", async () => {
    const s = await scene();
    const sent = await s.own({
      encrypt: { to: s.sp, cipher: CONTENT_CIPHER.aes256gcm, keyTransport: KEY_TRANSPORT.rsa15 },
    });
    expect(codeOf(await decide(sent))).toBe("encryption_algorithm");
  });

  it("that cannot be opened, or holds something else, is refused with one code and nothing more", async () => {
    const s = await scene();
    const { xml } = await s.own({ sign: "none" });
    const wrap = async (plaintext: string | Uint8Array) => {
      const wrapped = await encryptXml(plaintext, { to: s.sp, cipher: CONTENT_CIPHER.aes256gcm });
      return xml.replace(/<Assertion .*<\/Assertion>/, wrapped);
    };
    const assertion = await s.idp.assertion(s.options);
    const messages = [
      await encrypted(CONTENT_CIPHER.aes256gcm, {
        encrypt: {
          to: s.sp,
          cipher: CONTENT_CIPHER.aes256gcm,
          ciphertext: (b) => b.map((x, i) => (i === 40 ? x ^ 1 : x)),
        },
      }),
      await encrypted(CONTENT_CIPHER.aes256gcm, { encrypt: { to: s.idp.keyPair, cipher: CONTENT_CIPHER.aes256gcm } }),
      await wrap("not markup"),
      await wrap(""),
      await wrap(Uint8Array.of(0xff, 0xfe, 0x00)),
      await wrap(`<!DOCTYPE a>${assertion}`),
      await wrap(assertion + assertion),
      await wrap(`<x>${assertion}</x>`),
      await wrap(assertion.replaceAll("Assertion", "Assertions")),
      await wrap("<saml:Assertion"),
      await wrap("</plaintext><plaintext>"),
    ];
    for (const message of messages) {
      const decision = await decide(message);
      expect(!decision.ok && decision.refusal).toEqual({ code: "decryption_failed" });
    }
  });

  it("may count on the namespaces of the place it stands in, as libxmlsec writes it", async () => {
    const s = await scene();
    const prefixed = (await s.idp.assertion({ ...s.options, assertionId: "_a", sign: "none" }))
      .replace(` xmlns="${NS.saml}"`, "")
      .replaceAll(/<(\/?)([A-Z])/g, "<$1saml:$2");
    const declared = prefixed.replace("<saml:Assertion", `<saml:Assertion xmlns:saml="${NS.saml}"`);
    const signed = (await s.idp.sign(declared, "_a")).replace(` xmlns:saml="${NS.saml}"`, "");
    const wrapped = await encryptXml(signed, { to: s.sp, cipher: CONTENT_CIPHER.aes256gcm });
    const { xml } = await s.own({ sign: "none", responseId: "_r" });
    const sent = xml
      .replace(/<Assertion .*<\/Assertion>/, wrapped)
      .replace("<samlp:Response", `<samlp:Response xmlns:saml="${NS.saml}"`);
    expect(codeOf(await decide(sent))).toBe("accepted");
    const elsewhere = sent.replace(`xmlns:saml="${NS.saml}"`, `xmlns:saml="${NS.saml}x"`);
    expect(codeOf(await decide(elsewhere))).toBe("decryption_failed");
    expect(codeOf(await decide(sent.replace(`xmlns:saml="${NS.saml}" `, "")))).toBe("decryption_failed");
  });

  it("with an EncryptedID inside names the person that was encrypted", async () => {
    const s = await scene();
    const identifier = `<NameID xmlns="${NS.saml}" Format="urn:x">${ATTACKER}</NameID>`;
    const hidden = await encryptXml(identifier, { to: s.sp, cipher: CONTENT_CIPHER.aes128gcm, element: "EncryptedID" });
    const edit = { assertion: (xml: string) => xml.replace(/<NameID .*<\/NameID>/, hidden) };
    for (const sign of ["assertion", "response", "both"] as const) {
      const decision = await decide(await s.own({ sign, edit }));
      expect(decision.ok && decision.assertion.nameID).toMatchObject({ value: ATTACKER, format: "urn:x" });
    }
    expect(codeOf(await decide(await s.own({ edit }), { decryptionKeys: [] }))).toBe("encryption_not_expected");
    expect(codeOf(await decide(await s.own({ edit, sign: "none" })))).toBe("signature_missing");
    const broken = await encryptXml(identifier, {
      to: s.sp,
      cipher: CONTENT_CIPHER.aes128gcm,
      element: "EncryptedID",
      ciphertext: (bytes) => bytes.map((byte, i) => (i === 20 ? byte ^ 1 : byte)),
    });
    const wrong = { assertion: (xml: string) => xml.replace(/<NameID .*<\/NameID>/, broken) };
    expect(codeOf(await decide(await s.own({ edit: wrong })))).toBe("decryption_failed");
  });

  it("holds exactly one assertion and no signature but its own", async () => {
    const s = await scene();
    const clear = await s.idp.assertion({ ...s.options, sign: "none" });
    const nested = clear.replace("<AuthnStatement", `<Advice><Assertion/></Advice><AuthnStatement`);
    const parked = clear.replace("<AuthnStatement", `<Advice><Signature xmlns="${NS.ds}"/></Advice><AuthnStatement`);
    for (const [plaintext, code] of [
      [nested, "assertion_not_single"],
      [parked, "signature_misplaced"],
    ] as const) {
      const wrapped = await encryptXml(plaintext, { to: s.sp, cipher: CONTENT_CIPHER.aes256gcm });
      const { xml } = await s.own({ sign: "none", responseId: "_r" });
      const sent = await s.idp.sign(xml.replace(/<Assertion .*<\/Assertion>/, wrapped), "_r");
      expect(codeOf(await decide(sent))).toBe(code);
    }
  });
});

describe("an administrator", () => {
  it("sees everything that is wrong at once, and the first of it as the code", async () => {
    const decision = await decideOwn({
      destination: "https://elsewhere.example/acs",
      recipient: "https://elsewhere.example/acs",
      audience: "https://elsewhere.example/metadata",
    });
    expect(codeOf(decision)).toBe("destination_mismatch");
    expect(failed(decision)).toEqual(["destination", "audience", "recipient"]);
  });

  it("gets expected and received of a hostile length cut to size", async () => {
    const decision = await decideOwn({ audience: `urn:${"x".repeat(5000)}` });
    expect(!decision.ok && decision.refusal.received?.length).toBeLessThan(600);
  });
});

describe("whatever is sent, the answer is a decision", () => {
  it("of random bytes, cut messages and single flipped bytes none is accepted with other claims, and none throws", async () => {
    const s = await scene();
    const sent = await s.own();
    const bytes = new TextEncoder().encode(sent.xml);
    const whole = await decide(sent);
    if (!whole.ok) throw new Error("refused");
    let random = 12345;
    const next = (below: number) => {
      random = (Math.imul(random, 1103515245) + 12345) >>> 0;
      return random % below;
    };
    for (let round = 0; round < 300; round++) {
      const mutant = bytes.slice(0, round % 3 === 0 ? next(bytes.length) : bytes.length);
      if (mutant.length > 0) mutant[next(mutant.length)] = next(256);
      const decision = await decideResponse(toBase64(mutant), s.expectations);
      if (decision.ok) expect(decision.assertion.nameID).toEqual(whole.assertion.nameID);
    }
  });

  it("refuses with a clock that is no clock", async () => {
    expect((await decideOwn({}, { now: Number.NaN })).ok).toBe(false);
    expect((await decideOwn({}, { clockSkewSeconds: Number.NaN })).ok).toBe(false);
  });
});
