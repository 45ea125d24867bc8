import { describe, expect, it, vi } from "vitest";
import { createSealer } from "../../src/sealing.ts";
import {
  makeRequestId,
  PENDING_REQUESTS_MAX,
  pendingRequestCookie,
  readPendingRequests,
  readRequestId,
  surplusRequests,
} from "../../src/signin/request.ts";

const secret = crypto.getRandomValues(new Uint8Array(32));
const sealer = createSealer([secret]);
const NOW = Date.UTC(2026, 10, 23, 9);

async function browserWith(cookies: string[]): Promise<Request> {
  return new Request("https://acme.example.com/", {
    headers: { cookie: cookies.map((cookie) => cookie.slice(0, cookie.indexOf(";"))).join("; ") },
  });
}

describe("a request ID", () => {
  it("is an NCName of bounded length that never repeats", async () => {
    const ids = await Promise.all(Array.from({ length: 200 }, () => makeRequestId(sealer, "acme", NOW)));
    expect(new Set(ids).size).toBe(200);
    for (const id of ids) expect(id).toMatch(/^_[A-Za-z0-9_-]{52}$/);
  });

  it("says when it was issued and until when it may be answered", async () => {
    const id = await makeRequestId(sealer, "acme", NOW);
    expect(await readRequestId(sealer, "acme", id)).toEqual({ id, issuedAt: NOW, expiresAt: NOW + 900_000 });
  });

  it("of another company, another gateway, another time or another letter is none of ours", async () => {
    const id = await makeRequestId(sealer, "acme", NOW);
    expect(await readRequestId(sealer, "globex", id)).toBeNull();
    expect(await readRequestId(createSealer([crypto.getRandomValues(new Uint8Array(32))]), "acme", id)).toBeNull();
    for (let at = 0; at < id.length; at++) {
      const other = id.slice(0, at) + (id[at] === "a" ? "b" : "a") + id.slice(at + 1);
      expect(await readRequestId(sealer, "acme", other), `letter ${at}`).toBeNull();
    }
    for (const other of ["", "_", `${id}x`, ` ${id}`, id.slice(1)]) {
      expect(await readRequestId(sealer, "acme", other)).toBeNull();
    }
  });

  it("made under the previous secret is still ours during a rotation", async () => {
    const id = await makeRequestId(sealer, "acme", NOW);
    const rotated = createSealer([crypto.getRandomValues(new Uint8Array(32)), secret]);
    expect(await readRequestId(rotated, "acme", id)).not.toBeNull();
  });
});

describe("a pending request", () => {
  it("comes back from the browser's cookie with where it wanted to go", async () => {
    const id = await makeRequestId(sealer, "acme", NOW);
    const cookie = await pendingRequestCookie(sealer, "acme", { id, returnPath: "/assets/17?view=large" });
    expect(cookie).toMatch(
      /^__Host-vestibule-request-[\w-]{12}=[\w-]+; Path=\/; Max-Age=900; Secure; HttpOnly; SameSite=None$/,
    );
    expect(await readPendingRequests(sealer, "acme", await browserWith([cookie]))).toEqual([
      { id, returnPath: "/assets/17?view=large" },
    ]);
  });

  it("of one company says nothing to another", async () => {
    const id = await makeRequestId(sealer, "acme", NOW);
    const cookie = await pendingRequestCookie(sealer, "acme", { id, returnPath: "/" });
    expect(await readPendingRequests(sealer, "globex", await browserWith([cookie]))).toEqual([]);
  });

  it("under another request's name is not read", async () => {
    const [a, b] = [await makeRequestId(sealer, "acme", NOW), await makeRequestId(sealer, "acme", NOW)];
    const cookie = await pendingRequestCookie(sealer, "acme", { id: a, returnPath: "/" });
    const renamed = cookie.replace(a.slice(1, 13), b.slice(1, 13));
    expect(await readPendingRequests(sealer, "acme", await browserWith([renamed]))).toEqual([]);
  });

  it("is found among many that a browser opened at once", async () => {
    const ids = await Promise.all(Array.from({ length: 30 }, () => makeRequestId(sealer, "acme", NOW)));
    const made = ids.map((id) => pendingRequestCookie(sealer, "acme", { id, returnPath: "/" }));
    const request = await browserWith(await Promise.all(made));
    for (const id of ids) {
      expect(await readPendingRequests(sealer, "acme", request, id)).toContainEqual({ id, returnPath: "/" });
    }
  });

  it("is not sought among more cookies than a browser of ours has: thousands made up cost no more than a few", async () => {
    const opened = vi.spyOn(crypto.subtle, "decrypt");
    const madeUp = Array.from({ length: 2_000 }, (_, at) => `__Host-vestibule-request-${at}=${"A".repeat(40)};`);
    expect(await readPendingRequests(sealer, "acme", await browserWith(madeUp))).toEqual([]);
    expect(opened.mock.calls.length).toBeLessThan(20);
    opened.mockRestore();
  });

  it("makes room for the next one by forgetting the oldest", async () => {
    const pending = [];
    for (let minute = 0; minute < PENDING_REQUESTS_MAX; minute++) {
      pending.push({ id: await makeRequestId(sealer, "acme", NOW + minute * 60_000), returnPath: "/" });
    }
    expect(await surplusRequests(sealer, "acme", pending.slice(1))).toEqual([]);
    expect(await surplusRequests(sealer, "acme", [...pending].reverse())).toEqual([pending[0]?.id]);
  });
});
