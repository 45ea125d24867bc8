/** Group H: algorithms and keys that must not count, though the identity provider's own key made the signature. Rules R1, R10, R24. */
import { createHash, createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { DIGEST, SIGNATURE } from "../../src/saml/terms.ts";
import { createIdentityProvider, pem } from "../support/identity-provider.ts";
import { fromBig, pkcs1Encode, rawRsaSign, toBig } from "../support/messages/keys.ts";
import {
  ATTACKER,
  asVictim,
  Door,
  fieldOf,
  mustAccept,
  mustRefuse,
  type Scene,
  scene,
  VICTIM,
} from "../support/messages/scene.ts";
import type { SignatureStyle } from "../support/messages/sign.ts";
import { swap } from "../support/messages/surgery.ts";
import { attack, honestTwin } from "./catalogue.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));
const MD5_PREFIX = hex("3020300c06082a864886f70d020505000410");
const SHA256_PREFIX = hex("3031300d060960864801650304020105000420");
const hmac = (hash: string, secret: Uint8Array | string) => (octets: Uint8Array) =>
  Uint8Array.from(createHmac(hash, secret).update(octets).digest());
const HMAC_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
const HMAC_SHA1 = "http://www.w3.org/2000/09/xmldsig#hmac-sha1";
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

const forged = async (s: Scene, signature: SignatureStyle) =>
  (await s.mallory.respond({ ...s.options, nameID: VICTIM, signature })).xml;

describe("H: algorithms and keys", () => {
  honestTwin();

  for (const sign of ["assertion", "response", "both"] as const) {
    attack(
      `H01 RSA-SHA1 by the identity provider, ${sign}`,
      "signature_algorithm",
      async (s) => (await s.own({ sign, signature: { algorithm: SIGNATURE.rsaSha1, digest: DIGEST.sha1 } })).xml,
    );
    attack(
      `H02 RSA-SHA256 over a SHA-1 digest, ${sign}`,
      "signature_algorithm",
      async (s) => (await s.own({ sign, signature: { digest: DIGEST.sha1 } })).xml,
    );
    attack(
      `H02 RSA-SHA1 over a SHA-256 digest, ${sign}`,
      "signature_algorithm",
      async (s) => (await s.own({ sign, signature: { algorithm: SIGNATURE.rsaSha1 } })).xml,
    );
  }
  it("H01 H02 both pass where the company's settings allow SHA-1, and nothing forged does", async () => {
    const s = await scene();
    for (const signature of [{ algorithm: SIGNATURE.rsaSha1, digest: DIGEST.sha1 }, { digest: DIGEST.sha1 }]) {
      const own = await s.own({ signature });
      expect((await mustAccept(own, s, { allowSha1: true })).nameID.value).toBe(ATTACKER);
      await mustRefuse(asVictim(own.xml), ["digest_mismatch"], s, { allowSha1: true });
    }
  });

  attack("H03 an RSA-MD5 signature by the identity provider", "signature_algorithm", async (s) => {
    const signWith = (octets: Uint8Array) =>
      rawRsaSign(
        s.idp.keyPair,
        pkcs1Encode(Uint8Array.from([...MD5_PREFIX, ...createHash("md5").update(octets).digest()]), 256),
      );
    return (await s.own({ signature: { method: "http://www.w3.org/2001/04/xmldsig-more#rsa-md5", signWith } })).xml;
  });

  const rsaSha256 = (s: Scene, octets: Uint8Array) =>
    rawRsaSign(
      s.idp.keyPair,
      pkcs1Encode(Uint8Array.from([...SHA256_PREFIX, ...createHash("sha256").update(octets).digest()]), 256),
    );
  it("the hand-made RSA-SHA256 signature of this file is accepted unchanged", async () => {
    const s = await scene();
    expect(
      (await mustAccept(await s.own({ signature: { signWith: (octets) => rsaSha256(s, octets) } }), s)).nameID.value,
    ).toBe(ATTACKER);
  });
  for (const [name, change] of [
    ["with a zero octet before it", (v: Uint8Array) => Uint8Array.from([0, ...v])],
    ["with a zero octet after it", (v: Uint8Array) => Uint8Array.from([...v, 0])],
    ["with its last octet missing", (v: Uint8Array) => v.slice(0, -1)],
    ["doubled", (v: Uint8Array) => Uint8Array.from([...v, ...v])],
    ["all zeros", (v: Uint8Array) => new Uint8Array(v.length)],
    ["all ones", (v: Uint8Array) => new Uint8Array(v.length).fill(255)],
    ["of one octet", () => Uint8Array.of(1)],
  ] as const) {
    attack(
      `H04 a SignatureValue ${name}`,
      ["signature_invalid", "signature_malformed"],
      async (s) => (await s.own({ signature: { signWith: (octets) => change(rsaSha256(s, octets)) } })).xml,
    );
  }
  attack("H04 the signature plus the modulus", "signature_invalid", async (s) => {
    const modulus = toBig(Buffer.from(s.idp.keyPair.privateJwk.n ?? "", "base64url"));
    return (await s.own({ signature: { signWith: (octets) => fromBig(toBig(rsaSha256(s, octets)) + modulus, 257) } }))
      .xml;
  });
  for (const [name, encode] of [
    [
      "H05 an encoded message with garbage after the hash (Bleichenbacher 2006)",
      (hash: Uint8Array) => {
        const encoded = new Uint8Array(256).fill(0x41);
        encoded.set([0, 1, 255, 255, 255, 255, 255, 255, 255, 255, 0, ...SHA256_PREFIX, ...hash]);
        return encoded;
      },
    ],
    [
      "H05 an encoded message without the algorithm's NULL",
      (hash: Uint8Array) =>
        pkcs1Encode(Uint8Array.from([...hex("302f300b0609608648016503040201" + "0420"), ...hash]), 256),
    ],
    ["H05 the bare hash without DigestInfo", (hash: Uint8Array) => pkcs1Encode(hash, 256)],
    [
      "H05 padding of zeros",
      (hash: Uint8Array) => {
        const encoded = pkcs1Encode(Uint8Array.from([...SHA256_PREFIX, ...hash]), 256);
        return encoded.fill(0, 2, 256 - 51);
      },
    ],
  ] as const) {
    attack(
      name,
      "signature_invalid",
      async (s) =>
        (
          await s.own({
            signature: {
              signWith: (octets) =>
                rawRsaSign(s.idp.keyPair, encode(Uint8Array.from(createHash("sha256").update(octets).digest()))),
            },
          })
        ).xml,
    );
  }
  attack(
    "H06 RSA-SHA512 declared, RSA-SHA256 made",
    "signature_invalid",
    async (s) => (await s.own({ signature: { method: SIGNATURE.rsaSha512 } })).xml,
  );
  attack(
    "H06 RSA-PSS declared, PKCS #1 v1.5 made",
    "signature_invalid",
    async (s) => (await s.own({ signature: { method: SIGNATURE.rsaPssSha256 } })).xml,
  );

  const secrets: readonly [string, (s: Scene) => Uint8Array | string][] = [
    ["H07 the certificate in base64", (s) => s.idp.certificate],
    ["H08 the certificate's DER", (s) => Uint8Array.from(Buffer.from(s.idp.certificate, "base64"))],
    ["H09 the SubjectPublicKeyInfo", (s) => s.idp.keyPair.spki],
    ["H10 the certificate's PEM", (s) => s.idp.certificatePem],
    [
      "H10 the public key's PEM",
      (s) => pem(Buffer.from(s.idp.keyPair.spki).toString("base64")).replaceAll("CERTIFICATE", "PUBLIC KEY"),
    ],
    ["H11 nothing", () => new Uint8Array()],
    ["H11 the modulus", (s) => Uint8Array.from(Buffer.from(s.idp.keyPair.privateJwk.n ?? "", "base64url"))],
  ];
  for (const [name, secret] of secrets) {
    attack(`${name} as secret of HMAC-SHA256`, "signature_algorithm", (s) =>
      forged(s, { method: HMAC_SHA256, signWith: hmac("sha256", secret(s)) }),
    );
    attack(`${name} as secret of an HMAC that calls itself RSA-SHA256`, ["signature_invalid"], (s) =>
      forged(s, { signWith: hmac("sha256", secret(s)) }),
    );
    attack(`H12 ${name} as secret of HMAC-SHA1`, "signature_algorithm", (s) =>
      forged(s, { method: HMAC_SHA1, signWith: hmac("sha1", secret(s)) }),
    );
  }
  for (const [bits, value] of [
    ["0", new Uint8Array()],
    ["8", Uint8Array.of(7)],
    ["-1", Uint8Array.of(7)],
  ] as const) {
    const signedInfo = (x: string) =>
      swap(
        x,
        /(<SignatureMethod [^>]*)\/>/,
        `<SignatureMethod Algorithm="${HMAC_SHA1}"><HMACOutputLength>${bits}</HMACOutputLength></SignatureMethod>`,
      );
    attack(`H13 H14 HMACOutputLength ${bits}`, ["signature_algorithm", "signature_malformed"], (s) =>
      forged(s, { signedInfo, signWith: () => value }),
    );
    const hidden = (x: string) =>
      swap(
        x,
        /(<SignatureMethod [^>]*)\/>/,
        `<SignatureMethod Algorithm="${SIGNATURE.rsaSha256}"><HMACOutputLength>${bits}</HMACOutputLength></SignatureMethod>`,
      );
    attack(
      `H13 HMACOutputLength ${bits} in an RSA method by the identity provider`,
      ["signature_malformed"],
      async (s) => (await s.own({ signature: { signedInfo: hidden } })).xml,
    );
  }
  for (const method of [
    "none",
    "",
    "http://www.w3.org/2001/04/xmldsig-more#none",
    "urn:x",
    "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
    SIGNATURE.rsaSha256.toUpperCase(),
    `${SIGNATURE.rsaSha256} `,
    ` ${SIGNATURE.rsaSha256}`,
    "rsa-sha256",
    "RS256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-ripemd160",
    "http://www.w3.org/2007/05/xmldsig-more#rsa-whirlpool",
    "http://www.w3.org/2000/09/xmldsig#sha1",
    "__proto__",
    "constructor",
  ]) {
    attack(
      `H15 SignatureMethod ${JSON.stringify(method)}`,
      "signature_algorithm",
      async (s) => (await s.own({ signature: { method } })).xml,
    );
    attack(
      `H16 DigestMethod ${JSON.stringify(method)}`,
      "signature_algorithm",
      async (s) => (await s.own({ signature: { digest: method } })).xml,
    );
  }

  for (const algorithm of [SIGNATURE.ecdsaSha256, SIGNATURE.ecdsaSha384]) {
    attack(
      `H17 an EC key's signature of the attacker, ${algorithm}, while an RSA key is pinned`,
      ["signature_algorithm", "signature_invalid"],
      async (s) => {
        const ec = await createIdentityProvider({ keyKind: "P-256", keyName: "mallory" });
        return (await ec.respond({ ...s.options, nameID: VICTIM, signature: { algorithm } })).xml;
      },
    );
  }
  const half = (value: bigint) => fromBig(value, 32);
  for (const [name, value] of [
    ["r = s = 0", [...half(0n), ...half(0n)]],
    ["r = s = n", [...half(P256_ORDER), ...half(P256_ORDER)]],
    ["r = s = 1", [...half(1n), ...half(1n)]],
    ["r = 0, s = 1", [...half(0n), ...half(1n)]],
    ["r = n, s = 1", [...half(P256_ORDER), ...half(1n)]],
    ["r = s = 2^256 - 1", [...half(2n ** 256n - 1n), ...half(2n ** 256n - 1n)]],
    ["empty", []],
    ["DER instead of r and s", [0x30, 6, 2, 1, 1, 2, 1, 1]],
  ] as const) {
    it(`H20 an ECDSA signature with ${name} is refused`, async () => {
      const s = await scene("P-256");
      const { xml } = await s.mallory.respond({
        ...s.options,
        nameID: VICTIM,
        signature: { signWith: () => Uint8Array.from(value) },
      });
      await mustRefuse(xml, ["signature_invalid", "signature_malformed"], s);
    });
  }
  it("H21 an honest ECDSA signature is accepted, P-256 and P-384, and a forged one is not", async () => {
    for (const kind of ["P-256", "P-384"] as const) {
      const s = await scene(kind);
      const own = await s.own({ sign: "both" });
      expect((await mustAccept(own, s)).nameID.value).toBe(ATTACKER);
      await mustRefuse(asVictim(own.xml), ["digest_mismatch"], s);
      await mustRefuse((await s.mallory.respond({ ...s.options, nameID: VICTIM })).xml, ["signature_invalid"], s);
    }
  });
  attack("H23 signed with a 1024-bit key that KeyInfo offers", "signature_invalid", async (s) => {
    const weak = await createIdentityProvider({ keyKind: "RSA-1024", keyName: "weak" });
    return (await weak.respond({ ...s.options, nameID: VICTIM })).xml;
  });
  it("H24 the same assertion again with (r, n - s): a new SignatureValue is no new assertion", async () => {
    const s = await scene("P-256");
    const door = new Door(s.expectations);
    const { xml } = await s.own();
    const value = /<SignatureValue>([^<]*)/.exec(xml)?.[1] ?? "";
    const octets = Buffer.from(value, "base64");
    const mirrored = Buffer.concat([octets.subarray(0, 32), half(P256_ORDER - toBig(octets.subarray(32)))]).toString(
      "base64",
    );
    expect(await door.present(fieldOf(xml))).toMatchObject({ ok: true });
    door.expectAnswerTo("_request-1");
    expect(await door.present(fieldOf(swap(xml, value, mirrored)))).toMatchObject({
      ok: false,
      code: "assertion_used",
    });
  });
});
