/**
 * Group O: the Redirect binding's signature and single logout. A logout that is believed ends somebody's session. Rules R34, R35.
 * Whether a LogoutResponse answers a pending request (O30), and whose sessions end (S07), is proved at the endpoint.
 */
import { createHmac } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  type LogoutTrust,
  receiveLogoutPost,
  receiveLogoutQuery,
  SAML_MESSAGE_BYTES_MAX,
  SIGNATURE,
} from "../../src/saml/index.ts";
import { createIdentityProvider, type LogoutOptions, toBase64 } from "../support/identity-provider.ts";
import { signBytes } from "../support/messages/keys.ts";
import { type Code, NOW, ORIGIN, type Scene, scene, VICTIM } from "../support/messages/scene.ts";
import { drop, putBefore, swap } from "../support/messages/surgery.ts";

const SLO = `${ORIGIN}/sso/slo`;
const trustOf = (s: Scene): LogoutTrust => ({ ...s.expectations, sloUrl: SLO });
const request = (s: Scene, o: Partial<LogoutOptions> = {}) =>
  s.idp.logoutRequest({ destination: SLO, now: NOW, nameID: VICTIM, sessionIndex: "_s", id: "_logout", ...o });
const signed = (s: Scene, xml = request(s), relayState = "state+/ =") =>
  s.idp.redirectQuery("SAMLRequest", xml, { relayState });
const encode = encodeURIComponent;
const parameter = (query: string, name: string) => query.split("&").find((p) => p.startsWith(`${name}=`)) ?? "";

function row(name: string, codes: Code | readonly Code[], craft: (s: Scene) => Promise<string>): void {
  it(name, async () => {
    const s = await scene();
    const result = await receiveLogoutQuery(await craft(s), trustOf(s));
    if (result.ok) throw new Error("ATTACK ACCEPTED");
    expect([codes].flat()).toContain(result.refusal.code);
  });
}

describe("O: Redirect binding and single logout", () => {
  it("the honest twin is believed: signed queries with and without RelayState, encoded in upper and lower case, RSA and EC", async () => {
    const s = await scene();
    const believed = { ok: true, value: { kind: "LogoutRequest", nameID: { value: VICTIM }, sessionIndexes: ["_s"] } };
    expect(await receiveLogoutQuery(await signed(s), trustOf(s))).toMatchObject(believed);
    expect(await receiveLogoutQuery(await s.idp.redirectQuery("SAMLRequest", request(s)), trustOf(s))).toMatchObject(
      believed,
    );
    expect(
      await receiveLogoutQuery(
        await s.idp.redirectQuery("SAMLRequest", request(s), { lowerCase: true, relayState: "a/b+c" }),
        trustOf(s),
      ),
    ).toMatchObject(believed);
    const ec = await scene("P-256");
    expect(await receiveLogoutQuery(await signed(ec), trustOf(ec))).toMatchObject(believed);
    const response = s.idp.logoutResponse({ destination: SLO, now: NOW, inResponseTo: "_ours" });
    expect(await receiveLogoutQuery(await s.idp.redirectQuery("SAMLResponse", response), trustOf(s))).toMatchObject({
      ok: true,
      value: { kind: "LogoutResponse", inResponseTo: "_ours" },
    });
    expect(
      await receiveLogoutPost("SAMLRequest", await s.idp.postField(request(s), "_logout"), trustOf(s)),
    ).toMatchObject(believed);
  });

  row("O10 no Signature", "signature_missing", (s) => s.idp.redirectQuery("SAMLRequest", request(s), { sign: false }));
  row("O11 SigAlg present, Signature removed", "signature_missing", async (s) =>
    drop(await signed(s), /&Signature=.*$/),
  );
  row("O11 Signature empty", "signature_missing", async (s) => swap(await signed(s), /&Signature=.*$/, "&Signature="));
  row("O11 Signature present, SigAlg removed", "signature_missing", async (s) =>
    drop(await signed(s), /&SigAlg=[^&]*/),
  );
  row("O11 Signature without a value", ["signature_missing", "signature_malformed"], async (s) =>
    swap(await signed(s), /&Signature=.*$/, "&Signature"),
  );
  row("O12 the message exchanged", "signature_invalid", async (s) =>
    swap(
      await signed(s),
      parameter(await signed(s), "SAMLRequest"),
      parameter(await signed(s, request(s, { nameID: "other@corp.example" })), "SAMLRequest"),
    ),
  );
  row("O12 the RelayState exchanged", "signature_invalid", async (s) =>
    swap(await signed(s), /RelayState=[^&]*/, "RelayState=evil"),
  );
  row("O12 the RelayState removed", "signature_invalid", async (s) => drop(await signed(s), /&RelayState=[^&]*/));
  row(
    "O12 a RelayState added",
    "signature_invalid",
    async (s) => `${await s.idp.redirectQuery("SAMLRequest", request(s))}&RelayState=x`,
  );
  row("O12 the RelayState emptied", "signature_invalid", async (s) =>
    swap(await signed(s), /RelayState=[^&]*/, "RelayState="),
  );
  for (const name of ["SAMLRequest", "RelayState", "SigAlg", "Signature"]) {
    row(
      `O14 ${name} twice, the same value`,
      "signature_malformed",
      async (s) => `${await signed(s)}&${parameter(await signed(s), name)}`,
    );
    row(`O14 ${name} once more with an escaped name`, "signature_malformed", async (s) =>
      `${await signed(s)}&%53${`${name}=x`.slice(1)}`.replace("%53elayState", "%52elayState"),
    );
    row(`O14 ${name} without a value before it`, "signature_malformed", async (s) => `${name}&${await signed(s)}`);
  }
  row("O15 an unsigned SAMLRequest put first", "signature_malformed", async (s) => {
    const unsigned = await s.idp.redirectQuery("SAMLRequest", request(s, { nameID: "other@corp.example" }), {
      sign: false,
    });
    return `${unsigned}&${await signed(s)}`;
  });
  row("O15 an unsigned SAMLRequest put last", "signature_malformed", async (s) => {
    const unsigned = await s.idp.redirectQuery("SAMLRequest", request(s), { sign: false });
    return `${await signed(s)}&${unsigned}`;
  });
  row("O16 SAMLRequest and SAMLResponse both", "signature_malformed", async (s) => {
    const response = await s.idp.redirectQuery(
      "SAMLResponse",
      s.idp.logoutResponse({ destination: SLO, now: NOW, inResponseTo: "_x" }),
      { sign: false },
    );
    return `${await signed(s)}&${response}`;
  });
  row("O16 the signed message renamed to SAMLResponse", ["signature_invalid"], async (s) =>
    swap(await signed(s), "SAMLRequest=", "SAMLResponse="),
  );
  row(
    "O17 a SAMLEncoding of its own is not looked at, the message under it is another",
    ["signature_invalid"],
    async (s) => `SAMLEncoding=urn:none&${swap(await signed(s), "SAMLRequest=", "SAMLRequest=A")}`,
  );

  const hmac = (s: Scene, secret: string | Uint8Array, algorithm: string) => {
    const query = `SAMLRequest=${encode(toBase64(deflateRawSync(request(s))))}&SigAlg=${encode(algorithm)}`;
    return `${query}&Signature=${encode(createHmac("sha256", secret).update(query).digest("base64"))}`;
  };
  for (const algorithm of [
    "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
    "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
    "none",
    "",
    "__proto__",
  ]) {
    row(
      `O18 HMAC keyed with the certificate, SigAlg ${JSON.stringify(algorithm)}`,
      ["signature_algorithm", "signature_missing"],
      async (s) => hmac(s, s.idp.certificate, algorithm),
    );
  }
  row("O18 HMAC keyed with the certificate that calls itself RSA-SHA256", "signature_invalid", async (s) =>
    hmac(s, Buffer.from(s.idp.certificate, "base64"), SIGNATURE.rsaSha256),
  );
  row("O19 SHA-1 signature algorithm", "signature_algorithm", (s) =>
    s.idp.redirectQuery("SAMLRequest", request(s), { algorithm: SIGNATURE.rsaSha1 }),
  );
  row("O20 SigAlg swapped after signing", "signature_invalid", async (s) =>
    swap(await signed(s), encode(SIGNATURE.rsaSha256), encode(SIGNATURE.rsaSha512)),
  );
  row(
    "O21 values percent-encoded twice, signature over the single encoding",
    ["signature_invalid", "signature_algorithm", "signature_malformed"],
    async (s) => {
      const query = await signed(s);
      return query
        .split("&")
        .map((p) => p.replace(/=(.*)$/, (_, v) => `=${encode(v)}`))
        .join("&");
    },
  );
  row("O21 only the message percent-encoded otherwise", "signature_invalid", async (s) =>
    swap(
      await signed(s),
      /SAMLRequest=(.)/,
      `SAMLRequest=%${Buffer.from(parameter(await signed(s), "SAMLRequest")[12] ?? "").toString("hex")}`,
    ),
  );
  row("O22 signed over another order of the parameters", "signature_invalid", async (s) => {
    const base = `SigAlg=${encode(SIGNATURE.rsaSha256)}&SAMLRequest=${encode(toBase64(deflateRawSync(request(s))))}`;
    return `${base}&Signature=${encode(toBase64(await signBytes(s.idp.keyPair, SIGNATURE.rsaSha256, new TextEncoder().encode(base))))}`;
  });
  row("O23 NotOnOrAfter two hours ago", "conditions_expired", (s) =>
    signed(s, request(s, { notOnOrAfter: NOW - 7_200_000 })),
  );
  row("O23 IssueInstant two hours ago", "issue_instant_out_of_window", (s) =>
    signed(s, request(s, { now: NOW - 7_200_000, notOnOrAfter: null })),
  );
  row("O23 NotOnOrAfter is no date", "time_invalid", (s) =>
    signed(s, swap(request(s), /NotOnOrAfter="[^"]*"/, 'NotOnOrAfter="never"')),
  );
  row("O24 Destination of another company", "destination_mismatch", (s) =>
    signed(s, request(s, { destination: "https://other.vestibule.example/sso/slo" })),
  );
  row("O24 Destination is our ACS", "destination_mismatch", (s) =>
    signed(s, request(s, { destination: `${ORIGIN}/sso/acs` })),
  );
  row("O25 another configured IdP signs with its own key and issuer", "signature_invalid", async () => {
    const b = await createIdentityProvider({ entityId: "https://b.example/", keyName: "company b" });
    return b.redirectQuery("SAMLRequest", b.logoutRequest({ destination: SLO, now: NOW, nameID: VICTIM }));
  });
  row("O25 the same with our issuer", "signature_invalid", (s) => s.mallory.redirectQuery("SAMLRequest", request(s)));
  row("O25 our IdP signs for another issuer", "issuer_mismatch", (s) =>
    signed(s, request(s, { issuer: "https://b.example/" })),
  );
  row("O26 an XML signature inside the message, none on the query", "signature_missing", async (s) =>
    s.idp.redirectQuery("SAMLRequest", await s.idp.sign(request(s), "_logout"), { sign: false }),
  );
  row("O26 an XML signature inside, the attacker's on the query", "signature_invalid", async (s) =>
    s.mallory.redirectQuery("SAMLRequest", await s.idp.sign(request(s), "_logout")),
  );
  row("O27 more than the limit after inflating", "message_too_large", (s) =>
    signed(
      s,
      swap(request(s), "</samlp:LogoutRequest>", `${" ".repeat(SAML_MESSAGE_BYTES_MAX)}</samlp:LogoutRequest>`),
    ),
  );
  row("O27 bytes after the DEFLATE stream", "deflate_invalid", async (s) => {
    const deflated = Buffer.concat([deflateRawSync(request(s)), Buffer.from("<x/>")]);
    const query = `SAMLRequest=${encode(toBase64(deflated))}&SigAlg=${encode(SIGNATURE.rsaSha256)}`;
    return `${query}&Signature=${encode(toBase64(await signBytes(s.idp.keyPair, SIGNATURE.rsaSha256, new TextEncoder().encode(query))))}`;
  });
  row("O28 a DOCTYPE in a signed LogoutRequest", "xml_doctype", (s) => signed(s, `<!DOCTYPE r>${request(s)}`));
  row("O28 two NameIDs", "schema_invalid", (s) =>
    signed(
      s,
      putBefore(request(s), "<samlp:SessionIndex>", '<NameID xmlns="urn:oasis:names:tc:SAML:2.0:assertion">x</NameID>'),
    ),
  );
  row("O28 no NameID", "name_id_missing", (s) => signed(s, drop(request(s), /<NameID.*<\/NameID>/)));
  row("O29 the query of a LogoutRequest as SAMLResponse", ["message_type"], (s) =>
    s.idp.redirectQuery("SAMLResponse", request(s)),
  );
  row("O30 an unsigned LogoutResponse", "signature_missing", (s) =>
    s.idp.redirectQuery("SAMLResponse", s.idp.logoutResponse({ destination: SLO, now: NOW, inResponseTo: "_x" }), {
      sign: false,
    }),
  );
  row("O30 a signed LogoutResponse without InResponseTo", "in_response_to_missing", (s) =>
    s.idp.redirectQuery(
      "SAMLResponse",
      drop(s.idp.logoutResponse({ destination: SLO, now: NOW, inResponseTo: "_x" }), ' InResponseTo="_x"'),
    ),
  );
  row("O31 a signed query whose message is an authentication Response", "message_type", async (s) =>
    s.idp.redirectQuery("SAMLResponse", (await s.own()).xml),
  );
  row("O31 an AuthnRequest", "message_type", (s) => signed(s, request(s).replaceAll("LogoutRequest", "AuthnRequest")));
  it("O32 a Signature with + left unencoded is taken for what it means, or refused; nothing else changes", async () => {
    const s = await scene();
    let tried = 0;
    for (let i = 0; i < 20 && tried < 3; i++) {
      const query = await signed(s, request(s, { id: `_logout${i}` }));
      const loose = query.replace(/(&Signature=.*)$/, (part) => part.replaceAll("%2B", "+"));
      if (loose === query) continue;
      tried++;
      const result = await receiveLogoutQuery(loose, trustOf(s));
      if (result.ok) expect(result.value).toMatchObject({ nameID: { value: VICTIM } });
      else expect(["signature_malformed", "signature_invalid"]).toContain(result.refusal.code);
    }
    expect(tried).toBe(3);
  });
  row("O33 a query of nothing", "message_missing", async () => "");
  row("O33 the message alone is missing", "message_missing", async (s) => drop(await signed(s), /SAMLRequest=[^&]*&/));
  row("O33 a broken percent-encoding in the message", ["signature_invalid"], async (s) =>
    swap(await signed(s), "SAMLRequest=", "SAMLRequest=%zz"),
  );

  for (const [name, codes, craft] of [
    ["O34 POST: unsigned", ["signature_missing"], async (s: Scene) => toBase64(request(s))],
    [
      "O34 POST: signed by the attacker",
      ["signature_invalid"],
      async (s: Scene) => s.mallory.postField(request(s), "_logout"),
    ],
    [
      "O34 POST: NameID changed",
      ["digest_mismatch"],
      async (s: Scene) => toBase64(swap(await s.idp.sign(request(s), "_logout"), VICTIM, "other@corp.example")),
    ],
    [
      "O34 POST: an authentication Response",
      ["message_type"],
      async (s: Scene) => (await s.own({ sign: "response" })).samlResponse,
    ],
    [
      "O34 POST: a genuine signed LogoutRequest hidden in a forged one",
      ["signature_missing", "signature_malformed", "signature_misplaced"],
      async (s: Scene) =>
        toBase64(
          putBefore(
            request(s, { id: "_forged" }),
            "</samlp:LogoutRequest>",
            `<samlp:Extensions>${await s.idp.sign(request(s), "_logout")}</samlp:Extensions>`,
          ),
        ),
    ],
    [
      "O34 POST: the same with the signature moved into the forged one",
      ["signature_reference", "signature_malformed"],
      async (s: Scene) => {
        const genuine = await s.idp.sign(request(s), "_logout");
        const signature = /<Signature[\s\S]*<\/Signature>/.exec(genuine)?.[0] ?? "";
        const forged = request(s, { id: "_forged", nameID: "other@corp.example" });
        return toBase64(
          putBefore(
            swap(forged, "</Issuer>", `</Issuer>${signature}`),
            "</samlp:LogoutRequest>",
            `<samlp:Extensions>${drop(genuine, signature)}</samlp:Extensions>`,
          ),
        );
      },
    ],
    [
      "O34 POST: a deflated message",
      ["xml_encoding", "xml_malformed"],
      async (s: Scene) => toBase64(deflateRawSync(await s.idp.sign(request(s), "_logout"))),
    ],
  ] as const) {
    it(name, async () => {
      const s = await scene();
      const result = await receiveLogoutPost("SAMLRequest", await craft(s), trustOf(s));
      if (result.ok) throw new Error("ATTACK ACCEPTED");
      expect(codes).toContain(result.refusal.code);
    });
  }
});
