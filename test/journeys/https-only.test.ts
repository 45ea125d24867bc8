import { expect, it } from "vitest";
import { startGateway } from "../support/gateway.ts";

const gateway = startGateway();

it("a page asked for in the clear is asked for again by https", async () => {
  for (const host of ["acme.example.com", "admin.example.com"]) {
    const response = await gateway.fetch(new Request(`http://${host}/a?b=1`));
    expect([response.status, response.headers.get("location")]).toEqual([308, `https://${host}/a?b=1`]);
  }
});

it("a token or a form sent in the clear is not taken", async () => {
  const response = await gateway.fetch(new Request("http://acme.example.com/sso/acs", { method: "POST", body: "x=1" }));
  expect(response.status).toBe(403);
});

it("another host is told nothing of ours", async () => {
  expect((await gateway.fetch(new Request("http://evil.example/"))).status).toBe(404);
});
