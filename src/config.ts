/**
 * Reads the Worker's settings once and refuses to run on wrong ones. Owns what BASE_DOMAIN means: scheme, port, which hosts exist.
 */
import type { Bindings } from "./context.ts";

export interface Config {
  /** Host with port as in BASE_DOMAIN, lower case: `example.com`, `localhost:8787`. */
  readonly baseDomain: string;
  /** `http:` only where BASE_DOMAIN is localhost. */
  readonly scheme: "http:" | "https:";
  /** True where BASE_DOMAIN is localhost: plain http to loopback is then allowed for origins and identity providers. */
  readonly local: boolean;
  readonly operatorToken: string;
  /** 32 random bytes; every cookie, request and wrapping key derives from it. */
  readonly gatewaySecret: Uint8Array<ArrayBuffer>;
  /** Name of the binding. */
  readonly newCompaniesDatabase: string;
  /** Still accepted while the secret is being rotated. */
  readonly previousGatewaySecret: Uint8Array<ArrayBuffer> | null;
  /** Which build this is; only Cloudflare knows. */
  readonly version?: { readonly id: string; readonly deployedAt: string };
}

export const GATEWAY_SECRET_BYTES_MIN = 32;
export const OPERATOR_TOKEN_CHARS_MIN = 16;

/** Thrown when the Worker is not configured: every request then answers 500, and the log says which setting is wrong. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

const HOST = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?::[1-9]\d{0,4})?$/;

export function readConfig(env: Bindings): Config {
  const baseDomain = env.BASE_DOMAIN ?? "";
  if (!HOST.test(baseDomain)) {
    throw new ConfigError("BASE_DOMAIN must be a lower-case host name, with a port only for local use");
  }
  const hostname = baseDomain.replace(/:\d+$/, "");
  const local = hostname === "localhost";
  if (!local && baseDomain !== hostname) throw new ConfigError("BASE_DOMAIN has a port but is not localhost");
  const operatorToken = env.OPERATOR_TOKEN ?? "";
  if (operatorToken.length < OPERATOR_TOKEN_CHARS_MIN) {
    throw new ConfigError(`OPERATOR_TOKEN must have at least ${OPERATOR_TOKEN_CHARS_MIN} characters`);
  }
  // RFC 6750 2.1: what a Bearer header can carry.
  if (!/^[A-Za-z0-9._~+/-]+=*$/.test(operatorToken)) {
    throw new ConfigError("OPERATOR_TOKEN may hold letters, digits and -._~+/ only");
  }
  const newCompaniesDatabase = env.NEW_COMPANIES_DATABASE ?? "DB";
  if (newCompaniesDatabase !== "DB" && !databaseNames(env).includes(newCompaniesDatabase)) {
    throw new ConfigError("NEW_COMPANIES_DATABASE must name a database binding: DB, or one that begins with DB_");
  }
  return {
    newCompaniesDatabase,
    baseDomain,
    scheme: local ? "http:" : "https:",
    local,
    operatorToken,
    gatewaySecret: readSecret("GATEWAY_SECRET", env.GATEWAY_SECRET ?? ""),
    previousGatewaySecret: env.GATEWAY_SECRET_PREVIOUS
      ? readSecret("GATEWAY_SECRET_PREVIOUS", env.GATEWAY_SECRET_PREVIOUS)
      : null,
    ...(env.VERSION ? { version: { id: env.VERSION.id, deployedAt: env.VERSION.timestamp } } : {}),
  };
}

/** Names of the bindings of further databases, in the order of the alphabet: those that begin with `DB_`. */
export function databaseNames(env: Bindings): string[] {
  return Object.keys(env)
    .filter((name) => /^DB_[A-Z0-9_]+$/.test(name))
    .sort();
}

function readSecret(name: string, text: string): Uint8Array<ArrayBuffer> {
  if (!/^[A-Za-z0-9_-]+={0,2}$/.test(text)) throw new ConfigError(`${name} must be base64url`);
  const bytes = Uint8Array.from(Buffer.from(text, "base64url"));
  if (bytes.length < GATEWAY_SECRET_BYTES_MIN) {
    throw new ConfigError(`${name} must be at least ${GATEWAY_SECRET_BYTES_MIN} bytes`);
  }
  return bytes;
}
