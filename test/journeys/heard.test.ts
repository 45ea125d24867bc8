/**
 * What was heard of a visitor before never changes what is decided of a request or what gets to the origin of it: whatever came
 * before, it is taken as if it were the first.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Config } from "../../src/config.ts";
import { type Hearing, hear, remember } from "../../src/origin/heard.ts";
import { type Identified, outgoing } from "../../src/origin/outgoing.ts";
import { SESSION_COOKIE, type Session } from "../../src/session/index.ts";
import type { Tenant } from "../../src/tenant/index.ts";

const config = { baseDomain: "example.com" } as Config;
const company = () => ({ baseUrl: "https://acme.example.com" }) as Tenant;
const somebody = (n: number): Identified => ({
  session: {} as Session,
  identity: { headers: [["x-forwarded-user", `user-${n}`]], assertion: `assertion.${n}`, signedAt: n },
});

const VALUES = ["1", "2", "a, b", ""];
/** Each with values that mean something to somebody. */
const LINES: Readonly<Record<string, readonly string[]>> = {
  accept: ["text/html", "image/avif,image/webp", "a, b"],
  authorization: ["Bearer 1", "Bearer 2"],
  "cf-connecting-ip": ["203.0.113.7", "203.0.113.8", "not an address"],
  "cf-ray": VALUES,
  connection: ["keep-alive", "x-own", "close, x-page"],
  "content-length": ["0"],
  cookie: ["theme=dark", `${SESSION_COOKIE}=x`, "__host-vestibule-y=1"],
  "if-modified-since": ["Mon, 23 Nov 2026 09:00:00 GMT", "Mon, 23 Nov 2026 09:00:01 GMT"],
  "if-none-match": ['"1"', '"2", "3"'],
  origin: ["https://acme.example.com", "https://other.example.com", "null"],
  range: ["bytes=0-1", "bytes=0-1, 4-5"],
  referer: ["https://acme.example.com/", "https://other.example.com/", "https://example.org/x"],
  "remote-user": VALUES,
  "sec-fetch-dest": ["document", "image", "empty"],
  "sec-fetch-mode": ["navigate", "no-cors"],
  "sec-fetch-site": ["same-origin", "same-site", "none"],
  "set-cookie": VALUES,
  te: ["trailers"],
  upgrade: ["h2c", "websocket"],
  X_Forwarded_User: VALUES,
  "x-forwarded-user": VALUES,
  "x-own": VALUES,
  "x-page": VALUES,
  "x-vestibule-jwt-assertion": VALUES,
};

type Line = readonly [name: string, value: string];
const line = fc
  .constantFrom(...Object.keys(LINES))
  .chain((name) => fc.constantFrom(...(LINES[name] ?? [])).map((value): Line => [name, value]));
/** What all have in common, and where each differs from that: a line more, or one of the common ones less. */
const visit = fc.record({
  common: fc.uniqueArray(line, { maxLength: 6, selector: ([name]) => name }),
  requests: fc.array(
    fc.record({
      method: fc.constantFrom("GET", "GET", "GET", "GET", "HEAD", "POST"),
      without: fc.option(fc.nat(4), { freq: 3 }),
      more: fc.array(line, { maxLength: 2 }),
      signedAgain: fc.constantFrom(false, false, false, true),
      anonymous: fc.constantFrom(false, false, false, false, true),
    }),
    { minLength: 4, maxLength: 12 },
  ),
});

it("takes each request as if it were the first", () => {
  let visits = 0;
  let reused = 0;
  const property = fc.property(visit, ({ common, requests }) => {
    const tenant = company();
    let identified = somebody(++visits);
    for (const { method, without, more, signedAgain, anonymous } of requests) {
      if (signedAgain) identified = { ...identified, identity: somebody(++visits).identity };
      const who = anonymous ? null : identified;
      const said: Line[] = [...common.filter((_, at) => at !== without), ...more];
      const request = () => {
        const headers = new Headers({ cookie: `${SESSION_COOKIE}=visit-${visits - (visits % 3)}` });
        for (const [name, value] of said) headers.append(name, value);
        return new Request("https://acme.example.com/a", { method, headers });
      };
      const sent = (hearing: Hearing) => new Request("https://origin.example/", outgoing(request(), hearing, who).init);
      // A company that nobody has met before.
      const [known, unknown] = [hear(request(), method, tenant, config), hear(request(), method, company(), config)];
      if (known.said === null) reused++;
      if (!anonymous) remember(known);
      for (const fact of ["sessionCookie", "fromAnotherCompany", "partOfPage"] as const) {
        expect(known.heard[fact]).toBe(unknown.heard[fact]);
      }
      const [goes, meant] = [sent(known), sent(unknown)];
      expect([...goes.headers]).toEqual([...meant.headers]);
      expect([goes.method, goes.redirect, goes.cf]).toEqual([meant.method, "manual", meant.cf]);
    }
  });
  fc.assert(property, { numRuns: 3_000 });
  expect(reused).toBeGreaterThan(1_500);
});

it("remembers nothing of bytes that are no UTF-8: they read alike, and go to the origin as they came", () => {
  const tenant = company();
  const request = () => {
    const headers = { cookie: `${SESSION_COOKIE}=bytes`, "x-page": "\ufffd" };
    return new Request("https://acme.example.com/a", { headers });
  };
  for (let n = 0; n < 3; n++) {
    const hearing = hear(request(), "GET", tenant, config);
    expect(hearing.said).not.toBeNull();
    remember(hearing);
  }
});
