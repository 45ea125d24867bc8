import { describe, expect, it } from "vitest";
import { ConfigError, readConfig } from "../../src/config.ts";
import type { Bindings } from "../../src/context.ts";

const env = (changes: Partial<Record<keyof Bindings, string>>): Bindings =>
  ({
    BASE_DOMAIN: "example.com",
    OPERATOR_TOKEN: "a-token-of-the-operator",
    GATEWAY_SECRET: Buffer.alloc(32, 7).toString("base64url"),
    ...changes,
  }) as unknown as Bindings;

describe("the configuration", () => {
  it("is https everywhere but on localhost", () => {
    expect(readConfig(env({}))).toMatchObject({ scheme: "https:", local: false });
    expect(readConfig(env({ BASE_DOMAIN: "localhost:8787" }))).toMatchObject({ scheme: "http:", local: true });
  });

  it.each([
    ["BASE_DOMAIN", ""],
    ["BASE_DOMAIN", "Example.com"],
    ["BASE_DOMAIN", "https://example.com"],
    ["BASE_DOMAIN", "example.com:8443"],
    ["BASE_DOMAIN", "example.com."],
    ["BASE_DOMAIN", "-example.com"],
    ["OPERATOR_TOKEN", ""],
    ["OPERATOR_TOKEN", "short"],
    ["OPERATOR_TOKEN", "long enough, but not what a header carries"],
    ["GATEWAY_SECRET", ""],
    ["GATEWAY_SECRET", Buffer.alloc(31).toString("base64url")],
    ["GATEWAY_SECRET", "not base64url, though long enough to be one!!"],
    ["GATEWAY_SECRET_PREVIOUS", "short"],
  ])("with %s = %j is refused loudly, without repeating the value", (name, value) => {
    const read = () => readConfig(env({ [name]: value }));
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(new RegExp(name));
    if (value.length > 5) expect(read).not.toThrow(new RegExp(value.replace(/\W/g, ".")));
  });
});
