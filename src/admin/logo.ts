/** A company's logo: which pictures it may be and how it is changed. Raster only: nothing in it can run. */
import { createHash } from "node:crypto";
import type { Services } from "../context.ts";
import { type Company, findLogo, type Logo, saveLogo } from "../store/index.ts";
import { forgetTenant } from "../tenant/index.ts";
import { type Actor, auditRecord } from "./actor.ts";
import { readCompany, viewCompany } from "./companies.ts";
import { type Answer, answer, invalid, notFound } from "./problems.ts";
import { changeVersioned, type Precondition } from "./versions.ts";

export const LOGO_BYTES_MAX = 65_536;

/** What a picture begins with (PNG 5.2, JPEG B.1.1.3, WebP container); latin-1, "." for any byte. */
const BEGINNINGS = [
  ["image/png", /^\x89PNG\r\n\x1a\n/],
  ["image/jpeg", /^\xff\xd8\xff/],
  ["image/webp", /^RIFF[\s\S]{4}WEBPVP8/],
] as const;
export const LOGO_TYPES = BEGINNINGS.map(([type]) => type);

/** Told by its bytes alone: what a client says of them counts for nothing. */
function typeOf(bytes: Uint8Array): string | null {
  const head = Buffer.from(bytes.subarray(0, 16)).toString("latin1");
  return BEGINNINGS.find(([, beginning]) => beginning.test(head))?.[0] ?? null;
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

export async function readLogo(services: Services, company: Company): Promise<Answer<Logo>> {
  const logo = await findLogo(services.database, company.id);
  return logo ? answer(logo) : notFound("logo");
}

/** `bytes` null takes it away. */
export async function changeLogo(
  services: Services,
  actor: Actor,
  slug: string,
  bytes: Uint8Array | null,
  precondition: Precondition,
): Promise<Answer<Company>> {
  const contentType = bytes && typeOf(bytes);
  if (bytes && (contentType === null || bytes.length > LOGO_BYTES_MAX)) {
    return invalid([{ path: "logo", message: "Must be a PNG, JPEG or WebP picture of at most 64 KB" }]);
  }
  const logo = bytes && contentType !== null ? { bytes, contentType, sha256: sha256(bytes) } : null;
  return changeVersioned(
    precondition,
    () => readCompany(services, slug),
    async (current) => {
      const logoSha256 = logo?.sha256 ?? null;
      if (logoSha256 === current.logoSha256) return answer(current);
      const changed = { ...current, logoSha256, version: current.version + 1, updatedAt: services.now() };
      const record = auditRecord(services, actor, current.id, {
        action: "update",
        resource: "company",
        resourceId: current.id,
        before: viewCompany(current),
        after: viewCompany(changed),
      });
      const done = await saveLogo(services.database, current.id, current.version, logo, record);
      if (done !== "done") return done;
      forgetTenant(services, slug);
      return answer({ ...changed, updatedAt: record.at });
    },
  );
}
