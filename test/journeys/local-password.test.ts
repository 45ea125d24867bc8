/** How passwords are judged and kept. */
import { scryptSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createSealer } from "../../src/sealing.ts";
import { faultOf, hashPassword, verifyPassword } from "../../src/signin/password.ts";

const secret = (byte: number) => new Uint8Array(32).fill(byte);
const sealer = createSealer([secret(1)]);
const GOOD = "seven blue ladders";
const EMAIL = "britta.simon@contoso.example";

describe("a password that is kept", () => {
  it("is verified, and only for its company, its user and under its secret", async () => {
    const kept = await hashPassword(sealer, "company", "user", GOOD);
    expect(await verifyPassword(sealer, "company", "user", GOOD, kept)).toBe("right");
    expect(await verifyPassword(sealer, "company", "user", `${GOOD}.`, kept)).toBe("wrong");
    expect(await verifyPassword(sealer, "company", "other", GOOD, kept)).toBe("wrong");
    expect(await verifyPassword(sealer, "another", "user", GOOD, kept)).toBe("wrong");
    expect(await verifyPassword(createSealer([secret(2)]), "company", "user", GOOD, kept)).toBe("wrong");
  });

  it("says nothing of the password, and is never kept the same way twice", async () => {
    const [one, two] = [await hashPassword(sealer, "c", "u", GOOD), await hashPassword(sealer, "c", "u", GOOD)];
    expect(one).not.toBe(two);
    expect(one).toMatch(/^scrypt\$15\$8\$1\$[\w-]{22}\$[\w-]{22}$/);
    // Whoever has the table but not the secret can't try guesses: the derived key itself is not there.
    const salt = Buffer.from(one.split("$")[4] ?? "", "base64url");
    const derived = scryptSync(GOOD, salt, 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 27 });
    for (const form of ["base64url", "hex", "base64"] as const) {
      expect(one).not.toContain(derived.toString(form).slice(0, 16));
    }
  });

  it("is the same however its characters were composed", async () => {
    const kept = await hashPassword(sealer, "c", "u", "Gru\u0308ne Pa\u0308sse im Nebel");
    expect(await verifyPassword(sealer, "c", "u", "Gr\u00fcne P\u00e4sse im Nebel", kept)).toBe("right");
  });

  it("outlives a rotation of the secret and asks to be kept anew", async () => {
    const kept = await hashPassword(sealer, "c", "u", GOOD);
    const rotated = createSealer([secret(2), secret(1)]);
    expect(await verifyPassword(rotated, "c", "u", GOOD, kept)).toBe("outdated");
    expect(await verifyPassword(rotated, "c", "u", "another password", kept)).toBe("wrong");
    expect(await verifyPassword(rotated, "c", "u", GOOD, await hashPassword(rotated, "c", "u", GOOD))).toBe("right");
  });

  it("is verified under the cost it was kept with, and asks for today's", async () => {
    const salt = new Uint8Array(16).fill(7);
    const derived = scryptSync(GOOD, salt, 32, { N: 2 ** 12, r: 8, p: 1 });
    const tag = await sealer.tag("password", "c", `u\n${derived.toString("base64url")}`);
    const kept = `scrypt$12$8$1$${Buffer.from(salt).toString("base64url")}$${tag}`;
    expect(await verifyPassword(sealer, "c", "u", GOOD, kept)).toBe("outdated");
  });

  it("is wrong where there is none, whatever is typed, after the same work", async () => {
    const kept = await hashPassword(sealer, "c", "u", GOOD);
    const took = async (stored: string | null) => {
      const start = performance.now();
      expect(await verifyPassword(sealer, "c", "u", "wrong password!", stored)).toBe("wrong");
      return performance.now() - start;
    };
    expect(await verifyPassword(sealer, "c", "u", "", null)).toBe("wrong");
    const times = { known: 0, unknown: 0 };
    for (let n = 0; n < 3; n++) {
      times.known += await took(kept);
      times.unknown += await took(null);
    }
    // workerd's clock may stand still within a request; where it runs, both are the same work.
    if (times.known > 30) expect(times.unknown / times.known).toBeGreaterThan(0.4);
  });

  it("is never matched by a text too long to be one", async () => {
    const kept = await hashPassword(sealer, "c", "u", "");
    expect(await verifyPassword(sealer, "c", "u", "x".repeat(129), kept)).toBe("wrong");
  });
});

describe("a password may be chosen", () => {
  for (const password of [
    GOOD,
    "b.simon-likes-long-walks",
    "twelve chars",
    "пароль для входа",
    "x9!kT2#vQm7&",
    "жжж кошка на крыше",
  ]) {
    it(`that is ${JSON.stringify(password)}`, () => expect(faultOf(password, EMAIL)).toBeNull());
  }

  for (const [password, fault] of [
    ["elevenchars", "too_short"],
    ["😀😀😀😀😀😀", "too_short"],
    ["ab".repeat(65), "too_long"],
    ["aaaaaaaaaaaa", "too_easy"],
    ["abababababab", "too_easy"],
    ["password1234", "too_easy"],
    ["PassWord-2026!", "too_easy"],
    ["qwertyuiop123", "too_easy"],
    ["123456789012", "too_easy"],
    ["correct horse battery staple", "too_easy"],
    ["britta.simon@contoso.example", "too_easy"],
    ["Simon.Contoso.2026", "too_easy"],
    ["ｐａｓｓｗｏｒｄ１２３４", "too_easy"],
    ["Summer2026!!", "too_easy"],
  ] as const) {
    it(`that is not ${JSON.stringify(password.slice(0, 30))}: ${fault}`, () =>
      expect(faultOf(password, EMAIL)).toBe(fault));
  }
});
