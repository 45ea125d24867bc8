/** Settings from an identity provider's metadata: fetched where a URL is given, and laid over the settings that stand. */
import * as z from "zod/mini";
import type { Services } from "../context.ts";
import {
  BINDING,
  CERTIFICATES_MAX,
  type Endpoint,
  type IdpMetadata,
  METADATA_BYTES_MAX,
  readIdpMetadata,
} from "../saml/index.ts";
import type { Company, SamlSettings } from "../store/index.ts";
import type { Actor } from "./actor.ts";
import { browserUrl, fieldErrors, isLoopback, urlErrors } from "./fields.ts";
import { type Answer, answer, invalid } from "./problems.ts";
import { type ConfiguredCompany, patched, type SamlInput, samlPut, writeSaml } from "./saml-settings.ts";
import type { Precondition } from "./versions.ts";

/** Entra answers within a second. */
export const METADATA_FETCH_SECONDS_MAX = 10;
const REDIRECTS_MAX = 3;

export const metadataFromUrl = z.strictObject({ url: browserUrl });

/** `path` is where a fault is reported: the body itself, or its `url`. */
interface Source {
  readonly bytes: Uint8Array;
  readonly path: "" | "url";
}

/** Puts what the metadata says in force at once. */
export async function importMetadata(
  services: Services,
  actor: Actor,
  company: Company,
  source: Source,
  precondition: Precondition,
): Promise<Answer<ConfiguredCompany>> {
  const read = readMetadata(services, source);
  return read.ok ? writeSaml(services, actor, company, precondition, read.value) : read;
}

/** What lays the metadata over settings that stand, null where there are none. */
export function readMetadata(
  services: Services,
  source: Source,
): Answer<(current: SamlSettings | null) => Answer<SamlInput>> {
  const read = usableMetadata(services, source);
  if (!read.ok) return read;
  return answer((current) => {
    const made = samlPut.safeParse(fromMetadata(read.value, current));
    return made.success ? answer(made.data) : invalid(fieldErrors(made.error));
  });
}

/** The metadata, if it is whole, of today, and not too much to pin. Its signature is not looked at: https vouches for a URL. */
export function usableMetadata(services: Services, source: Source): Answer<IdpMetadata> {
  const fault = (message: string) => invalid([{ path: source.path, message }]);
  const read = readIdpMetadata(source.bytes);
  if (!read.ok) {
    const { code, expected, received } = read.refusal;
    const detail = [expected && `expected ${expected}`, received && `received ${received}`].filter(Boolean).join(", ");
    return fault(`Is not usable identity provider metadata: ${code}${detail ? ` (${detail})` : ""}`);
  }
  const metadata = read.value;
  if (metadata.validUntil !== null && metadata.validUntil <= services.now()) {
    return fault(`The metadata was valid until ${new Date(metadata.validUntil).toISOString()}`);
  }
  if (metadata.certificates.length > CERTIFICATES_MAX) {
    return fault(`The metadata holds more than ${CERTIFICATES_MAX} signing certificates`);
  }
  return answer(metadata);
}

/** What the provider says of itself; everything that is the company's choice stays as it is. */
function fromMetadata(metadata: IdpMetadata, current: SamlSettings | null): unknown {
  const wanted = current?.requestBinding ?? "POST";
  const preferred = wanted === "POST" ? BINDING.post : BINDING.redirect;
  const login = byBinding(metadata.loginUrls, preferred) ?? metadata.loginUrls[0];
  // Entra takes LogoutRequest by Redirect only, and every provider that has a Redirect endpoint takes it there.
  const logout = byBinding(metadata.logoutUrls, BINDING.redirect);
  const described = {
    idpEntityId: metadata.entityId,
    loginUrl: login?.location,
    logoutUrl: logout?.location ?? null,
    requestBinding: login?.binding === BINDING.redirect ? "Redirect" : "POST",
    certificates: metadata.certificates.map((certificate) => certificate.base64),
    ...(metadata.wantAuthnRequestsSigned ? { signAuthnRequests: true } : {}),
  };
  return current === null ? described : { ...patched(current, {}), ...described };
}

function byBinding(endpoints: readonly Endpoint[], binding: string): Endpoint | undefined {
  return endpoints.find((endpoint) => endpoint.binding === binding);
}

/**
 * The document behind a URL: https, this host and no other, in time and in size as unpacked. What a name resolves to can't be
 * seen here: that no private network stands behind `fetch` is the platform's part, and workerd's unless it is told otherwise.
 */
export async function fetchMetadata(services: Services, address: string): Promise<Answer<Uint8Array>> {
  const fault = (message: string) => invalid([{ path: "url", message }]);
  const { host } = new URL(address);
  const signal = AbortSignal.timeout(METADATA_FETCH_SECONDS_MAX * 1000);
  let url = address;
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
    const reason = metadataUrlRefusal(services, url, host);
    if (reason !== null) return fault(reason);
    try {
      const response = await fetch(url, {
        redirect: "manual",
        signal,
        headers: { accept: "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.8" },
      });
      const location = response.headers.get("location");
      if (response.status >= 300 && response.status < 400 && location !== null) {
        await response.body?.cancel();
        if (!URL.canParse(location, url)) return fault("Redirects to something that is not a URL");
        url = new URL(location, url).href;
        continue;
      }
      if (response.status !== 200) {
        await response.body?.cancel();
        return fault(`Answered with status ${response.status}`);
      }
      const bytes = await readBounded(response.body, METADATA_BYTES_MAX);
      return bytes ? answer(bytes) : fault(`Is larger than ${METADATA_BYTES_MAX} bytes`);
    } catch {
      return fault(
        signal.aborted ? `Gave no answer within ${METADATA_FETCH_SECONDS_MAX} seconds` : "Could not be reached",
      );
    }
  }
  return fault("Redirects too often");
}

/** RFC 6761, RFC 6762, RFC 8375: names that mean another machine to everybody. */
const PRIVATE_NAMES = /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|test|invalid|home\.arpa)$/;

/** Why this URL is not fetched; null when it may be. `host` is the one that the administrator named. */
export function metadataUrlRefusal(services: Services, address: string, host = new URL(address).host): string | null {
  const url = new URL(address);
  if (url.host !== host) return "Redirects to another host";
  if (url.username !== "" || url.password !== "") return "Redirects to a URL with a user name";
  const [error] = urlErrors(services.config, { url: address });
  if (error) return error.message;
  const { local, baseDomain } = services.config;
  if (local && isLoopback(url.hostname)) return null;
  // The URL parser has already turned every spelling of an IPv4 address into four decimal numbers. A dot at the end says "absolute".
  const name = url.hostname.replace(/\.+$/, "");
  const isAddress = name.startsWith("[") || /^[\d.]+$/.test(name);
  // A Worker that asks its own zone passes by whatever guards it.
  const isOwn = `.${name}`.endsWith(`.${baseDomain}`);
  if (isAddress || isOwn || !name.includes(".") || PRIVATE_NAMES.test(name)) return "Must name a public host";
  return null;
}

/** The whole stream, or null when it is longer than allowed. */
export async function readBounded(
  body: ReadableStream<Uint8Array> | null,
  bytesMax: number,
): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    // Leaving the loop cancels the stream.
    if (length > bytesMax) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
