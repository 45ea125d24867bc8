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
const company = () => ({ baseUrl: "https://acme.example.com", company: {} }) as Tenant;
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
      const sent = (hearing: Hearing) =>
        new Request("https://origin.example/", outgoing(request(), tenant, hearing, who).init);
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

let cookies = 0;
/** One who says these headers: whether what was heard before serves, and, then, that it is kept in mind. */
function visitor(tenant: Tenant) {
  const cookie = `${SESSION_COOKIE}=visitor-${++cookies}`;
  const listen = (headers: Record<string, string> = {}) =>
    hear(new Request("https://acme.example.com/a", { headers: { cookie, ...headers } }), "GET", tenant, config);
  return {
    listen,
    says(headers: Record<string, string> = {}): boolean {
      const hearing = listen(headers);
      remember(hearing);
      return hearing.said === null;
    },
  };
}
const many = (count: number, prefix: string) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`${prefix}-${n}`, ""]));

it("keeps nothing in mind of more headers than a browser sends", () => {
  const anna = visitor(company());
  for (let n = 0; n < 3; n++) expect(anna.says(many(64, "x"))).toBe(false);
  const bert = visitor(company());
  expect([bert.says(many(60, "x")), bert.says(many(60, "x"))]).toEqual([false, true]);
});

it("keeps nothing in mind of what Connection names, whatever other headers say", () => {
  const anna = visitor(company());
  const said = { "a-a": "connection", close: "1", connection: "x-own", "x-own": "1" };
  for (let n = 0; n < 3; n++) expect(anna.says(said)).toBe(false);
});

it("takes a request whole that says more of its own than is worth putting on another", () => {
  const anna = visitor(company());
  expect(anna.says()).toBe(false);
  expect([anna.listen(many(16, "x")).said, anna.listen(many(17, "x")).own]).toEqual([null, []]);
  expect(anna.listen(many(17, "x")).said).not.toBeNull();
});

it("keeps one of those who say the same at once, so that they drive out nothing else", () => {
  const anna = visitor(company());
  const first = { "sec-fetch-dest": "document" };
  expect(anna.says(first)).toBe(false);
  const atOnce = Array.from({ length: 8 }, () => anna.listen({ "sec-fetch-dest": "image" }));
  for (const hearing of atOnce) remember(hearing);
  expect(anna.says(first)).toBe(true);
});

it("lets go what was heard under settings that are no more", () => {
  const [before, after] = [company(), company()];
  const request = () =>
    new Request("https://acme.example.com/a", { headers: { cookie: `${SESSION_COOKIE}=settings` } });
  remember(hear(request(), "GET", before, config));
  remember(hear(request(), "GET", after, config));
  expect(hear(request(), "GET", after, config).said).toBeNull();
  expect(hear(request(), "GET", before, config).said).not.toBeNull();
});

it("keeps those in mind who are at work, however much one other says", () => {
  const atWork = visitor(company());
  expect(atWork.says()).toBe(false);
  const loud = company();
  for (let n = 0; n < 3_000; n++) {
    const other = visitor(loud);
    for (let times = 0; times < 2; times++) other.says({ "x-page": "x".repeat(7_500) });
    expect(atWork.says()).toBe(true);
  }
  const left = visitor(company());
  left.says();
  for (let n = 0; n < 3_000; n++) visitor(loud).says({ "x-page": "x".repeat(7_500) });
  expect(left.says()).toBe(false);
});
