/** What the samples of origin checks are tried with: a company that publishes its key on this machine, and assertions good and bad. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT, UnsecuredJWT } from "jose";

export const APPLICATION = "https://assets.internal.example.com";

export interface OriginCase {
  readonly what: string;
  /** Null: the header is missing. */
  readonly assertion: string | null;
  readonly accepted: boolean;
}

export interface StagedCompany {
  readonly url: string;
  readonly cases: readonly OriginCase[];
  /** How often the keys were asked for. */
  asked(): number;
  close(): void;
}

export async function stageCompany(): Promise<StagedCompany> {
  const [own, other] = await Promise.all([generateKeyPair("ES256"), generateKeyPair("ES256")]);
  const [jwk, otherJwk] = await Promise.all([exportJWK(own.publicKey), exportJWK(other.publicKey)]);
  let asked = 0;
  const server = createServer((request, response) => {
    if (request.url !== "/sso/jwks.json") return response.writeHead(404).end();
    asked++;
    response.writeHead(200, { "content-type": "application/jwk-set+json", "cache-control": "max-age=300" });
    return response.end(JSON.stringify({ keys: [{ ...jwk, kid: "own", use: "sig", alg: "ES256" }] }));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const now = Math.floor(Date.now() / 1000);
  const times = { iat: now - 5, nbf: now - 5, exp: now + 55 };
  const claims = { iss: url, aud: APPLICATION, sub: "ada", email: "ada@acme.example", ...times };
  const without = (name: keyof typeof claims) =>
    Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));
  const header = { alg: "ES256", kid: "own", typ: "JWT" };
  const sign = (payload: object, key = own.privateKey, more: Partial<JWTHeaderParameters> = {}) =>
    new SignJWT({ ...payload }).setProtectedHeader({ ...header, ...more }).sign(key);
  const good = await sign(claims);
  const [head = "", , signature = ""] = good.split(".");
  const base64url = (text: string) => Buffer.from(text).toString("base64url");
  const forged = base64url(JSON.stringify({ ...claims, sub: "eve" }));
  const symmetric = new TextEncoder().encode(JSON.stringify(jwk));
  const raw = Buffer.from(signature, "base64url");
  raw[10]! ^= 1;

  const bad: Record<string, string | null> = {
    missing: null,
    empty: "",
    "no token": "ada@acme.example",
    "three empty parts": "..",
    "no JSON": `${base64url("x")}.${base64url("y")}.${signature}`,
    expired: await sign({ ...claims, exp: now - 30 }),
    "not valid yet": await sign({ ...claims, nbf: now + 60 }),
    "without an end": await sign(without("exp")),
    "without a beginning": await sign(without("nbf")),
    "of nobody": await sign(without("sub")),
    "without an issuer": await sign(without("iss")),
    "without an audience": await sign(without("aud")),
    "another company's": await sign({ ...claims, iss: "https://other.example.com" }, other.privateKey, {
      kid: "other",
    }),
    "in another company's name": await sign({ ...claims, iss: "https://other.example.com" }),
    "of an issuer that begins alike": await sign({ ...claims, iss: `${url}.example.com` }),
    "for another application": await sign({ ...claims, aud: "https://billing.example.com" }),
    "for this application with a slash": await sign({ ...claims, aud: `${APPLICATION}/` }),
    unsigned: new UnsecuredJWT(claims).encode(),
    "unsigned, with the real kid": `${base64url(JSON.stringify({ ...header, alg: "none" }))}.${base64url(JSON.stringify(claims))}.`,
    "stripped of its signature": good.slice(0, good.lastIndexOf(".") + 1),
    "changed in its claims": `${head}.${forged}.${signature}`,
    "changed in its signature": good.replace(signature, raw.toString("base64url")),
    "with a signature of zeros": good.replace(signature, Buffer.alloc(64).toString("base64url")),
    "signed by another key under the real kid": await sign(claims, other.privateKey),
    "signed by the key that it brings": await sign(claims, other.privateKey, { kid: "new", jwk: otherJwk }),
    "signed by an unknown key": await sign(claims, other.privateKey, { kid: "unknown" }),
    "under an empty kid": await sign(claims, other.privateKey, { kid: "" }),
    "HS256 with the public key for a secret": await new SignJWT(claims)
      .setProtectedHeader({ ...header, alg: "HS256" })
      .sign(symmetric),
  };
  return {
    url,
    cases: [
      { what: "good", assertion: good, accepted: true },
      {
        what: "good, of a clock three seconds behind",
        assertion: await sign({ ...claims, exp: now - 1 }),
        accepted: true,
      },
      ...Object.entries(bad).map(([what, assertion]) => ({ what, assertion, accepted: false })),
      { what: "good, once more", assertion: good, accepted: true },
    ],
    asked: () => asked,
    close: () => void server.close(),
  };
}

/** The cases that the sample judged wrongly, by name; `subjects` are the subjects that it believed, in order, null for none. */
export function misjudged(cases: readonly OriginCase[], subjects: readonly (string | null)[]): string[] {
  const wrong = cases.filter(({ accepted }, n) => subjects[n] !== (accepted ? "ada" : null)).map(({ what }) => what);
  return cases.length === subjects.length ? wrong : ["not as many answers as cases"];
}
