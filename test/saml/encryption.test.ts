/** Encrypted elements, by an encrypter that shares no code with the decrypter; and that every failure looks the same. */
import { beforeAll, describe, expect, test } from "vitest";
import { type EncryptOptions, encrypt } from "xml-encryption";
import { decryptElement } from "../../src/saml/encryption.ts";
import { importDecryptionKey } from "../../src/saml/key-pair.ts";
import { CONTENT_ENCRYPTION, DIGEST, KEY_TRANSPORT, MASK_GENERATION, NS } from "../../src/saml/terms.ts";
import { type EncryptionStyle, encryptXml } from "../support/messages/encrypt.ts";
import { type KeyPair, keyPair } from "../support/messages/keys.ts";
import { codeOf, parsed } from "../support/messages/pinned.ts";
import { cut, drop, putAfter, putBefore, swap } from "../support/messages/surgery.ts";

let ours: KeyPair;
let key: CryptoKey;
beforeAll(async () => {
  ours = await keyPair("RSA-2048", "decryption");
  key = await importDecryptionKey(ours.pkcs8);
});

/** Where failure must be certain: by CBC one wrong key in sixteen makes octets that look padded. */
const GCM = { cipher: CONTENT_ENCRYPTION.aes256Gcm };
const PLAINTEXT = `<saml:Assertion xmlns:saml="${NS.saml}" ID="_a">Zoë</saml:Assertion>`;

const encrypted = (style: Partial<EncryptionStyle> = {}, plaintext: string | Uint8Array = PLAINTEXT) =>
  encryptXml(plaintext, { to: ours, ...style });

async function decrypted(xml: string, keys: readonly CryptoKey[] = [key]): Promise<string> {
  const result = await decryptElement(parsed(xml), keys);
  return result.ok ? new TextDecoder().decode(result.value) : JSON.stringify(result.refusal);
}

describe("every allowed algorithm decrypts", () => {
  test.each(Object.values(CONTENT_ENCRYPTION))("%s", async (cipher) => {
    expect(await decrypted(await encrypted({ cipher }))).toBe(PLAINTEXT);
  });

  test.each<[string, Partial<EncryptionStyle>]>([
    ["rsa-oaep-mgf1p with the default digest", {}],
    ["rsa-oaep-mgf1p with SHA-1 said", { oaepDigest: DIGEST.sha1 }],
    ["rsa-oaep-mgf1p with SHA-256, the mask with SHA-1", { oaepDigest: DIGEST.sha256 }],
    ["rsa-oaep-mgf1p with SHA-512, the mask with SHA-1", { oaepDigest: DIGEST.sha512 }],
    ["rsa-oaep with the defaults", { keyTransport: KEY_TRANSPORT.rsaOaep }],
    ["rsa-oaep with SHA-256, the mask's default", { keyTransport: KEY_TRANSPORT.rsaOaep, oaepDigest: DIGEST.sha256 }],
    [
      "rsa-oaep with SHA-1, the mask with SHA-256",
      { keyTransport: KEY_TRANSPORT.rsaOaep, mgf: MASK_GENERATION.sha256 },
    ],
    [
      "rsa-oaep with SHA-256 for both",
      { keyTransport: KEY_TRANSPORT.rsaOaep, oaepDigest: DIGEST.sha256, mgf: MASK_GENERATION.sha256 },
    ],
    ["an EncryptedKey beside EncryptedData", { keyPlace: "beside" }],
    ["an EncryptedID", { element: "EncryptedID" }],
  ])("%s", async (_, style) => {
    expect(await decrypted(await encrypted(style))).toBe(PLAINTEXT);
    expect(await decrypted(await encrypted({ ...style, cipher: CONTENT_ENCRYPTION.aes128Gcm }))).toBe(PLAINTEXT);
  });

  test("every length of plaintext around a block, by CBC", async () => {
    for (let length = 0; length <= 33; length++) {
      const plaintext = "x".repeat(length);
      expect(await decrypted(await encrypted({ cipher: CONTENT_ENCRYPTION.aes128Cbc }, plaintext))).toBe(plaintext);
    }
  });

  test("octets that are no text come out as they went in", async () => {
    const octets = Uint8Array.from({ length: 300 }, (_, index) => index);
    const result = await decryptElement(parsed(await encrypted({}, octets)), [key]);
    expect(result.ok && [...result.value]).toEqual([...octets]);
  });

  test("CBC padding whose octets are random, as XML-Enc allows and .NET and libxmlsec write it", async () => {
    const cipher = CONTENT_ENCRYPTION.aes256Cbc;
    // The same content key can't be had from the encrypter, so the ciphertext is made here whole: IV, then one block.
    const contentKey = crypto.getRandomValues(new Uint8Array(32));
    const aes = await crypto.subtle.importKey("raw", contentKey, "AES-CBC", false, ["encrypt"]);
    const iv = crypto.getRandomValues(new Uint8Array(16));
    const block = Buffer.concat([Buffer.from("<a/>"), crypto.getRandomValues(new Uint8Array(11)), Buffer.of(12)]);
    const whole = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CBC", iv }, aes, block));
    const content = Buffer.concat([iv, whole.subarray(0, 16)]).toString("base64");
    const wrapped = Buffer.from(await wrapWithWebCrypto(contentKey)).toString("base64");
    const xml = swap(
      await encrypted({ cipher }),
      /(<\/KeyInfo><xenc:CipherData><xenc:CipherValue>)[^<]*/,
      `</KeyInfo><xenc:CipherData><xenc:CipherValue>${content}`,
    );
    expect(
      await decrypted(
        swap(
          xml,
          /(<\/xenc:EncryptionMethod><xenc:CipherData><xenc:CipherValue>)[^<]*/,
          `</xenc:EncryptionMethod><xenc:CipherData><xenc:CipherValue>${wrapped}`,
        ),
      ),
    ).toBe("<a/>");
  });

  test("a label of OAEP (OAEPparams)", async () => {
    const label = Uint8Array.of(1, 2, 3);
    const contentKey = crypto.getRandomValues(new Uint8Array(16));
    const aes = await crypto.subtle.importKey("raw", contentKey, "AES-GCM", false, ["encrypt"]);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const content = Buffer.concat([
      iv,
      new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, aes, Buffer.from("<a/>"))),
    ]);
    const wrapped = Buffer.from(await wrapWithWebCrypto(contentKey, label)).toString("base64");
    const template = await encrypted({ cipher: CONTENT_ENCRYPTION.aes128Gcm });
    const values = [wrapped, content.toString("base64")];
    const xml = swap(
      template.replace(/<xenc:CipherValue>[^<]*/g, () => `<xenc:CipherValue>${values.shift()}`),
      "</xenc:EncryptionMethod>",
      "<xenc:OAEPparams>AQID</xenc:OAEPparams></xenc:EncryptionMethod>",
    );
    expect(await decrypted(xml)).toBe("<a/>");
    expect(await decrypted(swap(xml, "AQID", "AQIE"))).toBe('{"code":"decryption_failed"}');
  });

  test.each([
    ["aes256-cbc", "sha1"],
    ["aes128-cbc", "sha256"],
    ["aes256-gcm", "sha512"],
  ])("what the npm package xml-encryption wrote: %s, %s for label and mask alike", async (cipher, digest) => {
    const namespace = cipher.endsWith("gcm") ? NS.xenc11 : NS.xenc;
    const pem = `-----BEGIN CERTIFICATE-----\n${ours.certificate.replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----`;
    const { createPublicKey } = await import("node:crypto");
    const rsaPub = createPublicKey({ key: Buffer.from(ours.spki), format: "der", type: "spki" }).export({
      format: "pem",
      type: "spki",
    });
    const options = {
      rsa_pub: rsaPub,
      pem,
      encryptionAlgorithm: `${namespace}${cipher}` as EncryptOptions["encryptionAlgorithm"],
      keyEncryptionAlgorithm: KEY_TRANSPORT.rsaOaepMgf1p,
      keyEncryptionDigest: digest,
    };
    const data = await new Promise<string>((resolve, reject) =>
      encrypt(PLAINTEXT, options, (error: Error | null, xml: string) => (error ? reject(error) : resolve(xml))),
    );
    expect(await decrypted(`<saml:EncryptedAssertion xmlns:saml="${NS.saml}">${data}</saml:EncryptedAssertion>`)).toBe(
      PLAINTEXT,
    );
  });
});

/** RSA-OAEP by WebCrypto with SHA-1, a third implementation. */
async function wrapWithWebCrypto(
  contentKey: Uint8Array<ArrayBuffer>,
  label?: Uint8Array<ArrayBuffer>,
): Promise<ArrayBuffer> {
  const algorithm = { name: "RSA-OAEP", hash: "SHA-1" };
  const publicKey = await crypto.subtle.importKey("spki", ours.spki, algorithm, false, ["encrypt"]);
  return crypto.subtle.encrypt(label ? { name: "RSA-OAEP", label } : { name: "RSA-OAEP" }, publicKey, contentKey);
}

describe("several keys", () => {
  test("each of our keys is tried, newest or not", async () => {
    const old = await keyPair("RSA-2048", "decryption, old");
    const keys = [key, await importDecryptionKey(old.pkcs8)];
    expect(await decrypted(await encryptXml(PLAINTEXT, { to: old }), keys)).toBe(PLAINTEXT);
    expect(await decrypted(await encrypted(), keys)).toBe(PLAINTEXT);
  });

  test("of several EncryptedKeys the one for us is found, wherever it stands", async () => {
    const foreign = cut(await encryptXml(PLAINTEXT, { to: await keyPair(), keyPlace: "beside" }), "xenc:EncryptedKey");
    const xml = await encrypted({ keyPlace: "beside" });
    const [first, second] = [
      putAfter(xml, "</xenc:EncryptedData>", foreign),
      putBefore(xml, "</EncryptedAssertion>", foreign),
    ];
    expect(await decrypted(first)).toBe(PLAINTEXT);
    expect(await decrypted(second)).toBe(PLAINTEXT);
  });

  test("a RetrievalMethod picks the EncryptedKey beside EncryptedData that it names", async () => {
    const xml = swap(
      await encrypted({ keyPlace: "beside" }),
      "<xenc:EncryptedKey ",
      '<xenc:EncryptedKey Id="k1" Recipient="https://us/" ',
    );
    const named = (uri: string) =>
      putBefore(
        xml,
        "<xenc:CipherData>",
        `<ds:KeyInfo xmlns:ds="${NS.ds}"><ds:RetrievalMethod Type="${NS.xenc}EncryptedKey" URI="${uri}"/></ds:KeyInfo>`,
      );
    expect(await decrypted(named("#k1"))).toBe(PLAINTEXT);
    for (const uri of ["#k2", "#", "", "http://127.0.0.1:9/", "k1", "#xpointer(id('k1'))"]) {
      expect(JSON.parse(await decrypted(named(uri)))).toMatchObject({ code: "decryption_failed", received: uri });
    }
  });

  test("a message without a key for us fails, as does one when we have none", async () => {
    const foreign = await encryptXml(PLAINTEXT, { to: await keyPair(), ...GCM });
    expect(await decrypted(foreign)).toBe('{"code":"decryption_failed"}');
    expect(await decrypted(await encrypted(GCM), [])).toBe('{"code":"decryption_failed"}');
  });
});

describe("whatever goes wrong once a key is used looks the same", () => {
  const flip = (at: number) => (bytes: Uint8Array<ArrayBuffer>) => {
    const position = at < 0 ? bytes.length + at : at;
    bytes[position] = bytes[position]! ^ 1;
    return bytes;
  };
  test.each<[string, Partial<EncryptionStyle>]>([
    ["a flipped bit in the GCM ciphertext", { cipher: CONTENT_ENCRYPTION.aes256Gcm, ciphertext: flip(20) }],
    ["a flipped bit in the GCM tag", { cipher: CONTENT_ENCRYPTION.aes256Gcm, ciphertext: flip(-1) }],
    ["a flipped bit in the GCM IV", { cipher: CONTENT_ENCRYPTION.aes256Gcm, ciphertext: flip(0) }],
    [
      "a GCM tag cut to four octets",
      { cipher: CONTENT_ENCRYPTION.aes256Gcm, ciphertext: (bytes) => bytes.slice(0, -12) },
    ],
    [
      "a GCM ciphertext of an IV alone",
      { cipher: CONTENT_ENCRYPTION.aes256Gcm, ciphertext: (bytes) => bytes.slice(0, 12) },
    ],
    ["a CBC ciphertext whose padding is wrong", { ciphertext: (bytes) => bytes.slice(0, -16) }],
    ["a CBC ciphertext that is no whole number of blocks", { ciphertext: (bytes) => bytes.slice(0, -1) }],
    ["a CBC ciphertext of an IV alone", { ciphertext: (bytes) => bytes.slice(0, 16) }],
    ["a content key for another cipher", { cipher: CONTENT_ENCRYPTION.aes128Gcm }],
  ])("%s", async (what, style) => {
    let xml = await encrypted(style);
    if (what.startsWith("a content key")) xml = swap(xml, CONTENT_ENCRYPTION.aes128Gcm, CONTENT_ENCRYPTION.aes256Gcm);
    expect(await decrypted(xml)).toBe('{"code":"decryption_failed"}');
  });

  test("a wrapped key that is damaged anywhere, shortened or longer", async () => {
    for (const style of [
      {},
      { oaepDigest: DIGEST.sha256 },
      { keyTransport: KEY_TRANSPORT.rsaOaep, oaepDigest: DIGEST.sha256, mgf: MASK_GENERATION.sha256 },
    ]) {
      const xml = await encrypted({ ...style, ...GCM });
      const [, text] = /<xenc:CipherValue>([^<]*)/.exec(xml) as unknown as [string, string];
      const octets = Buffer.from(text, "base64");
      const damaged = [0, 1, 100, 255].map((at) => flip(at)(Uint8Array.from(octets)));
      for (const value of [
        ...damaged,
        octets.subarray(1),
        Buffer.concat([octets, Buffer.of(0)]),
        Buffer.alloc(256),
        Buffer.alloc(256, 255),
      ]) {
        expect(await decrypted(swap(xml, text, Buffer.from(value).toString("base64")))).toBe(
          '{"code":"decryption_failed"}',
        );
      }
    }
  });

  test("a wrapped key of the wrong length, in each OAEP", async () => {
    const short = Buffer.from(await wrapWithWebCrypto(new Uint8Array(31))).toString("base64");
    const xml = await encrypted(GCM);
    expect(await decrypted(swap(xml, /<xenc:CipherValue>[^<]*/, `<xenc:CipherValue>${short}`))).toBe(
      '{"code":"decryption_failed"}',
    );
  });
});

describe("algorithms outside the allow-list are refused before a key is used", () => {
  test.each<[string, Partial<EncryptionStyle>]>([
    ["rsa-1_5", { keyTransport: `${NS.xenc}rsa-1_5` }],
    ["Triple-DES", { cipher: `${NS.xenc}tripledes-cbc` }],
  ])("%s", async (_, style) => {
    expect(codeOf(await decryptElement(parsed(await encrypted(style)), [key]))).toBe("encryption_algorithm");
  });

  test.each(["", "none", `${NS.xenc}aes256-ctr`, `${NS.xenc}kw-aes256`, `${NS.xenc}AES256-CBC`])(
    "content by %o",
    async (algorithm) => {
      const xml = swap(await encrypted(), CONTENT_ENCRYPTION.aes256Cbc, algorithm);
      expect(codeOf(await decryptElement(parsed(xml), [key]))).toBe("encryption_algorithm");
    },
  );

  test.each(["", `${NS.xenc}kw-aes128`, `${NS.xenc}dh`, `${NS.xenc11}ECDH-ES`])(
    "key transport by %o",
    async (algorithm) => {
      const xml = swap(await encrypted(), KEY_TRANSPORT.rsaOaepMgf1p, algorithm);
      expect(codeOf(await decryptElement(parsed(xml), [key]))).toBe("encryption_algorithm");
    },
  );

  test("MD5 in OAEP", async () => {
    const xml = await encrypted({ oaepDigest: "http://www.w3.org/2001/04/xmldsig-more#md5" });
    expect(codeOf(await decryptElement(parsed(xml), [key]))).toBe("encryption_algorithm");
  });
});

describe("the shape of an encrypted element", () => {
  const cases: [string, (xml: string) => string][] = [
    ["a clear assertion before the ciphertext", (xml) => putBefore(xml, "<xenc:EncryptedData ", "<Assertion/>")],
    ["a clear assertion after the ciphertext", (xml) => putBefore(xml, "</EncryptedAssertion>", "<Assertion/>")],
    ["two ciphertexts", (xml) => putAfter(xml, cut(xml, "xenc:EncryptedData"), cut(xml, "xenc:EncryptedData"))],
    ["no ciphertext", (xml) => drop(xml, cut(xml, "xenc:EncryptedData"))],
    [
      "a CipherReference",
      (xml) =>
        swap(xml, /<xenc:CipherValue>[^<]*<\/xenc:CipherValue>/, '<xenc:CipherReference URI="http://127.0.0.1:9/"/>'),
    ],
    [
      "a CipherReference beside the value",
      (xml) => putBefore(xml, "<xenc:CipherValue>", '<xenc:CipherReference URI="#x"/>'),
    ],
    ["no EncryptedKey", (xml) => drop(xml, cut(xml, "xenc:EncryptedKey"))],
    [
      "five EncryptedKeys",
      (xml) => putAfter(xml, cut(xml, "xenc:EncryptedKey"), cut(xml, "xenc:EncryptedKey").repeat(4)),
    ],
    [
      "hundreds of EncryptedKeys beside EncryptedData",
      (xml) => putBefore(xml, "</EncryptedAssertion>", cut(xml, "xenc:EncryptedKey").repeat(300)),
    ],
    ["a comment inside CipherValue", (xml) => putAfter(xml, "<xenc:CipherValue>", "<!-- x -->")],
    ["a CipherValue that is no base64", (xml) => swap(xml, /<xenc:CipherValue>[^<]*/, "<xenc:CipherValue>_")],
    ["an empty CipherValue", (xml) => swap(xml, /<xenc:CipherValue>[^<]*/, "<xenc:CipherValue>")],
    ["the Type of content", (xml) => swap(xml, `${NS.xenc}Element`, `${NS.xenc}Content`)],
    [
      "a foreign element in EncryptionMethod",
      (xml) => swap(xml, "</xenc:EncryptionMethod>", "<x/></xenc:EncryptionMethod>"),
    ],
    [
      "an attribute on the encrypted element",
      (xml) => swap(xml, "<EncryptedAssertion ", '<EncryptedAssertion ID="_a" '),
    ],
  ];
  test.each(cases)("%s is refused, and the administrator told what was expected", async (_, attack) => {
    const xml = attack(await encrypted());
    const refusal = JSON.parse(await decrypted(xml));
    expect(refusal.code).toBe("decryption_failed");
    expect(refusal.expected).toBeTypeOf("string");
  });

  test("line breaks in base64, KeySize and other KeyInfo are honest", async () => {
    let xml = await encrypted();
    xml = xml.replace(/<xenc:CipherValue>[^<]*/g, (value) => value.replace(/.{64}/g, "$&\r\n"));
    xml = xml.replace(
      `Algorithm="${CONTENT_ENCRYPTION.aes256Cbc}"/>`,
      `Algorithm="${CONTENT_ENCRYPTION.aes256Cbc}"><xenc:KeySize>256</xenc:KeySize></xenc:EncryptionMethod>`,
    );
    xml = swap(
      xml,
      "<xenc:CipherData>",
      `<ds:KeyInfo xmlns:ds="${NS.ds}"><ds:X509Data><ds:X509SKI>AAAA</ds:X509SKI></ds:X509Data></ds:KeyInfo><xenc:CipherData>`,
    );
    expect(await decrypted(xml)).toBe(PLAINTEXT);
  });
});
