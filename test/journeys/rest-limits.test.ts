/** How often the API may be called. The limiter is the platform's; here one that a test can fill. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Bindings } from "../../src/context.ts";
import { BASE, startGateway } from "../support/gateway.ts";

/** Lets each key through `max` times. */
function limiter(max: number): RateLimit & { readonly keys: string[] } {
  const keys: string[] = [];
  return {
    keys,
    async limit({ key }) {
      keys.push(key);
      return { success: keys.filter((one) => one === key).length <= max };
    },
  };
}

const from = (address: string) => ({ "cf-connecting-ip": address });
const wrong = { authorization: "Bearer vestibule_wrong" };

describe("an actor who calls too often", () => {
  it("gets 429 with Retry-After, and the others go on", async () => {
    const API_LIMIT = limiter(6);
    const { api } = startGateway({ API_LIMIT });
    await api("POST", "/companies", { slug: "limited", name: "L", originUrl: "https://origin.example" });
    const token = await api("POST", "/companies/limited/tokens", { name: "t" });
    const headers = { authorization: `Bearer ${token.body.secret}` };
    const statuses = [];
    for (let n = 0; n < 8; n++) statuses.push((await api("GET", "/companies/limited", undefined, headers)).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 429, 429]);
    const refused = await api("GET", "/companies/limited", undefined, headers);
    expect(refused.headers.get("retry-after")).toBe("60");
    expect(refused.headers.get("content-type")).toBe("application/problem+json");
    expect(refused.body.type).toBe("urn:vestibule:problem:rate-limited");
    expect((await api("GET", "/companies/limited")).status).toBe(200);
    expect(new Set(API_LIMIT.keys)).toEqual(new Set(["operator", `token:${token.body.id}`]));
  });
});

describe("a place that tries wrong tokens", () => {
  it("gets 429 after some, then costs the database nothing, and may try again after a minute", async () => {
    const API_FAILURE_LIMIT = limiter(3);
    const gateway = startGateway({ API_FAILURE_LIMIT });
    const { api } = gateway;
    const attempt = async (address: string) =>
      (await api("GET", "/companies", undefined, { ...wrong, ...from(address) })).status;
    for (let n = 0; n < 3; n++) expect(await attempt("192.0.2.1")).toBe(401);
    expect(await attempt("192.0.2.1")).toBe(429);
    gateway.roundTrips();
    for (let n = 0; n < 5; n++) expect(await attempt("192.0.2.1")).toBe(429);
    expect(gateway.roundTrips()).toBe(0);
    expect(await attempt("192.0.2.2")).toBe(401);
    expect((await api("GET", "/companies", undefined, from("192.0.2.1"))).status).toBe(200);
    gateway.advance(60);
    gateway.roundTrips();
    await attempt("192.0.2.1");
    expect(gateway.roundTrips()).toBe(1);
  });

  it("is one whole network of IPv6", async () => {
    const API_FAILURE_LIMIT = limiter(1);
    const { api } = startGateway({ API_FAILURE_LIMIT });
    const attempt = async (address: string) =>
      (await api("GET", "/companies", undefined, { ...wrong, ...from(address) })).status;
    expect([await attempt("2001:db8:1:2::1"), await attempt("2001:db8:1:2::2")]).toEqual([401, 429]);
  });
});

describe("the limits of wrangler.toml", () => {
  it("are bound, and leave a developer alone: a hundred calls a second from one address", async () => {
    const bound: Partial<Bindings> = env;
    expect([typeof bound.API_LIMIT?.limit, typeof bound.API_FAILURE_LIMIT?.limit]).toEqual(["function", "function"]);
    const { fetch } = startGateway();
    for (let n = 0; n < 200; n++) {
      const request = new Request(`https://admin.${BASE}/api/v1/companies`, { headers: wrong });
      expect((await fetch(request)).status).toBe(401);
    }
  });

  it("are absent where there is no binding", async () => {
    const { api } = startGateway({ API_LIMIT: undefined, API_FAILURE_LIMIT: undefined } as never);
    expect((await api("GET", "/companies")).status).toBe(200);
    expect((await api("GET", "/companies", undefined, wrong)).status).toBe(401);
  });
});
