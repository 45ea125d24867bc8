import { describe, expect, it } from "vitest";
import { createSealer } from "../../src/sealing.ts";

const secret = () => crypto.getRandomValues(new Uint8Array(32));

describe("a sealed value", () => {
  const root = secret();
  const sealer = createSealer([root]);

  it("opens for the purpose and the company it was sealed for, and for no other", async () => {
    const token = await sealer.seal("session", "acme", "grüße");
    expect(await sealer.open("session", "acme", token)).toBe("grüße");
    expect(await sealer.open("request", "acme", token)).toBeNull();
    expect(await sealer.open("session", "globex", token)).toBeNull();
    expect(await createSealer([secret()]).open("session", "acme", token)).toBeNull();
  });

  it("never looks the same twice", async () => {
    expect(await sealer.seal("session", "acme", "x")).not.toBe(await sealer.seal("session", "acme", "x"));
  });

  it("does not open when any letter of it is another", async () => {
    const token = await sealer.seal("session", "acme", "x");
    for (let at = 0; at < token.length; at++) {
      const other = token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
      expect(await sealer.open("session", "acme", other), `letter ${at}`).toBeNull();
    }
  });

  it.each(["", "A", "====", "not base64url!", "é", "A".repeat(10_000)])("is not %j", async (token) => {
    expect(await sealer.open("session", "acme", token)).toBeNull();
  });

  it("still opens while the secret is rotated, and is sealed anew under the new one", async () => {
    const old = await sealer.seal("session", "acme", "x");
    const next = secret();
    const rotating = createSealer([next, root]);
    expect(await rotating.open("session", "acme", old)).toBe("x");
    const renewed = await rotating.seal("session", "acme", "x");
    expect(await createSealer([next]).open("session", "acme", renewed)).toBe("x");
    expect(await createSealer([next]).open("session", "acme", old)).toBeNull();
  });
});

describe("a tag", () => {
  const sealer = createSealer([secret()]);

  it("proves who made a text, for one purpose and one company", async () => {
    const tag = await sealer.tag("authn-request-id", "acme", "text");
    expect(tag).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(await sealer.verifyTag("authn-request-id", "acme", "text", tag)).toBe(true);
    expect(await sealer.verifyTag("authn-request-id", "acme", "other", tag)).toBe(false);
    expect(await sealer.verifyTag("authn-request-id", "globex", "text", tag)).toBe(false);
    expect(await sealer.verifyTag("request", "acme", "text", tag)).toBe(false);
    for (const other of ["", tag.slice(1), `${tag}A`, `${tag}=`]) {
      expect(await sealer.verifyTag("authn-request-id", "acme", "text", other)).toBe(false);
    }
  });
});
